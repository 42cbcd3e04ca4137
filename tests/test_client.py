"""The one call: what goes wrong has a name, what comes back is kept, and the same is the same.

Everything goes through real boto3, to the stand-in or to a server that gives one answer.
"""

from __future__ import annotations

import inspect
import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, get_args

import boto3
import botocore.exceptions
import botocore.session
import numpy as np
import pybase64
import pytest
import urllib3.exceptions
from botocore.config import Config
from PIL import Image

from darkroom import catalog, client, errors, wire
from darkroom.client import Answer
from darkroom.errors import (
    AccessDenied,
    BadAnswer,
    ContentFiltered,
    DarkroomError,
    InvalidRequest,
    ModelFailed,
    ModelNotReady,
    ModelRetired,
    ModelTimeout,
    NoCredentials,
    PictureMissing,
    QuotaExceeded,
    ServiceFault,
    ServiceUnavailable,
    Throttled,
    UnknownModel,
    Unreachable,
    WrongRegion,
)
from darkroom.image_file import facts
from darkroom.modes import Request
from darkroom.modes.outpaint import Expand, Outpaint
from darkroom.modes.remove_background import RemoveBackground
from darkroom.modes.text_to_image import TextToImage
from darkroom.modes.variation import Variation
from darkroom.picture import Picture, Provenance
from darkroom.standin.faults import Kind
from darkroom.standin.server import StandIn
from tests.conftest import encoded

CORE, OUTPAINT, CUTTER, SD35 = (
    "stability.stable-image-core-v1:1",
    "stability.stable-outpaint-v1:0",
    "stability.stable-image-remove-background-v1:0",
    "stability.sd3-5-large-v1:0",
)
TITAN, NOVA = "amazon.titan-image-generator-v2:0", "amazon.nova-canvas-v1:0"
TILE = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)))
PICTURE = Picture(**dict(facts(TILE)), uri="file:///tile.png")
SMALL: dict[str, Request] = {
    OUTPAINT: Outpaint(image=PICTURE, expand=Expand(left=8), seed=5),
    TITAN: TextToImage(prompt="a mug", size=(320, 704), seed=5),
    NOVA: TextToImage(prompt="a mug", size=(320, 320), seed=5),
}
"""For each vendor's line a request that is quickly drawn."""


def boto(url: str, region: str = "us-west-2", **config: Any) -> Any:
    """A client as the block makes it: one attempt, and then the orchestrator decides."""
    config.setdefault("retries", {"total_max_attempts": 1})
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(**config),
    )


def call(url: str, request: Request, model: str, **changes: Any) -> Answer:
    """Call a model by way of boto3, in a region that has it, retired or not."""
    row = catalog.find(model)
    options = {"region": row.regions[0], "allow_retired": True, "load": lambda _: TILE, **changes}
    given = options.pop("client", None) or boto(url, options["region"])
    return client.invoke(given, request, row, **options)


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Starts servers that have one answer for everything."""
    with_us: list[HTTPServer] = []

    def start(body: Any, status: int = 200, code: str = "", length: int | None = None) -> str:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(length or len(data)))
                self.send_header("x-amzn-requestid", "the-id")
                if code:
                    self.send_header("x-amzn-errortype", f"{code}:http://internal.amazon.com/")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None: ...

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True).start()
        with_us.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in with_us:
        server.shutdown()
        server.server_close()


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────

FAULTS: dict[str, tuple[type[DarkroomError], str]] = {
    "access_denied": (AccessDenied, "don't have access to the model"),
    "internal": (ServiceFault, "unexpected error"),
    "model_error": (ModelFailed, "failed to process"),
    "not_ready": (ModelNotReady, "not ready"),
    "quota": (QuotaExceeded, "exceeds the service quota"),
    "retired": (ModelRetired, "reached the end of its life"),
    "throttle": (Throttled, "Too many requests"),
    "timeout": (ModelTimeout, "timed out"),
    "unavailable": (ServiceUnavailable, "isn't currently available"),
    "filtered": (ContentFiltered, "content filter"),
    "filtered_input": (ContentFiltered, "content filter"),
    "filtered_output": (ContentFiltered, "content filter"),
    "inference_error": (ModelFailed, "gave up|failed to process"),
    "legacy": (ModelRetired, "marked by provider as Legacy"),
    "on_demand": (InvalidRequest, "on-demand throughput isn.t supported"),
    "no_images": (ContentFiltered, "content filter"),
    "guardrail": (ContentFiltered, "guardrail"),
    "partial": (ContentFiltered, "content filter"),
    "truncated": (BadAnswer, "picture in the answer is not base64"),
    "not_an_image": (BadAnswer, "picture 1 of the answer: this is no image"),
    "not_json": (BadAnswer, "answer is not JSON"),
    "disconnect": (Unreachable, "Connection was closed"),
    "hang": (Unreachable, "Read timeout"),
}
RETRYABLE = {"internal", "not_ready", "throttle", "timeout", "unavailable", "disconnect", "hang"}


def test_every_fault_of_the_standin_is_tried() -> None:
    """What the stand-in can do wrong and what is tried here are the same."""
    assert FAULTS.keys() == set(get_args(Kind))


@pytest.mark.parametrize("model", SMALL)
@pytest.mark.parametrize("kind", FAULTS)
def test_fault_has_a_name(standin: StandIn, kind: str, model: str) -> None:
    """Each failure is raised by its name, in words for people, and says if a retry can help."""
    wanted, told = FAULTS[kind]
    standin.fail(kind)
    region = catalog.find(model).regions[0]
    impatient = boto(standin.url, region, read_timeout=0.5) if kind == "hang" else None
    with pytest.raises(DarkroomError, match=told) as raised:
        call(standin.url, SMALL[model], model, client=impatient)
    assert type(raised.value) is wanted
    assert raised.value.retryable is (kind in RETRYABLE)
    assert "An error occurred" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", ["internal", "throttle", "disconnect", "hang", "retired"])
def test_cause_is_kept(standin: StandIn, kind: str) -> None:
    """What botocore raised is behind our error, for those who must look."""
    standin.fail(kind)
    with pytest.raises(DarkroomError) as raised:
        call(standin.url, SMALL[OUTPAINT], OUTPAINT, client=boto(standin.url, read_timeout=0.5))
    cause = raised.value.__cause__
    assert isinstance(cause, botocore.exceptions.ClientError | botocore.exceptions.BotoCoreError)


@pytest.mark.parametrize("model", SMALL)
@pytest.mark.parametrize("stopped", ["prompt", "input", "output"])
def test_filter_says_what_it_stopped(standin: StandIn, model: str, stopped: str) -> None:
    """Whether the prompt, a source or the result was stopped is known apart."""
    standin.fail("filtered" if stopped == "prompt" else f"filtered_{stopped}")
    with pytest.raises(ContentFiltered) as raised:
        call(standin.url, SMALL[model], model)
    assert raised.value.stopped == stopped


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_partial_answer_keeps_the_good_pictures(standin: StandIn, model: str) -> None:
    """When some pictures were blocked the others are given, and what is missing is said."""
    standin.fail("partial")
    answer = call(standin.url, SMALL[model].model_copy(update={"count": 2}), model)
    assert len(answer.pictures) == 1
    assert "Some of the generated images have been blocked" in answer.missing


@pytest.mark.parametrize("model", [OUTPAINT, TITAN])
def test_legacy_model_that_was_lost_is_retired(answering: Callable[..., str], model: str) -> None:
    """An account that lost a legacy model is told which living model to use."""
    text = (
        "Access denied. This Model is marked by provider as Legacy and you have not been actively "
        "using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock"
    )
    url = answering({"message": text}, 404, "ResourceNotFoundException")
    request = SMALL[model]
    with pytest.raises(ModelRetired) as raised:
        call(url, request, model)
    assert text in str(raised.value)
    assert catalog.find(model).name in str(raised.value)
    other = next(row for row in catalog.models_for(request.mode) if row.id != model)
    assert f"use {other.short} ({other.id})" in str(raised.value)
    assert not raised.value.retryable


def test_missing_profile_is_named(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that can be called by a profile only is refused with the profile's id."""
    extra = tmp_path / "more.toml"
    extra.write_text(
        f"""
        [models."{CUTTER}"]
        name = "Cutter"
        short = "cutter"
        profile = ""
        dialect = "stability"
        regions = ["us-west-2"]
        launch = 2025-09-18
        modes.remove_background = {{ required = ["image"] }}
        """
    )
    monkeypatch.setenv("DARKROOM_CATALOG", str(extra))
    with pytest.raises(InvalidRequest, match="on-demand throughput") as raised:
        call(standin.url, RemoveBackground(image=PICTURE), CUTTER)
    assert f"us.{CUTTER}" in str(raised.value)
    assert 'profile = "us"' in str(raised.value)


@pytest.mark.parametrize(
    ("status", "code", "message", "wanted"),
    [
        (403, "ExpiredTokenException", "The security token has expired", AccessDenied),
        (403, "UnrecognizedClientException", "The security token is invalid", AccessDenied),
        (404, "ResourceNotFoundException", "Could not resolve the model", UnknownModel),
        (429, "TooManyThings", "Slow down", Throttled),
        (408, "TakesLong", "Too long", ModelTimeout),
        (502, "", "Bad Gateway", ServiceFault),
        (503, "SlowDown", "Later", ServiceUnavailable),
        (400, "ValidationException", "Malformed input request: #: extraneous key", InvalidRequest),
        (
            400,
            "ValidationException",
            "One or more prompts contains filtered words.",
            ContentFiltered,
        ),
        (413, "PayloadTooLarge", "Too large", InvalidRequest),
    ],
)
def test_other_refusals_are_named_too(
    answering: Callable[..., str],
    status: int,
    code: str,
    message: str,
    wanted: type[DarkroomError],
) -> None:
    """Codes outside of InvokeModel's own list go by their HTTP status."""
    url = answering({"message": message} if code else b"", status, code)
    with pytest.raises(DarkroomError, match=re.escape(message)) as raised:
        call(url, SMALL[OUTPAINT], OUTPAINT)
    assert type(raised.value) is wanted


STABLE = {"seeds": [7], "finish_reasons": [None], "images": [pybase64.b64encode(TILE).decode()]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ([], "answer is a list"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        ({}, "no picture and no reason"),
        ({**STABLE, "images": []}, "no picture and no reason"),
        ({**STABLE, "images": None}, "no picture and no reason"),
        ({**STABLE, "images": [None]}, "a NoneType, not base64"),
        ({**STABLE, "images": [{"b64": "x"}]}, "a dict, not base64"),
        ({**STABLE, "images": "aaaa"}, "images in the answer is a str"),
        ({**STABLE, "images": 3}, "images in the answer is a int"),
        ({**STABLE, "images": ["schön"]}, "not base64"),
        ({**STABLE, "images": [""]}, "file is empty"),
        ({"amazon-bedrock-guardrailAction": "NONE"}, "guardrailAction"),
    ],
)
def test_answer_out_of_order_is_a_bad_answer(
    answering: Callable[..., str], body: Any, told: str
) -> None:
    """Whatever arrives in place of what is documented is said, and is no crash."""
    with pytest.raises(BadAnswer, match=told) as raised:
        call(answering(body), SMALL[OUTPAINT], OUTPAINT)
    assert not raised.value.retryable


@pytest.mark.parametrize("body", [{}, {"images": []}, {"images": None, "error": None}])
def test_empty_answer_of_amazons_is_a_bad_answer(
    answering: Callable[..., str], body: dict[str, Any]
) -> None:
    """Neither a picture nor an error is not what Titan and Nova document."""
    with pytest.raises(BadAnswer, match="no picture and no error"):
        call(answering(body), SMALL[NOVA], NOVA)


def test_answer_that_breaks_off_is_unreachable(answering: Callable[..., str]) -> None:
    """A connection that is lost within the answer is worth another try."""
    with pytest.raises(Unreachable) as raised:
        call(answering(STABLE, length=100_000), SMALL[OUTPAINT], OUTPAINT)
    assert raised.value.retryable


def test_nobody_listens_is_unreachable() -> None:
    """An endpoint where there is nothing has a name as well."""
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9") as raised:
        call("http://127.0.0.1:9", SMALL[OUTPAINT], OUTPAINT)
    assert raised.value.retryable


def test_no_credentials_has_a_name() -> None:
    """Without anything to sign with, that is what is said."""
    anonymous = botocore.session.Session()
    anonymous.register_component("credential_provider", _Nobody())
    unsigned = anonymous.create_client("bedrock-runtime", "us-west-2")
    with pytest.raises(NoCredentials, match="redentials"):
        call("", SMALL[OUTPAINT], OUTPAINT, client=unsigned, region="us-west-2")


class _Nobody:
    def load_credentials(self) -> None:
        return None


class _Broken:
    def invoke_model(self, **_: object) -> dict[str, Any]:
        raise KeyError("a mistake of the caller's")


def test_what_is_not_the_services_doing_is_not_renamed() -> None:
    """A mistake in a program stays what it is."""
    with pytest.raises(KeyError, match="a mistake"):
        call("", SMALL[OUTPAINT], OUTPAINT, client=_Broken())


# ── what is refused here ─────────────────────────────────────────────────────────────────────────


def test_wrong_region_is_refused_here(standin: StandIn) -> None:
    """A model that is not offered in the region is refused before the network."""
    with pytest.raises(WrongRegion, match=r"eu-central-1.*us-west-2"):
        call(standin.url, TextToImage(prompt="a mug"), CORE, region="eu-central-1")
    assert standin.calls(log=True)["log"] == []


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_retired_model_is_refused_here(standin: StandIn, model: str) -> None:
    """A model past its end of life is not called, and its living successor is named."""
    with pytest.raises(ModelRetired, match=rf"use core \({CORE}\)"):
        call(standin.url, SMALL[model], model, allow_retired=False)
    assert standin.calls(log=True)["log"] == []


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_retired_model_is_called_where_allowed(standin: StandIn, model: str) -> None:
    """Who has an arrangement with AWS can call it all the same."""
    assert len(call(standin.url, SMALL[model], model, allow_retired=True).pictures) == 1


def test_broken_rule_is_refused_here(standin: StandIn) -> None:
    """A request that breaks a limit costs no call."""
    with pytest.raises(InvalidRequest, match=r"^seed = 0"):
        call(standin.url, TextToImage(prompt="a mug", seed=0), CORE)
    assert standin.calls(log=True)["log"] == []


def test_body_may_have_25_million_bytes(standin: StandIn) -> None:
    """The largest body that InvokeModel takes is sent, and one byte more is refused here."""
    data = bytes(18_000_000)
    row = catalog.find(SD35)

    def ask(extra: int) -> Request:
        return Variation(images=(PICTURE,), prompt="x" * (1 + extra), similarity=0.5)

    def large(_: Picture) -> bytes:
        return data

    # First nearly as long as it may be by the picture, then to the byte by the prompt.
    room = client.MAX_BODY - len(wire.dumps(client.body(ask(0), row, large)))
    data += bytes(room // 4 * 3)
    room = client.MAX_BODY - len(wire.dumps(client.body(ask(0), row, large)))
    with pytest.raises(InvalidRequest, match="not a supported image"):
        call(standin.url, ask(room), SD35, load=large)
    with pytest.raises(InvalidRequest, match=r"25,000,001 bytes.*at most 25,000,000.*JPEG"):
        call(standin.url, ask(room + 1), SD35, load=large)
    assert len(standin.calls(log=True)["log"]) == 1


# ── what comes back ──────────────────────────────────────────────────────────────────────────────


def test_picture_comes_as_it_was_received(answering: Callable[..., str]) -> None:
    """Not a byte of a picture is changed on the way, and its facts are told."""
    answer = call(answering(STABLE), SMALL[OUTPAINT], OUTPAINT)
    (made,) = answer.pictures
    assert made.data == TILE
    assert made.facts == facts(TILE)
    assert answer.request_id == "the-id"
    assert answer.seconds > 0
    assert answer.missing == ""


@pytest.mark.parametrize(
    ("seeds", "kept"),
    [([7], 7), (["2130420379"], 2130420379), ([], 5), (None, 5), ([None], 5), (["?"], 5)],
)
def test_returned_seed_is_kept(answering: Callable[..., str], seeds: Any, kept: int) -> None:
    """The seed that the service says holds, as number or text; else the one that was asked for."""
    answer = call(answering({**STABLE, "seeds": seeds}), SMALL[OUTPAINT], OUTPAINT)
    assert [made.seed for made in answer.pictures] == [kept]


def test_drawn_seed_is_kept(standin: StandIn) -> None:
    """Where none was asked for, the seed that the service drew comes with the picture."""
    request = SMALL[OUTPAINT].model_copy(update={"seed": None})
    (made,) = call(standin.url, request, OUTPAINT).pictures
    assert made.seed
    again = call(standin.url, request.model_copy(update={"seed": made.seed}), OUTPAINT)
    assert again.pictures[0].data == made.data


def test_amazons_pictures_have_the_seed_asked_for(standin: StandIn) -> None:
    """Titan and Nova say no seeds: that of the request stands with each picture."""
    answer = call(standin.url, SMALL[NOVA].model_copy(update={"count": 2, "seed": 0}), NOVA)
    assert [made.seed for made in answer.pictures] == [0, 0]


# ── errors ───────────────────────────────────────────────────────────────────────────────────────

SERVICE = botocore.session.Session().get_service_model("bedrock-runtime")
SHAPES = {shape.name: shape for shape in SERVICE.operation_model("InvokeModel").error_shapes}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_error_of_invoke_model_has_a_name(name: str) -> None:
    """Each error that botocore's service model lists is one of ours, and none the bare base."""
    status = SHAPES[name].metadata["error"]["httpStatusCode"]
    ours = errors.named(name, "What happened.", status)
    assert name in errors.SERVICE_CODES
    assert type(ours) is not DarkroomError
    assert str(ours) == "What happened."


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_what_aws_calls_passing_is_retryable(name: str) -> None:
    """Throttling, overload and timeouts may pass; the rest is the same the next time."""
    status = SHAPES[name].metadata["error"]["httpStatusCode"]
    assert errors.SERVICE_CODES[name].retryable is (status in (408, 429, 500, 503))


def botocore_errors(*bases: type[Exception]) -> list[type[Exception]]:
    return [
        kind
        for kind in vars(botocore.exceptions).values()
        if inspect.isclass(kind) and issubclass(kind, bases)
    ]


@pytest.mark.parametrize(
    "kind",
    botocore_errors(botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError),
)
def test_every_network_error_of_botocore_has_a_name(kind: type[Exception]) -> None:
    """However the connection fails, it is Unreachable, with the address in the text."""
    raised = kind(endpoint_url="http://there", proxy_url="http://there", error="http://there")
    ours = errors.from_service(raised)
    assert type(ours) is Unreachable
    assert "http://there" in str(ours)


@pytest.mark.parametrize("name", sorted(errors.CLIENT_ERRORS))
def test_error_known_by_name_exists(name: str) -> None:
    """No name in the table is misspelt or gone: botocore, urllib3 or Python has it."""
    assert any(hasattr(where, name) for where in (botocore.exceptions, urllib3.exceptions))


def tree() -> dict[str, tuple[str, bool]]:
    """Each class in the drawing, with the one above it and whether it has a star."""
    drawn: dict[str, tuple[str, bool]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^    ([│├└─ ]*)(\w+)(\*?)(  |$)", line):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            drawn[found[2]] = (above[depth - 1] if depth else "Exception", bool(found[3]))
    return drawn


def test_tree_is_as_it_is_drawn() -> None:
    """The drawing has exactly the classes of the file, in their places, stars on the retryable."""
    classes = {
        name: (kind.__bases__[0].__name__, kind.retryable)
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, DarkroomError)
    }
    assert tree() == classes


# ── the same question ────────────────────────────────────────────────────────────────────────────


def other(**changes: Any) -> Picture:
    return PICTURE.model_copy(update=changes)


def question(**changes: Any) -> dict[str, Any]:
    fields = {"image": PICTURE, "mask": PICTURE, "prompt": "a mug", "seed": 1, "count": 1}
    return {"model": "titan", "endpoint": "here", "fields": {**fields, **changes}}


def key(asked: dict[str, Any]) -> str:
    return client.key(Outpaint(**asked["fields"]), catalog.find(asked["model"]), asked["endpoint"])


def test_same_question_has_the_same_key() -> None:
    """Equal requests for one model and endpoint have one key, which is a hash."""
    assert key(question()) == key(question())
    assert re.fullmatch("[0-9a-f]{64}", key(question()))


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "a cup"},
        {"prompt": "a mug "},
        {"negative_prompt": "steam"},
        {"seed": 2},
        {"seed": 0},
        {"seed": None},
        {"image": other(sha256="0" * 64)},
        {"mask": other(sha256="0" * 64)},
        {"mask": None},
        {"expand": Expand(left=1)},
        {"expand": Expand(right=1)},
        {"count": 2},
        {"fit": "shrink"},
        {"quality": "premium"},
        {"cfg_scale": 8.0},
        {"out_painting_mode": "PRECISE"},
    ],
    ids=str,
)
def test_anything_that_matters_changes_the_key(changes: dict[str, Any]) -> None:
    """Another prompt, seed, picture, mask, canvas, count or fit is another question."""
    assert key(question(**changes)) != key(question())


def test_count_changes_the_key_where_no_body_says_it() -> None:
    """Two pictures are another question than one, though each call's body is the same."""
    core = catalog.find("core")
    one, two = (TextToImage(prompt="a mug", count=count) for count in (1, 2))
    assert client.key(one, core, "here") != client.key(two, core, "here")


@pytest.mark.parametrize("changes", [{"model": "nova-canvas"}, {"endpoint": "there"}])
def test_another_service_changes_the_key(changes: dict[str, str]) -> None:
    """The same words to another model or endpoint are another question."""
    assert key({**question(), **changes}) != key(question())


def test_another_mode_changes_the_key() -> None:
    """What one mode made is not the answer of another."""
    sd = catalog.find("sd3.5")
    assert client.key(TextToImage(prompt="a mug"), sd, "here") != client.key(
        Variation(prompt="a mug", images=(PICTURE,)), sd, "here"
    )


@pytest.mark.parametrize(
    "changes",
    [{"uri": "s3://bucket/tile.png"}, {"provenance": Provenance(mode="outpaint", seed=3)}],
    ids=str,
)
def test_key_does_not_depend_on_where_a_picture_is(changes: dict[str, Any]) -> None:
    """A picture is its bytes: where it is stored and how it came to be do not matter."""
    moved = other(**changes)
    assert key(question(image=moved, mask=moved)) == key(question())


def test_order_of_pictures_matters() -> None:
    """The first of several pictures is not the second."""
    second = other(sha256="0" * 64)
    titan = catalog.find("titan")
    one, two = (Variation(images=images) for images in ((PICTURE, second), (second, PICTURE)))
    assert client.key(one, titan, "here") != client.key(two, titan, "here")


def test_body_without_a_reader_elides_pictures() -> None:
    """For eyes, a body has hashes and edits in place of pictures."""
    request = Outpaint(image=PICTURE, prompt="a table", expand=Expand(left=8))
    params = client.body(request, catalog.find("titan"), None)["outPaintingParams"]
    assert params["image"].startswith(f"sha256:{PICTURE.sha256} Canvas(left=8,")
    assert params["maskImage"].endswith("Threshold(level=128)")


def test_body_has_the_bytes_of_local_pictures(tmp_path: Path) -> None:
    """Without a store, the exact body of pictures in files; elsewhere, what to do is said."""
    (tmp_path / "tile.png").write_bytes(TILE)
    here = PICTURE.model_copy(update={"uri": (tmp_path / "tile.png").as_uri()})
    said = client.body(RemoveBackground(image=here), catalog.find("remove-bg"))
    assert pybase64.b64decode(said["image"]) == TILE
    away = PICTURE.model_copy(update={"uri": "s3://bucket/tile.png"})
    with pytest.raises(PictureMissing, match="read it from the store"):
        client.body(RemoveBackground(image=away), catalog.find("remove-bg"))
