"""The stand-in's guardrail, as calls name it and as answers show it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from darkroom.standin.server import StandIn
from tests.standin_client import TITAN, WEB, Caller, text_image

SMALL = text_image(width=320, height=704)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def aws(standin: StandIn) -> Caller:
    return Caller(standin.url)


def guarded(aws: Caller, body: Any, model: str = TITAN, **how: str) -> dict[str, Any]:
    """Call with the account's guardrail."""
    how = {"guardrailIdentifier": "standin", "guardrailVersion": "DRAFT", **how}
    client = aws.client("us-east-1")
    answer = client.invoke_model(modelId=model, body=json.dumps(body), **how)
    found: dict[str, Any] = json.loads(answer["body"].read())
    return found


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"guardrailVersion": "1"},
        {"guardrailIdentifier": "arn:aws:bedrock:us-east-1:111122223333:guardrail/standin"},
    ],
)
def test_the_accounts_guardrail_lets_a_prompt_pass(aws: Caller, how: dict[str, str]) -> None:
    """With the guardrail an answer says that nothing was done, beside its pictures."""
    answer = guarded(aws, SMALL, **how)

    assert answer.keys() == {"images", "amazon-bedrock-guardrailAction"}
    assert answer["amazon-bedrock-guardrailAction"] == "NONE"


def test_the_accounts_guardrail_stops_a_prompt(aws: Caller) -> None:
    """[blocked] is stopped by the guardrail before the model's own filter sees it."""
    body = text_image("a [Blocked] vase", width=320, height=704)

    assert guarded(aws, body) == {"amazon-bedrock-guardrailAction": "INTERVENED"}


def test_a_guardrail_is_traced_if_asked(aws: Caller) -> None:
    """With a trace the answer tells which policy of which guardrail found what."""
    stopped = guarded(aws, text_image("[blocked]", width=320, height=704), trace="ENABLED")
    passed = guarded(aws, SMALL, trace="ENABLED_FULL")
    quiet = guarded(aws, SMALL, trace="DISABLED")

    found = stopped["amazon-bedrock-trace"]["guardrail"]["input"]["standin"]["wordPolicy"]
    assert found["customWords"] == [{"match": "[blocked]", "action": "BLOCKED"}]
    assert passed["amazon-bedrock-trace"]["guardrail"]["input"] == {"standin": {}}
    assert "amazon-bedrock-trace" not in quiet
    plain = aws.client("us-east-1").invoke_model(
        modelId=TITAN, body=json.dumps(SMALL), trace="ENABLED"
    )
    assert json.loads(plain["body"].read()).keys() == {"images"}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"guardrailIdentifier": "other"}, "does not exist"),
        ({"guardrailVersion": "2"}, "does not exist"),
        (
            {"guardrailIdentifier": "arn:aws:bedrock:us-west-2:111122223333:guardrail/standin"},
            "does not exist",
        ),
        ({"guardrailIdentifier": "Not valid"}, "The provided guardrail identifier is invalid."),
    ],
)
def test_another_guardrail_is_refused(aws: Caller, how: dict[str, str], told: str) -> None:
    """A guardrail, version or region that there is not is a ValidationException."""
    client = aws.client("us-east-1")

    with pytest.raises(client.exceptions.ValidationException, match=re.escape(told)):
        guarded(aws, SMALL, **how)


def test_a_guardrail_must_come_with_a_version(standin: StandIn) -> None:
    """An identifier without a version is refused, as the reference says."""
    headers = {"authorization": "Bearer x", "x-amzn-bedrock-guardrailidentifier": "standin"}

    response = WEB.post(f"{standin.url}/model/{TITAN}/invoke", json=SMALL, headers=headers)

    assert response.status_code == 400
