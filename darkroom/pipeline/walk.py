"""One way through a pipeline: what can be done next, and what came of it.

A walk does nothing itself. Whoever drives it does the units that are `ready`, each once, in any
order and side by side, and says what came of each. The same walk is driven by a run, which pays,
and by a plan, which only looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, ValidationError

from darkroom.errors import InvalidRequest, in_words
from darkroom.picture import Picture
from darkroom.pipeline import reference
from darkroom.pipeline.given import given_values
from darkroom.pipeline.pillow import PillowStep
from darkroom.pipeline.pipeline import Pipeline, Step
from darkroom.pipeline.scope import Nothing, Part, Scope, Slot, kind_of

How = Literal["skipped", "failed"]

SEEDS_A_RENEWAL = 1000
"""How far a seed that the file gives moves when its pictures are made anew: no call has as many."""


class Load(PillowStep):
    """A picture of one's own, brought into the store."""

    word: ClassVar[str] = "load_picture"

    path: str = Field(description="A local file.")


@dataclass(frozen=True)
class Unit:
    """One thing to do: a step, or its part for one of the pictures that it fans out over.

    Attributes:
        name: Its name in the run: "big", or "big-2" where there are several, behind that of the
            step whose pipeline it is in: "wide/big-2".
        step: What the file says of it.
        request: What is wanted: a mode's request, a Pillow step, or `Load`.
        model: Id or short name of the model; None for the mode's default.
        after: Names of the units whose pictures it uses.
        optional: Whether the run goes on without it.
        renewal: How often a review had it made anew; 0 if never.
    """

    name: str
    step: Step
    request: BaseModel
    model: str | None = None
    after: tuple[str, ...] = ()
    optional: bool = False
    renewal: int = 0
    owner: Walk | None = field(default=None, repr=False, compare=False)
    place: tuple[str, int] = field(default=("", 0), repr=False)

    @property
    def count(self) -> int:
        """How many pictures it should give."""
        return int(getattr(self.request, "count", 1))


@dataclass(frozen=True)
class Left:
    """A part of a step that is not done at all.

    Attributes:
        name: As of a unit.
        how: "skipped" where its condition or what it needs said so, "failed" where it cannot be.
        reason: Why.
        optional: As of a unit.
    """

    name: str
    how: How
    reason: str
    optional: bool = False


class Walk:
    """One way through a pipeline.

    Args:
        pipeline: The pipeline.
        values: Its params by name: pictures as `Picture` or by the path of their file.
        prefix: Before the names of its units.
        after: Units that its values came from.
        optional: Whether the run goes on without any of it.

    Raises:
        InvalidRequest: A param is missing, unknown, or none of its type.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        values: Mapping[str, Any],
        *,
        prefix: str = "",
        after: tuple[str, ...] = (),
        optional: bool = False,
    ) -> None:
        self.pipeline = pipeline
        self.left: list[Left] = []
        self._scope = Scope(pipeline, given_values(pipeline, values))
        self._prefix, self._after, self._optional = prefix, after, optional
        self._units: dict[str, list[str]] = {}  # by slot, the units whose pictures are in it
        self._parts: dict[str, list[list[Slot] | None]] = {}  # of what is under way
        self._children: dict[tuple[str, int], Walk] = {}
        self._begun: list[Unit] = []
        self._renewed: dict[str, tuple[int, str]] = {}  # by step: how often, and its new prompt
        self._waiting = {
            name: {*pipeline.needs[name], *self._scope.files(name, step)}
            for name, step in pipeline.steps.items()
        }
        for key in sorted({key for needs in self._waiting.values() for key in needs}):
            if key.startswith("file:"):
                self._load(key, Path(key).stem, [key.removeprefix("file:")])
            elif key.startswith("params."):
                name = key.removeprefix("params.")
                value = self._scope.values[name]
                self._load(key, name, value if isinstance(value, list) else [value])

    def ready(self) -> list[Unit]:
        """What can be done now; each unit is given once."""
        self._advance()
        begun, self._begun = self._begun, []
        return begun

    def done(self, unit: Unit, pictures: Sequence[Picture]) -> None:
        """Say what a unit gave: as many pictures as it should, fewer, or none at all."""
        assert unit.owner is not None
        missing: list[Slot] = [None] * (unit.count - len(pictures))
        unit.owner._fill(unit.place, [*pictures, *missing])

    def sources(self, review: Unit) -> list[Step]:
        """The steps that can make new pictures for a review: those with words of their own."""
        assert review.owner is not None
        return [*review.owner._renewable(review.place[0]).values()]

    def renew(self, review: Unit, prompt: str) -> None:
        """Have the pictures of a review made anew, and reviewed again.

        Args:
            review: Under way.
            prompt: Other words for them; empty for the same, with other seeds.
        """
        walk, name = review.owner, review.place[0]
        assert walk is not None
        for source in walk._renewable(name):
            times, before = walk._renewed.get(source, (0, ""))
            walk._renewed[source] = times + 1, prompt or before
            walk._wait_again(source)
        walk._renewed[name] = walk._renewed.get(name, (0, ""))[0] + 1, ""
        del walk._parts[name]
        walk._wait_again(name)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do, and nothing under way."""
        return not (self._waiting or self._parts or self._begun)

    @property
    def outputs(self) -> list[tuple[str, Picture]]:
        """The pictures of the output steps that are there, each with its step."""
        return [
            (name, slot)
            for name in self.pipeline.outputs
            for slot in self._scope.slots.get(name, [])
            if slot is not None
        ]

    def _load(self, key: str, word: str, values: list[Any]) -> None:
        """Begin to bring pictures in; those of a list that are there already stay."""
        word = f"{word}-file" if word in self.pipeline.steps else word
        self._parts[key] = [None if isinstance(each, str) else [each] for each in values]
        for index, path in enumerate(values):
            if isinstance(path, str):
                name = f"{word}-{index + 1}" if len(values) > 1 else word
                self._give(name, Step(do=Load.word), Load(path=path), place=(key, index))

    def _advance(self) -> None:
        """Begin all steps whose needs are there, until no more is."""
        moved = True
        while moved:
            moved = False
            for name, needs in list(self._waiting.items()):
                if needs <= self._scope.slots.keys():
                    del self._waiting[name]
                    self._begin(name, self.pipeline.steps[name])
                    moved = True
            for place, child in list(self._children.items()):
                self._begun += child.ready()
                if child.is_over:
                    del self._children[place]
                    self.left += child.left
                    self._fill(place, [picture for _, picture in child.outputs] or [None])
                    moved = True

    def _renewable(self, review: str) -> dict[str, Step]:
        """The steps whose pictures a review shows, as far as words make them."""
        shown = reference.within(self.pipeline.steps[review].fields["images"])
        steps = {each.step: self.pipeline.steps[each.step] for each in shown if each.step}
        return {
            name: step
            for name, step in steps.items()
            if step.mode and "prompt" in kind_of(step).model_fields
        }

    def _wait_again(self, name: str) -> None:
        self._scope.slots.pop(name, None)
        self._units.pop(name, None)
        self._waiting[name] = {*self.pipeline.needs[name]}

    def _begin(self, name: str, step: Step) -> None:
        """Begin each part of a step: a unit, or a walk of its own."""
        times, _ = self._renewed.get(name, (0, ""))
        try:
            fan = self._scope.fan(name, step)
        except InvalidRequest as error:
            self._parts[name] = [None]
            self._leave(name, step, 0, name, "failed", str(error))
            return
        total = max(1, fan)
        self._parts[name] = [None] * total
        for index in range(total):
            said = f"{_again(name, times)}-{index + 1}" if total > 1 else _again(name, times)
            part = Part(self._scope, index, total)
            try:
                if not fan:
                    raise Nothing("what it fans out over")
                if not part.holds(step.when):
                    self._leave(name, step, index, said, "skipped", "its condition does not hold")
                elif step.pipeline:
                    self._children[name, index] = self._child(name, step, part, said)
                else:
                    self._unit(name, step, part, said)
            except Nothing as nothing:
                reason = f"it needs {nothing}, which gave nothing"
                self._leave(name, step, index, said, "skipped", reason)
            except InvalidRequest as error:
                self._leave(name, step, index, said, "failed", str(error))

    def _unit(self, name: str, step: Step, part: Part, said: str) -> None:
        kind, fields = kind_of(step), part.fields(name, step)
        if step.mode and self.pipeline.needs[name]:
            # How large another step's pictures will be, nobody can know before they are paid for.
            fields.setdefault("fit", "shrink")
        times, prompt = self._renewed.get(name, (0, ""))
        if prompt:
            fields["prompt"] = prompt
        if times and isinstance(fields.get("seed"), int):
            fields["seed"] = _moved(fields["seed"], times * SEEDS_A_RENEWAL)
        try:
            request = kind.model_validate(fields)
        except ValidationError as error:
            raise InvalidRequest(in_words(error)) from error
        self._give(said, step, request, place=(name, part.index), model=part.filled(step.model))

    def _give(
        self,
        said: str,
        step: Step,
        request: BaseModel,
        *,
        place: tuple[str, int],
        model: str | None = None,
    ) -> None:
        unit = Unit(
            self._prefix + said,
            step,
            request,
            model,
            after=self._sources(place[0], step),
            optional=step.optional or self._optional,
            renewal=self._renewed.get(place[0], (0, ""))[0],
            owner=self,
            place=place,
        )
        self._units.setdefault(place[0], []).append(unit.name)
        self._begun.append(unit)

    def _child(self, name: str, step: Step, part: Part, said: str) -> Walk:
        prefix = f"{self._prefix}{said}/"
        child = Walk(
            self.pipeline.parts[name],
            part.fields(name, step),
            prefix=prefix,
            after=self._sources(name, step),
            optional=step.optional or self._optional,
        )
        outputs = self.pipeline.parts[name].outputs
        self._units.setdefault(name, []).extend(prefix + each for each in outputs)
        return child

    def _leave(self, name: str, step: Step, index: int, said: str, how: How, reason: str) -> None:
        optional = step.optional or self._optional
        self.left.append(Left(self._prefix + said, how, reason, optional))
        count = step.fields.get("count", 1)
        self._fill((name, index), [None] * (count if isinstance(count, int) else 1))

    def _fill(self, place: tuple[str, int], slots: list[Slot]) -> None:
        """Put in what a part gave; the step is done when all of its parts are."""
        name, index = place
        parts = self._parts[name]
        parts[index] = slots
        if all(each is not None for each in parts):
            self._scope.slots[name] = [slot for each in parts for slot in each or []]
            del self._parts[name]

    def _sources(self, name: str, step: Step) -> tuple[str, ...]:
        """The names of the units whose pictures a step uses."""
        if step.do == Load.word:
            return ()
        keys = [each.step for each in reference.within(step.fields) if each.step]
        keys += sorted(self._scope.files(name, step))
        units = [unit for key in keys for unit in self._units.get(key, [])]
        return tuple(dict.fromkeys([*units, *self._after]))


def _again(name: str, times: int) -> str:
    """The name of what is done once more."""
    return f"{name} again" if times == 1 else f"{name} again {times}" if times else name


def _moved(seed: int, by: int) -> int:
    """Another seed, which is in the range of every model that the first is in."""
    return seed - by if seed >= by else seed + by
