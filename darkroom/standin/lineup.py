"""Which models there are: every file in `models/` adds its `MODELS` and `MODES`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from datetime import date

from darkroom.standin import models
from darkroom.standin.model import Mode, Model
from darkroom.standin.refusal import Refusal, invalid

PROFILE = "us."
ARN = re.compile(
    r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):"
    r"(?:\d{12}:inference-profile/(?P<profile>us\.[^/]+)|:foundation-model/(?P<model>[^/]+))"
)
OWN_ARN = re.compile(r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):\d{12}:.+")
UNKNOWN = "The provided model identifier is invalid."
RETIRED = (
    "This model version has reached the end of its life. "
    "Please refer to the AWS documentation for more details."
)


@functools.cache
def every() -> Mapping[str, tuple[Model, Sequence[Mode]]]:
    """List the models by id, each with its modes, the narrow ones first."""
    files = [
        importlib.import_module(f"{models.__name__}.{found.name}")
        for found in pkgutil.iter_modules(models.__path__)
    ]
    rows: list[Model] = [row for file in files for row in getattr(file, "MODELS", ())]
    known: list[Mode] = [mode for file in files for mode in getattr(file, "MODES", ())]
    known.sort(key=lambda mode: not mode.narrow)
    return {row.id: (row, [mode for mode in known if mode.model == row.id]) for row in rows}


def modes(model: Model) -> Sequence[Mode]:
    """List what a model can do, in the order in which a body is tried."""
    return every()[model.id][1]


def offered(region: str | None, on: date | None) -> list[Model]:
    """List the models that a region has on a day.

    Args:
        region: None stands for all regions together.
        on: None stands for a Bedrock that retires nothing.
    """
    rows = (row for row, _ in every().values() if region is None or region in row.regions)
    return [row for row in rows if row.card.status(on) in ("ACTIVE", "LEGACY")]


def plain(model_id: str) -> str:
    """Reduce what a caller names (an id, a profile's id, an ARN) to the id of the model."""
    match = ARN.fullmatch(model_id)
    if match and match["model"]:
        return match["model"]
    return (match["profile"] if match else model_id).removeprefix(PROFILE)


def find(
    model_id: str,
    region: str | None,
    *,
    on: date | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Model:
    """Find a model as a caller names it, from the region where the caller is.

    Follows the user guide's pages "Supported Regions and models for inference profiles", "Stability
    AI Image Services" and "Model lifecycle"; the card of Remove Background shows a call with the
    bare id, although it says that there is no in-region use, so that call is refused.

    Args:
        model_id: An id, a profile's id, an ARN of either, or one of the aliases.
        region: Where the call was signed for; None if it does not say.
        on: The day to answer as on; None stands for a Bedrock that retires nothing.
        aliases: Ids and ARNs of one's own, each with the id of the model it behaves like. Where
            such an ARN names a region, it is known in that region only.

    Raises:
        Refusal: There is no such model there on that day, or this is not how it is called.
    """
    unknown = invalid(UNKNOWN)
    alias = (aliases or {}).get(model_id)
    match = (OWN_ARN if alias else ARN).fullmatch(model_id)
    if match and region not in (None, match["region"]):
        raise unknown
    model, _ = every().get(plain(alias or model_id), (None, ()))
    if model is None or (region is not None and region not in model.regions):
        raise unknown
    by_profile = _is_profile(model_id)
    if not alias and by_profile and not model.profile:
        raise unknown
    status = model.card.status(on)
    if status == "planned":
        raise unknown
    if status == "gone":
        raise Refusal("ResourceNotFoundException", RETIRED)
    if not alias and model.profile and not by_profile:
        raise invalid(needs_profile(model_id))
    return model


def _is_profile(model_id: str) -> bool:
    match = ARN.fullmatch(model_id)
    return bool(match["profile"]) if match else model_id.startswith(PROFILE)


def needs_profile(model_id: str) -> str:
    """Say that a model is not called by its bare id, typographic apostrophe included."""
    return (
        f"Invocation of model ID {model_id} with on-demand throughput isn\u2019t supported. "
        "Retry your request with the ID or ARN of an inference profile that contains this model."
    )
