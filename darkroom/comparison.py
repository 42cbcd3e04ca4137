"""A comparison: one wish, asked of several models, or in several sizes, styles or seeds.

Every combination is one picture. A comparison is a pipeline whose steps are the combinations, so
that whatever holds for pipelines holds for it: its plan, its budget, what is found and not paid
again. What one model means by a value, another may say in other words; where it cannot say just
that, it is refused for that model alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from pydantic import BaseModel, ConfigDict

from darkroom import modes
from darkroom.catalog import Model, models_for
from darkroom.errors import InvalidRequest
from darkroom.limits import Limit
from darkroom.modes.base import Request
from darkroom.pipeline.pipeline import Param, Pipeline, Step, near
from darkroom.resolve import seed_of

MOST = 100
"""Combinations of one comparison, at most: more can nobody look at side by side."""

PIXELS = 1024 * 1024
"""About as large as a picture shall be where only its proportions are said."""

SAID = ("prompt", "size", "aspect_ratio", "style", "style_preset", "seed", "count", "fit")
"""Fields that the comparison says itself."""


@dataclass(frozen=True)
class Combination:
    """One picture of a comparison.

    Attributes:
        model: Who shall make it, as it was named.
        size: Such as "1024x768" or "16:9"; None where nothing is said of it.
        style: A style of the model's; likewise.
        seed: The seed; likewise.
        axes: Which of these differ in the comparison.
    """

    model: str
    size: str | None = None
    style: str | None = None
    seed: int | None = None
    axes: tuple[str, ...] = ()

    def said(self, *names: str) -> str:
        """Some of what it is asked for, in words."""
        found = [(name, getattr(self, name)) for name in names]
        return " ".join(
            f"seed {value}" if name == "seed" else str(value)
            for name, value in found
            if value is not None
        )

    @property
    def name(self) -> str:
        """What tells it from the others; the model in any case."""
        return self.said("model", *(each for each in self.axes if each != "model"))

    @property
    def asked(self) -> str:
        """Its size and style, in words."""
        return self.said("size", "style")


class Comparison(BaseModel):
    """What is compared.

    Attributes:
        prompt: The words that all models are given.
        image: The picture that all start from, by the path of its file.
        mode: What is done; None for image_to_image where there is a picture, else text_to_image.
        models: By id or short name; none for all living ones that can.
        sizes: Sizes in pixels ("1024x768") or proportions ("16:9").
        styles: Styles of the models.
        seeds: Seeds. None: the same one for all, which follows from what is asked.
        fields: Further fields of the mode; pictures by the paths of their files.
        fit: What to do with a picture that is larger than a model takes.
        again: Any words, for other pictures than those that were made without.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str | None = None
    image: str | None = None
    mode: str | None = None
    models: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    fields: dict[str, Any] = {}
    fit: str = "shrink"
    again: str = ""

    @property
    def word(self) -> str:
        """The mode."""
        return self.mode or ("image_to_image" if self.image else "text_to_image")

    @property
    def kind(self) -> type[Request]:
        """The class of what is asked for."""
        return modes.find(self.word)

    def check(self) -> None:
        """Refuse what is wrong for all models alike.

        Raises:
            InvalidRequest: Something is; nothing was paid.
        """
        if not (self.prompt or self.image):
            raise InvalidRequest(
                "prompt, image: give one of them, or both: words, or a picture to start from."
            )
        if self.word not in modes.names():
            known = f"There are {', '.join(modes.names())}."
            hint = near(self.word, modes.names()).strip() or known
            raise InvalidRequest.of("mode", self.word, "there is no such mode", hint)
        self._check_picture()
        self._check_axes()
        for name in self.fields:
            if name in SAID or name in self.kind.picture_fields()[:1]:
                raise InvalidRequest.of(
                    f"fields.{name}", self.fields[name], "the comparison has it by itself"
                )
            if name not in self.kind.model_fields:
                told = f"{self.word} has no such field"
                hint = near(name, self.kind.model_fields).strip()
                raise InvalidRequest.of(f"fields.{name}", self.fields[name], told, hint)
            if not isinstance(self.fields[name], str) and "${" in str(self.fields[name]):
                told = "it has what looks like a reference, and a comparison has none"
                raise InvalidRequest.of(f"fields.{name}", self.fields[name], told)
        count = len(self.combinations())
        if count > MOST:
            told = f"that are {count} combinations, and a comparison has at most {MOST}"
            raise InvalidRequest(f"models, sizes, styles, seeds: {told}. Leave some out.")

    def _check_picture(self) -> None:
        takes = bool(self.kind.picture_fields())
        if self.image and not takes:
            raise InvalidRequest.of(
                "image", self.image, f"{self.word} takes no picture", "Leave it out, or the mode."
            )
        if not self.image and any(
            self.kind.model_fields[name].is_required() for name in self.kind.picture_fields()
        ):
            raise InvalidRequest.of("image", None, f"{self.word} starts from a picture")

    def _check_axes(self) -> None:
        """Refuse an axis that the mode does not know at all, and sizes that are none."""
        for size in self.sizes:
            sides(size)
        for axis, names in (
            ("sizes", ("size", "aspect_ratio")),
            ("styles", ("style_preset", "style")),
            ("seeds", ("seed",)),
        ):
            values = getattr(self, axis)
            if values and not self.kind.model_fields.keys() & {*names}:
                raise InvalidRequest.of(
                    axis, [*values], f"{self.word} takes no {names[0]}", "Leave it out."
                )

    def combinations(self) -> list[Combination]:
        """All of them: by model first, then by size, style and seed."""
        models = self.models or tuple(
            model.short for model in models_for(self.word) if not model.is_gone
        )
        lists: dict[str, tuple[Any, ...]] = {
            "model": tuple(dict.fromkeys(models)),
            "size": tuple(dict.fromkeys(self.sizes)) or (None,),
            "style": tuple(dict.fromkeys(self.styles)) or (None,),
            "seed": tuple(dict.fromkeys(self.seeds)) or (None,),
        }
        axes = tuple(name for name, values in lists.items() if len(values) > 1)
        return [
            Combination(model, size, style, seed, axes)
            for model, size, style, seed in product(*lists.values())
        ]

    def values(self) -> dict[str, Any]:
        """The params of its pipeline: texts, which mean nothing but themselves, and pictures."""
        return {name: value for name, (value, _) in self._params().items()}

    def _params(self) -> dict[str, tuple[str, Param]]:
        """Each param with its value."""
        pictures = self.kind.picture_fields()
        given = {"prompt": self.prompt, **self.fields}
        if self.image:
            given[pictures[0]] = self.image
        return {
            name: (value, Param(type="image" if name in pictures else "text"))
            for name, value in given.items()
            if isinstance(value, str)
        }

    def step(self, one: Combination, model: Model) -> Step:
        """The step for a combination, in the words of its model.

        Raises:
            InvalidRequest: The model cannot say just that.
        """
        takes = model.takes(self.word).fields
        said: dict[str, Any] = {**self.fields}
        said |= {name: f"${{params.{name}}}" for name in self._params()}
        if self.kind.picture_fields():
            said["fit"] = self.fit
        if one.size:
            said |= measured(one.size, model, self.word)
        if one.style:
            known = [name for name in ("style_preset", "style") if name in takes]
            mine = [name for name in ("style_preset", "style") if name in self.kind.model_fields]
            said[(known or mine)[0]] = one.style
        if one.seed is not None:
            said["seed"] = one.seed
        elif "seed" in takes:
            said["seed"] = self._seed()
        return Step(mode=self.word, model=one.model, **said)

    def _seed(self) -> int:
        """The seed of all pictures where none is given: the same for the same question."""
        return seed_of("comparison", self.word, repr(sorted(self.values().items())), self.again)

    def pipeline(self, steps: dict[str, Step]) -> Pipeline:
        """These steps as a pipeline, which is given `values`."""
        return Pipeline(
            name="compare_models",
            description="",
            params={name: param for name, (_, param) in self._params().items()},
            steps=steps,
            needs=dict.fromkeys(steps, ()),
            outputs=tuple(steps),
        )


def sides(size: str) -> tuple[int, int]:
    """Width and height of "1024x768", or of "16:9".

    Raises:
        InvalidRequest: It is neither.
    """
    parts = size.lower().replace(":", "x").split("x")
    if len(parts) == 2 and all(each.strip().isdecimal() and int(each) for each in parts):
        return int(parts[0]), int(parts[1])
    raise InvalidRequest.of(
        "sizes", size, "pixels or proportions are expected", 'Write "1024x768", or "16:9".'
    )


def measured(size: str, model: Model, mode: str) -> dict[str, Any]:
    """A size, or proportions, as `model` says them: just that, or not at all.

    Raises:
        InvalidRequest: It can only say something near.
    """
    takes, wanted = model.takes(mode).fields, sides(size)
    if ":" in size:
        limit = model.limit(mode, "size")
        if "aspect_ratio" in takes or "size" not in takes or limit is None:
            return {"aspect_ratio": size}
        exact = max(_sizes(limit, *wanted), key=_nearness, default=None)
        if exact:
            return {"size": list(exact)}
        nearest = "{} x {}".format(*limit.nearest(*_about(*wanted)))
        rule = f"{model.name} takes sizes, and none of them has just these proportions"
        raise InvalidRequest.of("aspect_ratio", size, rule, f"The nearest size is {nearest}.")
    limit = model.limit(mode, "aspect_ratio")
    if "size" in takes or "aspect_ratio" not in takes or limit is None:
        return {"size": list(wanted)}
    for ratio in limit.one_of:
        wide, high = sides(ratio)
        if wide * wanted[1] == high * wanted[0]:
            return {"aspect_ratio": ratio}
    rule = f"{model.name} takes proportions, and none of them is just that"
    nearest = limit.closest("{}:{}".format(*wanted))
    raise InvalidRequest.of("size", size, rule, f"The nearest is {nearest}.")


def _about(wide: int, high: int) -> tuple[int, int]:
    """Pixels in these proportions."""
    scale = math.sqrt(PIXELS / (wide * high))
    return round(wide * scale), round(high * scale)


def _nearness(size: tuple[int, int]) -> float:
    return -abs(math.log(size[0] * size[1] / PIXELS))


def _sizes(limit: Limit, wide: int, high: int) -> Iterator[tuple[int, int]]:
    """All sizes within a limit that have just these proportions."""
    if limit.sizes:
        yield from (size for size in limit.sizes if size[0] * high == size[1] * wide)
        return
    shared = math.gcd(wide, high)
    wide, high = wide // shared, high // shared
    step = limit.multiple_of or 1
    unit = math.lcm(step // math.gcd(step, wide), step // math.gcd(step, high))
    for times in range(unit, (limit.max_side or 4096) // max(wide, high) + 1, unit):
        if limit.allows(wide * times, high * times):
            yield wide * times, high * times
