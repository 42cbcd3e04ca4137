"""The stand-in's protocol: what boto3 and other programs see of it."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config
from PIL import ImageChops

from darkroom.errors import PortTaken
from darkroom.standin.server import StandIn
from tests.standin_client import (
    CORE,
    HOME,
    INPAINT,
    NOVA,
    OUTPAINT,
    REMOVE,
    SD35,
    TITAN,
    ULTRA,
    WEB,
    Caller,
    encoded,
    grain,
    noise,
    text_image,
)

ROOT = Path(__file__).resolve().parent.parent
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-west-2/bedrock/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=abc"
)
UNKNOWN = "The provided model identifier is invalid."
SMALL = text_image(width=320, height=704)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def aws(standin: StandIn) -> Caller:
    return Caller(standin.url)


@pytest.fixture(autouse=True)
def fresh(standin: StandIn) -> None:
    standin.reset()


def post(standin: StandIn, model: str = TITAN, body: Any = SMALL, **headers: str) -> httpx.Response:
    url = f"{standin.url}/model/{quote(model, safe='')}/invoke"
    return WEB.post(url, content=json.dumps(body), headers=headers)


@pytest.mark.parametrize(
    "model",
    [
        REMOVE,
        f"arn:aws:bedrock:us-east-2:123456789012:inference-profile/{REMOVE}",
    ],
)
def test_a_service_is_called_by_its_profile_or_the_arn_of_it(aws: Caller, model: str) -> None:
    """Both names of an inference profile reach the model, the one with a slash too."""
    body = {"image": encoded(noise())}

    (picture,) = aws.pictures(model, body, "us-east-2")

    assert (picture.size, picture.mode) == ((64, 64), "RGBA")


def test_a_foundation_models_arn_is_a_name_of_the_model(aws: Caller) -> None:
    """An ARN without an account is the bare model, in the region that it names."""
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{TITAN}"

    assert aws.pictures(arn, SMALL, "us-west-2")
    assert aws.message(arn, SMALL, "us-east-1") == UNKNOWN


def test_an_answer_has_the_headers_of_bedrock(aws: Caller) -> None:
    """A request id, a latency in milliseconds and a JSON body come with every answer."""
    headers = aws.raw(TITAN, SMALL)["ResponseMetadata"]["HTTPHeaders"]

    assert len(headers["x-amzn-requestid"]) == 36
    assert int(headers["x-amzn-bedrock-invocation-latency"]) >= 0
    assert headers["content-type"] == "application/json"


def test_an_error_has_the_headers_of_bedrock(aws: Caller) -> None:
    """The error's name is in a header, its text in the body, and boto3 raises its own class."""
    client = aws.client("us-west-2")

    with pytest.raises(client.exceptions.ValidationException) as caught:
        client.invoke_model(modelId="no.such-model", body=b"{}")

    error = caught.value.response
    headers = error["ResponseMetadata"]["HTTPHeaders"]
    assert error["Error"]["Message"] == UNKNOWN
    assert headers["x-amzn-errortype"] == (
        "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"
    )
    assert len(headers["x-amzn-requestid"]) == 36


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("Basic YTpi", "UnrecognizedClientException"),
        ("Bearer", "AccessDeniedException"),
        ("AWS4-HMAC-SHA256 Credential=a/b", "IncompleteSignatureException"),
        (SIGNED.replace("/us-west-2", ""), "UnrecognizedClientException"),
        (SIGNED.replace("AKID/", "/"), "UnrecognizedClientException"),
        (SIGNED.replace("/bedrock/", "/s3/"), "InvalidSignatureException"),
    ],
)
def test_a_call_must_be_signed(standin: StandIn, authorization: str | None, code: str) -> None:
    """Without a signature for bedrock or an API key there is a 403 with AWS's name for it."""
    headers = {"authorization": authorization} if authorization else {}

    response = post(standin, **headers)

    assert response.status_code == 403
    assert response.headers["x-amzn-errortype"].partition(":")[0] == code
    assert response.json()["message"]


def test_a_raw_signed_request_is_answered(standin: StandIn) -> None:
    """The header's shape is enough: any key opens the stand-in."""
    assert post(standin, authorization=SIGNED).status_code == 200


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_an_api_key_has_no_region(standin: StandIn, model: str) -> None:
    """With a bearer token the models of all regions can be called."""
    body = text_image(width=320, height=704)

    assert post(standin, model, body, authorization="Bearer key").status_code == 200


def test_boto3_can_use_an_api_key(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 with AWS_BEARER_TOKEN_BEDROCK gets pictures."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "key")
    config = Config(retries={"total_max_attempts": 1})
    client = boto3.client(
        "bedrock-runtime", region_name="eu-west-3", endpoint_url=standin.url, config=config
    )

    assert client.invoke_model(modelId=TITAN, body=json.dumps(SMALL))["body"].read()
    assert standin.calls(log=True)["log"][0]["region"] is None


@pytest.mark.parametrize(
    ("model", "regions"),
    [
        (CORE, {"us-west-2"}),
        (ULTRA, {"us-west-2"}),
        (SD35, {"us-west-2"}),
        (REMOVE, {"us-east-1", "us-east-2", "us-west-2"}),
        (INPAINT, {"us-east-1", "us-east-2", "us-west-2"}),
        (OUTPAINT, {"us-east-1", "us-east-2", "us-west-2"}),
        (TITAN, {"us-east-1", "us-west-2"}),
        (NOVA, {"us-east-1", "eu-west-1", "ap-northeast-1"}),
    ],
)
def test_the_signatures_region_decides_which_models_there_are(
    aws: Caller, model: str, regions: set[str]
) -> None:
    """Outside its regions a model's id is as good as a wrong one."""
    for region in ("us-east-1", "us-east-2", "us-west-2", "eu-west-1", "ap-northeast-1"):
        message = aws.message(model, {"nonsense": 1}, region)
        assert (message != UNKNOWN) == (region in regions), region


@pytest.mark.parametrize("model", [REMOVE, INPAINT, OUTPAINT])
def test_the_services_are_not_called_by_their_bare_id(aws: Caller, model: str) -> None:
    """The bare id of an image service gets AWS's text, its typographic apostrophe included."""
    bare = model.removeprefix("us.")

    assert aws.message(bare, {}, "us-west-2") == (
        f"Invocation of model ID {bare} with on-demand throughput isn\u2019t supported. Retry your "
        "request with the ID or ARN of an inference profile that contains this model."
    )


@pytest.mark.parametrize("model", [CORE, ULTRA, SD35, TITAN, NOVA])
def test_the_other_models_have_no_profile(aws: Caller, model: str) -> None:
    """A profile of a model that has none is an unknown id."""
    assert aws.message(f"us.{model}", {}, HOME[model]) == UNKNOWN


@pytest.mark.parametrize("model", ["x", "us.", "eu." + OUTPAINT[3:], "arn:aws:bedrock:::x", "../x"])
def test_an_unknown_id_is_refused(aws: Caller, model: str) -> None:
    """An id that Bedrock does not know is a ValidationException."""
    assert aws.message(model, {}) == UNKNOWN


def test_another_guardrail_is_unknown(aws: Caller) -> None:
    """A guardrail that the account does not have is refused in AWS's words."""
    client = aws.client("us-west-2")
    with pytest.raises(client.exceptions.ValidationException, match="does not exist"):
        client.invoke_model(
            modelId=TITAN, body=b"{}", guardrailIdentifier="abc", guardrailVersion="1"
        )


def test_other_operations_are_unknown(standin: StandIn) -> None:
    """What is neither InvokeModel nor a list of models is a 404 in Bedrock's form."""
    response = WEB.post(f"{standin.url}/model/{TITAN}/converse", json={})

    assert response.status_code == 404
    assert response.headers["x-amzn-errortype"].startswith("UnknownOperationException:")


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": NaN}', b'{"a": "\\ud800"}', b"\xff", b"[" * 100_000]
)
def test_a_body_that_is_not_json_is_refused(aws: Caller, body: bytes) -> None:
    """What cannot be read as JSON text is refused before any rule is looked at."""
    message = "Malformed input request, please reformat your input and try again."

    assert aws.message(TITAN, body) == message


@pytest.mark.parametrize("body", [[], "x", 1, None])
def test_a_body_that_is_not_an_object_is_refused(aws: Caller, body: Any) -> None:
    """A body must be a JSON object."""
    assert "expected type: JSONObject" in aws.message(TITAN, body)


def test_a_request_of_25_million_bytes_is_the_largest(aws: Caller) -> None:
    """One byte above InvokeModel's cap is refused; at the cap the body is read."""
    blank = b'{"prompt": "' + b"a" * (25_000_000 - 14) + b'"}'

    assert len(blank) == 25_000_000
    assert "maxLength: 10000" in aws.message(CORE, blank)
    assert "25000000 bytes" in aws.message(CORE, blank + b" ")


def test_stabilitys_answers_are_capped(aws: Caller) -> None:
    """An answer above 16,777,216 bytes is refused with the size that it would have had."""
    body = {"image": encoded(grain(2060, 2060), compress_level=1), "left": 1}

    message = aws.message(OUTPAINT, body)

    assert message.startswith('{"detail":"Response payload size ')
    assert message.endswith(' bytes exceeds the maximum allowed size of 16777216 bytes"}')


def test_calls_are_counted_by_model(standin: StandIn, aws: Caller) -> None:
    """Each model has its calls received, answered with pictures, and refused by status."""
    aws.answer(TITAN, text_image(width=320, height=704, numberOfImages=2))
    aws.refusal(TITAN, {})
    aws.answer(CORE, {"prompt": "[blocked]"})
    aws.refusal(OUTPAINT, {})
    standin.fail("throttle")
    aws.refusal(TITAN, SMALL)

    report = WEB.get(f"{standin.url}/_standin/calls").json()

    assert report == standin.calls()
    assert report["models"] == {
        TITAN: {"received": 3, "answered": 1, "pictures": 2, "refused": {"400": 1, "429": 1}},
        CORE: {"received": 1, "answered": 0, "pictures": 0, "refused": {"200": 1}},
        OUTPAINT[3:]: {"received": 1, "answered": 0, "pictures": 0, "refused": {"400": 1}},
    }


def test_the_log_tells_of_calls_but_not_what_was_in_them(standin: StandIn, aws: Caller) -> None:
    """A line of the log has when, what, where, how and a hash, never a body."""
    data = json.dumps(text_image("my secret plan", width=320, height=704)).encode()
    response = aws.raw(TITAN, data)
    response["body"].read()

    text = WEB.get(f"{standin.url}/_standin/calls?log=1").text
    (line,) = json.loads(text)["log"]

    assert line.pop("seconds") > 0
    assert abs(line.pop("time") - time.time()) < 60
    assert line == {
        "model": TITAN,
        "region": "us-west-2",
        "status": 200,
        "request_id": response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "pictures": 1,
        "delivered": True,
    }
    assert "secret plan" not in text


def test_the_calls_can_be_forgotten(standin: StandIn, aws: Caller) -> None:
    """DELETE on the calls starts a new count."""
    aws.refusal(TITAN, {})

    WEB.delete(f"{standin.url}/_standin/calls")

    assert standin.calls(log=True) == {"models": {}, "log": []}


def test_the_log_has_an_end(standin: StandIn) -> None:
    """The log keeps the last 10,000 calls and counts of at most 1,000 names."""
    from darkroom.standin.calls import Call, Calls

    calls = Calls()
    for index in range(10_001):
        calls.note(Call(index, f"model-{index}", None, 400, 0.0, "", "", 0))

    report = calls.report(log=True)

    assert len(report["log"]) == 10_000
    assert report["log"][0]["model"] == "model-1"
    assert len(report["models"]) == 1_001
    assert report["models"]["others"]["received"] == 9_001


def test_health_tells_the_version(standin: StandIn) -> None:
    """The health page is what a start-up script waits for."""
    assert WEB.get(f"{standin.url}/_standin/health").json() == {"ok": True, "version": 1}


def test_the_front_page_says_what_this_is(standin: StandIn) -> None:
    """Whoever opens the URL in a browser reads what it is and how to use it."""
    page = WEB.get(standin.url)

    assert page.headers["content-type"].startswith("text/plain")
    assert "stand-in for Amazon Bedrock" in page.text
    assert standin.url in page.text


@pytest.mark.parametrize("path", ["/", "/_standin/calls", f"/model/{TITAN}/invoke"])
@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_web_pages_cannot_reach_it(standin: StandIn, path: str, headers: dict[str, str]) -> None:
    """A request that names another host, or comes from another site's page, is refused."""
    assert WEB.get(standin.url + path, headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LOCALHOST:80", "[::1]:9"])
def test_every_name_of_this_computer_is_welcome(standin: StandIn, host: str) -> None:
    """All names of the loopback interface are accepted as Host."""
    assert WEB.get(standin.url, headers={"host": host}).status_code == 200


def test_it_listens_on_this_computer_only() -> None:
    """The socket is bound to the loopback address."""
    from darkroom.standin.server import listen

    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_taken_port_is_an_error_that_says_what_to_do(standin: StandIn) -> None:
    """PortTaken names the port and the way out."""
    port = urlsplit(standin.url).port
    assert port

    with pytest.raises(PortTaken) as caught:
        StandIn(port).start()

    assert caught.value.port == port
    assert str(port) in str(caught.value)
    assert "--port 0" in str(caught.value)


def test_stopping_frees_the_port_and_can_be_repeated() -> None:
    """A stand-in that stopped can start again where it was; stopping twice does no harm."""
    standin = StandIn()
    standin.start()
    url = standin.url
    WEB.get(url)
    with pytest.raises(RuntimeError, match="already"):
        standin.start()
    standin.stop()
    standin.stop()
    with pytest.raises(httpx.ConnectError):
        WEB.get(url)
    with pytest.raises(RuntimeError, match="does not run"):
        standin.calls()
    standin.start()
    assert standin.url == url
    assert WEB.get(url).status_code == 200
    standin.stop()


def test_latency_is_added_to_every_answered_call() -> None:
    """With a latency of 0.3 s an answer takes that long, a refusal does not."""
    with StandIn(latency=0.3) as slow:
        aws = Caller(slow.url)
        aws.refusal(TITAN, {})
        aws.answer(TITAN, SMALL)
        aws.answer(CORE, {"prompt": "[blocked]"})
        refused, answered, filtered = slow.calls(log=True)["log"]

    assert refused["seconds"] < 0.3 <= answered["seconds"]
    assert filtered["seconds"] >= 0.3


def test_the_seed_changes_what_is_drawn(aws: Caller) -> None:
    """The same request is the same picture, unless the stand-in has another seed."""
    first, again = (aws.pictures(TITAN, SMALL)[0] for _ in range(2))
    with StandIn(seed=7) as other:
        different = Caller(other.url).pictures(TITAN, SMALL)[0]

    assert not ImageChops.difference(first, again).getbbox()
    assert ImageChops.difference(first, different).getbbox()


def test_drawing_does_not_hold_up_other_requests(standin: StandIn, aws: Caller) -> None:
    """While pictures are drawn, the stand-in still answers at once."""
    client = aws.client("us-west-2")
    body = json.dumps(text_image(width=1024, height=1024, numberOfImages=5))
    calls = [
        threading.Thread(
            target=lambda: client.invoke_model(modelId=TITAN, body=body)["body"].read()
        )
        for _ in range(3)
    ]
    for call in calls:
        call.start()
    waits = []
    while any(call.is_alive() for call in calls):
        began = time.perf_counter()
        WEB.get(f"{standin.url}/_standin/health")
        waits.append(time.perf_counter() - began)
    for call in calls:
        call.join()

    assert sorted(waits)[len(waits) // 2] < 0.25
    assert standin.calls()["models"][TITAN]["pictures"] == 15


def test_one_connection_carries_many_calls(standin: StandIn) -> None:
    """Connections are kept open, as boto3's pool expects."""
    where = urlsplit(standin.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port)
    sockets = set()
    for _ in range(3):
        connection.request("GET", "/_standin/health")
        connection.getresponse().read()
        sockets.add(id(connection.sock))
    connection.close()

    assert len(sockets) == 1


def test_a_small_answer_does_not_wait_for_the_network(standin: StandIn, aws: Caller) -> None:
    """A refusal takes milliseconds: no delayed acknowledgment adds its 40 ms to every call."""
    aws.refusal(TITAN, {})
    waits = []
    for _ in range(9):
        began = time.perf_counter()
        aws.refusal(TITAN, {})
        waits.append(time.perf_counter() - began)

    assert sorted(waits)[4] < 0.03


def test_importing_it_is_cheap() -> None:
    """A program that only wants to name the stand-in does not load the drawing libraries."""
    code = (
        "import sys, darkroom.standin.server;"
        "print([name for name in ('numpy', 'PIL', 'uvicorn', 'jsonschema') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)

    assert done.stdout.strip() == b"[]"


def test_serving_ends_cleanly_on_ctrl_c() -> None:
    """`serve` tells its URL, answers, and returns on SIGINT without a traceback."""
    code = (
        "from darkroom.standin.server import serve\n"
        "serve(0, ready=lambda url: print(url, flush=True))\n"
        "print('done')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert WEB.get(f"{url}/_standin/health").status_code == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "done\n", "")


def test_a_caller_who_leaves_does_no_harm(standin: StandIn) -> None:
    """A connection that ends in the middle of a request leaves the stand-in as it was."""
    where = urlsplit(standin.url)
    with socket.create_connection((str(where.hostname), where.port or 0)) as half:
        head = f"POST /model/{TITAN}/invoke HTTP/1.1\r\nHost: localhost\r\n"
        half.sendall(f"{head}Content-Length: 99\r\n\r\n{{".encode())

    assert WEB.get(f"{standin.url}/_standin/health").status_code == 200
    assert standin.calls() == {"models": {}}
