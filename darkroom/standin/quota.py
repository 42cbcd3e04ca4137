"""A quota of calls a minute, as the service counts it: for a model in a region."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from darkroom.standin import lineup
from darkroom.standin.refusal import Refusal


class Quota:
    """Token buckets that fill all the time; a call that finds its bucket empty is throttled.

    What AWS does within a minute is not documented. A bucket is what others infer, and the
    stricter reading: whoever keeps to it keeps to any count of whole minutes. A throttled call
    takes nothing from the quota.

    Args:
        per_minute: Calls a minute of every model, or those of some models by their id.
        burst: What a bucket holds; None for the calls of a second, at least 1.
        clock: The time in seconds, which never goes back.
    """

    def __init__(
        self,
        per_minute: int | Mapping[str, int] | None = None,
        burst: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        named = per_minute if isinstance(per_minute, Mapping) else {}
        self._named = {lineup.plain(model_id): quota for model_id, quota in named.items()}
        self._every = None if isinstance(per_minute, Mapping) else per_minute
        self._burst, self._clock = burst, clock
        self._buckets: dict[tuple[str, str | None], tuple[float, float]] = {}

    def take(self, model_id: str, region: str | None) -> None:
        """Count a call.

        Args:
            model_id: The model, without a region prefix.
            region: Where the call was signed for.

        Raises:
            Refusal: It is more than the quota.
        """
        per_minute = self._named.get(model_id, self._every)
        if per_minute is None:
            return
        full = self._burst or math.ceil(per_minute / 60)
        now = self._clock()
        left, updated = self._buckets.get((model_id, region), (full, now))
        left = min(full, left + (now - updated) * per_minute / 60)
        enough = left >= 1
        self._buckets[model_id, region] = (left - enough, now)
        if not enough:
            raise Refusal(
                "ThrottlingException", "Too many requests, please wait before trying again."
            )
