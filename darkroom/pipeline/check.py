"""What a step is done with: each field, its kind and its value, against what the step can take."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from darkroom import catalog, modes
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest, ModelRetired, UnsupportedMode
from darkroom.picture import picture_fields
from darkroom.pipeline import reference, rules
from darkroom.pipeline.condition import NUMBERS
from darkroom.pipeline.free import STEPS
from darkroom.pipeline.meant import check_picture, check_text
from darkroom.pipeline.parts import part_of
from darkroom.pipeline.source import Loc, Problem, Source

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param, Pipeline, Step


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
            part = part_of(read, (*loc, "pipeline"), step, params, problems)
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
            check_picture(read, here, name, value, params, problems)
        elif whole and whole.step and not whole.field:
            if whole.step not in read.data["steps"]:
                continue  # said by whoever looked for the step's needs
            told = f"{name}: {whole.text} are pictures, and something else is expected"
            problems.append(read.problem(here, told))
        elif whole and whole.param and whole.param in params:
            _typed(read, here, kind, name, params[whole.param], whole.text, problems)
        elif whole and whole.field:
            sample = 1 if whole.field in NUMBERS else "a"
            _sampled(read, here, kind, name, sample, f"{whole.text} is", problems)
        else:
            _literal(read, here, kind, name, value, problems)
            check_text(read, here, name, inside, params, problems)
    for name, field in kind.model_fields.items():
        if field.is_required() and name not in {_named(kind, each) for each in step.fields}:
            problems.append(read.problem(loc, f"{step.word} needs {name}"))
    return readable and len(problems) == before


def _typed(
    read: Source,
    loc: Loc,
    kind: type[BaseModel],
    name: str,
    param: Param,
    text: str,
    problems: list[Problem],
) -> None:
    """Whether a param's type and default are what a field takes."""
    samples: dict[str, Any] = {"text": "a", "integer": 1, "number": 0.5, "boolean": True}
    if param.type in ("image", "images"):
        told = f"{name}: {text} is a picture, and something else is expected"
        problems.append(read.problem(loc, told))
    elif param.default is not None:
        _literal(read, loc, kind, name, param.default, problems)
    elif param.type != "text" and not param.choices:
        told = f"a param of type {param.type} is"
        _sampled(read, loc, kind, name, samples[param.type], told, problems)


def _sampled(
    read: Source,
    loc: Loc,
    kind: type[BaseModel],
    name: str,
    sample: Any,
    told: str,
    problems: list[Problem],
) -> None:
    """Whether a field takes values like `sample`, which `told` names."""
    try:
        _adapter(kind, name).validate_python(sample)
    except ValidationError as error:
        if all("type" in each["type"] or "parsing" in each["type"] for each in error.errors()):
            problems.append(read.problem(loc, f"{name}: {told} none of its values"))
    except InvalidRequest:
        return  # of its kind, and out of its range


def _literal(
    read: Source, loc: Loc, kind: type[BaseModel], name: str, value: Any, problems: list[Problem]
) -> None:
    """Whether a value is allowed, apart from what references in it will be."""
    from darkroom.pipeline.pipeline import near

    try:
        _adapter(kind, name).validate_python(value)
    except ValidationError as error:
        for each in rules.broken(error, value):
            what = ".".join(map(str, (name, *each.loc)))
            if each.kind == "missing":
                told = f"{what} is missing"
            elif each.kind == "unknown":
                known = rules.names(kind.model_fields[name].annotation, each.loc)
                told = f"{what} is unknown here.{near(str(each.loc[-1]), known)}"
            elif any(reference.within(each.value)):
                continue
            else:
                told = f"{what} = {rules.shown(each.value)}: {each.text}"
            problems.append(read.problem((*loc, *each.loc), told))
    except InvalidRequest as error:
        if not any(reference.within(value)):
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
        if step.on_retired == "refuse":
            way_on = f"{row.successor(step.mode, catalog.today())} Or say on_retired: substitute."
            row.check_alive(step.mode, catalog.today(), way_on)
    except ModelRetired as error:
        problems.append(read.problem(here, str(error), "warning"))
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
