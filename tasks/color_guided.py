"""The task for the mode color_guided."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.color_guided import ColorGuided
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def color_guided(
    request: ColorGuided, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Make pictures from a prompt in given colors.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
