"""The doctor on the way to Bedrock: credentials, region, endpoint."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from blocks import Bedrock
from darkroom.standin.server import StandIn
from flows.doctor.access import credentials, endpoint, region
from flows.doctor.models import models
from tests.aws_answers import ARN, Answers
from tests.conftest import bedrock_of
from tests.doctor import (
    KEY,
    SECRET,
    Look,
    alone,
    answering,
    bedrock_aws,
    closed_port,
    look,
    straight,
)

__all__ = [
    "alone",
    "answering",
    "bedrock_aws",
    "look",
    "straight",
]  # pytest finds the fixtures here


# Credentials


def test_without_credentials_both_ways_on_are_told(look: Look) -> None:
    """Nothing to sign with is a problem, with how to sign in and how to do without."""
    found = look(credentials).one("credentials")
    assert (found["status"], found["found"]) == ("problem", "No AWS credentials were found.")
    for word in ("aws configure sso", "AWS_BEARER_TOKEN_BEDROCK", "--bedrock NAME", "--standin"):
        assert word in found["to_do"]


def test_who_calls_is_told(look: Look, bedrock_aws: Answers, tmp_path: Path) -> None:
    """The source, the account and the ARN are told, and of the key its last four characters."""
    who = look(credentials).one("credentials")
    assert who["status"] == "ok"
    assert who["found"] == f"environment, key …MPLE: account 123456789012, {ARN}"
    profile = tmp_path / "credentials"
    profile.write_text(f"[studio]\naws_access_key_id={KEY}\naws_secret_access_key={SECRET}\n")
    block = Bedrock(shared_credentials_file=str(profile), profile_name="studio")
    who = look(credentials, block).one("credentials")
    assert who["found"].startswith("profile studio, key …MPLE: account 123456789012")


@pytest.mark.parametrize(
    ("code", "words", "to_do"),
    [
        ("ExpiredToken", "they have expired", "Get new ones"),
        ("InvalidClientTokenId", "does not know the access key, or its token", "Get new ones"),
        ("SignatureDoesNotMatch", "clock is wrong", "Set the clock"),
    ],
)
def test_keys_that_aws_refuses_are_a_problem(
    look: Look, straight: Answers, code: str, words: str, to_do: str
) -> None:
    """Old, unknown and mistyped keys are told apart, each with what to do."""
    straight.refuses("/", code, "what AWS says")
    found = look(credentials).one("credentials")
    assert found["status"] == "problem"
    assert f"{words} ({code})" in found["found"]
    assert to_do in found["to_do"]


def test_another_endpoint_may_take_what_aws_refuses(look: Look, bedrock_aws: Answers) -> None:
    """Where calls go elsewhere, keys that AWS does not know are no more than a warning."""
    bedrock_aws.refuses("/", "InvalidClientTokenId", "unknown")
    assert look(credentials).one("credentials")["status"] == "warning"


def test_sts_out_of_reach_is_a_warning(look: Look, bedrock_aws: Answers) -> None:
    """A network that leads to Bedrock only is no problem, and whose keys they are stays open."""
    found = look(credentials, AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{closed_port()}").one(
        "credentials"
    )
    assert found["status"] == "warning"
    assert "whose they are is not known" in found["found"]


def test_a_role_that_cannot_be_assumed(look: Look, bedrock_aws: Answers) -> None:
    """A role that does not trust its caller is a problem with the two places to look at."""
    bedrock_aws.refuses("/", "AccessDenied", "User mia is not authorized to perform: AssumeRole")
    role = "arn:aws:iam::123456789012:role/Studio"
    found = look(credentials, Bedrock(role_arn=role)).one("credentials")
    assert found["status"] == "problem"
    assert f"role {role} cannot be assumed: " in found["found"]
    assert "sts:AssumeRole" in found["to_do"]
    assert "trust policy" in found["to_do"]


def test_sso_that_has_run_out_names_the_command(
    look: Look, bedrock_aws: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that is not signed in is told with the very command that signs in."""
    config = tmp_path / "config"
    config.write_text(
        "[profile studio]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    found = look(credentials, Bedrock(profile_name="studio"), AWS_CONFIG_FILE=str(config)).one(
        "credentials"
    )
    assert found["status"] == "problem"
    assert found["found"].startswith("profile studio, signed in with SSO: Error loading SSO Token")
    assert found["to_do"] == "Sign in again: aws sso login --profile studio."


def short_term_key(age: timedelta, region: str = "us-west-2") -> str:
    """A Bedrock API key for twelve hours, of the shape that AWS's generator makes."""
    begins = f"{datetime.now(UTC) - age:%Y%m%dT%H%M%SZ}"
    address = (
        "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        f"&X-Amz-Credential=ASIA%2F20261121%2F{region}%2Fbedrock%2Faws4_request"
        f"&X-Amz-Date={begins}&X-Amz-Expires=43200&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=0123456789abcdef&Version=1"
    )
    return "bedrock-api-key-" + base64.b64encode(address.encode()).decode()


def test_an_api_key_tells_its_end(look: Look, bedrock_aws: Answers) -> None:
    """STS is not asked about an API key; one for a short term says itself when it ends."""
    found = look(credentials, AWS_BEARER_TOKEN_BEDROCK="a-key-for-good").one("credentials")
    assert found["found"] == "API key from AWS_BEARER_TOKEN_BEDROCK; whose it is cannot be asked"
    assert "POST /" not in bedrock_aws.asked
    fresh = look(credentials, AWS_BEARER_TOKEN_BEDROCK=short_term_key(timedelta(0))).one(
        "credentials"
    )
    assert fresh["status"] == "ok"
    assert "at the latest" in fresh["found"]
    old = Bedrock(bedrock_api_key=SecretStr(short_term_key(timedelta(hours=13))))
    stale = look(credentials, old).one("credentials")
    assert stale["status"] == "problem"
    assert "API key of the block: it has expired" in stale["found"]


def test_an_api_key_of_another_region(look: Look, bedrock_aws: Answers) -> None:
    """A short-term key holds in one region, and calls elsewhere with it are a problem."""
    key = short_term_key(timedelta(0), "us-east-1")
    found = look(region, AWS_BEARER_TOKEN_BEDROCK=key).of("region")[1]
    assert found["status"] == "problem"
    assert found["found"] == "the API key is for us-east-1, and calls go to us-west-2"


# Region


def test_a_region_without_models_names_those_with(look: Look, bedrock_aws: Answers) -> None:
    """In Frankfurt there is no model: a problem, with the regions and how to name them."""
    found = look(region, AWS_REGION="eu-central-1").one("region")
    assert found["status"] == "problem"
    assert found["found"].startswith("eu-central-1, from AWS_REGION: offers none, and not core,")
    assert "us-east-1 or us-east-2 or us-west-2" in found["found"]
    assert 'regions = {"core": "us-west-2"}' in found["to_do"]


def test_a_region_with_some_models_is_a_warning(look: Look, standin: StandIn) -> None:
    """us-east-1 lacks three; a block that names another region for those is well."""
    found = look(region, bedrock_of(standin, "us-east-1")).one("region")
    assert found["status"] == "warning"
    assert "and not core, ultra, sd3.5 (in us-west-2)" in found["found"]
    names = dict.fromkeys(("core", "ultra", "sd3.5"), "us-west-2")
    mended = bedrock_of(standin, "us-east-1", regions=names, allow_retired=True)
    assert {each["status"] for each in look(region, mended).findings} == {"ok"}
    told = look(models, mended)
    assert {each["status"] for each in told.findings} == {"ok"}
    assert told.one("models", "core")["found"] == "there and active in us-west-2"
    assert told.one("models", "fast")["found"] == "there and active in us-east-1"


def test_a_model_sent_to_the_wrong_region(look: Look, standin: StandIn) -> None:
    """A region that the block names for a model which is not there is a problem of that model."""
    block = bedrock_of(standin, regions={"core": "us-east-1"})
    found = look(region, block).one("region", "core")
    assert found["status"] == "problem"
    assert "us-east-1, where it is not offered" in found["found"]
    assert "us-west-2" in found["to_do"]


# Endpoint


def test_awss_own_endpoint_out_of_reach(look: Look, straight: Answers) -> None:
    """Where AWS itself cannot be reached the proxy is spoken of."""
    found = look(endpoint).one("endpoint")
    assert found["status"] == "problem"
    assert "bedrock-runtime.us-west-2.amazonaws.com, AWS's own: cannot be" in found["found"]
    assert "HTTPS_PROXY" in found["to_do"]
