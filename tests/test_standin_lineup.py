"""The stand-in's names for models: ARNs, aliases, and the command that sets them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import boto3
import pytest

from darkroom.errors import UnknownModel
from darkroom.standin.server import StandIn
from tests.standin_client import CORE, REMOVE, TITAN, Caller, encoded, noise, text_image

SMALL = text_image(width=320, height=704)
UNKNOWN = "The provided model identifier is invalid."
GONE = (
    "This model version has reached the end of its life. "
    "Please refer to the AWS documentation for more details."
)
PROFILE = "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/shop"
OWN = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/titan1"
IMPORTED = "arn:aws:bedrock:us-west-2:111122223333:imported-model/abcdef123456"
ALIASES = {PROFILE: REMOVE, OWN: TITAN, IMPORTED: CORE, "my-model": REMOVE.removeprefix("us.")}
PICTURE = {"image": encoded(noise())}


@pytest.fixture(scope="module")
def aws() -> Iterator[Caller]:
    with StandIn(aliases=ALIASES) as standin:
        yield Caller(standin.url)


@pytest.mark.parametrize("model", [PROFILE, "my-model"])
def test_an_alias_is_served_like_its_model(aws: Caller, model: str) -> None:
    """An application inference profile, or any id, stands for the model it was said to be like."""
    (picture,) = aws.pictures(model, PICTURE, "us-west-2")

    assert picture.mode == "RGBA"


def test_an_alias_of_an_arn_is_known_in_its_region(aws: Caller) -> None:
    """An ARN says where it is; elsewhere it is unknown, even where its model is offered."""
    assert aws.pictures(OWN, SMALL, "us-east-1")
    assert aws.message(OWN, SMALL, "us-west-2") == UNKNOWN
    assert aws.message(PROFILE, PICTURE, "us-east-1") == UNKNOWN
    assert "Missing field 'prompt'" in aws.message(IMPORTED, {}, "us-west-2")


def test_an_alias_ends_with_its_model() -> None:
    """As of a day on which the model is gone, so is what is like it."""
    with StandIn(aliases=ALIASES, lifecycle=date(2026, 10, 1)) as standin:
        error = Caller(standin.url).refusal(OWN, SMALL, "us-east-1").response["Error"]
        client = boto3.client(
            "bedrock",
            region_name="us-east-1",
            endpoint_url=standin.url,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="no secret",
        )
        listed = client.list_inference_profiles(typeEquals="APPLICATION")

    assert error["Message"] == GONE
    assert listed["inferenceProfileSummaries"] == []


@pytest.mark.parametrize(
    "arn",
    [
        PROFILE.replace("shop", "other"),
        f"arn:aws:bedrock:us-west-2:111122223333:inference-profile/{CORE}",
        f"arn:aws:bedrock:us-west-2::foundation-model/{REMOVE}",
        f"arn:aws:bedrock:us-west-2::inference-profile/{REMOVE}",
    ],
)
def test_an_arn_of_the_wrong_kind_is_unknown(aws: Caller, arn: str) -> None:
    """A profile's ARN names a profile and a model's a model; other profiles must be told."""
    assert aws.message(arn, {}, "us-west-2") == UNKNOWN


def test_an_alias_must_be_like_a_model() -> None:
    """A stand-in that is to serve something like nothing says so, and does not start."""
    standin = StandIn(aliases={"mine": "no.such-model"})

    with pytest.raises(UnknownModel, match=r"mine.*no\.such-model"):
        standin.start()


def test_the_command_takes_a_day_and_aliases() -> None:
    """`darkroom standin --lifecycle --alias` serves what there was that day, by one's own ids."""
    command = [sys.executable, "-m", "flows.cli", "standin", "--port", "0"]
    options = ["--lifecycle", "2026-06-29", "--alias", OWN, TITAN]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(4)]
        url = said[0].partition(" at ")[2].partition(" ")[0]
        aws = Caller(url)
        assert aws.answer(OWN, SMALL, "us-east-1")["images"]
        error = aws.refusal("amazon.titan-image-generator-v1", SMALL, "us-west-2").response
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert "Its models are those of 2026-06-29.\n" in said
    assert error["Error"]["Message"] == GONE
    assert process.returncode == 0


@pytest.mark.parametrize("options", [["--lifecycle", "tomorrow"], ["--alias", "mine", "nothing"]])
def test_the_command_refuses_what_it_cannot_serve(options: list[str]) -> None:
    """A day that is none, or an alias like no model, is bad usage."""
    command = [sys.executable, "-m", "flows.cli", "standin", "--port", "0", *options]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert options[-1] in done.stderr
