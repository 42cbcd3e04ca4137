"""What takes a retired model's place: a living model for the same wish, and the wish in its terms.

A field that means something to the successor is said in its words; one that does not is refused by
its name. Nothing is dropped but what says no more than its absence: a value that is the old model's
own default.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from darkroom import modes
from darkroom.catalog import Model, models_for
from darkroom.errors import InvalidRequest, ModelRetired
from darkroom.limits import proportion
from darkroom.modes.base import Request

SAYS_NOTHING: dict[str, tuple[object, ...]] = {
    "quality": ("standard",),
    "out_painting_mode": ("DEFAULT",),
    "control_mode": ("CANNY_EDGE",),
    "init_image_mode": ("IMAGE_STRENGTH",),
    "clip_guidance_preset": ("NONE",),
    # How a mask is said to SDXL; what it means is the same everywhere.
    "mask_source": ("MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK", "INIT_IMAGE_ALPHA"),
    "return_mask": (False,),
}
"""Values that say no more than their absence."""

SAME_SHAPE = 1.05
"""How much two proportions may differ for one to be taken for the other."""


def check_alive(request: Request, model: Model, on: date) -> None:
    """Raise `ModelRetired`, with the living model for this wish, past the model's end of life."""
    if model.status(on) == "retired":
        model.check_alive(request.mode, on, way_on(request, model, on))


def way_on(request: Request, model: Model, on: date) -> str:
    """Say which living models do what `request` wants; if none does all of it, its mode."""
    for mode, fields in request.wishes():
        able = [other for other in _living(model, mode, on) if not _lacks(fields, other, mode)]
        if able:
            return (
                f"For {mode} use {' or '.join(f'{each.short} ({each.id})' for each in able[:2])}."
            )
    for other in _living(model, request.mode, on):
        lacks = "; ".join(_lacks(request.given(), other, request.mode))
        return (
            f"{model.successor(request.mode, on)} None takes all of it: of {other.short}, {lacks}."
        )
    return model.successor(request.mode, on)


def substitute(request: Request, model: Model, on: date) -> tuple[Request, Model]:
    """The first living model that takes all of `request`, and the request in its terms.

    Raises:
        ModelRetired: There is none; the error says what each living model lacks.
    """
    told = []
    for mode, fields in request.wishes():
        for other in _living(model, mode, on):
            if lacks := _lacks(fields, other, mode):
                told.append(f"{other.short} ({mode}): {'; '.join(lacks)}.")
                continue
            said = {name: value for name, value, _ in _translated(fields, other, mode)}
            way = {name: getattr(request, name) for name in request.on_the_way}
            found = modes.find(mode).model_validate({**said, **way})
            try:
                for part in found.fitted(other).split(other):
                    part.check(other)
            except InvalidRequest as error:
                told.append(f"{other.short} ({mode}): {error}")
                continue
            return found, other
    why = " ".join(told) or f"No other living model does {request.mode}."
    raise ModelRetired(
        f"{model.name} ({model.id}) reached its end of life on {model.end_of_life}, and nothing "
        f"can take its place for this request. {why}"
    )


def _living(model: Model, mode: str, on: date) -> Iterator[Model]:
    for other in models_for(mode):
        if other.id != model.id and other.status(on) in ("active", "legacy"):
            yield other


def _lacks(fields: dict[str, Any], model: Model, mode: str) -> list[str]:
    """What stands between these fields and `model`, in words; empty if nothing does."""
    said = list(_translated(fields, model, mode))
    lacks = [trouble for _, _, trouble in said if trouble]
    there = {name for name, _, trouble in said if not trouble}
    return lacks + [f"it needs {name}" for name in model.takes(mode).required if name not in there]


def _translated(fields: dict[str, Any], model: Model, mode: str) -> Iterator[tuple[str, Any, str]]:
    """Each field as `model` takes it: name, value, and why not where it does not."""
    known = model.takes(mode).fields
    for name, value in fields.items():
        if name in known or name == "count":
            yield name, value, ""
        elif value in SAYS_NOTHING.get(name, ()):
            continue
        elif name == "size" and "aspect_ratio" in known:
            ratio = _ratio(value, model, mode)
            trouble = "" if ratio else f"size {value[0]} x {value[1]} is none of its proportions"
            yield "aspect_ratio", ratio, trouble
        elif name == "aspect_ratio" and "size" in known and (size := _size(value, model, mode)):
            yield "size", size, ""
        else:
            yield name, value, f"it has nothing like {name} = {value!r}"


def _ratio(size: tuple[int, int], model: Model, mode: str) -> str:
    limit = model.limit(mode, "aspect_ratio")
    near = limit.closest("{}:{}".format(*size)) if limit else ""
    if not near:
        return ""
    off = size[0] / size[1] / (proportion(near) or 1)
    return near if max(off, 1 / off) <= SAME_SHAPE else ""


def _size(ratio: str, model: Model, mode: str) -> tuple[int, int] | None:
    limit, shape = model.limit(mode, "size"), proportion(ratio)
    if limit is None or shape is None:
        return None
    wide, high = (1024, 1024 / shape) if shape >= 1 else (1024 * shape, 1024)
    return limit.nearest(round(wide), round(high))
