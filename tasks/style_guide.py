"""The task for the mode style_guide."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.style_guide import StyleGuide
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def style_guide(
    request: StyleGuide, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Make pictures from a prompt in the style of another picture.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
