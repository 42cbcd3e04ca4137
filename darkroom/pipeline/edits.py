"""What Pillow did to a picture, read back from provenance: the fields of a pipeline's step."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from darkroom.errors import InvalidRequest
from darkroom.picture import Picture, picture_fields
from darkroom.pipeline.free import STEPS

Call = tuple[str, dict[str, Any]]
"""The name of an edit's class, and its attributes, in which edits are calls as well."""

_ANY_PICTURE = Picture(
    uri="file:///", sha256="0" * 64, media_type="image/png", width=1, height=1, size_bytes=1
)


def fields_of(word: str, edits: Sequence[str]) -> dict[str, Any] | None:
    """The fields of the Pillow step that makes these edits, without its pictures.

    Args:
        word: What the step is called in provenance.
        edits: What it did, as `repr` writes it.

    Returns:
        The fields, which make the very same edits; None where no step of a pipeline does.
    """
    try:
        fields = _fields(word, [_call(each) for each in edits])
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return fields if fields is not None and _does(word, fields, edits) else None


def calls_of(edits: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The attributes of edits by the names of their classes; those that cannot be read are left."""
    found = {}
    for each in edits:
        try:
            name, attributes = _call(each)
        except (SyntaxError, ValueError, TypeError, RecursionError):
            continue
        found[name] = attributes
    return found


def _call(text: str) -> Call:
    """An edit as `repr` writes it; nothing of it is run."""
    name, attributes = _read(ast.parse(text, mode="eval").body)
    return str(name), dict(attributes)


def _read(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
        return node.func.id, {str(each.arg): _read(each.value) for each in node.keywords}
    if isinstance(node, ast.Tuple):
        return tuple(_read(each) for each in node.elts)
    return ast.literal_eval(node)


def _fields(word: str, calls: list[Call]) -> dict[str, Any] | None:
    if word == "make_mask":
        return _mask(calls)
    names = {"flatten": "Flatten", "resize": "Resized", "crop": "Cropped", "composite": "Composite"}
    ((name, said),) = calls
    if names.get(word) != name:
        return None
    if word == "crop":
        _, said = said["box"]
    return {each: value for each, value in said.items() if value is not None}


def _mask(calls: list[Call]) -> dict[str, Any]:
    (_, combined), *after = calls
    fields = _area(combined["shapes"])
    if combined["minus"]:
        fields["subtract"] = _area(combined["minus"])
    for name, said in after:
        fields[name.lower()] = said.get("pixels", True)
    return fields


def _area(shapes: Sequence[Call]) -> dict[str, Any]:
    """The fields of an area that has these shapes."""
    area: dict[str, Any] = {}
    for name, said in shapes:
        if name in ("Box", "Ellipse"):
            corners = [said[each] for each in ("left", "top", "width", "height")]
            area.setdefault(name.lower(), []).append(corners)
        elif name == "Polygon":
            area.setdefault("polygon", []).append([list(each) for each in said["points"]])
        elif name == "ColorKey":
            area.setdefault("color", []).append(said["color"])
            area |= {each: said[each] for each in ("tolerance", "softness")}
        else:
            area["alpha"] = {"Background": "transparent", "Subject": "opaque"}[name]
    return area


def _does(word: str, fields: dict[str, Any], edits: Sequence[str]) -> bool:
    """Whether a step with these fields makes these very edits."""
    kind = STEPS[word]
    pictures = dict.fromkeys(picture_fields(kind), _ANY_PICTURE)
    try:
        step = kind.model_validate({**fields, **pictures})
    except (ValidationError, InvalidRequest):
        return False
    return word == "composite" or [repr(each) for each in step.edits()] == list(edits)
