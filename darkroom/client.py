"""The only InvokeModel call: a request goes in, pictures' bytes come out, errors have names."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from darkroom import dialects, errors, substitute, wire
from darkroom.catalog import Model, today
from darkroom.dialects.found import Found
from darkroom.errors import (
    BadAnswer,
    BadPicture,
    ContentFiltered,
    DarkroomError,
    InvalidRequest,
    ModelRetired,
    UnknownModel,
)
from darkroom.image_file import edited, facts
from darkroom.mask import Invert
from darkroom.modes.base import Request
from darkroom.picture import Facts, Picture
from darkroom.store import read_local
from darkroom.wire import Body, Encoder

MAX_BODY = 25_000_000
"""Bytes of an InvokeModel body, each way (botocore's service model of bedrock-runtime)."""


Keep = Literal["no", "elided", "full"]


class Invoker(Protocol):
    """What is needed of a boto3 client of bedrock-runtime."""

    def invoke_model(
        self,
        *,
        modelId: str,  # noqa: N803 - boto3's own spelling
        body: bytes,
        contentType: str,  # noqa: N803
        accept: str,
        **options: str,
    ) -> dict[str, Any]:
        """Call a model."""


@dataclass(frozen=True)
class Made:
    """One picture of an answer.

    Attributes:
        data: Its bytes as received.
        facts: What they say.
        seed: The seed that gave it, if any.
        mask: The mask that was used, as PNG, where the request asked for it.
    """

    data: bytes
    facts: Facts
    seed: int | None
    mask: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What a call gave.

    Attributes:
        pictures: One or more.
        request_id: The service's id of the call.
        seconds: How long it took.
        missing: Why there are fewer pictures than asked for; "" if there are not.
        stopped: Where the content filter stopped those: "prompt", "input" or "output"; "" if it was
            not the filter.
        raw: The whole response (status, request id, headers, body), if it was to be kept.
    """

    pictures: list[Made]
    request_id: str | None
    seconds: float
    missing: str = ""
    stopped: str = ""
    raw: Body | None = None


def body(
    request: Request, model: Model, read: Callable[[Picture], bytes] | None = read_local
) -> Body:
    """The exact InvokeModel body of `request` for `model`.

    Args:
        request: What is wanted.
        model: Who shall do it.
        read: Gives a picture's bytes, such as `Store.read`; by default those of local files. With
            None pictures are elided to their hashes and what was done to them.

    Raises:
        InvalidRequest: The model does not take this request.
        PictureMissing: A picture is not there.
    """
    request.check(model)
    return _said(request, model, Encoder(read))


def _said(request: Request, model: Model, encode: Encoder) -> Body:
    said = dialects.find(model.dialect).body(request, encode)
    return {field: value for field, value in said.items() if field not in model.omits}


def key(request: Request, model: Model, endpoint: str) -> str:
    """Name a request for good: the same key means the same question to the same service.

    Made of the mode, the model, the endpoint and the body, pictures by their hashes.
    """
    said = _said(request, model, Encoder())
    asked = [
        request.mode,
        model.id,
        endpoint,
        said,
        getattr(request, "count", 1),
        request.fit,
        request.background,
    ]
    canonical = json.dumps(asked, sort_keys=True)  # the same in whatever order it is said
    return hashlib.sha256(canonical.encode()).hexdigest()


def read(model: Model, request: Request, response_body: bytes) -> list[Made]:
    """The pictures in an answer.

    Raises:
        ContentFiltered: The service stopped some or all of it. The error says whether the prompt,
            the source or the result was stopped, and has the pictures that were not.
        ModelFailed: The model gave up.
        BadAnswer: It is not what the service documents.
    """
    return _read(model, request, wire.loads(response_body))


def _read(model: Model, request: Request, answer: object) -> list[Made]:
    if not isinstance(answer, dict):
        raise BadAnswer(f"the answer is a {type(answer).__name__}, not an object")
    _check_guardrail(answer)
    found = dialects.find(model.dialect).read(answer)
    first = getattr(request, "seed", None)
    pictures, broken, mask = [], [], None
    try:
        mask = _mask(wire.decode(found.mask), request) if found.mask else None
    except (BadAnswer, BadPicture) as error:
        broken.append(str(error))
    for index, text in enumerate(found.images):
        name = f"picture {index + 1} of the answer"
        try:
            data = wire.decode(text)
            pictures.append(Made(data, facts(data, name), _seed(found, index, first), mask))
        except (BadAnswer, BadPicture) as error:
            broken.append(str(error))
    if broken:
        bad = BadAnswer(" ".join(broken))
        bad.pictures = tuple(pictures)
        raise bad
    if found.missing:
        raise ContentFiltered(found.missing, "output", pictures)
    return pictures


def _mask(data: bytes, request: Request) -> bytes:
    """The mask of an answer in the meaning that masks have here: white was repainted."""
    facts(data, "the mask of the answer")
    return edited(data, [Invert()]) if request.repaints_black else data


def _seed(found: Found, index: int, first: int | None) -> int | None:
    return found.seeds[index] if index < len(found.seeds) else first


def _check_guardrail(answer: Body) -> None:
    """Raise `ContentFiltered` where one of the account's own guardrails stepped in.

    The trace, where there is one, says at which end ("Amazon Bedrock Guardrails", InvokeModel).
    """
    if answer.get("amazon-bedrock-guardrailAction") != "INTERVENED":
        return
    trace = answer.get("amazon-bedrock-trace")
    guardrail = trace.get("guardrail") if isinstance(trace, dict) else None
    told = guardrail if isinstance(guardrail, dict) else {}
    stopped = "output" if told.get("outputs") and not told.get("input") else "prompt"
    raise ContentFiltered("stopped by the account's guardrail (INTERVENED)", stopped)


def invoke(
    client: Invoker,
    request: Request,
    model: Model,
    *,
    load: Callable[[Picture], bytes],
    region: str,
    allow_retired: bool = False,
    options: Mapping[str, str] | None = None,
    keep: Keep = "no",
) -> Answer:
    """Check a request, call the model once, and give what it answered.

    Args:
        client: A boto3 client of bedrock-runtime, or anything that calls like one.
        request: What is wanted.
        model: Who shall do it.
        load: Gives a picture's bytes.
        region: The client's AWS region.
        allow_retired: Whether to call a model that is past its end of life.
        options: Further members of InvokeModel's request, such as a guardrail's.
        keep: Whether to keep the whole response: "no", "elided" without the base64, or "full".

    Raises:
        InvalidRequest: It breaks a rule; nothing was sent.
        ModelRetired: The model is gone; nothing was sent, if the catalog knew.
        DarkroomError: What the service answered, by its name in `darkroom.errors`.
    """
    if not allow_retired:
        substitute.check_alive(request, model, today())
    model.check_region(region)
    payload = wire.dumps(body(request, model, load))
    if len(payload) > MAX_BODY:
        raise InvalidRequest(
            f"request = {len(payload):,} bytes: the service takes at most {MAX_BODY:,}, and base64 "
            "makes pictures a third larger. Use smaller pictures, or JPEG."
        )
    began = time.monotonic()
    try:
        response = client.invoke_model(
            modelId=model.call_id,
            body=payload,
            contentType="application/json",
            accept="application/json",
            **(options or {}),
        )
        received: bytes = response["body"].read()
    except Exception as error:
        ours = errors.from_service(error)
        if ours is None:
            raise
        raise _with_way_on(ours, request, model, region) from error
    seconds = time.monotonic() - began
    answer, missing, stopped = None, "", ""
    try:
        answer = wire.loads(received)
        pictures = _read(model, request, answer)
    except (ContentFiltered, BadAnswer) as error:
        if isinstance(error, BadAnswer):
            error.received = received
        else:
            stopped = error.stopped
        if not error.pictures:
            raise
        pictures, missing = list(error.pictures), str(error)
    told = response.get("ResponseMetadata", {})
    request_id = told.get("RequestId")
    raw = None
    if keep != "no":
        raw = {
            "status": told.get("HTTPStatusCode"),
            "request_id": request_id,
            "headers": told.get("HTTPHeaders", {}),
            "body": answer if keep == "full" else wire.elided(answer),
        }
    return Answer(pictures, request_id, seconds, missing, stopped, raw)


def _with_way_on(
    error: DarkroomError, request: Request, model: Model, region: str
) -> DarkroomError:
    """Add the way on to an error of which the service says less than the catalog knows."""
    if isinstance(error, ModelRetired):
        way_on = substitute.way_on(request, model, today())
        told = str(error).rstrip(".")
        return ModelRetired(f"{model.name} ({model.call_id}): {told}. {way_on}")
    if "model identifier is invalid" in str(error):
        return UnknownModel(
            f"{error} {model.call_id} is not known in {region}, where the catalog has it. "
            "`darkroom doctor` shows what the account can see."
        )
    if "on-demand throughput" in str(error):
        area = region.partition("-")[0]
        profile = {"ap": "apac"}.get(area, area)
        return InvalidRequest(
            f"{error} In {region} that is {profile}.{model.id}: the catalog's row of {model.id} "
            f'needs profile = "{profile}".'
        )
    return error
