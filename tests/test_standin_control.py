"""The stand-in's lifecycle, its lists of models and profiles, and its aliases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from darkroom.standin import lifecycle, lineup
from darkroom.standin.server import StandIn
from tests.standin_client import (
    CORE,
    INPAINT,
    NOVA,
    OUTPAINT,
    REMOVE,
    TITAN,
    WEB,
    Caller,
    encoded,
    noise,
    text_image,
)

SMALL = text_image(width=320, height=704)
UNKNOWN = "The provided model identifier is invalid."
GONE = (
    "This model version has reached the end of its life. "
    "Please refer to the AWS documentation for more details."
)
PROFILE = "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/shop"
OWN = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/titan1"
ALIASES = {PROFILE: REMOVE, OWN: TITAN, "my-model": CORE}
PICTURE = {"image": encoded(noise())}


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn(aliases=ALIASES) as running:
        yield running


@pytest.fixture(scope="module")
def aws(standin: StandIn) -> Caller:
    return Caller(standin.url)


def control(standin: StandIn, region: str = "us-west-2") -> Any:
    """Make boto3's client of the control plane."""
    return boto3.client(
        "bedrock",
        region_name=region,
        endpoint_url=standin.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="no secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def ids(answer: Any) -> set[str]:
    return {row["modelId"] for row in answer["modelSummaries"]}


def midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def refusal(call: Any, **how: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**how)
    response = caught.value.response
    error = response["Error"]
    return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def test_every_model_has_a_card() -> None:
    """Whatever is served has AWS's name for it, and dates in the order in which they come."""
    assert set(lineup.every()) <= set(lifecycle.CARDS)
    for card in lifecycle.CARDS.values():
        days = [day for day in (card.launch, card.legacy, card.end_of_life) if day]
        assert days == sorted(days)
        assert bool(card.legacy) == bool(card.end_of_life)


@pytest.mark.parametrize(
    ("model", "region", "last", "gone"),
    [
        (NOVA, "us-east-1", date(2026, 9, 29), date(2026, 9, 30)),
        (TITAN, "us-west-2", date(2026, 6, 29), date(2026, 6, 30)),
        ("amazon.titan-image-generator-v1:0", "us-west-2", date(2025, 8, 14), date(2025, 8, 15)),
    ],
)
def test_a_model_is_gone_from_its_last_day_on(
    model: str, region: str, last: date, gone: date
) -> None:
    """The day before its end of life a model answers, on that day it is a 404 and unlisted."""
    with StandIn(lifecycle=last) as standin:
        assert Caller(standin.url).answer(model, SMALL, region)["images"]
        summary = control(standin, region).get_foundation_model(modelIdentifier=model)
        assert summary["modelDetails"]["modelLifecycle"]["status"] == "LEGACY"
    with StandIn(lifecycle=gone) as standin:
        error = Caller(standin.url).refusal(model, SMALL, region).response
        listed = ids(control(standin, region).list_foundation_models())
        found = refusal(control(standin, region).get_foundation_model, modelIdentifier=model)

    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert error["Error"]["Message"] == GONE
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert model not in listed
    assert found[:2] == ("ResourceNotFoundException", 404)


def test_a_model_that_is_to_come_is_unknown() -> None:
    """Before its launch neither a model nor its profile is known."""
    with StandIn(lifecycle=date(2025, 9, 17)) as before:
        aws = Caller(before.url)
        assert aws.message(REMOVE, PICTURE) == UNKNOWN
        assert aws.message(REMOVE.removeprefix("us."), PICTURE) == UNKNOWN
        client = control(before)
        assert client.list_inference_profiles()["inferenceProfileSummaries"] == []
        assert "stability.stable-outpaint-v1:0" not in ids(client.list_foundation_models())
    with StandIn(lifecycle=date(2025, 9, 18)) as after:
        assert Caller(after.url).pictures(REMOVE, PICTURE)


def test_without_a_day_every_model_is_served(standin: StandIn, aws: Caller) -> None:
    """Retired models are answered and listed unless there is a day to go by."""
    for model in (TITAN, NOVA):
        assert aws.answer(model, SMALL)["images"]
    listed = ids(control(standin, "us-west-2").list_foundation_models())
    assert listed == {row.id for row, _ in lineup.every().values() if "us-west-2" in row.regions}


def test_a_fault_waits_for_a_model_that_lives() -> None:
    """A call to a model that is gone uses no fault up."""
    with StandIn(lifecycle=date(2026, 11, 20)) as standin:
        standin.fail("throttle")
        aws = Caller(standin.url)
        aws.refusal(TITAN, SMALL)
        assert aws.refusal(CORE, {"prompt": "x"}).response["Error"]["Code"].startswith("Throttl")


def test_a_models_details_are_those_of_the_reference(standin: StandIn) -> None:
    """GetFoundationModel has all members of the reference; boto3 reads the dates as such."""
    client = control(standin, "eu-west-1")

    details = client.get_foundation_model(modelIdentifier=NOVA)["modelDetails"]

    assert details == {
        "modelArn": f"arn:aws:bedrock:eu-west-1::foundation-model/{NOVA}",
        "modelId": NOVA,
        "modelName": "Nova Canvas",
        "providerName": "Amazon",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["IMAGE"],
        "responseStreamingSupported": False,
        "customizationsSupported": ["FINE_TUNING"],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {
            "status": "LEGACY",
            "startOfLifeTime": midnight(2024, 12, 4),
            "legacyTime": midnight(2026, 3, 30),
            "endOfLifeTime": midnight(2026, 9, 30),
        },
    }


def test_a_model_is_found_by_its_arn(standin: StandIn) -> None:
    """The ARN in a list leads to the same details, in its own region only."""
    client = control(standin)
    listed = client.list_foundation_models(byProvider="Stability AI")["modelSummaries"]

    for summary in listed:
        arn = summary["modelArn"]
        assert client.get_foundation_model(modelIdentifier=arn)["modelDetails"] == summary
    elsewhere = arn.replace("us-west-2", "us-east-1")
    assert refusal(client.get_foundation_model, modelIdentifier=elsewhere)[1] == 404


@pytest.mark.parametrize("model", ["amazon.no-such-v1:0", NOVA, REMOVE])
def test_an_unknown_model_is_not_found(standin: StandIn, model: str) -> None:
    """An id that is wrong, of another region, or a profile's is a ResourceNotFoundException."""
    code, status, message = refusal(control(standin).get_foundation_model, modelIdentifier=model)

    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == ("Could not resolve the foundation model from the provided model identifier.")


def test_lists_can_be_filtered(standin: StandIn) -> None:
    """Each filter of ListFoundationModels leaves what it names; all regions differ."""
    west = control(standin)
    everything = ids(west.list_foundation_models())
    amazons = ids(west.list_foundation_models(byProvider="amazon"))
    tuned = ids(west.list_foundation_models(byCustomizationType="FINE_TUNING"))
    on_demand = ids(west.list_foundation_models(byInferenceType="ON_DEMAND"))

    assert amazons == {model for model in everything if model.startswith("amazon.")}
    assert TITAN in amazons
    assert TITAN in tuned
    assert tuned < amazons
    assert CORE in on_demand
    assert on_demand == {model for model in everything if not lineup.every()[model][0].profile}
    assert ids(west.list_foundation_models(byOutputModality="IMAGE")) == everything
    assert ids(west.list_foundation_models(byOutputModality="TEXT")) == set()
    assert ids(west.list_foundation_models(byInferenceType="PROVISIONED")) == set()
    assert ids(west.list_foundation_models(byProvider="Anthropic")) == set()
    assert ids(control(standin, "ap-northeast-1").list_foundation_models()) == {NOVA}
    assert ids(control(standin, "eu-north-1").list_foundation_models()) == set()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("byOutputModality", "VIDEO", "Member must satisfy enum value set: [TEXT, IMAGE, EMBED"),
        ("byInferenceType", "SPOT", "enum value set: [ON_DEMAND, PROVISIONED]"),
        ("byCustomizationType", "X", "at 'byCustomizationType' failed to satisfy constraint"),
        ("byProvider", "a_b", "regular expression pattern: [A-Za-z0-9- ]{1,63}"),
    ],
)
def test_a_wrong_filter_is_refused(standin: StandIn, name: str, value: str, told: str) -> None:
    """A filter's value that the reference does not have is a ValidationException."""
    code, status, message = refusal(control(standin).list_foundation_models, **{name: value})

    assert (code, status) == ("ValidationException", 400)
    assert message.startswith(f"1 validation error detected: Value '{value}' at")
    assert told in message


def test_only_services_are_reached_by_profile(standin: StandIn) -> None:
    """The list's inference types tell how a model is called."""
    rows = control(standin).list_foundation_models()["modelSummaries"]

    types = {row["modelId"]: row["inferenceTypesSupported"] for row in rows}

    assert types[CORE] == ["ON_DEMAND"]
    assert types[REMOVE.removeprefix("us.")] == ["INFERENCE_PROFILE"]


def test_profiles_are_listed_and_found(standin: StandIn) -> None:
    """ListInferenceProfiles has the services' `us.` profiles, each found by its id and ARN."""
    client = control(standin, "us-east-2")
    rows = client.list_inference_profiles()["inferenceProfileSummaries"]

    assert {OUTPAINT, REMOVE, INPAINT} <= {row["inferenceProfileId"] for row in rows}
    for row in rows:
        for name in (row["inferenceProfileId"], row["inferenceProfileArn"]):
            found = client.get_inference_profile(inferenceProfileIdentifier=name)
            assert {key: found[key] for key in row} == row
    (outpaint,) = (row for row in rows if row["inferenceProfileId"] == OUTPAINT)
    assert outpaint == {
        "inferenceProfileName": "US Stable Image Outpaint",
        "description": "Routes requests to Stable Image Outpaint in us-east-1, us-east-2 and "
        "us-west-2.",
        "createdAt": midnight(2025, 9, 18),
        "updatedAt": midnight(2025, 9, 18),
        "inferenceProfileArn": "arn:aws:bedrock:us-east-2:123456789012:inference-profile/"
        + OUTPAINT,
        "models": [
            {"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{OUTPAINT[3:]}"}
            for region in ("us-east-1", "us-east-2", "us-west-2")
        ],
        "inferenceProfileId": OUTPAINT,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def test_a_listed_profiles_arn_is_a_name_of_the_model(standin: StandIn, aws: Caller) -> None:
    """What GetInferenceProfile gives can be invoked; so can the ARN of any other account."""
    arn = control(standin).get_inference_profile(inferenceProfileIdentifier=REMOVE)[
        "inferenceProfileArn"
    ]

    assert aws.pictures(arn, PICTURE, "us-west-2")
    other = arn.replace("123456789012", "999999999999")
    found = control(standin).get_inference_profile(inferenceProfileIdentifier=other)
    assert found["inferenceProfileId"] == REMOVE


def test_profiles_come_in_pages(standin: StandIn) -> None:
    """`maxResults` cuts the list; `nextToken` goes on where it was cut."""
    client = control(standin)
    whole = client.list_inference_profiles()["inferenceProfileSummaries"]

    pages = list(
        client.get_paginator("list_inference_profiles").paginate(PaginationConfig={"PageSize": 2})
    )

    assert [len(page["inferenceProfileSummaries"]) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [row for page in pages for row in page["inferenceProfileSummaries"]] == whole
    wrong = refusal(client.list_inference_profiles, nextToken="x")
    assert wrong[0] == "ValidationException"


@pytest.mark.parametrize("name", ["us.no-such", f"us.{CORE}", PROFILE.replace("shop", "other")])
def test_an_unknown_profile_is_not_found(standin: StandIn, name: str) -> None:
    """A profile that there is not is a ResourceNotFoundException."""
    wrong = refusal(control(standin).get_inference_profile, inferenceProfileIdentifier=name)

    assert wrong[:2] == ("ResourceNotFoundException", 404)


def test_application_profiles_are_the_aliases(standin: StandIn) -> None:
    """Aliases that are application inference profiles are listed in their region by type."""
    west, east = (
        control(standin, region).list_inference_profiles(typeEquals="APPLICATION")[
            "inferenceProfileSummaries"
        ]
        for region in ("us-west-2", "us-east-1")
    )

    assert [row["inferenceProfileArn"] for row in west] == [PROFILE]
    assert [row["inferenceProfileArn"] for row in east] == [OWN]
    assert west[0]["inferenceProfileName"] == "shop"
    assert east[0]["models"] == [
        {"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{TITAN}"}
    ]
    found = control(standin).get_inference_profile(inferenceProfileIdentifier=PROFILE)
    assert found["type"] == "APPLICATION"


def test_the_control_plane_asks_for_a_signature(standin: StandIn) -> None:
    """An unsigned question is refused; an API key's, which has no region, gets all models."""
    url = f"{standin.url}/foundation-models"

    bare = WEB.get(url)
    keyed = WEB.get(url, headers={"authorization": "Bearer key"})

    assert bare.status_code == 403
    assert bare.headers["x-amzn-errortype"].startswith("MissingAuthenticationTokenException")
    rows = {row["modelId"]: row for row in keyed.json()["modelSummaries"]}
    assert set(rows) == set(lineup.every())
    assert rows[NOVA]["modelArn"].startswith("arn:aws:bedrock:ap-northeast-1::")
    assert len(keyed.headers["x-amzn-requestid"]) == 36
    assert WEB.post(url).status_code == 404


def test_questions_are_no_calls(standin: StandIn) -> None:
    """The count of calls is of InvokeModel alone."""
    standin.reset()

    control(standin).list_foundation_models()

    assert standin.calls() == {"models": {}}
