"""The control plane, as far as it tells which models there are: the API called `bedrock`.

From the API reference of Amazon Bedrock: ListFoundationModels, GetFoundationModel,
ListInferenceProfiles and GetInferenceProfile. Each answer has the members that the reference
lists, in the reference's types. `inferenceTypesSupported` is INFERENCE_PROFILE for what is called
by a profile only; the reference's list of values lacks it, the service's answers have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from darkroom.standin import lineup
from darkroom.standin.model import Model
from darkroom.standin.refusal import Refusal, invalid

ACCOUNT = "123456789012"
"""The account in the ARNs of inference profiles; a signature does not tell the caller's."""

FILTERS: Mapping[str, tuple[str, ...]] = {
    "byCustomizationType": ("FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION"),
    "byOutputModality": ("TEXT", "IMAGE", "EMBEDDING"),
    "byInferenceType": ("ON_DEMAND", "PROVISIONED"),
}
PROVIDER = r"[A-Za-z0-9- ]{1,63}"
MODEL_ARN = re.compile(r"arn:aws:bedrock:(?P<region>[a-z0-9-]+)::foundation-model/(?P<id>[^/]+)")
APPLICATION = re.compile(
    r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):\d{12}:application-inference-profile/(?P<id>[^/]+)"
)
# The text of the service where a model's id leads nowhere.
NO_MODEL = "Could not resolve the foundation model from the provided model identifier."
# No report of the text for profiles was found; this one is made in its likeness.
NO_PROFILE = "Could not resolve the inference profile from the provided identifier."
MOST_RESULTS = 1000


class Control:
    """Answers questions about models and profiles, as of a day and in the caller's region.

    A region of None, as an API key leaves it, stands for all regions; ARNs then name the first
    region of their model.

    Args:
        aliases: Ids and ARNs of one's own, each with the id of the model that it behaves like.
        lifecycle: The day to answer as on; None stands for a Bedrock that retires nothing.
    """

    def __init__(
        self, aliases: Mapping[str, str] | None = None, lifecycle: date | None = None
    ) -> None:
        self._aliases = aliases or {}
        self._on = lifecycle

    def models(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ListFoundationModels.

        Raises:
            Refusal: A filter has a value that it cannot have.
        """
        provider = query.get("byProvider")
        if provider is not None and not re.fullmatch(PROVIDER, provider):
            raise _constraint("byProvider", provider, f"regular expression pattern: {PROVIDER}")
        for name, values in FILTERS.items():
            if query.get(name, values[0]) not in values:
                told = f"enum value set: [{', '.join(values)}]"
                raise _constraint(name, query[name], told)
        offered = lineup.offered(region, self._on)
        found = [self._summary(model, region) for model in offered if _wanted(model, query)]
        return {"modelSummaries": found}

    def model(self, region: str | None, identifier: str) -> dict[str, Any]:
        """Answer GetFoundationModel, for an id or an ARN.

        Raises:
            Refusal: There is no such model there on that day.
        """
        match = MODEL_ARN.fullmatch(identifier)
        here = match is None or region in (None, match["region"])
        wanted = match["id"] if match else identifier
        for model in lineup.offered(region, self._on):
            if here and model.id == wanted:
                return {"modelDetails": self._summary(model, region)}
        raise Refusal("ResourceNotFoundException", NO_MODEL)

    def profiles(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """Answer ListInferenceProfiles: Bedrock's own, or with `type` APPLICATION the aliases'.

        Raises:
            Refusal: A parameter has a value that it cannot have.
        """
        kind = query.get("type", "SYSTEM_DEFINED")
        if kind not in ("SYSTEM_DEFINED", "APPLICATION"):
            raise _constraint("type", kind, "enum value set: [SYSTEM_DEFINED, APPLICATION]")
        most, start = query.get("maxResults", str(MOST_RESULTS)), query.get("nextToken", "0")
        if not (most.isdecimal() and 1 <= int(most) <= MOST_RESULTS):
            raise _constraint("maxResults", most, f"a value from 1 to {MOST_RESULTS}")
        if not start.isdecimal():
            raise invalid("The provided nextToken is invalid.")
        found = [each for each in self._profiles(region) if each["type"] == kind]
        first, end = int(start), int(start) + int(most)
        page: dict[str, Any] = {"inferenceProfileSummaries": found[first:end]}
        return {**page, "nextToken": str(end)} if end < len(found) else page

    def profile(self, region: str | None, identifier: str) -> dict[str, Any]:
        """Answer GetInferenceProfile, for an id or an ARN.

        Raises:
            Refusal: There is no such profile there on that day.
        """
        # Any account's ARN names the profile: whose account it is cannot be known.
        wanted = re.sub(r":\d{12}:inference-profile/", f":{ACCOUNT}:inference-profile/", identifier)
        for found in self._profiles(region):
            if wanted in (found["inferenceProfileId"], found["inferenceProfileArn"]):
                return found
        raise Refusal("ResourceNotFoundException", NO_PROFILE)

    def _summary(self, model: Model, region: str | None) -> dict[str, Any]:
        card = model.card
        times = {
            "startOfLifeTime": card.launch,
            "legacyTime": card.legacy,
            "endOfLifeTime": card.end_of_life,
        }
        lifecycle = {"status": card.status(self._on)}
        return {
            "modelArn": _arn(model, region or min(model.regions)),
            "modelId": model.id,
            "modelName": card.name,
            "providerName": model.maker,
            "inputModalities": list(card.reads),
            "outputModalities": ["IMAGE"],
            "responseStreamingSupported": False,
            "customizationsSupported": list(card.customizations),
            "inferenceTypesSupported": [_inference(model)],
            "modelLifecycle": {**lifecycle, **_times(times)},
        }

    def _profiles(self, region: str | None) -> list[dict[str, Any]]:
        offered = {model.id: model for model in lineup.offered(region, self._on)}
        known = [_system(model, region) for model in offered.values() if model.profile]
        for own, like in self._aliases.items():
            match, model = APPLICATION.fullmatch(own), offered.get(lineup.plain(like))
            if match and model and region in (None, match["region"]):
                known.append(_application(own, match["id"], match["region"], model))
        return known


def _wanted(model: Model, query: Mapping[str, str]) -> bool:
    provider = query.get("byProvider", model.maker)
    customized = query.get("byCustomizationType")
    return (
        provider.casefold() == model.maker.casefold()
        and (customized is None or customized in model.card.customizations)
        and query.get("byOutputModality", "IMAGE") == "IMAGE"
        and query.get("byInferenceType", _inference(model)) == _inference(model)
    )


def _inference(model: Model) -> str:
    return "INFERENCE_PROFILE" if model.profile else "ON_DEMAND"


def _arn(model: Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.id}"


def _system(model: Model, region: str | None) -> dict[str, Any]:
    regions = sorted(model.regions)
    where = f"{', '.join(regions[:-1])} and {regions[-1]}"
    name = lineup.PROFILE + model.id
    return {
        "inferenceProfileName": f"US {model.card.name}",
        "description": f"Routes requests to {model.card.name} in {where}.",
        **_times({"createdAt": model.card.launch, "updatedAt": model.card.launch}),
        "inferenceProfileArn": (
            f"arn:aws:bedrock:{region or regions[0]}:{ACCOUNT}:inference-profile/{name}"
        ),
        "models": [{"modelArn": _arn(model, each)} for each in regions],
        "inferenceProfileId": name,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _application(arn: str, name: str, region: str, model: Model) -> dict[str, Any]:
    # A profile over a model that has regions to choose from has the models of all of them.
    regions = sorted(model.regions) if model.profile else [region]
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": arn,
        "models": [{"modelArn": _arn(model, each)} for each in regions],
        "inferenceProfileId": name,
        "status": "ACTIVE",
        "type": "APPLICATION",
    }


def _times(days: Mapping[str, date | None]) -> dict[str, str]:
    return {name: f"{day.isoformat()}T00:00:00Z" for name, day in days.items() if day}


def _constraint(name: str, value: str, told: str) -> Refusal:
    return invalid(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must satisfy {told}"
    )
