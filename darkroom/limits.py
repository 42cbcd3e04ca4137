"""Limits: what a value may be, and the sentence that says so when it is not.

A limit is data (a cell of `catalog.toml`); this file is how any of them is checked. Every refusal
names the field, the value, the rule and the way on, and comes before anything is sent.
"""

from __future__ import annotations

import difflib
import math
from typing import Any

from pydantic import BaseModel, ConfigDict

from darkroom.errors import InvalidRequest
from darkroom.picture import Facts


class Limit(BaseModel):
    """What one field may be. Only the parts that are given are checked.

    Attributes:
        ge: Least number.
        le: Largest number.
        min_length: Least length of a text or list.
        max_length: Largest length of a text or list.
        one_of: The values allowed.
        sizes: The (width, height) pairs allowed, in pixels.
        min_side: Least length of either side, in pixels.
        max_side: Largest length of either side, in pixels.
        min_pixels: Least width times height.
        max_pixels: Largest width times height.
        max_ratio: Largest ratio of the longer to the shorter side.
        multiple_of: What both sides must be divisible by.
        formats: Formats of a picture: png, jpeg, webp.
        max_bytes: Largest encoded picture, in bytes.
        opaque: Whether a picture may have no transparency.
        needs: What other fields must be for this one to be given, by their names.
        unless: Values of this field that need nothing.
        remedy: What to do about it, where that does not follow from the rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ge: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    one_of: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    min_side: int | None = None
    max_side: int | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    max_ratio: float | None = None
    multiple_of: int | None = None
    formats: tuple[str, ...] = ()
    max_bytes: int | None = None
    opaque: bool = False
    needs: dict[str, tuple[str, ...]] = {}
    unless: tuple[str, ...] = ()
    remedy: str = ""

    def check(self, field: str, value: Any, model: str) -> None:
        """Raise `InvalidRequest` where `value` of `field` is not what `model` takes."""
        if isinstance(value, Facts):
            self._check_picture(field, value, model)
        elif isinstance(value, bool):
            return
        elif isinstance(value, int | float):
            self._check_number(field, value, model)
        elif isinstance(value, str):
            self._check_text(field, value, model)
        elif field == "size":
            self._check_size(field, value, model)
        elif isinstance(value, tuple | list):
            self._check_length(field, value, model, "items")
            for index, item in enumerate(value):
                self.check(f"{field}[{index}]", item, model)
        elif isinstance(value, BaseModel):
            for name, part in value:
                self.check(f"{field}.{name}", part, model)

    def check_others(self, field: str, value: Any, given: dict[str, Any], model: str) -> None:
        """Raise `InvalidRequest` where `value` of `field` needs other fields to be something."""
        for other, allowed in self.needs.items():
            if value not in self.unless and given.get(other) not in allowed:
                self._refuse(field, value, f"{model} wants {other} to be {' or '.join(allowed)}")

    def _refuse(self, field: str, value: object, rule: str, remedy: str = "") -> None:
        raise InvalidRequest.of(field, value, rule, self.remedy or remedy)

    def _check_number(self, field: str, value: float, model: str) -> None:
        low, high = self.ge, self.le
        # Said so that "not a number" is refused as well.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            bounds = (
                f"from {_plain(low)} to {_plain(high)}"
                if low is not None and high is not None
                else f"at most {_plain(high)}"
                if high is not None
                else f"at least {_plain(low)}"
            )
            self._refuse(field, value, f"{model} takes {bounds}")

    def _check_text(self, field: str, value: str, model: str) -> None:
        if self.one_of and value not in self.one_of:
            near = self.closest(value)
            hint = f"The nearest is {near}." if near else ""
            self._refuse(field, value, f"{model} takes one of {', '.join(self.one_of)}", hint)
        self._check_length(field, value, model, "characters")

    def closest(self, value: str) -> str:
        """The allowed word that is nearest to `value`, by proportion if they are such; or ""."""
        wanted = proportion(value)
        if wanted is None:
            words = {word.lower(): word for word in self.one_of}
            near = difflib.get_close_matches(value.lower(), words, n=1)
            return words[near[0]] if near else ""
        known = {word: ratio for word in self.one_of if (ratio := proportion(word))}
        return min(known, key=lambda word: abs(math.log(known[word] / wanted)), default="")

    def _check_length(self, field: str, value: Any, model: str, what: str) -> None:
        if self.max_length is not None and len(value) > self.max_length:
            shown = value if isinstance(value, str) else f"{len(value)} {what}"
            over = len(value) - self.max_length
            most = f"{self.max_length} {what if self.max_length > 1 else what.removesuffix('s')}"
            rule = f"{model} takes at most {most}, that is {over} too many"
            self._refuse(field, shown, rule, "Shorten it." if isinstance(value, str) else "")
        if self.min_length is not None and len(value) < self.min_length:
            self._refuse(field, value, f"{model} takes at least {self.min_length} {what}")

    def _check_size(self, field: str, value: tuple[int, int], model: str) -> None:
        if not self.allows(*value):
            near = "{} x {}".format(*self.nearest(*value))
            self._refuse(
                field,
                "{} x {}".format(*value),
                f"{model} takes {self.size_rule}",
                f"The nearest allowed size is {near}.",
            )

    def allows(self, width: int, height: int) -> bool:
        """Whether a picture of this size is within the limit."""
        if self.sizes:
            return (width, height) in self.sizes
        return (
            (self.min_side is None or min(width, height) >= self.min_side)
            and (self.max_side is None or max(width, height) <= self.max_side)
            and (self.min_pixels is None or width * height >= self.min_pixels)
            and (self.max_pixels is None or width * height <= self.max_pixels)
            and (
                self.max_ratio is None or max(width, height) <= self.max_ratio * min(width, height)
            )
            and (
                self.multiple_of is None
                or (width % self.multiple_of == 0 and height % self.multiple_of == 0)
            )
        )

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """The allowed size that is nearest to the one given, in proportion more than in area."""
        width, height = max(1, width), max(1, height)
        if self.sizes:
            return min(
                self.sizes,
                key=lambda size: math.hypot(
                    4 * math.log(size[0] * height / (size[1] * width)),
                    math.log(size[0] * size[1] / (width * height)),
                ),
            )
        step = self.multiple_of or 1
        low, high = self.min_side or step, self.max_side or 1 << 16
        ratio = self.max_ratio or high / low
        short, long = sorted((width, height))
        if long > ratio * short:
            long = int(ratio * short)
        scale = min(1.0, high / long, math.sqrt((self.max_pixels or 1 << 40) / (short * long)))
        scale = max(scale, low / short)
        sides = [max(low, int(side * scale) // step * step) for side in (short, long)]
        while not self.allows(*sides) and sides[1] > low:
            sides[1] -= step
        return (sides[0], sides[1]) if width <= height else (sides[1], sides[0])

    @property
    def size_rule(self) -> str:
        """The allowed sizes in words."""
        if self.sizes:
            return f"{len(self.sizes)} sizes only"
        rules = []
        if self.min_side or self.max_side:
            most = f" to {self.max_side}" if self.max_side else " or more"
            rules.append(f"sides of {self.min_side or 1}{most} pixels")
        if self.min_pixels:
            rules.append(f"at least {self.min_pixels:,} pixels in all")
        if self.max_pixels:
            rules.append(f"at most {self.max_pixels:,} pixels in all")
        if self.max_ratio:
            rules.append(f"proportions of at most {self.max_ratio:g}:1")
        if self.multiple_of:
            rules.append(f"multiples of {self.multiple_of}")
        return ", ".join(rules)

    def _check_picture(self, field: str, picture: Facts, model: str) -> None:
        shown = f"{picture.width} x {picture.height} {picture.media_type[6:]}"
        if not self.allows(*picture.size):
            from darkroom.mask import Shrink  # Pillow, which `darkroom models` starts without

            smaller = Shrink(self.max_side, self.max_pixels).size(*picture.size)
            remedy = (
                "Ask for `fit: shrink` (--fit shrink), or give a smaller picture."
                if self.allows(*smaller)
                else "Give another picture, or pad or resize this one."
            )
            self._refuse(field, shown, f"{model} takes {self.size_rule}", remedy)
        if self.formats and picture.media_type[6:] not in self.formats:
            self._refuse(field, shown, f"{model} takes {', '.join(self.formats)}")
        if self.opaque and picture.alpha:
            self._refuse(
                field,
                f"{shown} with transparency",
                f"{model} takes opaque pictures only",
                "Flatten it on a color first (task `flatten`).",
            )
        if self.max_bytes is not None and picture.size_bytes > self.max_bytes:
            self._refuse(
                field,
                f"{picture.size_bytes:,} bytes",
                f"{model} takes at most {self.max_bytes:,} bytes",
                "Save it as JPEG, or give a smaller picture.",
            )


def proportion(word: str) -> float | None:
    """What "16:9" says, or None for what is no proportion."""
    wide, colon, high = word.partition(":")
    if not (colon and wide.isdecimal() and high.isdecimal() and int(wide) and int(high)):
        return None
    return int(wide) / int(high)


def _plain(number: float | None) -> str:
    return "" if number is None else str(int(number)) if number == int(number) else f"{number:g}"
