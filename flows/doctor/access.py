"""The doctor's look at the way to Bedrock: whose credentials, which region, which endpoint."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from blocks.access import REGION
from darkroom import catalog
from darkroom.catalog import Model
from darkroom.errors import AccessDenied, DarkroomError, NoCredentials, Unreachable
from flows.doctor.finding import Finding, brief, plain_url
from flows.doctor.way import Refused, Way, asking

CODES = {
    "ExpiredToken": "they have expired",
    "ExpiredTokenException": "they have expired",
    "InvalidClientTokenId": "AWS does not know the access key, or its token",
    "UnrecognizedClientException": "AWS does not know the access key, or its token",
    "SignatureDoesNotMatch": "the secret is not that of the key, or this computer's clock is wrong",
    "InvalidSignatureException": "the secret is not the key's, or this computer's clock is wrong",
}


def credentials(way: Way) -> Iterator[Finding]:
    """Whose credentials they are, and whether AWS takes them."""
    try:
        who = way.who()
    except Refused as refused:
        yield nobody(refused.told, _sign_in(way))
        return
    if way.api_key:
        yield _of_api_key(who, way.api_key)
    elif way.answer.is_standin:
        yield Finding("credentials", "ok", f"{who}; the stand-in takes any keys")
    else:
        yield _of_sts(way, who)


def nobody(error: DarkroomError, to_do: str = "") -> Finding:
    """That there are no credentials; the error may say itself what `to_do`."""
    _, _, ways = str(error).partition("\n")
    found = brief(error).removesuffix("Two ways on:").strip()
    return Finding("credentials", "problem", found, ways or to_do)


def _of_sts(way: Way, who: str) -> Finding:
    try:
        with asking():
            caller = way.client("sts").get_caller_identity()
    except Refused as refused:
        return _refused(way, who, refused.told, refused.code)
    return Finding("credentials", "ok", f"{who}: account {caller['Account']}, {caller['Arn']}")


def _refused(way: Way, who: str, told: DarkroomError, code: str) -> Finding:
    if isinstance(told, Unreachable):
        return Finding(
            "credentials",
            "warning",
            f"{who}; whose they are is not known: {brief(told)}",
            "Calls may work all the same, as in a network that leads to Bedrock only. Else see to "
            "the network, or to its proxy (HTTPS_PROXY).",
        )
    if isinstance(told, NoCredentials):
        return nobody(type(told)(f"{who}: {brief(told)}"), _sign_in(way))
    if way.access.role and isinstance(told, AccessDenied) and code not in CODES:
        return Finding(
            "credentials",
            "problem",
            f"{who} cannot be assumed: {brief(told)}",
            "Allow the credentials sts:AssumeRole, let the role's trust policy name them, and "
            "give the external id that it asks for.",
        )
    why = f"{CODES[code]} ({code})" if code in CODES else brief(told)
    if way.is_aws:
        return Finding("credentials", "problem", f"{who}: {why}", _sign_in(way, code))
    return Finding(
        "credentials",
        "warning",
        f"{who}: {why}",
        f"AWS itself would refuse them. That is well where {plain_url(way.endpoint)} takes others.",
    )


def _sign_in(way: Way, code: str = "") -> str:
    profile = way.session.get_config_variable("profile")
    config = way.session.get_scoped_config()
    named = f" --profile {profile}" if profile else ""
    if "sso_session" in config or "sso_start_url" in config:
        return f"Sign in again: aws sso login{named}."
    if "Signature" in code:
        return "Set the clock, and copy the secret access key once more."
    if "credential_process" in config:
        return f"Run the credential_process of {way.profile} by hand, and see what it says."
    return (
        "Get new ones and put them where these come from; temporary keys are three: "
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
    )


def _of_api_key(who: str, key: str) -> Finding:
    """An API key tells nobody whose it is; one for a short term has its end in it."""
    ends = _term(key)[0]
    if ends is None:
        return Finding("credentials", "ok", f"{who}; whose it is cannot be asked")
    when = f"{ends:%Y-%m-%d %H:%M} UTC"
    if ends <= datetime.now(UTC):
        return Finding(
            "credentials",
            "problem",
            f"{who}: it has expired, at {when}",
            "Make a new one: in the Bedrock console under API keys, or with AWS's token generator.",
        )
    return Finding("credentials", "ok", f"{who}, until {when} at the latest")


def _term(key: str) -> tuple[datetime | None, str]:
    """Until when and in which region a short-term API key holds: it is a signed address.

    As AWS's token generator for Bedrock makes them; a long-term key tells neither.
    """
    try:
        address = base64.b64decode(key.removeprefix("bedrock-api-key-") + "==").decode()
        query = {name: each[0] for name, each in parse_qs(urlsplit(f"//{address}").query).items()}
        begins = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ends = begins + timedelta(seconds=int(query["X-Amz-Expires"]))
        return ends, query["X-Amz-Credential"].split("/")[2]
    except (binascii.Error, KeyError, IndexError, ValueError, OverflowError):
        return None, ""


def region(way: Way) -> Iterator[Finding]:
    """Where calls are made, and which living models are there."""
    yield _of_region(way)
    here = _term(way.api_key)[1] if way.api_key else ""
    if here and here != way.region:
        yield Finding(
            "region",
            "problem",
            f"the API key is for {here}, and calls go to {way.region}",
            f"Set the region to {here}, or make a key in {way.region}.",
        )
    there: dict[str, list[str]] = {}
    for id_, name in way.block.regions.items():
        model = catalog.find(id_)
        if name in model.regions:
            there.setdefault(name, []).append(model.short)
            continue
        yield Finding(
            "region",
            "problem",
            f"the block calls it in {name}, where it is not offered",
            f"It is offered in {', '.join(model.regions)}: correct the block's regions.",
            model.short,
        )
    for name, models in there.items():
        yield Finding("region", "ok", f"by the block's regions, in {name}: {', '.join(models)}")


def _of_region(way: Way) -> Finding:
    rest = [row for row in living() if row.id not in way.block.regions]
    away: dict[tuple[str, ...], list[Model]] = {}
    for row in rest:
        if way.region not in row.regions:
            away.setdefault(row.regions, []).append(row)
    missing = [row for rows in away.values() for row in rows]
    found = f"{way.region}, {way.region_from}"
    if not missing:
        return Finding("region", "ok", f"{found}: offers all {len(rest)} living models")
    offered = ", ".join(row.short for row in rest if row not in missing) or "none"
    told = "; ".join(
        f"{', '.join(row.short for row in rows)} (in {' or '.join(regions)})"
        for regions, rows in away.items()
    )
    example = missing[0]
    return Finding(
        "region",
        "warning" if len(missing) < len(rest) else "problem",
        f"{found}: offers {offered}, and not {told}",
        f"Set AWS_REGION={REGION} or the block's region, or name regions for single models on a "
        f'Bedrock block: regions = {{"{example.short}": "{example.regions[0]}"}}.',
    )


def living() -> list[Model]:
    """The rows of the catalog that can be called today."""
    day = catalog.today()
    return [row for row in catalog.models().values() if row.status(day) in ("active", "legacy")]


def endpoint(way: Way) -> Iterator[Finding]:
    """Where calls go, and who answers there."""
    where = f"{plain_url(way.endpoint)}, from {way.endpoint_from}"
    if way.is_aws and way.endpoint_from == "AWS's own":
        where = f"{plain_url(way.endpoint)}, AWS's own"
    answer = way.answer
    if answer.is_standin:
        yield Finding("endpoint", "ok", f"{where}: the local stand-in, which answers")
    elif not answer.trouble:
        yield Finding("endpoint", "ok", f"{where}: answers")
    elif answer.untrusted:
        yield Finding(
            "endpoint",
            "problem",
            f"{where}: its certificate is not trusted",
            "If a proxy of your company opens what passes, name its certificates: AWS_CA_BUNDLE.",
        )
    else:
        start = "" if way.is_aws else "Start what should listen there, or correct the address. "
        yield Finding(
            "endpoint",
            "problem",
            f"{where}: cannot be reached: {answer.trouble}",
            f"{start}See to the network, to its proxy (HTTPS_PROXY), and to the region's name.",
        )
