"""The task for the mode image_to_image."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.image_to_image import ImageToImage
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def image_to_image(
    request: ImageToImage, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Make a picture anew after a prompt, as near to it as `similarity` says.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
