"""The task for the mode erase_object."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.erase_object import EraseObject
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def erase_object(
    request: EraseObject, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Remove what a mask shows, as if it had never been there.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
