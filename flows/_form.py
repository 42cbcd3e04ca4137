"""Forms: what Prefect's dashboard asks of people who start a flow.

Prefect draws a form from the JSON Schema of a flow's signature. Taken as it is, `X | None = None`
becomes a switch between "X" and "None", and the older dashboard refuses its own null default. So a
flow is given a second signature, for its form alone: nothing is filled in where nothing is given,
groups are drawn as groups, and every field has a title and says what it takes, with an example.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ParamSpec, TypeVar

from prefect import Flow
from prefect.utilities.callables import parameter_docstrings
from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema
from pydantic_core import MISSING

from darkroom import catalog

P = ParamSpec("P")
R = TypeVar("R")
Schema = dict[str, Any]

EMPTY: Any = MISSING
"""The default of a field that may stay empty: unlike None it is not filled in."""

_AS_WRITTEN = {"cfg": "CFG", "clip": "CLIP", "usd": "US$"}


def formed(made: Flow[P, R]) -> Flow[P, R]:
    """Give a flow a form that is made of its parameters: their types, and the docstring's words."""
    words = parameter_docstrings(inspect.getdoc(made.fn))
    asked = [
        field(
            each.name,
            TypeAdapter(each.annotation).json_schema(),
            default=... if each.default is each.empty else each.default,
            description=words.get(each.name, ""),
        )
        for each in inspect.signature(made.fn, eval_str=True).parameters.values()
    ]
    return with_form(made, asked)


def with_form(made: Flow[P, R], asked: list[inspect.Parameter]) -> Flow[P, R]:
    """Give a flow a form of these fields, in this order."""
    # What Prefect reads of a flow for its deployments; what it calls is the function.
    made.__signature__ = inspect.Signature(asked)  # type: ignore[attr-defined]
    return made


def field(
    name: str, schema: Schema, *, default: Any = EMPTY, description: str = ""
) -> inspect.Parameter:
    """One field of a form.

    Args:
        name: The flow's parameter.
        schema: What it takes.
        default: What is filled in; `...` where something must be, EMPTY or None for nothing.
        description: What to say of it, before the schema's own words.
    """
    empty = default is EMPTY or default is None
    shown = plain(schema, optional=empty)
    shown.pop("default", None)
    title = shown.pop("title", None) or titled(name)
    own = "" if "properties" in shown and description else shown.pop("description", "")
    said = described(f"{description} {own}", shown.pop("examples", ()))
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[Any, WithJsonSchema(shown)],
        default=Field(
            EMPTY if empty else default, description=said, json_schema_extra={"title": title}
        ),
    )


def menu(mode: str, *needed: str) -> Callable[[Schema], None]:
    """Makes a text of a schema a menu of the models that can do `mode`, the living ones first.

    Args:
        mode: What they can do.
        needed: Fields that they must take.
    """

    def choose(schema: Schema) -> None:
        able = catalog.models_for(mode)
        fit = [model for model in able if {*needed} <= {*model.takes(mode).fields}]
        schema["enum"] = [model.short for model in sorted(fit, key=lambda model: model.is_gone)]

    return choose


def titled(name: str) -> str:
    """A parameter's name as people write it."""
    words = " ".join(_AS_WRITTEN.get(word, word) for word in name.split("_"))
    return words[:1].upper() + words[1:]


def described(said: str, examples: Any) -> str:
    """What is said of a field, with an example: neither dashboard shows those of a schema."""
    shown = [each if isinstance(each, str) else json.dumps(each) for each in examples]
    example = f" Example: {' or '.join(shown)}" if shown else ""
    return " ".join(f"{said}{example}".split())


def plain(schema: Schema, *, optional: bool = False) -> Schema:
    """A schema as both dashboards draw it well: without null, and with its parts in their places.

    Args:
        schema: Any that pydantic makes.
        optional: Whether the field may stay empty. Then nothing in it is filled in, so that a group
            which nobody touches says nothing, and a switch becomes a menu, which can be left alone.
    """
    found = _inlined(schema, schema.get("$defs", {}))
    return _emptied(found) if optional else found


def _inlined(schema: Schema, parts: Mapping[str, Schema]) -> Schema:
    own = {name: value for name, value in schema.items() if name not in ("$ref", "$defs", "anyOf")}
    if "$ref" in schema:
        own = {**_inlined(parts[schema["$ref"].rpartition("/")[2]], parts), **own}
    some = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(some) == 1:
        own = {**_inlined(some[0], parts), **own}
    elif some:
        own["anyOf"] = [_inlined(each, parts) for each in some]
    for each in ("items", "additionalProperties"):
        if isinstance(own.get(each), dict):
            own[each] = _inlined(own[each], parts)
    if "properties" in own:
        own["properties"] = {
            name: _part(_inlined(each, parts)) for name, each in own["properties"].items()
        }
    return own


def _part(schema: Schema) -> Schema:
    """A field of a group: what is an example is said."""
    said = described(schema.get("description", ""), schema.pop("examples", ()))
    return {**schema, "description": said} if said else schema


def _emptied(schema: Schema) -> Schema:
    found = {name: value for name, value in schema.items() if name != "default"}
    if found.get("type") == "boolean":
        found |= {"type": "string", "enum": ["yes", "no"]}
    if "properties" in found:
        found["properties"] = {name: _emptied(each) for name, each in found["properties"].items()}
    return found


def filled(value: Any) -> Any:
    """What somebody filled in; None for a text of blanks, an empty list, and an empty group."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        parts = {name: filled(each) for name, each in value.items()}
        value = {name: each for name, each in parts.items() if each is not None}
    return None if value in ([], {}) else value


def grown(value: Any) -> Any:
    """What was filled in of a group of numbers; None where all of them are 0."""
    said = filled(value)
    return None if isinstance(said, dict) and not any(said.values()) else said


Filled = BeforeValidator(filled)
"""Marks a parameter whose empty text, list or group means that it is not given."""
Grown = BeforeValidator(grown)
"""Marks a group of numbers, which are all 0 where it is not given."""
