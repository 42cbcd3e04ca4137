"""The shape of a pipeline file: what is wrong with it, and all that can be read of it all the same.

What is wrong is left out and looked past, so that the rest can be checked too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from darkroom.pipeline import rules
from darkroom.pipeline.rules import Broken
from darkroom.pipeline.source import Loc, Problem, Source

File = TypeVar("File", bound=BaseModel)
MOST_STEPS = 500
LONGEST_NAME = 60
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

_EXAMPLES = {
    "steps": "each step under its name, such as cutout: {mode: remove_background, image: FILE}",
    "params": "each param under its name, such as scene: {type: text}",
    "defaults": "fields and their values, such as seed: 7",
    "outputs": "the names of steps, such as [cutout, big]",
}


def shaped(
    read: Source, data: dict[str, Any], kind: type[File], problems: list[Problem]
) -> tuple[File | None, set[Loc]]:
    """What a file says in the shape of `kind`, and the params and steps that had to be left out.

    None where its steps cannot be read at all.
    """
    left: set[Loc] = set()
    while True:
        try:
            return kind.model_validate(data), left
        except ValidationError as error:
            for each in rules.broken(error, data):
                problems.append(_problem(read, each, kind))
                data = _without(data, each, left)
            if not isinstance(data.get("steps"), dict) or not data["steps"]:
                return None, left


def check_names(read: Source, names: Mapping[Loc, str], problems: list[Problem]) -> None:
    """Whether names can be referred to; `names` are by their places."""
    for loc, name in names.items():
        if not re.fullmatch(NAME, name):
            told = f"{name} is no name: it has letters, digits and _, and no digit at its beginning"
            better = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
            hint = f". Did you mean {better}?" if re.fullmatch(NAME, better) else ""
            problems.append(_at_value(read, loc, told + hint))
        elif len(name) > LONGEST_NAME:
            told = f"{name[:20]}… has {len(name)} characters; a name has at most {LONGEST_NAME}"
            problems.append(_at_value(read, loc, told))


def _at_value(read: Source, loc: Loc, text: str) -> Problem:
    """A problem with what stands behind one of the file's own words."""
    if len(loc) == 1 and loc in read.values:
        return Problem(text, read.file, *read.values[loc])
    return read.problem(loc, text)


def _problem(read: Source, each: Broken, kind: type[BaseModel]) -> Problem:
    from darkroom.pipeline.pipeline import near

    what = ".".join(map(str, each.loc[-1:]))
    if each.kind == "missing":
        return read.problem(each.loc[:-1], f"{what} is missing")
    if each.kind == "unknown":
        known = rules.names(kind, each.loc)
        return read.problem(each.loc, f"{what} is unknown here.{near(what, known)}")
    if each.loc in {("steps",), ("params",), ("defaults",), ("outputs",)}:
        told = each.text if each.value else "there is none"
        return _at_value(read, each.loc, f"{what}: {told}: {_EXAMPLES[what]}")
    here = f"{what} = {rules.shown(each.value)}" if _is_small(each.value) else what
    hint = near(str(each.value), re.findall(r"\w+", each.text.partition("one of")[2]))
    return _at_value(read, each.loc, f"{here}: {each.text}{hint and '.'}{hint}")


def _is_small(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _without(data: dict[str, Any], each: Broken, left: set[Loc]) -> dict[str, Any]:
    """The file without what is wrong at a place; a step that loses what it does is left out."""
    loc = each.loc
    if loc == ("name",):
        return {**data, "name": "unnamed"}
    if len(loc) == 1 or loc[0] not in ("params", "steps"):
        return {key: value for key, value in data.items() if key != loc[0]}
    group, name = loc[0], loc[1]
    inner = dict(data[group])
    if group == "steps" and len(loc) > 2 and loc[2] not in ("mode", "do", "pipeline"):
        if name in inner:
            inner[name] = {key: value for key, value in inner[name].items() if key != loc[2]}
    else:
        inner.pop(name, None)
        left.add((group, name))
    return {**data, group: inner}
