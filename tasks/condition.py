"""The task for the mode condition."""

from __future__ import annotations

from typing import Unpack

from darkroom.modes.condition import Condition
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def condition(
    request: Condition, model: str | None = None, **how: Unpack[_invoke.How]
) -> list[Picture]:
    """Make pictures from a prompt on the lines or areas of another picture.

    See `tasks._invoke.pictures` for arguments, pictures and errors.
    """
    return _invoke.pictures(request, model, how)
