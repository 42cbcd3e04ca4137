"""The task for the mode variation."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.variation import Variation
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def variation(
    request: Variation, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Make pictures that resemble others.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
