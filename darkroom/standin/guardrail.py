"""The one guardrail that the stand-in's account has, and how it shows in an answer.

From the user guide's page "Use guardrails with InvokeModel" and the API reference of InvokeModel.
The guardrail is called `standin`, has the versions DRAFT and 1, and blocks one word in prompts.
How an image model's answer looks when a guardrail steps in is not printed: the stand-in sends the
two members that are, and no pictures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from darkroom.standin.refusal import invalid

NAME = "standin"
VERSIONS = ("DRAFT", "1")
WORD = "[blocked]"
ACTION = "amazon-bedrock-guardrailAction"
TRACE = "amazon-bedrock-trace"
IDENTIFIER = re.compile(
    r"(?:arn:aws:bedrock:(?P<region>[a-z0-9-]+):\d{12}:guardrail/)?(?P<id>[a-z0-9]+)"
)


class Guardrail:
    """A guardrail as one call asks for it.

    Args:
        headers: The call's headers.
        region: Where the call was signed for; None if it does not say.

    Raises:
        Refusal: A guardrail is named that there is not.
    """

    def __init__(self, headers: Mapping[str, str], region: str | None) -> None:
        asked = headers.get("x-amzn-bedrock-guardrailidentifier")
        version = headers.get("x-amzn-bedrock-guardrailversion")
        self.asked = asked is not None
        self._traced = headers.get("x-amzn-bedrock-trace", "") in ("ENABLED", "ENABLED_FULL")
        if asked is None:
            return
        match = IDENTIFIER.fullmatch(asked)
        if match is None:
            raise invalid("The provided guardrail identifier is invalid.")
        here = match["region"] in (None, region) or region is None
        if match["id"] != NAME or version not in VERSIONS or not here:
            raise invalid(
                "The guardrail identifier or version provided in the request does not exist."
            )

    def stops(self, prompt: str) -> bool:
        """Say whether it is asked for and steps in at a prompt."""
        return self.asked and WORD in prompt.lower()

    def intervened(self) -> dict[str, Any]:
        """Make the answer of a call that it stopped."""
        found = {"customWords": [{"match": WORD, "action": "BLOCKED"}]}
        assessment = {"input": {NAME: {"wordPolicy": found}}}
        return {ACTION: "INTERVENED", **self._trace(assessment)}

    def passed(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Add to an answer that it let the call pass, if it was asked for."""
        if not self.asked:
            return dict(answer)
        return {**answer, ACTION: "NONE", **self._trace({"input": {NAME: {}}})}

    def _trace(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {TRACE: {"guardrail": dict(told)}} if self._traced else {}
