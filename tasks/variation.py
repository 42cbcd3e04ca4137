"""The task for the mode variation."""

from __future__ import annotations

from blocks import Bedrock, ImageStore
from darkroom.modes.variation import Variation
from darkroom.picture import Picture
from tasks import _invoke


@_invoke.paid
def variation(
    request: Variation,
    model: str | None = None,
    *,
    bedrock: Bedrock | None = None,
    store: ImageStore | None = None,
) -> list[Picture]:
    """Make pictures that resemble others.

    Args:
        request: What is wanted, in neutral terms.
        model: Id or short name; None for the mode's default.
        bedrock: How to reach the service; None for the block "default", or the plain AWS chain.
        store: Where to keep the pictures; None for the block "default", or the default folder.

    Returns:
        References to the pictures, which are stored by then.

    Raises:
        DarkroomError: See `darkroom.errors`; only those marked retryable are tried again.
    """
    return _invoke.pictures(request, model, bedrock, store)
