"""The task for the mode text_to_image."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.text_to_image import TextToImage
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def text_to_image(
    request: TextToImage, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Make pictures from a prompt.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
