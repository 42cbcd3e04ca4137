"""The task for the mode upscale."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.upscale import Upscale
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def upscale(
    request: Upscale, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Give a picture more pixels.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
