"""Find a saved block by name, or the default one, or none."""

from __future__ import annotations

from typing import TypeVar

from prefect.blocks.core import Block

AnyBlock = TypeVar("AnyBlock", bound=Block)


def find(kind: type[AnyBlock], name: str | None) -> AnyBlock | None:
    """The block of `kind` that is saved as `name` ("default" if None), or None."""
    try:
        block = kind.load(name or "default")
    except ValueError:  # what Prefect raises for a block, or a type of block, that is not saved
        return None
    assert isinstance(block, kind)
    return block
