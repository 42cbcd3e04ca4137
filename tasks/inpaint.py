"""The task for the mode inpaint."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.inpaint import Inpaint
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def inpaint(
    request: Inpaint, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Paint anew what a mask shows, or a prompt names.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
