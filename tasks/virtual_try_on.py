"""The task for the mode virtual_try_on."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.virtual_try_on import VirtualTryOn
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def virtual_try_on(
    request: VirtualTryOn, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Put a garment (or a thing) from one picture into another.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
