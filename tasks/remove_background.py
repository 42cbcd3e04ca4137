"""The task for the mode remove_background."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.remove_background import RemoveBackground
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def remove_background(
    request: RemoveBackground, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Cut the subject out: the rest becomes transparent.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
