"""A pipeline that is a step of another: its file, and the params that it is given."""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.errors import InvalidRequest
from darkroom.pipeline import reference
from darkroom.pipeline.given import given_value
from darkroom.pipeline.meant import check_picture, check_text
from darkroom.pipeline.source import BadPipeline, Loc, Problem, Source

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param, Pipeline, Step

_within: ContextVar[tuple[str, ...]] = ContextVar("within", default=())
"""The files that are being read, each a step of the one before."""


def part_of(
    read: Source, loc: Loc, step: Step, params: dict[str, Param], problems: list[Problem]
) -> Pipeline | None:
    """The pipeline that a step names, with the params that it is given."""
    from darkroom.pipeline.pipeline import Pipeline, near

    path = Path(read.file or ".").parent / str(step.pipeline)
    chain = (*_within.get(), str(Path(read.file).resolve()))
    if str(path.resolve()) in chain:
        told = f"the files are steps of each other: {' -> '.join([*chain, str(path.resolve())])}"
        if told not in (each.text for each in problems):
            problems.append(read.problem(loc, told))
        return None
    token = _within.set(chain)
    try:
        part = Pipeline.load(path)
    except BadPipeline as error:
        is_new = not {*error.problems} <= {*problems}
        told = f"{step.pipeline} is not in order{':' if is_new else ', as is said above'}"
        problems += [read.problem(loc, told), *(error.problems if is_new else ())]
        return None
    finally:
        _within.reset(token)
    _passed(read, loc[:-1], step, part, params, problems)
    for name in step.fields:
        if name not in part.params:
            told = f"{step.pipeline} has no param {name}.{near(name, part.params)}"
            problems.append(read.problem((*loc[:-1], name), told))
    for name, param in part.params.items():
        if param.default is None and name not in step.fields:
            problems.append(read.problem(loc, f"{step.pipeline} needs the param {name}"))
    return part


def _passed(
    read: Source,
    loc: Loc,
    step: Step,
    part: Pipeline,
    params: dict[str, Param],
    problems: list[Problem],
) -> None:
    """Whether what a step hands on is what the params of its pipeline are."""
    for name, value in step.fields.items():
        try:
            whole, inside = reference.one(value), list(reference.within(value))
        except ValueError:
            continue  # said by whoever looked for the step's needs
        if name not in part.params:
            continue
        if part.params[name].is_picture:
            check_picture(read, (*loc, name), name, value, params, problems)
        elif not inside:
            try:
                given_value(name, part.params[name], value)
            except InvalidRequest as error:
                problems.append(read.problem((*loc, name), str(error)))
        elif not (whole and whole.field):
            check_text(read, (*loc, name), name, inside, params, problems)
