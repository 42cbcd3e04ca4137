"""What a step is done with: each field, its kind and its value, against what the step can take."""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from darkroom import catalog, modes
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest, UnsupportedMode
from darkroom.picture import picture_fields
from darkroom.pipeline import reference
from darkroom.pipeline.free import STEPS
from darkroom.pipeline.source import BadPipeline, Loc, Problem, Source

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param, Pipeline, Step

_within: ContextVar[tuple[str, ...]] = ContextVar("within", default=())
"""The files that are being read, each a step of the one before."""


def checked(
    read: Source, params: dict[str, Param], steps: dict[str, Step], problems: list[Problem]
) -> dict[str, Pipeline]:
    """Check each step, and give the pipelines that steps name, by step."""
    parts = {}
    for name, step in steps.items():
        loc: Loc = ("steps", name)
        given = [word for word in ("mode", "do", "pipeline") if getattr(step, word)]
        if len(given) != 1:
            told = f"{name}: one of mode, do and pipeline says what a step does"
            problems.append(read.problem(loc, told))
            continue
        if step.pipeline:
            part = _part(read, (*loc, "pipeline"), step, problems)
            if part:
                parts[name] = part
            continue
        kind = _kind(read, loc, step, problems)
        if kind is None:
            continue
        found = _fields(read, loc, step, kind, params, problems)
        if step.mode and found:
            _model(read, loc, step, problems)
    return parts


def _kind(read: Source, loc: Loc, step: Step, problems: list[Problem]) -> type[BaseModel] | None:
    from darkroom.pipeline.pipeline import near

    known = {**dict.fromkeys(modes.names()), **STEPS} if step.do else dict.fromkeys(modes.names())
    if step.do in STEPS:
        return STEPS[step.do]
    if step.mode in modes.names():
        return modes.find(step.mode)
    what = "mode" if step.mode else "Pillow step"
    choices = modes.names() if step.mode else STEPS
    told = f"{step.word}: there is no such {what}.{near(step.word, known)}"
    if step.do in modes.names():
        told = f"{step.do} is a mode: write mode: {step.do}"
    elif step.mode in STEPS:
        told = f"{step.mode} is a Pillow step: write do: {step.mode}"
    elif "mean" not in told:
        told += f" There are {', '.join(choices)}."
    problems.append(read.problem((*loc, step.kind), told))
    return None


def _fields(
    read: Source,
    loc: Loc,
    step: Step,
    kind: type[BaseModel],
    params: dict[str, Param],
    problems: list[Problem],
) -> bool:
    """Check the fields of a step one by one; gives whether all are in order."""
    from darkroom.pipeline.pipeline import near

    before, readable = len(problems), True
    pictures = picture_fields(kind)
    for written, value in step.fields.items():
        here, name = (*loc, written), _named(kind, written)
        if name not in kind.model_fields:
            told = f"{step.word} has no field {name}.{near(name, kind.model_fields)}"
            problems.append(read.problem(here, told))
            continue
        try:
            whole = reference.one(value)
            inside = list(reference.within(value))
        except ValueError:
            readable = False  # said by whoever looked for the step's needs
            continue
        if name in pictures:
            _picture(read, here, name, value, params, problems)
        elif whole and whole.step and not whole.field:
            told = f"{name}: {whole.text} are pictures, and something else is expected"
            problems.append(read.problem(here, told))
        elif whole and whole.param and whole.param in params:
            _typed(read, here, kind, name, params[whole.param], problems)
        elif not inside:
            _literal(read, here, kind, name, value, problems)
    for name, field in kind.model_fields.items():
        if field.is_required() and name not in {_named(kind, each) for each in step.fields}:
            problems.append(read.problem(loc, f"{step.word} needs {name}"))
    return readable and len(problems) == before


def _picture(
    read: Source,
    loc: Loc,
    name: str,
    value: Any,
    params: dict[str, Param],
    problems: list[Problem],
) -> None:
    """A picture is a step's, a param's, or a file beside the pipeline."""
    for each in value if isinstance(value, list) else [value]:
        whole = reference.one(each)
        if whole is None:
            if not isinstance(each, str):
                told = f"{name}: a picture is expected: ${{STEP}}, ${{params.NAME}} or a file"
                problems.append(read.problem(loc, told))
            elif read.file and not (Path(read.file).parent / each).is_file():
                told = f"{name}: there is no file {each} beside the pipeline"
                problems.append(read.problem(loc, told))
        elif whole.field:
            told = f"{name}: {whole.text} is no picture"
            problems.append(read.problem(loc, told))
        elif whole.param in params and params[whole.param].type not in ("image", "images"):
            told = f"{name}: {whole.text} is {params[whole.param].type}, and no picture"
            problems.append(read.problem(loc, told))


def _typed(
    read: Source, loc: Loc, kind: type[BaseModel], name: str, param: Param, problems: list[Problem]
) -> None:
    """Whether a param's type and default are what a field takes."""
    samples: dict[str, Any] = {"text": "a", "integer": 1, "number": 0.5, "boolean": True}
    if param.type in ("image", "images"):
        problems.append(read.problem(loc, f"{name}: a picture, and something else is expected"))
    elif param.default is not None:
        _literal(read, loc, kind, name, param.default, problems)
    elif param.type != "text" and not param.choices:
        try:
            _adapter(kind, name).validate_python(samples[param.type])
        except ValidationError as error:
            if all("type" in each["type"] or "parsing" in each["type"] for each in error.errors()):
                told = f"{name}: a param of type {param.type} is none of its values"
                problems.append(read.problem(loc, told))


def _literal(
    read: Source, loc: Loc, kind: type[BaseModel], name: str, value: Any, problems: list[Problem]
) -> None:
    try:
        _adapter(kind, name).validate_python(value)
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        problems.append(read.problem(loc, f"{name} = {value!r}: {told}"))
    except InvalidRequest as error:
        problems.append(read.problem(loc, str(error)))


def _named(kind: type[BaseModel], name: str) -> str:
    """The field that is meant by a name."""
    also: dict[str, str] = getattr(kind, "also", {})
    return also.get(name, name)


@cache
def _adapter(kind: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = kind.model_fields[name]
    said: Any = field.annotation
    for rule in field.metadata:
        said = Annotated[said, rule]
    return TypeAdapter(said)


def _model(read: Source, loc: Loc, step: Step, problems: list[Problem]) -> None:
    """Whether the step's model takes the fields, and the values that are known."""
    assert step.mode is not None
    if step.model and list(reference.within(step.model)):
        return
    here = (*loc, "model") if step.model else loc
    fields = {_named(modes.find(step.mode), name): value for name, value in step.fields.items()}
    try:
        row = (
            catalog.find(step.model)
            if step.model
            else catalog.default(step.mode, {*fields} - _on_the_way(step.mode))
        )
        takes = row.takes(step.mode)
    except (InvalidRequest, UnsupportedMode) as error:
        problems.append(read.problem(here, str(error)))
        return
    for name, value in fields.items():
        if name in _on_the_way(step.mode) or (name == "count"):
            continue
        if name not in takes.fields:
            problems.append(read.problem((*loc, name), f"{row.name} takes no {name}"))
        else:
            _limit(read, (*loc, name), row, step, name, value, problems)
    kind = modes.find(step.mode)
    for name in takes.required:
        if name not in fields.keys() | kind.says_itself and kind.model_fields[name].default is None:
            told = f"{row.name} needs {name} for {step.mode}"
            problems.append(read.problem(here, told))
    if takes.one_of and not fields.keys() & set(takes.one_of):
        told = f"{row.name} needs {' or '.join(takes.one_of)} for {step.mode}"
        problems.append(read.problem(here, told))


def _on_the_way(mode: str) -> frozenset[str]:
    return modes.find(mode).on_the_way


def _limit(
    read: Source,
    loc: Loc,
    row: Model,
    step: Step,
    name: str,
    value: Any,
    problems: list[Problem],
) -> None:
    assert step.mode is not None
    limit = row.limit(step.mode, name)
    if (
        limit is None
        or list(reference.within(value))
        or name in picture_fields(modes.find(step.mode))
    ):
        return
    try:
        limit.check(name, _adapter(modes.find(step.mode), name).validate_python(value), row.name)
    except InvalidRequest as error:
        problems.append(read.problem(loc, str(error)))


def _part(read: Source, loc: Loc, step: Step, problems: list[Problem]) -> Pipeline | None:
    """The pipeline that a step names, with the params that it is given."""
    from darkroom.pipeline.pipeline import Pipeline, near

    path = Path(read.file or ".").parent / str(step.pipeline)
    chain = (*_within.get(), str(Path(read.file).resolve()))
    if str(path.resolve()) in chain:
        told = f"the files are steps of each other: {' -> '.join([*chain, str(path.resolve())])}"
        problems.append(read.problem(loc, told))
        return None
    token = _within.set(chain)
    try:
        part = Pipeline.load(path)
    except BadPipeline as error:
        problems.append(read.problem(loc, f"{step.pipeline} is not in order:"))
        problems.extend(error.problems)
        return None
    finally:
        _within.reset(token)
    for name in step.fields:
        if name not in part.params:
            told = f"{step.pipeline} has no param {name}.{near(name, part.params)}"
            problems.append(read.problem((*loc[:-1], name), told))
    for name, param in part.params.items():
        if param.default is None and name not in step.fields:
            problems.append(read.problem(loc, f"{step.pipeline} needs the param {name}"))
    return part
