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

Schema = dict[str, Any]
NAMES = {"pattern": r"^[A-Za-z_][A-Za-z0-9_]*$"}


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
                "propertyNames": NAMES,
                "additionalProperties": {"anyOf": steps},
            },
            "outputs": {"type": "array", "items": {"type": "string", **NAMES}},
        },
    }


def _step(key: str, word: str, kind: type[BaseModel]) -> Schema:
    own, pictures = _inlined(kind), picture_fields(kind)
    also: dict[str, str] = getattr(kind, "also", {})
    fields = {
        name: _picture(each) if name in pictures else _or_reference(each)
        for name, each in own["properties"].items()
    }
    fields |= {other: fields[name] for other, name in also.items()}
    others = {name: other for other, name in also.items()}
    needed = [{"required": [name]} for name in own.get("required", []) if name not in others]
    needed += [
        {"anyOf": [{"required": [name]}, {"required": [others[name]]}]}
        for name in own.get("required", [])
        if name in others
    ]
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
    return {name: each for name, each in own.items() if name not in ("mode", "do", "pipeline")}


def _or_reference(field: Schema) -> Schema:
    told: Schema = {name: field[name] for name in ("description", "default") if name in field}
    plain = {name: value for name, value in field.items() if name not in (*told, "title")}
    return {**told, "anyOf": [plain, {"type": "string", "pattern": PATTERN}]}


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
