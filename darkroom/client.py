"""The only InvokeModel call: a request goes in, pictures' bytes come out, errors have names."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from darkroom import dialects, errors, wire
from darkroom.catalog import Model, today
from darkroom.errors import BadAnswer, BadPicture, DarkroomError, InvalidRequest, ModelRetired
from darkroom.image_file import facts
from darkroom.modes.base import Request
from darkroom.picture import Facts, Picture
from darkroom.wire import Body, Encoder

MAX_BODY = 25_000_000
"""Bytes of an InvokeModel body, each way (botocore's service model of bedrock-runtime)."""


class Invoker(Protocol):
    """What is needed of a boto3 client of bedrock-runtime."""

    def invoke_model(
        self,
        *,
        modelId: str,  # noqa: N803 - boto3's own spelling
        body: bytes,
        contentType: str,  # noqa: N803
        accept: str,
    ) -> dict[str, Any]:
        """Call a model."""


@dataclass(frozen=True)
class Made:
    """One picture of an answer: its bytes as received, what they say, and its seed."""

    data: bytes
    facts: Facts
    seed: int | None


@dataclass(frozen=True)
class Answer:
    """What a call gave.

    Attributes:
        pictures: One or more.
        request_id: The service's id of the call.
        seconds: How long it took.
        missing: Why there are fewer pictures than asked for; "" if there are not.
    """

    pictures: list[Made]
    request_id: str | None
    seconds: float
    missing: str = ""


def body(request: Request, model: Model, read: Callable[[Picture], bytes] | None = None) -> Body:
    """The exact InvokeModel body of `request` for `model`.

    Args:
        request: What is wanted.
        model: Who shall do it.
        read: Gives a picture's bytes. Without it pictures are elided to their hashes.

    Raises:
        InvalidRequest: The model does not take this request.
    """
    request.check(model)
    return dialects.find(model.dialect).body(request, Encoder(read))


def key(request: Request, model: Model, endpoint: str) -> str:
    """Name a request for good: the same key means the same question to the same service.

    Made of the mode, the model, the endpoint and the body, pictures by their hashes.
    """
    said = dialects.find(model.dialect).body(request, Encoder())
    asked = [
        request.mode,
        model.id,
        endpoint,
        said,
        getattr(request, "count", 1),
        request.fit,
    ]
    return hashlib.sha256(wire.dumps(asked)).hexdigest()


def read(model: Model, request: Request, response_body: bytes) -> tuple[list[Made], str]:
    """The pictures in an answer, and why some are missing ("" if none is).

    Raises:
        ContentFiltered: The service stopped all of it.
        ModelFailed: The model gave up.
        BadAnswer: It is not what the service documents.
    """
    answer = wire.loads(response_body)
    if not isinstance(answer, dict):
        raise BadAnswer(f"the answer is a {type(answer).__name__}, not an object")
    found = dialects.find(model.dialect).read(answer)
    first = getattr(request, "seed", None)
    pictures = []
    for index, text in enumerate(found.images):
        data = wire.decode(text)
        try:
            known = facts(data, f"picture {index + 1} of the answer")
        except BadPicture as error:
            raise BadAnswer(str(error)) from error
        seed = found.seeds[index] if index < len(found.seeds) else first
        pictures.append(Made(data, known, seed))
    return pictures, found.missing


def invoke(
    client: Invoker,
    request: Request,
    model: Model,
    *,
    load: Callable[[Picture], bytes],
    region: str,
    allow_retired: bool = False,
) -> Answer:
    """Check a request, call the model once, and give what it answered.

    Args:
        client: A boto3 client of bedrock-runtime, or anything that calls like one.
        request: What is wanted.
        model: Who shall do it.
        load: Gives a picture's bytes.
        region: The client's AWS region.
        allow_retired: Whether to call a model that is past its end of life.

    Raises:
        InvalidRequest: It breaks a rule; nothing was sent.
        ModelRetired: The model is gone; nothing was sent, if the catalog knew.
        DarkroomError: What the service answered, by its name in `darkroom.errors`.
    """
    if not allow_retired:
        model.check_alive(request.mode, today())
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
        )
        received: bytes = response["body"].read()
    except Exception as error:
        ours = errors.from_service(error)
        if ours is None:
            raise
        raise _with_way_on(ours, request, model, region) from error
    seconds = time.monotonic() - began
    pictures, missing = read(model, request, received)
    request_id = response.get("ResponseMetadata", {}).get("RequestId")
    return Answer(pictures, request_id, seconds, missing)


def _with_way_on(
    error: DarkroomError, request: Request, model: Model, region: str
) -> DarkroomError:
    """Add the way on to an error of which the service says less than the catalog knows."""
    if isinstance(error, ModelRetired):
        way_on = model.successor(request.mode, today())
        return ModelRetired(f"{model.name} ({model.call_id}): {error} {way_on}")
    if "on-demand throughput" in str(error):
        area = region.partition("-")[0]
        profile = {"ap": "apac"}.get(area, area)
        return InvalidRequest(
            f"{error} In {region} that is {profile}.{model.id}: the catalog's row of {model.id} "
            f'needs profile = "{profile}".'
        )
    return error
