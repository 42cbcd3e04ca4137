"""References: what a pipeline's step says of params and of other steps' pictures.

    ${params.scene}      a param
    ${cutout}            the pictures of a step
    ${options[0]}        one of them
    ${cutout.width}      what is known of a picture: width, height, seed, model, uri, sha256

A value that is one reference has the kind of what is meant; within a longer text it is written out.
A condition (`when`) is a reference, or a comparison of two sides: ==, !=, <, <=, >, >=.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from darkroom.pipeline.source import Loc

FIELDS = ("width", "height", "seed", "model", "uri", "sha256")
"""What can be said of a picture."""

PATTERN = r"\$\{\s*[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?(\[\d+\])?(\.[a-z0-9]+)?\s*\}"
_ANY = re.compile(r"\$\{([^{}]*)\}")
_WELL = re.compile(
    r"\s*(?:params\.(?P<param>[A-Za-z_]\w*)|(?P<step>[A-Za-z_]\w*)(?:\[(?P<index>\d+)\])?"
    r"(?:\.(?P<field>[a-z0-9]+))?)\s*"
)
_COMPARED = re.compile(r"(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)", re.DOTALL)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Reference:
    """One reference.

    Attributes:
        text: As it is written.
        param: Name of the param; "" if it is of a step.
        step: Name of the step; "" if it is of a param.
        index: Which of the step's pictures; None for all.
        field: What of the picture; "" for the picture itself.
    """

    text: str
    param: str = ""
    step: str = ""
    index: int | None = None
    field: str = ""


def one(value: object) -> Reference | None:
    """The reference that `value` is as a whole, or None.

    Raises:
        ValueError: It has the signs of a reference, and is none.
    """
    if not isinstance(value, str):
        return None
    found = _ANY.fullmatch(value.strip())
    return _read(found) if found else None


def within(value: object) -> Iterator[Reference]:
    """All references in a value, at any depth.

    Raises:
        ValueError: Something has the signs of a reference, and is none.
    """
    for _, text in texts(value):
        for found in _ANY.finditer(text):
            yield _read(found)


def texts(value: object, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """All texts in a value, at any depth, each with the way to it."""
    if isinstance(value, str):
        yield loc, value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from texts(each, (*loc, name))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from texts(each, (*loc, index))


def filled(value: Any, look_up: Callable[[Reference], Any]) -> Any:
    """`value` with what its references mean in their place."""
    if isinstance(value, str):
        whole = one(value)
        if whole:
            return look_up(whole)
        return _ANY.sub(lambda found: str(look_up(_read(found))), value)
    if isinstance(value, dict):
        return {name: filled(each, look_up) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [filled(each, look_up) for each in value]
    return value


def holds(condition: str | bool, look_up: Callable[[Reference], Any]) -> bool:
    """Whether a condition holds.

    Raises:
        ValueError: Its two sides cannot be compared.
    """
    if isinstance(condition, bool):
        return condition
    parts = compared(condition)
    if not parts:
        return bool(filled(condition, look_up))
    left, sign, right = parts
    sides = [plain(filled(each, look_up)) for each in (left, right)]
    try:
        return _OPERATORS[sign](*sides)
    except TypeError as error:
        raise ValueError(f"{sides[0]!r} {sign} {sides[1]!r} cannot be compared") from error


def compared(condition: str) -> tuple[str, str, str] | None:
    """The left side, sign and right side of a comparison, or None."""
    found = _COMPARED.fullmatch(condition)
    return (found[1].strip(), found[2], found[3].strip()) if found else None


def plain(value: Any) -> Any:
    """A side of a comparison: what is written like a number is one, quotes are taken off."""
    if not isinstance(value, str):
        return value
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    if value in ("true", "false"):
        return value == "true"
    try:
        return float(value)
    except ValueError:
        return value


def _read(found: re.Match[str]) -> Reference:
    parts = _WELL.fullmatch(found[1])
    if parts is None:
        raise ValueError(
            f"{found[0]} is no reference: ${{params.NAME}}, ${{STEP}}, ${{STEP[0]}} and "
            f"${{STEP.width}} are"
        )
    index = int(parts["index"]) if parts["index"] else None
    return Reference(
        found[0], parts["param"] or "", parts["step"] or "", index, parts["field"] or ""
    )
