"""What a call will give, as far as that is known before it: sizes, and so prices."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from darkroom import client
from darkroom.catalog import Model
from darkroom.limits import proportion
from darkroom.modes.base import Request
from darkroom.picture import Picture

SAME_SIZE = frozenset(
    {"remove_background", "erase_object", "search_and_replace", "search_and_recolor", "inpaint"}
)
"""Modes whose pictures measure what their source does."""


class Foreseen(Picture):
    """A picture that is not there yet.

    Attributes:
        sure: Whether it will measure just that.
    """

    sure: bool = True


def foreseen(
    name: str,
    size: tuple[int, int],
    *,
    sure: bool = True,
    alpha: bool = False,
    media_type: str = "image/png",
) -> Foreseen:
    """A picture that is not there yet, the same for the same `name`."""
    return Foreseen(
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        media_type=media_type,
        width=size[0],
        height=size[1],
        alpha=alpha,
        size_bytes=1,
        uri=f"foreseen:{hashlib.sha256(name.encode()).hexdigest()}",
        sure=sure,
    )


def is_sure(pictures: Sequence[Picture]) -> bool:
    """Whether the sizes of all of them are known."""
    return all(picture.sure for picture in pictures if isinstance(picture, Foreseen))


def pictures(request: Request, model: Model) -> list[Foreseen]:
    """The pictures that one call will give."""
    size, sure = _size(request, model)
    sources = [picture for _, picture in request.sources()]
    kind = getattr(request, "output_format", None) or "png"
    return [
        foreseen(
            f"{client.key(request, model, '')} {number}",
            size,
            sure=sure and is_sure(sources),
            alpha=request.mode == "remove_background",
            media_type=f"image/{kind}",
        )
        for number in range(getattr(request, "count", 1))
    ]


def price(request: Request, model: Model) -> float | None:
    """Estimated US dollars of one call; None if unknown."""
    size, _ = _size(request, model)
    each = model.price(size, getattr(request, "quality", None), getattr(request, "steps", None))
    return None if each is None else each * getattr(request, "count", 1)


def _size(request: Request, model: Model) -> tuple[tuple[int, int], bool]:
    """Width and height of a call's pictures, and whether that is sure."""
    given = request.given()
    first = next((picture.size for name, picture in request.sources() if name != "mask"), None)
    if size := given.get("size"):
        return size, True
    if request.mode == "outpaint" and first:
        expand = given.get("expand")
        return (expand.grown(*first) if expand else first), True
    if request.mode == "upscale" and first:
        if model.short == "fast":
            return (first[0] * 4, first[1] * 4), True
        times = (9_700_000 / (first[0] * first[1])) ** 0.5  # what callers observe
        return (round(first[0] * times), round(first[1] * times)), False
    if request.mode in SAME_SIZE and first:
        return first, True
    if model.dialect == "amazon":
        return first if first and request.mode == "color_guided" else (1024, 1024), False
    if ratio := given.get("aspect_ratio"):
        shape = proportion(ratio) or 1
        return (round(1024 * shape**0.5), round(1024 / shape**0.5)), False
    return first or (1024, 1024), False
