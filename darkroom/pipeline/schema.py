"""The format of pipeline files as JSON Schema, made from the classes: for editors."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel

from darkroom import modes
from darkroom.picture import picture_fields
from darkroom.pipeline.free import STEPS
from darkroom.pipeline.pipeline import Param, Step
from darkroom.pipeline.reference import PATTERN
from darkroom.pipeline.shape import LONGEST_NAME, MOST_STEPS, NAME

Schema = dict[str, Any]
NAMES = {"pattern": NAME, "maxLength": LONGEST_NAME}
REFERENCE: Schema = {"type": "string", "pattern": PATTERN}
_OF_SCHEMAS = ("anyOf", "oneOf", "allOf")
CONDITION = r"\$\{|[<>]|[=!]="
"""What a condition has at least: a reference, or the sign of a comparison."""


@cache
def schema() -> Schema:
    """The schema of a pipeline file, draft 2020-12.

    A field may be a value or a reference to one; a picture is a reference or a file. What a single
    model takes of it is checked by `darkroom check`.
    """
    steps = [_step("mode", mode, modes.find(mode)) for mode in modes.names()]
    steps += [_step("do", word, kind) for word, kind in STEPS.items()]
    steps.append(_part())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pipeline of Darkroom",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "steps"],
        "properties": {
            "name": {"type": "string", **NAMES},
            "description": {"type": "string"},
            "params": {
                "type": "object",
                "propertyNames": NAMES,
                "additionalProperties": _inlined(Param),
            },
            "defaults": {
                "type": "object",
                "description": "Fields of every step of a mode that has them.",
            },
            "steps": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": MOST_STEPS,
                "propertyNames": NAMES,
                "additionalProperties": {"anyOf": steps},
            },
            "outputs": {"type": "array", "items": {"type": "string", **NAMES}},
        },
        # What a mode needs may be in the defaults.
        "if": {"not": {"required": ["defaults"]}},
        "then": {"properties": {"steps": {"additionalProperties": {"allOf": _all_needs()}}}},
    }


def _all_needs() -> list[Schema]:
    """What the steps of each mode need, where they have it of themselves."""
    found = []
    for mode in modes.names():
        needed = _needs(modes.find(mode))
        has_mode = {"properties": {"mode": {"const": mode}}, "required": ["mode"]}
        found += [{"if": has_mode, "then": {"allOf": needed}}] if needed else []
    return found


def _needs(kind: type[BaseModel]) -> list[Schema]:
    """What a step must have: each field under one of its names."""
    also: dict[str, str] = getattr(kind, "also", {})
    others = {name: other for other, name in also.items()}
    return [
        {"anyOf": [{"required": [name]}, {"required": [others[name]]}]}
        if name in others
        else {"required": [name]}
        for name, field in kind.model_fields.items()
        if field.is_required()
    ]


def _step(key: str, word: str, kind: type[BaseModel]) -> Schema:
    own, pictures = _inlined(kind), picture_fields(kind)
    also: dict[str, str] = getattr(kind, "also", {})
    fields = {
        name: _picture(each) if name in pictures else _or_reference(each)
        for name, each in own["properties"].items()
    }
    fields |= {other: fields[name] for other, name in also.items()}
    needed = _needs(kind) if key == "do" else []
    return {
        "title": word,
        "description": own.get("description", ""),
        "type": "object",
        "additionalProperties": False,
        "required": [key],
        **({"allOf": needed} if needed else {}),
        "properties": {key: {"const": word}, **_how(), **fields},
    }


def _part() -> Schema:
    return {
        "title": "pipeline",
        "type": "object",
        "required": ["pipeline"],
        "properties": {"pipeline": {"type": "string"}, **_how()},
    }


def _how() -> Schema:
    """How any step is done."""
    own: Schema = _inlined(Step)["properties"]
    own["when"] |= {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": CONDITION}]}
    return {name: each for name, each in own.items() if name not in ("mode", "do", "pipeline")}


def _or_reference(field: Schema) -> Schema:
    told: Schema = {name: field[name] for name in ("description", "default") if name in field}
    plain = {name: value for name, value in field.items() if name not in (*told, "title")}
    return {**told, "anyOf": [_open(plain), REFERENCE]}


def _open(value: Any) -> Any:
    """A schema that takes references within its values too."""
    if not isinstance(value, dict):
        return [_open(each) for each in value] if isinstance(value, list) else value
    made = {name: _open(each) for name, each in value.items() if name in _OF_SCHEMAS}
    for name in ("items", "additionalProperties"):
        if isinstance(value.get(name), dict):
            made[name] = _or_reference(value[name])
    if "prefixItems" in value:
        made["prefixItems"] = [_or_reference(each) for each in value["prefixItems"]]
    if "properties" in value:
        inner = value["properties"].items()
        made["properties"] = {name: _or_reference(each) for name, each in inner}
    return {**value, **made}


def _picture(field: Schema) -> Schema:
    one = {"type": "string", "minLength": 1}
    told: Schema = {name: field[name] for name in ("description",) if name in field}
    return {**told, "anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _inlined(kind: type[BaseModel]) -> Schema:
    """A class's schema with its definitions in the places that refer to them."""
    made = kind.model_json_schema()
    definitions = made.pop("$defs", {})

    def put_in(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return put_in(definitions[value["$ref"].rpartition("/")[2]])
            return {name: put_in(each) for name, each in value.items()}
        return [put_in(each) for each in value] if isinstance(value, list) else value

    inlined: Schema = put_in(made)
    return inlined
