"""A pipeline: params, steps that refer to them and to each other, and what comes out.

Reading one checks all that can be known without running it, and says every mistake with its place.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from darkroom.pipeline import reference, source
from darkroom.pipeline.condition import trouble
from darkroom.pipeline.miswritten import miswritten
from darkroom.pipeline.shape import MOST_STEPS, NAME, check_names, shaped
from darkroom.pipeline.source import BadPipeline, Loc, Problem, Source, in_order

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

    name: str
    description: str = ""
    params: dict[str, Param] = {}
    defaults: dict[str, Any] = {}
    steps: dict[str, Step] = Field(min_length=1, max_length=MOST_STEPS)
    outputs: tuple[str, ...] = ()

    @property
    def names(self) -> dict[Loc, str]:
        """The names that the file gives, by their places."""
        steps: dict[Loc, str] = {("steps", name): name for name in self.steps}
        return {("name",): self.name, **{("params", name): name for name in self.params}, **steps}


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
        parts: The pipelines that its steps name, by step.
        warnings: What a user should know before it is run, and what stops nothing here.
    """

    name: str
    description: str
    params: dict[str, Param]
    steps: dict[str, Step]
    needs: dict[str, tuple[str, ...]]
    outputs: tuple[str, ...]
    file: str = ""
    parts: dict[str, Pipeline] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()

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
        from darkroom.pipeline.amounts import amounts, check_picks
        from darkroom.pipeline.check import checked

        problems = list(read.problems)
        data = _with_defaults(read.data)
        file, left = shaped(read, data, _File, problems)
        if file is None:
            raise BadPipeline(in_order(problems, read.file))
        check_names(read, file.names, problems)
        needs = _needs(read, file, left, problems)
        order = _order(read, needs, problems)
        outputs = _outputs(read, file, needs, left, problems)
        parts = checked(read, file.params, file.steps, problems)
        check_picks(read, file.steps, amounts(order, file.steps, file.params, parts), problems)
        _unused(read, file, data["steps"], problems)
        problems = in_order(problems, read.file)
        if any(each.level == "error" for each in problems):
            raise BadPipeline(problems)
        for part in parts.values():
            problems += part.warnings
        return cls(
            file.name,
            file.description,
            file.params,
            {name: file.steps[name] for name in order},
            needs,
            outputs,
            read.file,
            parts,
            tuple(dict.fromkeys(problems)),
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


def _needs(
    read: Source, file: _File, left: set[Loc], problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """The steps that each step refers to."""
    params = {*file.params, *(str(name) for group, name in left if group == "params")}
    steps = {*file.steps, *(str(name) for group, name in left if group == "steps")}
    needs = {}
    for name, step in file.steps.items():
        found: list[str] = []
        everything = {**step.fields, "when": step.when, "model": step.model}
        for loc, text in reference.texts(everything, ("steps", name)):
            try:
                references = list(reference.within(text))
            except ValueError as error:
                problems.append(read.problem(loc, str(error)))
                continue
            told = [*miswritten(text, params, steps)]
            if loc[2:] == ("when",) and not told:
                told = [trouble(text, file.params)]
            told += [_unknown(each, params, steps, file) for each in references]
            problems += [read.problem(loc, each) for each in told if each]
            found += [each.step for each in references if each.step in file.steps]
        needs[name] = tuple(dict.fromkeys(found))
    return needs


def _unknown(
    each: reference.Reference, params: Collection[str], steps: Collection[str], file: _File
) -> str:
    """Why a reference means nothing; "" if it means something."""
    if each.param and each.param not in params:
        hint = near(each.param, params)
        if each.param in steps:
            hint = f" {each.param} is a step: write ${{{each.param}}}."
        return f"{each.text}: there is no such param.{hint}"
    if each.step and each.step not in steps:
        hint = near(each.step, steps)
        if each.step in params:
            hint = f" {each.step} is a param: write ${{params.{each.step}}}."
        return f"{each.text}: there is no such step.{hint}"
    if not each.field or each.field in reference.FIELDS:
        return ""
    told = f"{each.text}: a picture has {', '.join(reference.FIELDS)}."
    step = file.steps.get(each.step)
    if step and step.pipeline:
        return (
            f"{told} The pictures of {step.pipeline} are ${{{each.step}}}, and one of them is "
            f"${{{each.step}[0]}}, in the order of its outputs."
        )
    return f"{told}{near(each.field, reference.FIELDS)}"


def _order(read: Source, needs: dict[str, tuple[str, ...]], problems: list[Problem]) -> list[str]:
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = error.args[1]
        told = f"the steps need each other in a circle: {' -> '.join(reversed(circle))}"
        problems.append(read.problem(("steps", circle[0]), told))
        return list(needs)


def _outputs(
    read: Source,
    file: _File,
    needs: dict[str, tuple[str, ...]],
    left: set[Loc],
    problems: list[Problem],
) -> tuple[str, ...]:
    for index, name in enumerate(file.outputs):
        if name not in file.steps and ("steps", name) not in left:
            told = f"{name}: there is no such step.{near(name, file.steps)}"
            problems.append(read.problem(("outputs", index), told))
    needed = {each for names in needs.values() for each in names}
    return file.outputs or tuple(name for name in file.steps if name not in needed)


def _unused(read: Source, file: _File, steps: Any, problems: list[Problem]) -> None:
    """Params that no step names, not even one that is left out, or in a text that is not right."""
    used: set[str] = set()
    for _, text in reference.texts(steps):
        try:
            used |= {each.param for each in reference.within(text)}
        except ValueError:
            used |= {*re.findall(r"\w+", text)}
        if [*miswritten(text, file.params, file.steps)]:
            used |= {*re.findall(r"\w+", text)}
    for name in file.params:
        if name not in used and re.fullmatch(NAME, name):
            told = f"the param {name} is used by no step"
            problems.append(read.problem(("params", name), told))
