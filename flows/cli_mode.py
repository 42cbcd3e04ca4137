"""Every mode as a command: its options are the fields of its request class.

`darkroom request MODE` shows what would be sent, and `darkroom run MODE` sends it. Neither Prefect
nor boto3 is imported here.
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from darkroom import modes
from darkroom.errors import InvalidRequest, in_words
from darkroom.fields import Diffusion
from darkroom.modes.base import Request
from darkroom.picture import Picture

LAST = (*Diffusion.model_fields, "output_format", "seed", "count", "fit", "background")
"""Fields that many modes have, after those that tell one from another."""


def command(mode: str, callback: Callable[..., int], more: list[click.Parameter]) -> click.Command:
    """The command of `mode`: `callback` gets the mode, the options `more`, and the given fields."""
    kind = modes.find(mode)
    options = [
        _option(name, kind.model_fields[name], picture=name in kind.picture_fields())
        for name in _ordered(kind)
    ]

    def run(**values: Any) -> int:
        given = {
            name: _plain(value, kind.model_fields[name])
            for name in kind.model_fields
            if (value := values.pop(name)) is not None and value != ()
        }
        return callback(mode, given, **values)

    words = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
    return click.Command(mode, params=[*options, *more], callback=run, help=words)


def request_of(mode: str, given: dict[str, Any], load: Callable[[str], Picture]) -> Request:
    """The request that options say, once `load` has made pictures of what they name.

    Raises:
        InvalidRequest: It is none; each field is named with its value and rule.
    """
    kind = modes.find(mode)
    fields = kind.with_pictures(given, lambda _, path: load(path))
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(in_words(error)) from error


def from_file(path: str) -> Picture:
    """A picture in its file, as `darkroom request` takes it; see `image_file.prepared`."""
    from darkroom.image_file import facts, open_file, source_path

    where = source_path(path)
    data, _ = open_file(where)
    return Picture(**dict(facts(data, path)), uri=where.absolute().as_uri())


def bytes_of(picture: Picture) -> bytes:
    """The bytes of what `from_file` gave."""
    from darkroom.image_file import open_file, source_path

    return open_file(source_path(picture.uri))[0]


def _ordered(kind: type[Request]) -> list[str]:
    own = [name for name in kind.model_fields if name not in LAST]
    return [*own, *(name for name in LAST if name in kind.model_fields)]


def _kinds(annotation: Any) -> list[Any]:
    """What a field may be, `None` left out."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [each for each in get_args(annotation) if each is not type(None)]
    return [annotation]


def _option(name: str, field: FieldInfo, *, picture: bool) -> click.Option:
    kind = _kinds(field.annotation)[0]
    settings: dict[str, Any] = {"help": field.description}
    if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis:
        settings |= {"multiple": True, "metavar": "FILE" if picture else _SHAPES.get(name, "TEXT")}
        if not picture:
            settings["help"] = f"{field.description} Can be repeated."
    elif kind is bool:
        return click.Option([f"--{_dashed(name)}/--no-{_dashed(name)}"], default=None, **settings)
    elif get_origin(kind) is Literal:
        settings["type"] = click.Choice(list(get_args(kind)))
    elif kind in (int, float):
        settings["type"] = kind
    elif picture:
        settings["metavar"] = "FILE"
    elif name in _SHAPES:
        settings["metavar"] = _SHAPES[name]
    if field.is_required():
        settings["help"] = f"{settings['help'] or ''}  [required]".strip()
    elif field.default not in (None, ()):
        settings["help"] = f"{settings['help'] or ''}  [default: {field.default}]".strip()
    return click.Option([f"--{_dashed(name)}", name], **settings)


_SHAPES = {
    "weighted_prompts": "TEXT=WEIGHT",
    "size": "WIDTHxHEIGHT",
    "expand": "SIDE=PIXELS,...",
    "extras": "JSON",
}


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _plain(value: Any, field: FieldInfo) -> Any:
    """What was typed, as pydantic reads it."""
    kind = _kinds(field.annotation)[0]
    if get_origin(kind) is tuple and get_args(kind) == (int, int):
        return _size(value)
    if get_origin(kind) is tuple:
        of = get_args(kind)[0]
        if isinstance(of, type) and issubclass(of, BaseModel) and of is not Picture:
            return [_weighted(each) for each in value]
        return list(value)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Picture:
        return sides(value)
    if get_origin(kind) is dict:
        return _json(value)
    return value


def _size(text: str) -> list[int]:
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise InvalidRequest.of(
            "size", text, "width and height are expected", 'Write it as "1024x768".'
        ) from None
    return [width, height]


def sides(text: str) -> dict[str, int]:
    """Read "left=256,right=256".

    Raises:
        InvalidRequest: It is something else.
    """
    try:
        pairs = [part.split("=") for part in text.split(",")]
        found = {side.strip(): int(pixels) for side, pixels in pairs}
        if len(found) < len(pairs):
            raise ValueError("a side is named twice")
        return found
    except ValueError:
        raise InvalidRequest.of(
            "expand",
            text,
            "sides and pixels are expected, each side once",
            'Write it as "left=256,right=256".',
        ) from None


def _weighted(text: str) -> dict[str, Any]:
    """Read "fog=-0.5"; a text without a weight weighs 1."""
    words, equals, weight = text.rpartition("=")
    try:
        return {"text": words, "weight": float(weight)} if equals else {"text": text}
    except ValueError:
        return {"text": text}  # an equals sign of the text's own


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidRequest.of("extras", text, f"it is no JSON ({error})") from error
