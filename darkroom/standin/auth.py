"""Who calls, and from which region: the Authorization header is looked at, not verified.

Any key opens this door, because the stand-in cannot know the secret. What it can tell is a request
that was never signed, was signed for another service, or was signed for another region.
"""

from __future__ import annotations

import re

from darkroom.standin.refusal import Refusal

SIGNED = "AWS4-HMAC-SHA256"
SCOPE = re.compile(
    r"(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[^/]+)/aws4_request"
)
NOT_VALID = "The security token included in the request is invalid."


def region(authorization: str | None) -> str | None:
    """Read the region that a call was signed for.

    Returns:
        The region, or None for an API key (bearer token), which carries none.

    Raises:
        Refusal: 403 with the error name that AWS uses. The names and the texts for signatures are
            those of AWS's shared front end (IAM User Guide, "Troubleshoot Signature Version 4"),
            the one for API keys is as seen in public reports.
    """
    if not authorization:
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    scheme, _, rest = authorization.partition(" ")
    if scheme == "Bearer":
        _check_bearer(rest.strip())
        return None
    if scheme == SIGNED:
        return _signed(rest)
    raise Refusal("UnrecognizedClientException", NOT_VALID)


def _check_bearer(token: str) -> None:
    if not token:
        text = "Authentication failed: Please make sure your API Key is valid."
        raise Refusal("AccessDeniedException", text)


def _signed(rest: str) -> str:
    parts = dict(piece.strip().partition("=")[::2] for piece in rest.split(","))
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    if missing:
        text = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise Refusal("IncompleteSignatureException", text)
    scope = SCOPE.fullmatch(parts["Credential"])
    if scope is None:
        raise Refusal("UnrecognizedClientException", NOT_VALID)
    if scope["service"] != "bedrock":
        text = "Credential should be scoped to correct service: 'bedrock'. "
        raise Refusal("InvalidSignatureException", text)
    return scope["region"]
