"""How Bedrock says no: an error name, its HTTP status and a message."""

from __future__ import annotations

from collections.abc import Mapping

STATUS: Mapping[str, int] = {
    "AccessDeniedException": 403,
    "IncompleteSignatureException": 403,
    "InternalServerException": 500,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
    "ValidationException": 400,
}
"""Error name to HTTP status: InvokeModel's own (API reference, "Errors") and those of signing."""


class Refusal(Exception):
    """A call that gets an error instead of an answer.

    Args:
        code: An error name of `STATUS`.
        message: The text that the caller reads.
        details: Further members of the error's body, as ModelErrorException has them.
    """

    def __init__(self, code: str, message: str, **details: str | int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status that belongs to the error's name."""
        return STATUS[self.code]

    @property
    def body(self) -> dict[str, str | int]:
        """What the response carries."""
        return {"message": self.message, **self.details}


def invalid(message: str) -> Refusal:
    """Make a ValidationException, the refusal of a request that is itself at fault."""
    return Refusal("ValidationException", message)
