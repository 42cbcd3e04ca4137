"""The rules that a value of a pipeline file breaks, in plain words with a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel, ValidationError

Kind = Literal["unknown", "missing", "value"]

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping (NAME: VALUE)",
    "model_type": "a mapping (NAME: VALUE)",
    "model_attributes_type": "a mapping (NAME: VALUE)",
    "tuple_type": "a list ([ONE, TWO])",
    "list_type": "a list ([ONE, TWO])",
}
_BOUNDS = {
    "less_than_equal": "at most {le} is allowed",
    "less_than": "less than {lt} is allowed",
    "greater_than_equal": "at least {ge} is allowed",
    "greater_than": "more than {gt} is allowed",
    "string_too_long": "at most {max_length} characters are allowed",
    "too_long": "at most {max_length} are allowed, and there are {actual_length}",
    "too_short": "at least {min_length} is needed",
    "string_pattern_mismatch": "it does not have the form {pattern}",
}


@dataclass(frozen=True)
class Broken:
    """One rule that is broken.

    Attributes:
        loc: The way from the value that was checked to what is wrong in it.
        kind: A name that is not known, one that is missing, or a value that is not allowed.
        value: What is there.
        text: The rule.
    """

    loc: tuple[str | int, ...]
    kind: Kind
    value: Any
    text: str = ""


def broken(error: ValidationError, value: Any) -> Iterator[Broken]:
    """What pydantic found in `value`: one for each place, whatever a union tried there."""
    places: dict[tuple[str | int, ...], list[Any]] = {}
    for each in error.errors():
        loc, there = _walked(each["loc"], value)
        if each["type"] == "missing":
            yield Broken((*loc, str(each["loc"][-1])), "missing", None)
        elif each["type"] == "extra_forbidden":
            yield Broken(loc, "unknown", there)
        else:
            places.setdefault(loc, []).append(each)
    for loc, found in places.items():
        yield Broken(loc, "value", at(value, loc), _words(found))


def at(value: Any, loc: Iterable[str | int]) -> Any:
    """What is at `loc` in a value."""
    return _walked(loc, value)[1]


def names(said: Any, loc: Sequence[str | int]) -> list[str]:
    """The names that classes within the type `said` have for what is at `loc`."""
    kinds = list(_classes(said))
    for part in loc[:-1]:
        if isinstance(part, str):
            fields = [kind.model_fields[part] for kind in kinds if part in kind.model_fields]
            if fields:  # a name that is of no class is a key of a mapping
                kinds = [inner for field in fields for inner in _classes(field.annotation)]
    return [name for kind in kinds for name in kind.model_fields]


def shown(value: Any) -> str:
    """A value in a message, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(str(value)):,} characters)"


def _walked(loc: Iterable[str | int], value: Any) -> tuple[tuple[str | int, ...], Any]:
    """The part of `loc` that is there, without what names a member of a union, and the value."""
    found: list[str | int] = []
    for part in loc:
        is_item = isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)
        if not is_item and not (isinstance(value, dict) and part in value):
            break
        value = value[part]
        found.append(part)
    return tuple(found), value


def _words(errors: list[Any]) -> str:
    for each in errors:
        if each["type"] not in _EXPECTED and each["type"] != "none_required":
            return _rule(each)
    expected = dict.fromkeys(
        _EXPECTED[each["type"]] for each in errors if each["type"] in _EXPECTED
    )
    told = f"{' or '.join(expected)} is expected"
    if [*expected] == ["text"] and isinstance(errors[0]["input"], int | float):
        told += ": put it between quotes"
    return told


def _rule(error: Any) -> str:
    kind = error["type"]
    limits = {
        name: f"{limit:g}" if isinstance(limit, float) else limit
        for name, limit in error.get("ctx", {}).items()
    }
    if kind == "literal_error":
        return f"it is one of {limits['expected'].replace(chr(39), '').replace(' or ', ', ')}"
    if kind == "string_too_short":
        return "it must not be empty"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**limits)
    told: str = error["msg"].removeprefix("Value error, ").rstrip(".")
    return told


def _classes(said: Any) -> Iterator[type[BaseModel]]:
    if isinstance(said, type) and issubclass(said, BaseModel):
        yield said
    for each in get_args(said):
        yield from _classes(each)
