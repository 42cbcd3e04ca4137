"""The doctor's look at the models: which of the catalog's the account sees, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from darkroom import catalog
from darkroom.catalog import Model
from darkroom.errors import AccessDenied, NoCredentials, Unreachable
from flows.doctor.access import CODES, living
from flows.doctor.finding import Finding, brief
from flows.doctor.way import Refused, Way, asking

SOON = 90
"""Days before a model's end at which to speak of it."""


@dataclass(frozen=True)
class Listed:
    """What Bedrock lists in a region.

    Attributes:
        models: The summaries of ListFoundationModels for models that make pictures, by model id.
        profiles: The ids of its own inference profiles; None if it does not tell.
    """

    models: dict[str, Any]
    profiles: set[str] | None

    def of(self, model: Model) -> Any:
        """The summary of a model, or None."""
        found = (self.models.get(name) for name in (model.id, *model.aliases))
        return next(filter(None, found), None)


def models(way: Way) -> Iterator[Finding]:
    """Compare the catalog with what Bedrock lists, in each region that the block calls."""
    if way.answer.trouble:
        found = "not listed, because the endpoint does not answer"
        yield Finding("models", "warning", found, "See to the endpoint first.")
        return
    by_region: dict[str, list[Model]] = {}
    for row in living():
        where = way.block.regions.get(row.id, way.region)
        by_region.setdefault(where, []).append(way.block.model(row.id))
    for region, rows in by_region.items():
        yield from _in_region(way, region, rows)


def _in_region(way: Way, region: str, rows: list[Model]) -> Iterator[Finding]:
    try:
        with asking():
            client = way.client("bedrock", way.control, region)
            answer = client.list_foundation_models(byOutputModality="IMAGE")
    except Refused as refused:
        yield _unlisted(way, region, refused, "ListFoundationModels")
        return
    profiles: set[str] | None = None
    try:
        with asking():
            pages = client.get_paginator("list_inference_profiles").paginate()
            found = [each for page in pages for each in page["inferenceProfileSummaries"]]
        profiles = {each["inferenceProfileId"] for each in found}
    except Refused as refused:
        yield _unlisted(way, region, refused, "ListInferenceProfiles")
    listed = Listed({each["modelId"]: each for each in answer["modelSummaries"]}, profiles)
    for row in rows:
        yield from _of_model(client, region, row, listed)
    yield from _others(way, region, listed)


def _unlisted(way: Way, region: str, refused: Refused, operation: str) -> Finding:
    told, code = refused.told, refused.code
    what = "models" if operation == "ListFoundationModels" else "inference profiles"
    found = f"{region}: the {what} cannot be listed: "
    if code in CODES:
        return Finding(
            "models",
            "problem" if way.is_aws else "warning",
            f"{found}{CODES[code]} ({code})",
            f"See to the credentials. Is {region} one that the account has to opt in to first?",
        )
    if isinstance(told, NoCredentials) and way.api_key:
        to_do = "Calls may work all the same. Credentials of AWS beside the API key can list them."
        return Finding("models", "warning", f"{found}the API key is not taken for that", to_do)
    if isinstance(told, NoCredentials):
        return Finding("models", "warning", f"{found}no credentials", "Sign in first, as above.")
    if isinstance(told, AccessDenied):
        return Finding(
            "models",
            "warning",
            f"{found}permission bedrock:{operation} is missing",
            "Calls may work all the same: they need bedrock:InvokeModel. Allow the other too, "
            "to have models and their ends of life checked here.",
        )
    to_do = "Calls may work all the same. Try again later, or see to the network."
    return Finding("models", "warning", f"{found}{brief(told)}", to_do)


def _of_model(client: Any, region: str, model: Model, listed: Listed) -> Iterator[Finding]:
    """What there is to say of one model."""
    summary = listed.of(model)
    if summary is None:
        # Where the catalog does not expect it either, the region's own finding has told.
        if region in model.regions:
            yield Finding(
                "models",
                "problem",
                f"Bedrock does not list it in {region}",
                "Look for it there in the Bedrock console's model catalog: the account's "
                "organization may keep it away, or it is gone (see AWS's page Model lifecycle).",
                model.short,
            )
        return
    if region not in model.regions:
        yield Finding(
            "models",
            "ok",
            f"Bedrock lists it in {region}, which the catalog does not know",
            f"To call it there, add {region} to its row in a file that DARKROOM_CATALOG names.",
            model.short,
        )
        return
    if missing := _profile(client, region, model, listed):
        yield missing
    yield _lifecycle(region, model, summary.get("modelLifecycle", {}))


def _profile(client: Any, region: str, model: Model, listed: Listed) -> Finding | None:
    """What is wrong with the inference profile that a model is called by."""
    if model.called_as:
        return _own_profile(client, region, model)
    if not model.profile or listed.profiles is None or model.call_id in listed.profiles:
        return None
    return Finding(
        "models",
        "problem",
        f"its inference profile {model.call_id} is not listed in {region}",
        "It is called by that only. Look under Cross-region inference in the Bedrock console, or "
        "name a profile of your own on the block: inference_profiles.",
        model.short,
    )


def _own_profile(client: Any, region: str, model: Model) -> Finding | None:
    """What is wrong with the profile that the block names for a model."""
    name = model.called_as
    to_do = f"Correct inference_profiles on the block, or leave {model.short} out there."
    try:
        with asking():
            found = client.get_inference_profile(inferenceProfileIdentifier=name)
    except Refused as refused:
        if isinstance(refused.told, AccessDenied | Unreachable):
            why = f"the block's profile {name} cannot be looked up: {brief(refused.told)}"
            return Finding("models", "warning", why, "Calls may work all the same.", model.short)
        why = f"the block's profile {name} is not there in {region}"
        return Finding("models", "problem", why, to_do, model.short)
    arns = [each["modelArn"] for each in found["models"]]
    if not any(arn.endswith(f"/{id_}") for arn in arns for id_ in (model.id, *model.aliases)):
        other = ", ".join(sorted({arn.rpartition("/")[2] for arn in arns}))
        why = f"the block's profile {name} is of {other}"
        return Finding("models", "problem", why, to_do, model.short)
    return None


def _lifecycle(region: str, model: Model, lifecycle: dict[str, Any]) -> Finding:
    """How long a model will be there: by Bedrock, and by the catalog."""
    status = str(lifecycle.get("status", "ACTIVE")).lower()
    told = lifecycle.get("endOfLifeTime")
    ends = [told.date()] if isinstance(told, datetime) else []
    if model.end_of_life:
        ends.append(model.end_of_life)
    end = min(ends, default=None)
    found = f"there and {status} in {region}"
    if end is None:
        if status == "active":
            return Finding("models", "ok", found, about=model.short)
        found = f"{found}, without a date for its end"
        return Finding("models", "warning", found, _successors(model, None), model.short)
    days = (end - catalog.today()).days
    if days > SOON:
        return Finding("models", "ok", f"{found}, until {end}", about=model.short)
    left = f"in {days} days" if days > 0 else "which is past"
    found = f"{found}, with its end of life on {end}, {left}"
    return Finding("models", "warning", found, _successors(model, end), model.short)


def _successors(model: Model, on: date | None) -> str:
    """Who can take a model's place on a day, for each of its modes."""
    day = on or catalog.today()
    heirs: dict[str, list[str]] = {}
    for mode in model.modes:
        able = [
            each.short
            for each in catalog.models_for(mode)
            if each.id != model.id and each.status(day) in ("active", "legacy")
        ]
        heirs.setdefault(able[0] if able else "", []).append(mode)
    alone = heirs.pop("", [])
    said = [f"{heir} for {', '.join(modes)}" for heir, modes in heirs.items()]
    none = f" No other living model does {', '.join(alone)}." if alone else ""
    return (f"Change over to {'; '.join(said)}." if said else "") + none


def _others(way: Way, region: str, listed: Listed) -> Iterator[Finding]:
    """Models that Bedrock lists, and that the catalog does not know, or holds for gone."""
    rows = catalog.models().values()
    known = {name: row for row in rows for name in (row.id, *row.aliases)}
    new = sorted(set(listed.models) - set(known))
    if new:
        yield Finding(
            "models",
            "ok",
            f"{region}: Bedrock also lists {', '.join(new)}, which the catalog does not know",
            "Describe such a model in a file of the catalog's shape, and name it by "
            "DARKROOM_CATALOG, if it speaks a dialect that Darkroom has.",
        )
    gone = [
        row.short for row in rows if listed.of(row) and row.status(catalog.today()) == "retired"
    ]
    if gone and not way.block.allow_retired:
        yield Finding(
            "models",
            "ok",
            f"{region}: Bedrock still lists {', '.join(gone)}, past their end of life here",
            "A Bedrock block with allow_retired calls them.",
        )
