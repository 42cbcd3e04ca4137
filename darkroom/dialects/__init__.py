"""One file per wire format.

A dialect has `body(request, encode)`, which makes the InvokeModel body of a request, and
`read(answer)`, which finds the pictures in the parsed answer.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Protocol, cast

from darkroom.dialects.found import Found
from darkroom.errors import InvalidRequest
from darkroom.modes.base import Request
from darkroom.wire import Body, Encoder


class Dialect(Protocol):
    """What a dialect's file offers."""

    def body(self, request: Request, encode: Encoder) -> Body:
        """Say `request` in this dialect."""

    def read(self, answer: Body) -> Found:
        """Find the pictures in a parsed answer."""


@cache
def find(name: str) -> Dialect:
    """The dialect of that name, which is the name of its file here."""
    try:
        return cast(Dialect, import_module(f"{__name__}.{name}"))
    except ModuleNotFoundError as error:
        raise InvalidRequest(
            f"The catalog names a dialect {name!r} that does not exist."
        ) from error
