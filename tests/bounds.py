"""Values at the bounds of each limit in the catalog, and what a refusal of them must tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from darkroom import catalog, modes
from darkroom.fields import WeightedPrompt
from darkroom.limits import Limit
from darkroom.modes.base import Request
from darkroom.modes.outpaint import Expand
from tests.plain import PLAIN, shot

FORMATS = ("png", "jpeg", "webp")
PICTURES = ("image", "reference_image", "style_image")


@dataclass(frozen=True)
class Case:
    """A value at a bound; `says` is what its refusal must tell, empty where it is allowed."""

    value: Any
    says: tuple[str, ...] = ()


def numbers(limit: Limit, step: float) -> Iterator[Case]:
    """At both bounds, just inside and just outside."""
    for bound, outside in ((limit.ge, -step), (limit.le, step)):
        if bound is not None:
            kind = type(step)
            yield Case(kind(bound))
            yield Case(kind(bound - outside))
            wrong = kind(bound + outside)
            yield Case(wrong, (str(wrong), f"{bound:.10g}", limit.remedy))
    if isinstance(step, float):
        yield Case(math.nan, ("nan",))
        yield Case(math.inf, ("inf",))


def texts(limit: Limit) -> Iterator[Case]:
    """The longest text, and one character more."""
    assert limit.max_length
    yield Case("x" * limit.max_length)
    told = (f"at most {limit.max_length} characters", "1 too many", "Shorten it.")
    yield Case("x" * (limit.max_length + 1), (*told, f"({limit.max_length + 1} characters)"))


def words(limit: Limit) -> Iterator[Case]:
    """Each allowed word, and some that are near one."""
    for word in limit.one_of:
        yield Case(word)
    for wrong in ("nonsense", "", f"{limit.one_of[0]} "):
        yield Case(wrong, (repr(wrong), *limit.one_of))


def rectangles(limit: Limit) -> Iterator[tuple[tuple[int, int], tuple[str, ...]]]:
    """Sizes at each bound, of which the refused ones break one rule only."""
    step = limit.multiple_of or 1
    low = limit.min_side or step
    found: list[tuple[tuple[int, int], tuple[str, ...]]] = []
    if limit.min_side:
        found += [((low, low), ()), ((low + step, low), ())]
        found += [((low - step, low), (f"sides of {low} ",))]
    if limit.max_side:
        high = limit.max_side
        other = max(low, math.ceil(high / (limit.max_ratio or high) / step) * step)
        rule = f"to {high} pixels"
        if not limit.max_pixels or high * other <= limit.max_pixels:
            found += [((high, other), ()), ((high - step, other), ())]
        found += [((high + step, other + step), (rule,))]
    if limit.max_pixels:
        side = math.isqrt(limit.max_pixels) // step * step
        rule = f"at most {limit.max_pixels:,} pixels"
        found += [((side, side), ()), ((side + step, side + step), (rule,))]
        if step == 1:
            found += [((side, limit.max_pixels // side), ())]
    if limit.max_ratio:
        long = int(low * limit.max_ratio) // step * step
        found += [((low, long), ()), ((low, long + step), (f"at most {limit.max_ratio:g}:1",))]
    if limit.multiple_of:
        found += [((low + step, low + 1), (f"multiples of {step}",))]
    for size in limit.sizes:
        yield size, ()
        yield (size[0] + 1, size[1]), (f"{len(limit.sizes)} sizes only",)
    for (width, height), says in found:
        yield (width, height), says
        yield (height, width), says


def sizes(limit: Limit) -> Iterator[Case]:
    """Sizes to ask for; the refusal of one names the nearest that is allowed."""
    for size, says in rectangles(limit):
        near = ("{} x {}".format(*size), "The nearest allowed size is") if says else ()
        yield Case(size, (*says, *near))
    for size in limit.sizes:
        itself = "The nearest allowed size is {} x {}.".format(*size)
        yield Case((size[0] + 1, size[1]), (itself,))
    for wrong in ((0, 0), (0, 512), (-16, 512), (10**9, 1)):
        yield Case(wrong, ("{} x {}".format(*wrong), "The nearest allowed size is"))


def pictures(limit: Limit) -> Iterator[Case]:
    """Pictures of every size at a bound, format, transparency and weight."""
    for size, says in rectangles(limit):
        remedy = ("{} x {} png".format(*size), "picture") if says else ()
        yield Case(shot(*size), (*says, *remedy))
    for kind in FORMATS:
        allowed = not limit.formats or kind in limit.formats
        yield Case(shot(kind=kind), () if allowed else (kind, *limit.formats))
    opaque = ("with transparency", "opaque pictures only", "Flatten")
    yield Case(shot(alpha=True), opaque if limit.opaque else ())
    if limit.max_bytes:
        most = limit.max_bytes
        told = (f"{most + 1:,} bytes", f"at most {most:,} bytes", "smaller picture")
        yield Case(shot(size_bytes=most))
        yield Case(shot(size_bytes=most + 1), told)


def many(item: Any, most: int, what: str) -> Iterator[Case]:
    """As many as are allowed, and one more."""
    yield Case((item,) * most)
    told = (f"{most + 1} {what}", f"at most {most} {what.removesuffix('s')}", "1 too many")
    yield Case((item,) * (most + 1), told)


def lists(field: str, limit: Limit, image: Limit | None) -> Iterator[Case]:
    """Lists at their length, and of one thing at its own bounds."""
    if field == "images" and image:
        yield from (Case((case.value,), case.says) for case in pictures(image))
    if field == "weighted_prompts":
        for case in texts(limit):
            said = WeightedPrompt(text=case.value, weight=-2.5)
            yield Case((said,), (f"{field}[0].text", *case.says) if case.says else ())
    elif limit.max_length:
        yield from many(PLAIN[field][0], limit.max_length, "items")


def sides(limit: Limit) -> Iterator[Case]:
    """Each side of an expanse at its bounds."""
    for side in Expand.model_fields:
        for case in numbers(limit, 1):
            says = (f"expand.{side}", *case.says) if case.says else ()
            yield Case(Expand(**{side: case.value}), says)


def cases(kind: type[Request], field: str, limit: Limit, image: Limit | None) -> Iterator[Case]:
    """Values of `field` at the bounds of its `limit`; `image` is that of the mode's pictures."""
    if field == "size":
        yield from sizes(limit)
    elif field in PICTURES:
        yield from pictures(limit)
    elif isinstance(PLAIN[field], tuple):
        yield from lists(field, limit, image)
    elif field == "expand":
        yield from sides(limit)
    elif limit.one_of:
        yield from words(limit)
    elif "float" in str(kind.model_fields[field].annotation):
        yield from numbers(limit, 0.001)
    elif field == "count":
        yield from (case for case in numbers(limit, 1) if case.value >= 1)
    elif limit.ge is not None or limit.le is not None:
        yield from numbers(limit, 1)
    else:
        yield from texts(limit)


def walk() -> Iterator[Any]:
    """Every field that the catalog limits: model, mode, field and the cases at its bounds."""
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            image = model.limit(mode, "image")
            for field in takes.fields:
                limit = image if field in PICTURES else model.limit(mode, field)
                if limit is None:
                    continue
                found = list(cases(modes.find(mode), field, limit, image))
                yield pytest.param(model, mode, field, found, id=f"{model.short}-{mode}-{field}")
