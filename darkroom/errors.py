"""Everything that can go wrong, on one page.

    DarkroomError
    ├── InvalidRequest          a rule is broken; nothing was paid
    │   ├── UnknownModel        no such model; the nearest names are given
    │   ├── UnsupportedMode     the model cannot do this; models that can are named
    │   ├── WrongRegion         the model is not offered there; the regions that do are named
    │   └── BadPicture          a file or picture that cannot be used as a source
    ├── ModelRetired            past its end of life; its living successor is named
    ├── NoCredentials           no way to sign the call
    ├── AccessDenied            signed, but not allowed
    ├── ContentFiltered         the service refused to show the result
    ├── QuotaExceeded           an account's limit that waiting a moment does not lift
    ├── BudgetReached           the next call would cost more than the run may
    ├── ModelFailed             the model itself broke on this input
    ├── BadAnswer               an answer that is not what the service documents
    ├── Throttled*              too many calls for now
    ├── ModelNotReady*          the model is still being loaded
    ├── ModelTimeout*           the model took too long
    ├── ServiceFault*           the service failed inside (500)
    ├── ServiceUnavailable*     the service is overloaded or away (503)
    ├── Unreachable*            no connection, or it broke before the answer was complete
    ├── StoreFailed             a picture could not be written or read
    │   └── PictureMissing      it was there once, and is gone
    ├── RunFailed               a flow run did not do what it was for; it tells what was made
    ├── PortTaken               a local server cannot have the port it was told to take
    └── AlreadyUp               another `darkroom up` has this folder

`retryable` stands on the class (marked * above): the orchestrator asks the error and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pydantic import ValidationError


class DarkroomError(Exception):
    """Base of every error that Darkroom raises on purpose.

    Attributes:
        retryable: Whether the same call may do later.
        pictures: Those of an answer that came all the same (`darkroom.client.Made`).
    """

    retryable: ClassVar[bool] = False
    pictures: tuple[Any, ...] = ()


class InvalidRequest(DarkroomError):
    """A rule is broken, and nothing was paid.

    The rules that are known here are checked before anything is sent. What the service refuses all
    the same (its ValidationException) comes as this error too, in the service's words.
    """

    @classmethod
    def of(cls, field: str, value: object, rule: str, remedy: str = "") -> InvalidRequest:
        """Say which `field` has which `value`, the `rule` it breaks, and the `remedy`."""
        shown = repr(value)
        if len(shown) > 80:
            shown = f"{shown[:60]}… ({len(str(value))} characters)"
        text = f"{field} = {shown}: {rule}."
        return cls(f"{text} {remedy}".rstrip())


class UnknownModel(InvalidRequest):
    """No model has that id or short name."""


class UnsupportedMode(InvalidRequest):
    """The model exists, but cannot do this."""


class WrongRegion(InvalidRequest):
    """The model exists, but not in that region."""


class BadPicture(InvalidRequest):
    """A file or picture that cannot serve as a source."""


class ModelRetired(DarkroomError):
    """The model is past its end of life, or the account has lost access to it as a legacy model."""


class NoCredentials(DarkroomError):
    """There is nothing to sign the call with."""


class AccessDenied(DarkroomError):
    """The credentials are known, and not allowed to do this."""


class ContentFiltered(DarkroomError):
    """The service's content filter stopped the prompt, the source picture or the result.

    Attributes:
        stopped: Which of the three: "prompt", "input" or "output".
        pictures: Those of a mixed answer that were not stopped.
    """

    def __init__(self, message: str, stopped: str = "output", pictures: Sequence[Any] = ()) -> None:
        super().__init__(message, stopped)
        self.stopped = stopped
        self.pictures = tuple(pictures)

    def __str__(self) -> str:
        return str(self.args[0])


class QuotaExceeded(DarkroomError):
    """An account's service quota is used up; only AWS can raise it."""


class BudgetReached(DarkroomError):
    """The next call would cost more than the run may; it was not made.

    Attributes:
        is_first: Whether it is the first call that this budget stopped.
    """

    is_first: bool = False


class ModelFailed(DarkroomError):
    """The model broke while it worked on this input."""


class BadAnswer(DarkroomError):
    """The answer arrived, but is not what the service documents.

    Attributes:
        received: The answer as it came: it was paid for.
        pictures: Those of it that can be read.
    """

    received: bytes = b""


class Throttled(DarkroomError):
    """Too many calls for the account's rate; later the same call will do."""

    retryable = True


class ModelNotReady(DarkroomError):
    """The model is being loaded; later the same call will do."""

    retryable = True


class ModelTimeout(DarkroomError):
    """The model took longer than the service allows; AWS says to try again."""

    retryable = True


class ServiceFault(DarkroomError):
    """The service failed inside."""

    retryable = True


class ServiceUnavailable(DarkroomError):
    """The service is overloaded or away for a while."""

    retryable = True


class Unreachable(DarkroomError):
    """No connection, or it broke before the answer was complete."""

    retryable = True


class StoreFailed(DarkroomError):
    """A picture could not be written or read."""


class PictureMissing(StoreFailed):
    """The picture was stored once and is gone."""


class RunFailed(DarkroomError):
    """A flow run did not do what it was for; what was made stays.

    Attributes:
        report: What was made, and what was not and why (`flows.report.Report` or a batch's).
    """

    def __init__(self, message: str, report: Any) -> None:
        super().__init__(message, report)
        self.report = report

    def __str__(self) -> str:
        return str(self.args[0])


class PortTaken(DarkroomError):
    """A local server cannot have the port that it was told to take."""

    def __init__(
        self, port: int, why: str = "is taken by another program", option: str = "--port"
    ) -> None:
        super().__init__(
            f"Port {port} {why}: choose another port ({option} 0 picks a free one), or free it."
        )
        self.port = port
        self.why = why


class AlreadyUp(DarkroomError):
    """Another `darkroom up` runs on the same folder."""

    def __init__(self, home: str, url: str | None) -> None:
        where = f"is already up at {url}" if url else "is already being started"
        super().__init__(
            f"Darkroom {where}, with its data in {home}. End that one first (Ctrl-C), or give "
            "this one a folder and a port of its own: --home FOLDER --port 0."
        )


# InvokeModel's errors (botocore's service model of bedrock-runtime, 2023-09-30) and the codes that
# every AWS service may answer with, in our terms.
SERVICE_CODES: dict[str, type[DarkroomError]] = {
    "AccessDeniedException": AccessDenied,
    "InternalServerException": ServiceFault,
    "ModelErrorException": ModelFailed,
    "ModelNotReadyException": ModelNotReady,
    "ModelTimeoutException": ModelTimeout,
    "ResourceNotFoundException": UnknownModel,
    "ServiceQuotaExceededException": QuotaExceeded,
    "ServiceUnavailableException": ServiceUnavailable,
    "ThrottlingException": Throttled,
    "ValidationException": InvalidRequest,
    "ExpiredTokenException": AccessDenied,
    "IncompleteSignatureException": AccessDenied,
    "InvalidSignatureException": AccessDenied,
    "MissingAuthenticationTokenException": NoCredentials,
    "UnrecognizedClientException": AccessDenied,
}

# Errors that botocore raises without an answer from the service. They are known by name, because
# this package does not import boto3.
CLIENT_ERRORS: dict[str, type[DarkroomError]] = {
    "CredentialRetrievalError": NoCredentials,
    "NoAuthTokenError": NoCredentials,
    "NoCredentialsError": NoCredentials,
    "PartialCredentialsError": NoCredentials,
    "ProfileNotFound": NoCredentials,
    "SSOError": NoCredentials,
    "TokenRetrievalError": NoCredentials,
    "UnauthorizedSSOTokenError": NoCredentials,
    # botocore's and Python's own: a broken connection has one name, however it comes.
    "ConnectionError": Unreachable,
    "HTTPClientError": Unreachable,
    "IncompleteReadError": Unreachable,
    "ResponseStreamingError": Unreachable,
    # What urllib3 raises while the body is being read comes through unchanged in some versions.
    "ProtocolError": Unreachable,
    "ReadTimeoutError": Unreachable,
}


def from_service(error: Exception) -> DarkroomError | None:
    """Name what boto3 raised in our terms, or return None for what is not the service's doing."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        details = response.get("Error", {})
        return named(
            str(details.get("Code", "")),
            str(details.get("Message", "")),
            int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)),
        )
    for base in type(error).__mro__:
        if kind := CLIENT_ERRORS.get(base.__name__):
            return kind(f"{base.__name__}: {error}" if kind is Unreachable else str(error))
    return None


def named(code: str, message: str, status: int) -> DarkroomError:
    """Name a service's error by its `code`, its `message` and the HTTP `status`.

    The messages that decide are those collected from the service: a retired model and a lost
    legacy access arrive as 404, a blocked prompt and a missing inference profile as 400.
    """
    text = message.lower()
    if "end of its life" in text or "marked by provider as legacy" in text:
        return ModelRetired(message)
    if "blocked by our content filters" in text or "filtered words" in text:
        return ContentFiltered(message, "input" if "input image" in text else "prompt")
    kind = SERVICE_CODES.get(code)
    if kind is None:
        if status == 429:
            kind = Throttled
        elif status == 408:
            kind = ModelTimeout
        elif status == 503:
            kind = ServiceUnavailable
        elif status >= 500:
            kind = ServiceFault
        elif status == 403:
            kind = AccessDenied
        else:
            kind = InvalidRequest
    return kind(message or f"{code or 'the service'} answered with HTTP {status}")


def in_words(error: ValidationError) -> str:
    """What pydantic found, one line for each field: its name, its value, the rule."""
    lines = []
    for each in error.errors():
        field = ".".join(str(part) for part in each["loc"])
        rule = each["msg"].removeprefix("Value error, ")
        value = "" if each["type"] == "missing" else f" = {each['input']!r}"
        lines.append(f"{field}{value}: {rule}.")
    return "\n".join(lines)
