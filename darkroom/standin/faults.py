"""Failures on request: what goes wrong with the next calls, so that callers can be tried.

Faults are a script: the first one in the list that matches a call's model decides about the call.
It lets `after` calls pass, then spoils `times` of them, then it is used up and the next takes over.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from darkroom.standin import lineup
from darkroom.standin.model import Reason
from darkroom.standin.refusal import Refusal

ERRORS: Mapping[str, tuple[str, str]] = {
    "access_denied": (
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    "internal": (
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    "legacy": (
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively "
        "using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock",
    ),
    "model_error": ("ModelErrorException", "The model failed to process the request."),
    "not_ready": (
        "ModelNotReadyException",
        "The model is not ready to serve inference requests. Try your request again.",
    ),
    "on_demand": ("ValidationException", lineup.needs_profile("{model_id}")),
    "quota": ("ServiceQuotaExceededException", "Your request exceeds the service quota."),
    "retired": ("ResourceNotFoundException", lineup.RETIRED),
    "throttle": ("ThrottlingException", "Too many requests, please wait before trying again."),
    "timeout": ("ModelTimeoutException", "Model has timed out in processing the request."),
    "unavailable": (
        "ServiceUnavailableException",
        "The service isn't currently available. Try again later.",
    ),
}
"""Kinds that refuse a call outright; the texts are AWS's where known (`access_denied`, `legacy`,
`on_demand`, `retired`), else in its style."""

BLOCKS: Mapping[str, Reason] = {
    "filtered": "prompt",
    "filtered_input": "input image",
    "filtered_output": "output image",
    "inference_error": "inference error",
    "no_images": "output image",
}
"""Kinds that each vendor words in its own way."""

Kind = Literal[
    "access_denied",
    "internal",
    "legacy",
    "model_error",
    "not_ready",
    "on_demand",
    "quota",
    "retired",
    "throttle",
    "timeout",
    "unavailable",
    "filtered",
    "filtered_input",
    "filtered_output",
    "inference_error",
    "no_images",
    "guardrail",
    "partial",
    "truncated",
    "not_an_image",
    "not_json",
    "disconnect",
    "hang",
]


class Fault(BaseModel):
    """Something that goes wrong, and with which calls."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    model: str = Field("*", description="Glob on the model id without a region prefix.")
    times: int = Field(1, ge=1, description="How many calls it spoils.")
    after: int = Field(0, ge=0, description="How many calls pass before.")
    delay: float = Field(0.0, ge=0, le=3600, description="Seconds until it goes wrong.")

    def error(self, model_id: str) -> Refusal | None:
        """Make the error that refuses a call outright, if this kind does.

        Args:
            model_id: The model, which some texts name.
        """
        if self.kind not in ERRORS:
            return None
        code, message = ERRORS[self.kind]
        message = message.replace("{model_id}", model_id)
        if code == "ModelErrorException":
            return Refusal(code, message, originalStatusCode=500, resourceName=model_id)
        return Refusal(code, message)

    @property
    def block(self) -> Reason | None:
        """Why the vendor gives no pictures, if this kind is about that."""
        return BLOCKS.get(self.kind)


class Faults:
    """The faults that are still to come; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the list."""
        with self._lock:
            self._pending.append(fault.model_copy())

    def take(self, model_id: str) -> Fault | None:
        """Use up one call of the first fault for this model; it may be one that passes."""
        with self._lock:
            for fault in self._pending:
                if not fnmatchcase(model_id, lineup.plain(fault.model)):
                    continue
                if fault.after:
                    fault.after -= 1
                    return None
                fault.times -= 1
                if not fault.times:
                    self._pending.remove(fault)
                return fault.model_copy()
        return None

    def pending(self) -> list[dict[str, Any]]:
        """List what is still to come."""
        with self._lock:
            return [fault.model_dump() for fault in self._pending]

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._pending.clear()
