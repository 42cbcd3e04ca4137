"""One file per mode. A mode is found by its name: `find("outpaint")` is `outpaint.Outpaint`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from darkroom.modes.base import Request


@cache
def names() -> tuple[str, ...]:
    """The names of all modes, which are the names of the files here."""
    return tuple(
        sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "base")
    )


@cache
def find(mode: str) -> type[Request]:
    """The request class of `mode`: the class whose name is the mode's in CamelCase."""
    module = import_module(f"{__name__}.{mode}")
    kind: type[Request] = getattr(module, "".join(word.capitalize() for word in mode.split("_")))
    return kind
