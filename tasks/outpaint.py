"""The task for the mode outpaint."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.outpaint import Outpaint
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def outpaint(
    request: Outpaint, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Paint around a picture, or around a masked subject in it.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
