"""What a dialect finds in an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """The pictures of one answer, still in base64.

    Attributes:
        images: Base64 text of each picture.
        seeds: The seed of each picture, where the service says it.
        missing: Why there are fewer pictures than asked for; "" if there are not.
    """

    images: list[str]
    seeds: list[int]
    missing: str = ""
