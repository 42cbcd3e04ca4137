"""The form of a mode: its request's fields, with what the catalog knows of their values."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args

from darkroom import catalog
from darkroom.catalog import Model
from darkroom.client import Keep
from darkroom.limits import Limit
from darkroom.modes.base import Request
from darkroom.resolve import OnRetired
from flows._form import EMPTY, Schema, field, titled

LAST = ("output_format", "count", "seed")
"""Fields that many modes have, after those that tell one from another."""

PATH = "The whole path of a file where the worker is, /pictures/mug.png, or s3://BUCKET/KEY."

SIZE: Schema = {
    "type": "object",
    "properties": {
        "width": {"type": "integer", "title": "Width", "minimum": 1},
        "height": {"type": "integer", "title": "Height", "minimum": 1},
    },
}


def questions(kind: type[Request]) -> list[inspect.Parameter]:
    """The fields of the form of a mode, what one fills in first at the top.

    Whatever only models take that are gone comes after the choice of the model, and what is the
    same for all modes comes last.
    """
    able = catalog.models_for(kind.mode)
    living = [model for model in able if not model.is_gone] or able
    known = {name for model in living for name in model.takes(kind.mode).fields}
    # Every model gives one picture; more are several calls, where it takes a seed.
    known |= {"count"} if "seed" in known else set()
    own = [name for name in kind.model_fields if name not in (*LAST, *kind.on_the_way)]
    own += [name for name in LAST if name in kind.model_fields]
    form = _Fields(kind, able, living)
    return [
        *(form.field(name) for name in own if name in known),
        _model(kind.mode, able),
        *(form.field(name) for name in own if name not in known),
        *(form.field(name) for name in ("fit", "background") if form.sources),
        *(field(name, schema, default=default) for name, schema, default in _same()),
    ]


class _Fields:
    """Makes the fields of one mode's form.

    Args:
        kind: The mode's request.
        able: Models that can do it.
        living: Those of them that are not gone; all if all are.
    """

    def __init__(self, kind: type[Request], able: list[Model], living: list[Model]) -> None:
        self._kind, self._able, self._living = kind, able, living
        self._schema = kind.model_json_schema()
        self.sources = kind.picture_fields()

    def field(self, name: str) -> inspect.Parameter:
        """The form's field for a field of the request."""
        own = self._kind.model_fields[name]
        schema = self._schema["properties"][name]
        needed = own.is_required() or (
            own.default is None
            and name not in self._kind.says_itself
            and all(name in model.takes(self._kind.mode).required for model in self._living)
        )
        shown = {**self._kind_of(name, schema), "title": own.title or titled(name)}
        return field(
            name, shown, default=... if needed else own.default, description=self._said(name)
        )

    def _said(self, name: str) -> str:
        """The words of the request's field, where a picture comes from, and who takes it."""
        said = self._kind.model_fields[name].description or ""
        if name in self.sources:
            said = f"{said} {PATH}"
        if name in self._kind.on_the_way or name == "count":
            return said
        takers = [model for model in self._takers(name) if model in self._living]
        takers = takers or self._takers(name)
        if len(takers) == len(self._living) and takers[0] in self._living:
            return said
        return f"{said} Taken by {', '.join(model.short for model in takers)}."

    def _takers(self, name: str) -> list[Model]:
        return [model for model in self._able if name in model.takes(self._kind.mode).fields]

    def _kind_of(self, name: str, schema: Schema) -> Schema:
        """What a field takes, from its class and from the limits of the models that take it."""
        if name in self.sources:
            several = schema.get("type") == "array"
            return {"type": "array", "items": {"type": "string"}} if several else {"type": "string"}
        if name == "size":
            return SIZE
        whole = {"$defs": self._schema.get("$defs", {}), **schema}
        whole.pop("description", None)  # said with the field
        limits = self._limits(name)
        return _within(whole, limits) if limits else whole

    def _limits(self, name: str) -> list[Limit]:
        """The limits of a field; none where a model that takes it has none."""
        takers = self._takers(name)
        limits = [limit for model in takers if (limit := model.limit(self._kind.mode, name))]
        # The limit of a count is that of one call.
        return limits if len(limits) == len(takers) and name != "count" else []


def _within(schema: Schema, limits: list[Limit]) -> Schema:
    """A schema with the choices and the range that all limits together leave."""
    found = dict(schema)
    kinds = {each.get("type") for each in [schema, *schema.get("anyOf", ())]}
    choices = list(dict.fromkeys(word for limit in limits for word in limit.one_of))
    if "string" in kinds and all(limit.one_of for limit in limits):
        found = {name: value for name, value in found.items() if name != "anyOf"}
        found |= {"type": "string", "enum": choices}
        found.pop("examples", None)
    if kinds & {"integer", "number"}:
        found |= _range(limits)
    return found


def _range(limits: list[Limit]) -> Schema:
    low = [_number(limit.ge) for limit in limits if limit.ge is not None]
    high = [_number(limit.le) for limit in limits if limit.le is not None]
    return {
        **({"minimum": min(low)} if len(low) == len(limits) else {}),
        **({"maximum": max(high)} if len(high) == len(limits) else {}),
    }


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _model(mode: str, able: list[Model]) -> inspect.Parameter:
    """The menu of the models that can do a mode: the one that is used by default first."""
    ordered = sorted(able, key=lambda model: model.is_gone)
    living = [model.short for model in ordered if not model.is_gone]
    gone = [f"{model.short} ({model.end_of_life})" for model in ordered if model.is_gone]
    said = (
        f"Who makes it. Empty: {living[0]}, or the first that takes what you fill in."
        if living
        else "Who makes it. No model that is alive can: it takes a Bedrock block that allows those."
    )
    said += f" Past their end of life: {', '.join(gone)}." if gone and living else ""
    return field(
        "model", {"type": "string", "enum": [model.short for model in ordered]}, description=said
    )


def _same() -> Iterator[tuple[str, Schema, Any]]:
    """What is asked of every mode: the parameter, what it takes, and what is filled in."""
    yield (
        "on_retired",
        {
            "type": "string",
            "enum": [*get_args(OnRetired)],
            "title": "Retired models",
            "description": "A model past its end of life: refuse it, or substitute its successor.",
        },
        "refuse",
    )
    yield (
        "keep",
        {
            "type": "string",
            "enum": [*get_args(Keep)],
            "title": "Keep responses",
            "description": "The service's whole response beside the pictures: no, elided (without "
            "its base64), or full.",
        },
        "no",
    )
    yield (
        "bedrock",
        {
            "type": "string",
            "title": "Bedrock block",
            "description": "The name of a saved one. Empty: the one called default, or the "
            "worker's own AWS credentials. Without an account: standin",
        },
        EMPTY,
    )
    yield (
        "store",
        {
            "type": "string",
            "title": "Store block",
            "description": "The name of a saved ImageStore block. Empty: the one called default, "
            "or a folder where the worker is.",
        },
        EMPTY,
    )
