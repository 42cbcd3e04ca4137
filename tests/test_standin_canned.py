"""The stand-in for measurements: prepared pictures, quotas, and books that tell who got what."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from PIL import Image

from darkroom.errors import InvalidRequest, UnknownModel
from darkroom.standin import images
from darkroom.standin.canned import Canned
from darkroom.standin.quota import Quota
from darkroom.standin.refusal import Refusal
from darkroom.standin.server import StandIn
from flows.cli import darkroom
from tests.server import environment, program, until
from tests.standin_client import CORE, NOVA, REMOVE, TITAN, WEB, Caller, opened, text_image

SDXL = "stability.stable-diffusion-xl-v1"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-west-2/bedrock/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=abc"
)
SMALL = {"prompt": "a blue chair", "seed": 1}


def datas(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(each, validate=True) for each in answer["images"]]


def test_a_canned_picture_is_as_large_as_the_services() -> None:
    """1024 x 1024 pixels in about 1.6 MB, and every pixel can be read."""
    encoded = Canned((1024, 1024)).encoded("a request")

    image = opened(encoded)

    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (1024, 1024))
    assert 1_550_000 < len(base64.b64decode(encoded)) < 1_750_000


def test_copies_differ_in_their_bytes_alone() -> None:
    """Each name has a file of its own, the same one each time, with the same pixels."""
    canned = Canned((65, 43))

    one, same, other = (canned.encoded(name) for name in ("one", "one", "other"))

    assert one == same == Canned((65, 43)).encoded("one")
    assert one != other
    assert opened(one).tobytes() == opened(other).tobytes()


@pytest.mark.parametrize("side", range(60, 68))
def test_every_size_gives_whole_files(side: int) -> None:
    """Base64 of the shared part never runs into the part that differs."""
    data = base64.b64decode(Canned((side, side)).encoded("it"), validate=True)

    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.info["Request"] == hashlib.sha256(b"it").hexdigest()
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    assert data.endswith(b"IEND\xaeB`\x82")


def test_a_canned_picture_that_comes_back_is_read_as_it_is() -> None:
    """What is not decoded a second time has the pixels that Pillow reads, and keeps the limits."""
    encoded = Canned((96, 64)).encoded("it")

    image = images.read(encoded, images.Limits())
    image.putpixel((0, 0), (1, 2, 3))

    assert images.read(encoded, images.Limits()).tobytes() == opened(encoded).tobytes()
    with pytest.raises(images.Flaw, match="each side must be at least 65"):
        images.read(encoded, images.Limits(min_side=65))


def test_each_vendors_answer_has_canned_pictures() -> None:
    """The size that was chosen comes back from every family, in its own shape and number."""
    with StandIn(canned="64x64") as standin:
        aws = Caller(standin.url)
        titan = aws.answer(TITAN, text_image(width=512, height=512, numberOfImages=3))
        core = aws.answer(CORE, {"prompt": "a chair", "output_format": "jpeg", "seed": 7})
        sdxl = aws.answer(SDXL, {"text_prompts": [{"text": "a chair"}], "seed": 7})
        cutout = aws.answer(REMOVE, {"image": core["images"][0]})

    encoded = [*titan["images"], *core["images"], sdxl["artifacts"][0]["base64"], *cutout["images"]]
    assert [opened(each).size for each in encoded] == [(64, 64)] * 6
    assert {opened(each).format for each in encoded} == {"PNG"}
    assert len(set(encoded)) == 6
    assert (core["seeds"], sdxl["artifacts"][0]["finishReason"]) == ([7], "SUCCESS")


def test_a_mask_that_was_asked_for_is_canned_too() -> None:
    """A further picture of the answer comes in its own field."""
    with StandIn(canned="512x512") as standin:
        aws = Caller(standin.url)
        (image,) = aws.answer(TITAN, text_image())["images"]
        params = {"image": image, "maskPrompt": "chair", "text": "a bench", "returnMask": True}
        answer = aws.answer(TITAN, {"taskType": "INPAINTING", "inPaintingParams": params})

    assert opened(answer["maskImage"]).size == (512, 512)
    assert answer["maskImage"] != answer["images"][0]


def test_the_same_request_gets_the_same_canned_picture() -> None:
    """Its bytes are those of the request, its model and the stand-in's seed."""
    with StandIn(canned="64x64") as one, StandIn(canned="64x64", seed=1) as two:
        first, again, other = Caller(one.url), Caller(one.url), Caller(two.url)
        body = text_image("a vase", numberOfImages=2)
        answers = [datas(caller.answer(TITAN, body)) for caller in (first, again, other)]
        nova = datas(first.answer(NOVA, body))

    assert answers[0] == answers[1]
    assert not {*answers[0]} & {*answers[2], *nova}
    assert len({*answers[0], *nova}) == 4


def test_rules_and_faults_hold_for_canned_pictures() -> None:
    """A body that breaks a rule is refused, a filter filters, and a truncated picture is one."""
    with StandIn(canned="64x64") as standin:
        aws = Caller(standin.url)
        assert "100x512 is not supported" in aws.message(TITAN, text_image(width=100))
        assert "content filters" in aws.message(NOVA, text_image("a [blocked] chair"))
        standin.fail("partial")
        partial = aws.answer(TITAN, text_image(numberOfImages=2))
        standin.fail("truncated")
        (truncated,) = aws.answer(TITAN, text_image())["images"]

    assert len(partial["images"]) == 1
    assert "Some of the generated images" in partial["error"]
    with pytest.raises(ValueError, match="base64"):
        base64.b64decode(truncated, validate=True)


def test_an_answer_above_the_cap_is_refused_when_canned() -> None:
    """Stability's 16 MB hold for prepared pictures as well."""
    with StandIn(canned="2880x2880") as standin:
        message = Caller(standin.url).message(CORE, SMALL)

    assert "Response payload size" in message


def test_hundreds_wait_without_a_thread_for_each() -> None:
    """300 calls of half a second take little longer than one; only the callers are threads."""
    with StandIn(canned="64x64", latency=0.5) as standin, ThreadPoolExecutor(300) as pool:
        address = ("127.0.0.1", int(standin.url.rpartition(":")[2]))
        callers = [socket.create_connection(address) for _ in range(300)]
        threads = threading.active_count()
        began = time.monotonic()
        waiting = [pool.submit(exchange, caller, SMALL) for caller in callers]
        most = threading.active_count() - threads
        assert {each.result() for each in waiting} == {b"HTTP/1.1 200 OK\r\n"}
        seconds = time.monotonic() - began
        for caller in callers:
            caller.close()

        assert standin.calls()["models"][CORE]["answered"] == 300
    assert 0.5 <= seconds < 4
    assert most <= 300 + 2 * (os.cpu_count() or 2)


def request_bytes(body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST /model/{CORE}/invoke HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {SIGNED}\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def exchange(own: socket.socket, body: dict[str, Any]) -> bytes:
    """One call over a socket of its own; its status line."""
    own.sendall(request_bytes(body))
    file = own.makefile("rb")
    status = file.readline()
    while (line := file.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    file.read(length)
    return status


def test_a_quota_lets_its_burst_through_and_then_its_pace() -> None:
    """A bucket of a second's calls fills all the time; a throttled call takes nothing."""
    now = 0.0
    quota = Quota(120, clock=lambda: now)

    def passed() -> bool:
        try:
            quota.take(TITAN, "us-west-2")
        except Refusal:
            return False
        return True

    assert [passed() for _ in range(4)] == [True, True, False, False]
    now = 0.5
    assert [passed(), passed()] == [True, False]
    now = 100.0
    assert [passed() for _ in range(3)] == [True, True, False]


def test_a_quota_is_of_a_model_in_a_region() -> None:
    """Two models, and two regions of one, do not take from each other; others have no limit."""
    quota = Quota({"us.stability.stable-outpaint-v1:0": 30, TITAN: 90}, burst=1)

    for model, region in [(TITAN, "us-west-2"), (TITAN, "us-east-1")]:
        quota.take(model, region)
        with pytest.raises(Refusal):
            quota.take(model, region)
    quota.take("stability.stable-outpaint-v1:0", "us-west-2")
    with pytest.raises(Refusal):
        quota.take("stability.stable-outpaint-v1:0", "us-west-2")
    for _ in range(100):
        quota.take(NOVA, "us-east-1")


def test_a_call_above_the_quota_is_throttled_as_aws_does() -> None:
    """boto3 raises ThrottlingException, a fault is not used up by it, and the books count it."""
    with StandIn(canned="64x64", quota={CORE: 1}, burst=2) as standin:
        aws = Caller(standin.url)
        aws.answer(CORE, SMALL)
        aws.answer(CORE, SMALL)
        standin.fail("internal")
        error: ClientError = aws.refusal(CORE, SMALL)
        count = standin.calls()["models"][CORE]

        assert error.response["Error"]["Code"] == "ThrottlingException"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert (count["received"], count["answered"], count["refused"]) == (3, 2, {"429": 1})
        assert WEB.get(f"{standin.url}/_standin/faults").json()["faults"]


def test_the_busiest_window_is_told_by_model() -> None:
    """`window` asks for the most calls of one region within so many seconds."""
    with StandIn(canned="64x64") as standin:
        aws = Caller(standin.url)
        for pause in (0, 0, 0.4, 0):
            time.sleep(pause)
            aws.answer(CORE, SMALL)
        aws.answer(TITAN, text_image(), "us-west-2")
        aws.answer(TITAN, text_image(), "us-east-1")
        url = f"{standin.url}/_standin/calls"

        assert WEB.get(f"{url}?window=60").json()["busiest"] == {CORE: 4, TITAN: 1}
        assert standin.calls(window=0.3)["busiest"] == {CORE: 2, TITAN: 1}
        assert "busiest" not in standin.calls()
        assert WEB.get(f"{url}?window=soon").status_code == 400


PLAIN_CALLER = """
import socket, sys
own = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
own.sendall(open(sys.argv[2], "rb").read())
if sys.argv[3] == "wait":
    sys.stdin.read()
head = own.recv(1000)
if sys.argv[3] == "read":
    whole = head
    length = int(head.lower().split(b"content-length: ")[1].split()[0])
    while len(whole) < length + head.index(b"\\r\\n\\r\\n") + 4:
        whole += own.recv(1_000_000)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("does", "size", "latency", "delivered"),
    [
        ("read", "1024x1024", 0.0, True),
        ("peek", "1024x1024", 0.0, False),
        ("peek", "64x64", 0.0, False),
        ("wait", "64x64", 1.0, False),
    ],
)
def test_an_answer_that_nobody_took_is_told_apart(
    tmp_path: Path, does: str, size: str, latency: float, delivered: bool
) -> None:
    """A caller that is killed after, within or before the answer: only the first one has it."""
    (tmp_path / "request").write_bytes(request_bytes(SMALL))
    with StandIn(canned=size, latency=latency) as standin:
        arguments = [standin.url.rpartition(":")[2], str(tmp_path / "request"), does]
        with subprocess.Popen(
            [sys.executable, "-c", PLAIN_CALLER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as caller:
            if does == "wait":
                time.sleep(0.6)
            else:
                assert caller.stdout is not None
                assert caller.stdout.readline() == b"ready\n"
            os.kill(caller.pid, signal.SIGKILL)
        until(lambda: standin.calls(log=True)["log"] or None, "the call is over", 10)
        time.sleep(0.1)
        (line,) = standin.calls(log=True)["log"]

    assert line["delivered"] is delivered
    assert (line["status"], line["pictures"]) == (200, 1)
    assert line["sha256"] == hashlib.sha256(json.dumps(SMALL).encode()).hexdigest()


@pytest.mark.parametrize(
    "how",
    [
        {"canned": "big"},
        {"canned": "0x64"},
        {"canned": "64x4097"},
        {"quota": 0},
        {"quota": {CORE: -1}},
        {"burst": 0},
    ],
)
def test_what_cannot_be_set_up_is_refused(how: dict[str, Any]) -> None:
    """A size, a quota or a burst out of range is refused before anything listens."""
    with pytest.raises(InvalidRequest, match=next(iter(how))):
        StandIn(**how)


def test_a_quota_for_no_model_is_refused() -> None:
    """A misspelled id would be no limit at all."""
    with pytest.raises(UnknownModel, match="core-v9"):
        StandIn(quota={"stability.stable-image-core-v9": 60}).start()


def test_the_command_serves_canned_pictures_at_a_quota(tmp_path: Path) -> None:
    """`darkroom standin --canned 64x64 --quota 60 --burst 2` does as StandIn does."""
    arguments = ["flows.cli", "standin", "--port", "0", "--canned", "64x64"]
    arguments += ["--quota", "60", "--burst", "2"]
    env = environment(tmp_path, PYTHONUNBUFFERED="1")
    with program(arguments, env, tmp_path) as running:
        until(lambda: "_standin/calls" in running.out or None, "it listens", 20)
        url = running.out.split("listens at ")[1].split()[0]
        assert "prepared ones of 64x64" in running.out
        aws = Caller(url)
        first, _ = aws.answer(CORE, SMALL), aws.answer(CORE, SMALL)
        error = aws.refusal(CORE, SMALL)
        running.signal(signal.SIGINT)
        running.wait(10)

    assert opened(first["images"][0]).size == (64, 64)
    assert error.response["Error"]["Code"] == "ThrottlingException"


@pytest.mark.parametrize(("size", "said"), [("0x0", "canned = "), ("none", "canned = ")])
def test_the_command_refuses_a_size_that_is_none(size: str, said: str) -> None:
    """The message names the option's value and what it must be like."""
    result = CliRunner().invoke(darkroom, ["standin", "--canned", size])

    assert isinstance(result.exception, InvalidRequest)
    assert said in str(result.exception)
    assert "WIDTHxHEIGHT" in str(result.exception)
