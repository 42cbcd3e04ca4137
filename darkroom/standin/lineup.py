"""Which models there are: every file in `models/` adds its `MODELS` and `MODES`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence

from darkroom.standin import models
from darkroom.standin.model import Mode, Model
from darkroom.standin.refusal import Refusal, invalid

PROFILE = "us."
ARN = re.compile(
    r"arn:aws:bedrock:(?P<region>[a-z0-9-]+):"
    r"(?:\d{12}:inference-profile|:foundation-model)/(?P<id>[^/]+)"
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


def plain(model_id: str) -> str:
    """Reduce what a caller names (an id, a profile's id, an ARN) to the id of the model."""
    match = ARN.fullmatch(model_id)
    return (match["id"] if match else model_id).removeprefix(PROFILE)


def find(model_id: str, region: str | None) -> Model:
    """Find a model as a caller names it, from the region where the caller is.

    Follows the user guide's pages "Supported Regions and models for inference profiles" and
    "Stability AI Image Services"; the card of Remove Background shows a call with the bare id,
    although it says that there is no in-region use, so that call is refused.

    Raises:
        Refusal: There is no such model there, or this is not how it is called.
    """
    unknown = invalid("The provided model identifier is invalid.")
    match = ARN.fullmatch(model_id)
    if match and region not in (None, match["region"]):
        raise unknown
    name = match["id"] if match else model_id
    by_profile = name.startswith(PROFILE)
    model, _ = every().get(name.removeprefix(PROFILE), (None, ()))
    if model is None or (region is not None and region not in model.regions):
        raise unknown
    if by_profile and not model.profile:
        raise unknown
    if model.profile and not by_profile:
        raise _needs_profile(model_id)
    return model


def _needs_profile(model_id: str) -> Refusal:
    return invalid(
        f"Invocation of model ID {model_id} with on-demand throughput isn\u2019t supported. "
        "Retry your request with the ID or ARN of an inference profile that contains this model."
    )
