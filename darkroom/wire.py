"""Between Python and the bytes on the wire: JSON, base64, and pictures inside a body.

The two parsers are chosen for speed (a 2.2 MB answer: 0.2 ms instead of 6 ms with the standard
library on the machine this was written on), and used nowhere else. A picture goes from the answer
into its bytes without a text between: what is not allocated need not be mapped, filled and freed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

MOST_TEXTS = 10_000
"""Texts of an answer that are looked at for their length; an answer has a dozen."""

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
    """Parse JSON; raises `BadAnswer` for what is none.

    A long text, which is a picture, comes as a view into `data`, for `decode` to read.
    """
    long: list[memoryview] = []
    try:
        value = from_json(_without_long_texts(data, long))
    except ValueError as error:
        raise BadAnswer(f"the answer is not JSON ({len(data)} bytes): {error}") from error
    return _with_views(value, long) if long else value


def _without_long_texts(data: bytes, long: list[memoryview]) -> bytes:
    """`data` with a mark for each long text, which is added to `long`."""
    # Without a backslash every quotation mark begins or ends a text.
    if len(data) <= LONGEST_SHOWN or b"\\" in data:
        return data
    parts, taken, end = [], 0, -1
    for _ in range(MOST_TEXTS):
        start = data.find(b'"', end + 1)
        end = data.find(b'"', start + 1)
        if start < 0 or end < 0:
            break
        if end - start > LONGEST_SHOWN:
            parts += [data[taken:start], b'"\\u0000%d"' % len(long)]
            long.append(memoryview(data)[start + 1 : end])
            taken = end + 1
    return b"".join([*parts, data[taken:]])


def _with_views(value: Any, long: Sequence[memoryview]) -> Any:
    if isinstance(value, dict):
        return {_text(name, long): _with_views(each, long) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_views(each, long) for each in value]
    if isinstance(value, str) and value.startswith("\0"):
        return long[int(value[1:])]
    return value


def _text(name: str, long: Sequence[memoryview]) -> str:
    return str(long[int(name[1:])], "utf-8", "replace") if name.startswith("\0") else name


def dumps(value: Any) -> bytes:
    """Write JSON, what `loads` gave among it."""
    return to_json(value, fallback=lambda view: str(view, "utf-8", "replace"))


def decode(text: object) -> bytes:
    """Decode base64; raises `BadAnswer` for what is truncated or none."""
    if not isinstance(text, str | memoryview):
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
    if isinstance(value, str | memoryview) and len(value) > LONGEST_SHOWN:
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
