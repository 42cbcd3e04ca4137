"""The stand-in's failures on request: each is what boto3 sees when Bedrock fails so."""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from darkroom.standin.server import StandIn
from tests.standin_client import (
    CORE,
    NOVA,
    OUTPAINT,
    TITAN,
    WEB,
    Caller,
    encoded,
    noise,
    text_image,
)

SMALL = text_image(width=320, height=704)
OUT = {"image": encoded(noise()), "left": 8}
BODIES: dict[str, Any] = {TITAN: SMALL, NOVA: SMALL, OUTPAINT: OUT}

NOVA_PROMPT = (
    "This request has been blocked by our content filters. "
    "Please adjust your text prompt to submit a new request."
)
NOVA_IMAGE = NOVA_PROMPT.replace("text prompt", "input image")
TITAN_PROMPT = (
    "This request has been blocked by our content filters. Our filters automatically flagged this "
    "prompt because it may conflict our AUP or AWS Responsible AI Policy. Please adjust your text "
    "prompt to submit a new request."
)
ALL_BLOCKED = "All of the generated images have been blocked by our content filters."
SOME_BLOCKED = "Some of the generated images have been blocked by our content filters."


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


def plan(standin: StandIn, **fault: Any) -> httpx.Response:
    return WEB.post(f"{standin.url}/_standin/faults", json=fault)


def pending(standin: StandIn) -> Any:
    return WEB.get(f"{standin.url}/_standin/faults").json()["faults"]


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        ("throttle", "ThrottlingException", 429),
        ("timeout", "ModelTimeoutException", 408),
        ("internal", "InternalServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("not_ready", "ModelNotReadyException", 429),
        ("model_error", "ModelErrorException", 424),
        ("access_denied", "AccessDeniedException", 403),
        ("quota", "ServiceQuotaExceededException", 400),
        ("retired", "ResourceNotFoundException", 404),
        ("legacy", "ResourceNotFoundException", 404),
        ("on_demand", "ValidationException", 400),
    ],
)
def test_an_error_is_raised_as_boto3s_own_class(
    standin: StandIn, aws: Caller, kind: str, name: str, status: int
) -> None:
    """Each kind of error has Bedrock's name and status, and is a modeled class of boto3."""
    plan(standin, kind=kind)
    client = aws.client("us-west-2")

    with pytest.raises(getattr(client.exceptions, name)) as caught:
        client.invoke_model(modelId=TITAN, body=b"{}")

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert aws.answer(TITAN, SMALL)["images"]


def test_a_model_error_names_the_model(standin: StandIn, aws: Caller) -> None:
    """ModelErrorException carries the model's own status and name."""
    plan(standin, kind="model_error")

    error = aws.refusal(TITAN, SMALL).response

    assert error["originalStatusCode"] == 500
    assert error["resourceName"] == TITAN


def test_retirement_reads_as_aws_words_it(standin: StandIn, aws: Caller) -> None:
    """A retired model is a 404 with AWS's text."""
    plan(standin, kind="retired")

    assert aws.refusal(NOVA, SMALL).response["Error"]["Message"] == (
        "This model version has reached the end of its life. "
        "Please refer to the AWS documentation for more details."
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (
            "legacy",
            "Access denied. This Model is marked by provider as Legacy and you have not been "
            "actively using the model in the last 30 days. Please upgrade to an active model on "
            "Amazon Bedrock",
        ),
        (
            "on_demand",
            f"Invocation of model ID {TITAN} with on-demand throughput isn\u2019t supported. Retry "
            "your request with the ID or ARN of an inference profile that contains this model.",
        ),
    ],
)
def test_refusals_read_as_users_report_them(
    standin: StandIn, aws: Caller, kind: str, text: str
) -> None:
    """The texts for lost access and for missing throughput are AWS's."""
    plan(standin, kind=kind)

    assert aws.refusal(TITAN, SMALL).response["Error"]["Message"] == text


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("filtered", "Filter reason: prompt"),
        ("filtered_input", "Filter reason: input image"),
        ("filtered_output", "Filter reason: output image"),
        ("inference_error", "Inference error"),
        ("partial", "Filter reason: output image"),
    ],
)
def test_stability_filters_with_status_200(
    standin: StandIn, aws: Caller, kind: str, reason: str
) -> None:
    """A filtered Stability call succeeds without pictures and seeds; the reason says why."""
    plan(standin, kind=kind)

    assert aws.answer(OUTPAINT, OUT) == {"finish_reasons": [reason]}


@pytest.mark.parametrize(
    ("model", "kind", "text"),
    [
        (TITAN, "filtered", TITAN_PROMPT),
        (NOVA, "filtered", NOVA_PROMPT),
        (TITAN, "filtered_input", NOVA_IMAGE),
        (NOVA, "filtered_input", NOVA_IMAGE),
    ],
)
def test_amazon_refuses_filtered_inputs(
    standin: StandIn, aws: Caller, model: str, kind: str, text: str
) -> None:
    """Titan and Nova refuse a blocked prompt or picture with AWS's text."""
    plan(standin, kind=kind)

    assert aws.message(model, SMALL) == text


def test_amazon_says_that_all_pictures_were_blocked(standin: StandIn, aws: Caller) -> None:
    """With every output blocked there is an error; `images` is empty with Nova, gone with Titan."""
    plan(standin, kind="filtered_output", times=2)

    assert aws.answer(NOVA, SMALL) == {"images": [], "error": ALL_BLOCKED}
    assert aws.answer(TITAN, SMALL) == {"error": ALL_BLOCKED}


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_amazon_can_answer_without_images(standin: StandIn, aws: Caller, model: str) -> None:
    """`no_images` is an error with no `images` beside it, not even an empty list."""
    plan(standin, kind="no_images")

    assert aws.answer(model, SMALL) == {"error": ALL_BLOCKED}


@pytest.mark.parametrize("model", [TITAN, NOVA, OUTPAINT])
def test_a_guardrail_can_step_in(standin: StandIn, aws: Caller, model: str) -> None:
    """`guardrail` is a success that says what was done, and has no pictures."""
    plan(standin, kind="guardrail")

    assert aws.answer(model, BODIES[model]) == {"amazon-bedrock-guardrailAction": "INTERVENED"}
    assert standin.calls()["models"][model.removeprefix("us.")]["refused"] == {"200": 1}


def test_a_guardrail_that_steps_in_can_be_traced(standin: StandIn, aws: Caller) -> None:
    """A call that asks for the guardrail and for a trace gets both when the fault comes."""
    plan(standin, kind="guardrail")
    how = {"guardrailIdentifier": "standin", "guardrailVersion": "1", "trace": "ENABLED"}

    answer = aws.client("us-west-2").invoke_model(modelId=TITAN, body=json.dumps(SMALL), **how)

    assert json.loads(answer["body"].read()).keys() == {
        "amazon-bedrock-guardrailAction",
        "amazon-bedrock-trace",
    }


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_amazon_can_give_fewer_pictures(standin: StandIn, aws: Caller, model: str) -> None:
    """With some outputs blocked the others come, beside an error."""
    plan(standin, kind="partial", times=2)

    answer = aws.answer(model, text_image(width=320, height=704, numberOfImages=3))

    assert len(answer["images"]) == 2
    assert answer["error"] == SOME_BLOCKED
    assert aws.answer(model, SMALL)["error"] == ALL_BLOCKED


def test_an_inference_error_of_amazon_is_a_model_error(standin: StandIn, aws: Caller) -> None:
    """Titan and Nova have no finish reason: a failed inference is a ModelErrorException."""
    plan(standin, kind="inference_error")

    assert aws.refusal(NOVA, SMALL).response["Error"]["Code"] == "ModelErrorException"


@pytest.mark.parametrize("model", [TITAN, OUTPAINT])
def test_base64_can_come_truncated(standin: StandIn, aws: Caller, model: str) -> None:
    """A truncated picture is no base64 any more."""
    plan(standin, kind="truncated")

    (picture,) = aws.answer(model, BODIES[model])["images"]

    with pytest.raises(binascii.Error):
        base64.b64decode(picture)


def test_a_picture_can_be_none(standin: StandIn, aws: Caller) -> None:
    """`not_an_image` is good base64 of something else."""
    plan(standin, kind="not_an_image")

    (picture,) = aws.answer(OUTPAINT, OUT)["images"]

    assert base64.b64decode(picture, validate=True) == b"This is no picture."


def test_an_answer_can_be_no_json(standin: StandIn, aws: Caller) -> None:
    """`not_json` is a success whose body is HTML."""
    plan(standin, kind="not_json")

    assert aws.raw(TITAN, SMALL)["body"].read().startswith(b"<html>")


@pytest.mark.parametrize("kind", ["truncated", "not_an_image", "not_json"])
def test_a_spoiled_answer_counts_as_no_pictures(standin: StandIn, aws: Caller, kind: str) -> None:
    """The count of pictures is of those that a caller could use."""
    plan(standin, kind=kind)

    aws.raw(TITAN, SMALL)["body"].read()

    assert standin.calls()["models"][TITAN] == {
        "received": 1,
        "answered": 0,
        "pictures": 0,
        "refused": {"200": 1},
    }


def test_a_connection_can_be_cut(standin: StandIn, aws: Caller) -> None:
    """`disconnect` ends the connection without an answer."""
    plan(standin, kind="disconnect")

    with pytest.raises(ConnectionClosedError):
        aws.answer(TITAN, SMALL)

    assert standin.calls()["models"][TITAN]["refused"] == {"dropped": 1}
    assert aws.answer(TITAN, SMALL)["images"]


def test_a_call_can_hang(standin: StandIn) -> None:
    """`hang` never answers; the caller's own patience ends it, and the call is booked then."""
    plan(standin, kind="hang")
    url = f"{standin.url}/model/{TITAN}/invoke"

    with pytest.raises(httpx.ReadTimeout):
        WEB.post(url, json=SMALL, headers={"authorization": "Bearer x"}, timeout=0.3)

    deadline = time.monotonic() + 5
    while not standin.calls()["models"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert standin.calls()["models"][TITAN]["refused"] == {"dropped": 1}


def test_boto3s_read_timeout_meets_a_hanging_call(standin: StandIn) -> None:
    """boto3 with a short read timeout raises its own error."""
    client = Caller(standin.url, read_timeout=0.3).client("us-west-2")
    plan(standin, kind="hang")

    with pytest.raises(ReadTimeoutError):
        client.invoke_model(modelId=TITAN, body=b"{}")


def test_a_hanging_call_does_not_keep_the_stand_in_from_stopping() -> None:
    """Stopping cuts the calls that hang, at once."""
    with StandIn() as standin:
        aws = Caller(standin.url)
        aws.client("us-west-2")
        standin.fail("hang")
        seen: list[type[Exception]] = []

        def call() -> None:
            try:
                aws.answer(TITAN, SMALL)
            except ConnectionClosedError as error:
                seen.append(type(error))

        caller = threading.Thread(target=call)
        caller.start()
        time.sleep(0.2)
        began = time.monotonic()
    caller.join(5)

    assert time.monotonic() - began < 2
    assert seen == [ConnectionClosedError]


def test_a_fault_is_used_up(standin: StandIn, aws: Caller) -> None:
    """`times` calls fail, the next one does not."""
    plan(standin, kind="throttle", times=2)

    codes = [aws.refusal(TITAN, SMALL).response["Error"]["Code"] for _ in range(2)]

    assert codes == ["ThrottlingException"] * 2
    assert aws.answer(TITAN, SMALL)["images"]


def test_a_fault_can_wait(standin: StandIn, aws: Caller) -> None:
    """`after` calls pass before the first one fails."""
    plan(standin, kind="throttle", after=2)

    assert aws.answer(TITAN, SMALL)["images"]
    assert aws.answer(TITAN, SMALL)["images"]
    assert aws.refusal(TITAN, SMALL)


def test_faults_come_in_order(standin: StandIn, aws: Caller) -> None:
    """Faults for the same model are a script: the second begins when the first is used up."""
    plan(standin, kind="throttle")
    plan(standin, kind="internal", after=1)

    assert aws.refusal(TITAN, SMALL).response["Error"]["Code"] == "ThrottlingException"
    assert aws.answer(TITAN, SMALL)["images"]
    assert aws.refusal(TITAN, SMALL).response["Error"]["Code"] == "InternalServerException"


@pytest.mark.parametrize("prefix", ["", "us."])
def test_a_fault_is_for_the_models_it_names(standin: StandIn, aws: Caller, prefix: str) -> None:
    """The glob is matched against the id, whatever the profile's prefix; others are unharmed."""
    plan(standin, kind="throttle", model=f"{prefix}stability.stable-outpaint*")

    assert aws.answer(TITAN, SMALL)["images"]
    assert aws.refusal(OUTPAINT, OUT).response["Error"]["Code"] == "ThrottlingException"


def test_a_fault_can_be_slow(standin: StandIn, aws: Caller) -> None:
    """`delay` seconds pass before it goes wrong."""
    plan(standin, kind="unavailable", delay=0.3)
    began = time.monotonic()

    aws.refusal(TITAN, SMALL)

    assert time.monotonic() - began >= 0.3


def test_an_unknown_model_does_not_use_up_a_fault(standin: StandIn, aws: Caller) -> None:
    """A call that never reaches a model leaves the faults as they are."""
    plan(standin, kind="throttle")

    aws.refusal("no.such-model", {})

    assert len(pending(standin)) == 1


def test_what_is_pending_can_be_listed_and_cleared(standin: StandIn, aws: Caller) -> None:
    """GET lists the faults with what is left of them; DELETE forgets them."""
    plan(standin, kind="throttle", model="amazon.*", times=3)
    aws.refusal(TITAN, SMALL)

    assert pending(standin) == [
        {"kind": "throttle", "model": "amazon.*", "times": 2, "after": 0, "delay": 0.0}
    ]
    WEB.delete(f"{standin.url}/_standin/faults")
    assert pending(standin) == []
    assert aws.answer(TITAN, SMALL)["images"]


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "fire"},
        {"kind": "throttle", "times": 0},
        {"kind": "throttle", "after": -1},
        {"kind": "throttle", "delay": -1},
        {"kind": "throttle", "time": 1},
    ],
)
def test_a_wrong_fault_is_refused(standin: StandIn, fault: dict[str, Any]) -> None:
    """A fault that makes no sense is a 400 that says what is wrong, and changes nothing."""
    response = plan(standin, **fault)

    assert response.status_code == 400
    assert response.json()["errors"]
    assert pending(standin) == []


def test_a_prompt_can_ask_to_be_filtered(aws: Caller) -> None:
    """The word [blocked] in a prompt is filtered as each model's service really does it."""
    prompt = "a [blocked] vase"

    assert aws.answer(CORE, {"prompt": prompt}) == {"finish_reasons": ["Filter reason: prompt"]}
    assert aws.answer(OUTPAINT, {**OUT, "prompt": prompt}) == {
        "finish_reasons": ["Filter reason: prompt"]
    }
    assert aws.message(NOVA, text_image(prompt)) == NOVA_PROMPT
    assert aws.message(TITAN, text_image(prompt)) == TITAN_PROMPT


def test_every_kind_is_described_once() -> None:
    """The kinds that refuse and those that block are all kinds that can be asked for."""
    from typing import get_args

    from darkroom.standin import faults

    assert set(faults.ERRORS) | set(faults.BLOCKS) < set(get_args(faults.Kind))
