"""The task for the mode style_transfer."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.style_transfer import StyleTransfer
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def style_transfer(
    request: StyleTransfer, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Give a picture the style of another, and keep its composition.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
