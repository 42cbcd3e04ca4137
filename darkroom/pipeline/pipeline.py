"""A pipeline: params, steps that refer to them and to each other, and what comes out.

Reading one checks all that can be known without running it, and says every mistake with its place.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from darkroom.pipeline import reference, source
from darkroom.pipeline.source import BadPipeline, Loc, Problem, Source

MOST_STEPS = 500
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=60)]
Kind = Literal["mode", "do", "pipeline"]
ParamType = Literal["image", "images", "text", "integer", "number", "boolean"]


class Param(BaseModel):
    """What a pipeline is given when it is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ParamType = Field("text", description="What it is.")
    default: str | int | float | bool | None = Field(
        None, description="What it is where nothing is given; without one it must be given."
    )
    choices: tuple[str | int | float, ...] = Field((), description="The values allowed.")
    description: str = Field("", description="What it is for, in forms and --help.")

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture, or several."""
        return self.type in ("image", "images")


class Step(BaseModel):
    """One step: what it does, with what, and how.

    Exactly one of `mode`, `do` and `pipeline` says what; all else that is given are its fields.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    mode: str | None = Field(None, description="A way of making pictures, such as inpaint.")
    do: str | None = Field(None, description="Something that Pillow does, such as resize.")
    pipeline: str | None = Field(None, description="Another pipeline's file.")
    model: str | None = Field(None, description="Id or short name; empty for the default.")
    on_retired: Literal["refuse", "substitute"] = Field(
        "refuse", description="What to do about a model past its end of life."
    )
    when: str | bool = Field(
        True, description="Whether to do it: a reference, or a comparison of two."
    )
    optional: bool = Field(False, description="Whether the run goes on without it.")
    retries: int | None = Field(None, ge=0, le=20, description="How often to try again.")

    @property
    def kind(self) -> Kind:
        """Which of the three it is."""
        return "mode" if self.mode else "do" if self.do else "pipeline"

    @property
    def word(self) -> str:
        """What it does: the mode, the Pillow step, or the file."""
        return self.mode or self.do or self.pipeline or ""

    @property
    def fields(self) -> dict[str, Any]:
        """What it is done with; values may be references."""
        return dict(self.__pydantic_extra__ or {})


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    description: str = ""
    params: dict[Name, Param] = {}
    defaults: dict[str, Any] = {}
    steps: dict[Name, Step] = Field(min_length=1, max_length=MOST_STEPS)
    outputs: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that is in order.

    Attributes:
        name: Its name.
        description: What it is for.
        params: What it must be given.
        steps: Its steps, each after those that it needs.
        needs: The steps that each step needs.
        outputs: The steps whose pictures are the result; all without a follower if none is named.
        file: Where it came from; "" if from text.
    """

    name: str
    description: str
    params: dict[str, Param]
    steps: dict[str, Step]
    needs: dict[str, tuple[str, ...]]
    outputs: tuple[str, ...]
    file: str = ""
    parts: dict[str, Pipeline] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The same for pipelines that ask for the same, whatever they are called."""
        said = {
            "params": {name: param.model_dump() for name, param in self.params.items()},
            "steps": {name: step.model_dump() for name, step in self.steps.items()},
            "outputs": self.outputs,
            "parts": {name: part.fingerprint for name, part in self.parts.items()},
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def reviews(self) -> dict[str, Step]:
        """The steps that wait for a person, by name; those of a part behind the part's step."""
        own = {name: step for name, step in self.steps.items() if step.do == "review"}
        for name, part in self.parts.items():
            own |= {f"{name}/{inner}": step for inner, step in part.reviews.items()}
        return own

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read and check a pipeline file.

        Raises:
            BadPipeline: It has mistakes; each comes with file, line and column.
        """
        return cls.of(source.read(Path(path)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read and check a pipeline from text.

        Raises:
            BadPipeline: It has mistakes; each comes with line and column.
        """
        return cls.of(source.parse(text))

    @classmethod
    def of(cls, read: Source) -> Self:
        """Check what a file says."""
        from darkroom.pipeline.check import checked

        try:
            file = _File.model_validate(_with_defaults(read.data))
        except ValidationError as error:
            raise BadPipeline([_problem(read, each) for each in error.errors()]) from error
        problems: list[Problem] = []
        needs = _needs(read, file, problems)
        order = _order(read, needs, problems)
        outputs = _outputs(read, file, needs, problems)
        parts = checked(read, file.params, file.steps, problems)
        _unused(read, file, problems)
        if problems:
            raise BadPipeline(sorted(problems, key=lambda each: (each.line, each.column)))
        steps = {name: file.steps[name] for name in order}
        return cls(
            file.name, file.description, file.params, steps, needs, outputs, read.file, parts
        )


def near(name: str, known: Iterable[str]) -> str:
    """The hint that another name may be meant; "" if none is near."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {found[0]}?" if found else ""


def _with_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """The file with its `defaults` in each step of a mode that has such a field."""
    from darkroom import modes

    defaults, steps = data.get("defaults"), data.get("steps")
    if not isinstance(defaults, dict) or not isinstance(steps, dict):
        return data
    filled = {}
    for name, step in steps.items():
        mode = step.get("mode") if isinstance(step, dict) else None
        if mode in modes.names():
            known = {*modes.find(mode).model_fields, "model", "on_retired", "retries"}
            step = {key: value for key, value in defaults.items() if key in known} | step
        filled[name] = step
    return {**data, "steps": filled}


def _problem(read: Source, error: Any) -> Problem:
    loc: Loc = tuple(part for part in error["loc"] if part != "[key]")
    told = error["msg"].removeprefix("Value error, ")
    what = loc[-1] if loc else "the file"
    if error["type"] == "extra_forbidden":
        known = {1: _File.model_fields, 3: Param.model_fields}.get(len(loc), {})
        return read.problem(loc, f"{what} is unknown here.{near(str(what), known)}")
    if error["type"] == "missing":
        return read.problem(loc[:-1], f"{what} is missing")
    return read.problem(loc, f"{what}: {told}")


def _needs(read: Source, file: _File, problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """The steps that each step refers to."""
    needs = {}
    for name, step in file.steps.items():
        found: list[str] = []
        for key, value in {**step.fields, "when": step.when, "model": step.model}.items():
            loc: Loc = ("steps", name, key)
            try:
                references = list(reference.within(value))
            except ValueError as error:
                problems.append(read.problem(loc, str(error)))
                continue
            for each in references:
                if each.param and each.param not in file.params:
                    told = f"{each.text}: there is no such param.{near(each.param, file.params)}"
                    problems.append(read.problem(loc, told))
                elif each.step and each.step not in file.steps:
                    told = f"{each.text}: there is no such step.{near(each.step, file.steps)}"
                    problems.append(read.problem(loc, told))
                elif each.field and each.field not in reference.FIELDS:
                    told = (
                        f"{each.text}: a picture has {', '.join(reference.FIELDS)}."
                        f"{near(each.field, reference.FIELDS)}"
                    )
                    problems.append(read.problem(loc, told))
                elif each.step:
                    found.append(each.step)
        needs[name] = tuple(dict.fromkeys(found))
    return needs


def _order(read: Source, needs: dict[str, tuple[str, ...]], problems: list[Problem]) -> list[str]:
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = error.args[1]
        told = f"the steps need each other in a circle: {' -> '.join(reversed(circle))}"
        problems.append(read.problem(("steps", circle[0]), told))
        return list(needs)


def _outputs(
    read: Source, file: _File, needs: dict[str, tuple[str, ...]], problems: list[Problem]
) -> tuple[str, ...]:
    for index, name in enumerate(file.outputs):
        if name not in file.steps:
            told = f"{name}: there is no such step.{near(name, file.steps)}"
            problems.append(read.problem(("outputs", index), told))
    needed = {each for names in needs.values() for each in names}
    return file.outputs or tuple(name for name in file.steps if name not in needed)


def _unused(read: Source, file: _File, problems: list[Problem]) -> None:
    used: set[str] = set()
    for step in file.steps.values():
        try:
            everything = [step.fields, step.when, step.model]
            used |= {each.param for each in reference.within(everything)}
        except ValueError:
            return  # said already
    for name in file.params:
        if name not in used:
            told = f"the param {name} is used by no step"
            problems.append(read.problem(("params", name), told))
