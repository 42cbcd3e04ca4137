"""How a stand-in is set up, and what of it can be refused before it starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from darkroom.errors import InvalidRequest

if TYPE_CHECKING:
    from datetime import date

USUAL = "1024x1024"
"""The size of a canned picture, unless another one is chosen."""

LONGEST_SIDE = 4096


@dataclass(frozen=True)
class Settings:
    """What a stand-in is asked to be like.

    Attributes:
        latency: Seconds added to every call that reaches a model.
        seed: Added to every seed that is drawn with, so that two stand-ins draw differently.
        aliases: Ids and ARNs of one's own (of imported or private models, of application inference
            profiles), each with the id of the model that it behaves like.
        lifecycle: The day to answer as on: what is not launched by then or gone by then is not
            served. None serves every model.
        canned: Whether to answer with prepared pictures rather than draw: True, or their size as
            "WIDTHxHEIGHT". Every rule is kept, yet a canned picture does not measure what was asked
            for, and is a PNG whatever format was.
        quota: Calls a minute of every model in a region, or those of some models by their id.
            Calls above it get ThrottlingException. None is no limit.
        burst: How many calls of a quota may come at once; by default those of a second, at
            least 1.

    Raises:
        InvalidRequest: A value is out of its range.
    """

    latency: float = 0.0
    seed: int = 0
    aliases: Mapping[str, str] = field(default_factory=dict)
    lifecycle: date | None = None
    canned: bool | str = False
    quota: int | Mapping[str, int] | None = None
    burst: int | None = None

    def __post_init__(self) -> None:
        _ = self.canned_size
        quotas = self.quota.values() if isinstance(self.quota, Mapping) else [self.quota]
        for quota in quotas:
            if quota is not None and quota < 1:
                raise InvalidRequest.of("quota", quota, "it is 1 or more calls a minute")
        if self.burst is not None and self.burst < 1:
            raise InvalidRequest.of("burst", self.burst, "it is 1 or more calls")

    @property
    def canned_size(self) -> tuple[int, int] | None:
        """Width and height of canned pictures in pixels; None where pictures are drawn."""
        if not self.canned:
            return None
        size = USUAL if self.canned is True else self.canned
        sides = re.fullmatch(r"([0-9]{1,4})x([0-9]{1,4})", size)
        if sides is None or not all(0 < int(side) <= LONGEST_SIDE for side in sides.groups()):
            rule = f"it is WIDTHxHEIGHT, such as {USUAL}, each side 1 to {LONGEST_SIDE} pixels"
            raise InvalidRequest.of("canned", size, rule)
        return int(sides[1]), int(sides[2])
