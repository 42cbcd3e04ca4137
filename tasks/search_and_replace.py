"""The task for the mode search_and_replace."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.search_and_replace import SearchAndReplace
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def search_and_replace(
    request: SearchAndReplace, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Find a thing by its name, and put another in its place.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
