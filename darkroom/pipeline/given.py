"""What a pipeline is given, against the params that it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from darkroom.errors import InvalidRequest
from darkroom.picture import Picture

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param, Pipeline

_KINDS: dict[str, TypeAdapter[Any]] = {
    "image": TypeAdapter(Picture | str),
    "images": TypeAdapter(list[Picture | str]),
    "text": TypeAdapter(str),
    "integer": TypeAdapter(int),
    "number": TypeAdapter(float),
    "boolean": TypeAdapter(bool),
}


def given_values(pipeline: Pipeline, values: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each param: what is given, or its default.

    Raises:
        InvalidRequest: One is missing, unknown, or none of its type.
    """
    from darkroom.pipeline.pipeline import near

    for name, value in values.items():
        if name not in pipeline.params:
            known = ", ".join(pipeline.params) or "none"
            told = f"{pipeline.name} has no such param.{near(name, pipeline.params)}"
            raise InvalidRequest.of(name, value, told.rstrip("."), f"It has {known}.")
    found = {}
    for name, param in pipeline.params.items():
        value = values.get(name)
        if value is None:
            value = _default(pipeline, param)
        if value is None:
            what = "a picture" if param.is_picture else f"a value ({param.type})"
            raise InvalidRequest(f"{name}: {pipeline.name} needs {what}.")
        found[name] = given_value(name, param, value)
    return found


def _default(pipeline: Pipeline, param: Param) -> Any:
    """A param's default; a picture's file is looked for beside the pipeline's."""
    if param.is_picture and isinstance(param.default, str):
        path = str(Path(pipeline.file or ".").absolute().parent / param.default)
        return path if param.type == "image" else [path]
    return param.default


def given_value(name: str, param: Param, value: Any) -> Any:
    """A value as a param takes it.

    Raises:
        InvalidRequest: It is none of its type, or of its choices.
    """
    try:
        made = _KINDS[param.type].validate_python(value)
    except ValidationError as error:
        rule = f"{param.type} is expected"
        raise InvalidRequest.of(name, value, rule) from error
    if param.choices and made not in param.choices:
        known = ", ".join(map(str, param.choices))
        raise InvalidRequest.of(name, value, f"it is one of {known}")
    return made
