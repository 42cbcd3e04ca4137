"""Between Python and the bytes on the wire: JSON, base64, and pictures inside a body.

The two parsers are chosen for speed (a 2.2 MB answer: 0.4 ms instead of 6 ms with the standard
library on the machine this was written on), and used nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pybase64
from pydantic_core import from_json, to_json

from darkroom.errors import BadAnswer
from darkroom.image_file import edited
from darkroom.mask import Edit
from darkroom.picture import Picture

LONGEST_SHOWN = 12_000
"""Characters of a text that is shown: the longest prompt has 10,000."""

Body = dict[str, Any]
"""An InvokeModel body, as the service documents it."""


class Task(NamedTuple):
    """What a mode says in Amazon's dialect, before its envelope.

    Attributes:
        type: The task type, such as "OUTPAINTING".
        name: Name of the object with the task's own parameters.
        params: Those of the mode alone, beside text, negativeText and returnMask; None is left out.
        size: Width and height to ask for; None leaves them to the model.
        configured: Whether the task takes an imageGenerationConfig at all.
    """

    type: str
    name: str
    params: Body
    size: tuple[int, int] | None = None
    configured: bool = True


def loads(data: bytes) -> Any:
    """Parse JSON; raises `BadAnswer` for what is none."""
    try:
        return from_json(data)
    except ValueError as error:
        raise BadAnswer(f"the answer is not JSON ({len(data)} bytes): {error}") from error


def dumps(value: Any) -> bytes:
    """Write JSON."""
    return to_json(value)


def decode(text: object) -> bytes:
    """Decode base64; raises `BadAnswer` for what is truncated or none."""
    if not isinstance(text, str):
        raise BadAnswer(f"the picture in the answer is a {type(text).__name__}, not base64")
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadAnswer(f"the picture in the answer is not base64: {error}") from error


def encode(data: bytes) -> str:
    """Encode as base64."""
    return pybase64.b64encode(data).decode("ascii")


def elided(value: Any) -> Any:
    """`value` with each long text, which is a picture, replaced by its length."""
    if isinstance(value, dict):
        return {name: elided(each) for name, each in value.items()}
    if isinstance(value, list):
        return [elided(each) for each in value]
    if isinstance(value, str) and len(value) > LONGEST_SHOWN:
        return f"<{len(value):,} characters>"
    return value


@dataclass(frozen=True)
class Encoder:
    """Turns a picture into its place in a body: base64, or its hash when nobody may read it.

    Without `read` a picture is elided to its SHA-256 and the edits made on it, which says as much
    about the request as the bytes do: that form is shown to people and hashed into cache keys.
    """

    read: Callable[[Picture], bytes] | None = None

    def __call__(self, picture: Picture, *edits: Edit) -> str:
        """Give `picture` as base64 text, after the `edits` in their order."""
        if self.read is None:
            return " ".join([f"sha256:{picture.sha256}", *map(repr, edits)])
        data = self.read(picture)
        if edits:
            data = edited(data, edits)
        return encode(data)
