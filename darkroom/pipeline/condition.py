"""What can be known of a condition without running: whether it is one, and can be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from darkroom.pipeline import reference

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param

Kind = Literal["number", "text", "boolean", "pictures", "unknown"]

FORMS = "a reference, one comparison, or true or false without quotes"
NUMBERS = ("width", "height", "seed")
_TYPES: dict[str, Kind] = {
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "image": "pictures",
    "images": "pictures",
    "text": "unknown",  # a text that is written like a number is compared as one
}
_JOINED = re.compile(r"(^|\s)(and|or|not)(\s|$)|&&|\|\|", re.IGNORECASE)
_HINT = " There is no and, or, not: what needs two conditions has a step between them."
_BARE = re.compile(r"[\d.+\-eE\s]*")


def trouble(when: str, params: Mapping[str, Param]) -> str:
    """Why `when` is no condition, or one that is always the same; "" if nothing is known."""
    parts = reference.compared(when)
    told = _sides(parts, params) if parts else _alone(when)
    if not told:
        return ""
    return f"when = {when!r}: {told}.{_HINT if _JOINED.search(when) else ''}"


def _alone(when: str) -> str:
    if reference.one(when):
        return ""
    if re.search(r"[^=!<>]=[^=]", when):
        return "a comparison is written =="
    return f"a condition is {FORMS}"


def _sides(parts: tuple[str, str, str], params: Mapping[str, Param]) -> str:
    left, sign, right = parts
    for side in (left, right):
        if not side:
            return f"one side of {sign} is missing"
        if _is_more(side):
            return f"a condition is {FORMS}"
    kinds = [_kind(side, params) for side in (left, right)]
    for side, kind in zip((left, right), kinds, strict=True):
        if kind == "pictures":
            return f"{side} is a picture, and cannot be compared{_known_of(side)}"
    if "unknown" in kinds or (kinds[0] == "text") == (kinds[1] == "text"):
        return ""
    if sign in ("==", "!="):
        always = "never" if sign == "==" else "always"
        return f"{left} is {_a(kinds[0])} and {right} is {_a(kinds[1])}: that is {always} so"
    return f"{left} is {_a(kinds[0])} and {right} is {_a(kinds[1])}, which cannot be compared"


def _known_of(side: str) -> str:
    found = reference.one(side)
    return f": ${{{found.step}.width}} can" if found and found.step else ""


def _is_more(side: str) -> bool:
    """Whether there is a comparison in a side, or references that are joined by words."""
    if len(side) >= 2 and side[0] == side[-1] and side[0] in "'\"":
        return False
    several = any(reference.within(side)) and _JOINED.search(side) is not None
    return several or reference.compared(side) is not None


def _kind(side: str, params: Mapping[str, Param]) -> Kind:
    whole = reference.one(side)
    if whole is None:
        return _literal(side)
    if whole.param:
        return _TYPES[params[whole.param].type] if whole.param in params else "unknown"
    if not whole.field:
        return "pictures"
    return "number" if whole.field in NUMBERS else "text"


def _literal(side: str) -> Kind:
    if any(reference.within(side)):
        rest = reference.filled(side, lambda _: "")
        return "unknown" if _BARE.fullmatch(rest) else "text"
    value = reference.plain(side)
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _a(kind: Kind) -> str:
    return {"number": "a number", "boolean": "true or false"}.get(kind, kind)
