"""What a dialect finds in an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from darkroom.errors import BadAnswer
from darkroom.wire import Body


@dataclass(frozen=True)
class Found:
    """The pictures of one answer, still in base64.

    Attributes:
        images: Base64 text of each picture.
        seeds: The seed of each picture, where the service says it.
        mask: Base64 text of the mask that was used, where it was asked for.
        missing: Why there are fewer pictures than asked for; "" if there are not.
    """

    images: list[str]
    seeds: list[int]
    missing: str = ""
    mask: str = ""


def listed(answer: Body, field: str) -> list[Any]:
    """The list in a field of an answer, empty if there is none; raises `BadAnswer` for no list."""
    value = answer.get(field) or []
    if not isinstance(value, list):
        raise BadAnswer(f"{field} in the answer is a {type(value).__name__}, not a list")
    return value
