"""What was asked of the stand-in: counts for each model and a log, never what was in a body."""

from __future__ import annotations

import bisect
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

LOG_LENGTH = 10_000
MOST_NAMES = 1_000


@dataclass
class Call:
    """One call, as the log keeps it.

    Attributes:
        time: When it arrived, in seconds since 1970.
        model: The model's id without a region prefix, or what was asked for in its place.
        region: Where it was signed for; none with an API key.
        status: The HTTP status; none when the connection was dropped.
        seconds: How long it took.
        request_id: The id in the answer's `x-amzn-requestid`.
        sha256: Hash of the request's body.
        pictures: How many pictures the answer had.
        delivered: Whether the caller took all of the answer; not so if it hung up or died before.
    """

    time: float
    model: str
    region: str | None
    status: int | None
    seconds: float
    request_id: str
    sha256: str
    pictures: int
    delivered: bool = False


@dataclass
class _Count:
    received: int = 0
    answered: int = 0
    pictures: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class Calls:
    """Counts calls; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}
        self._log: deque[Call] = deque(maxlen=LOG_LENGTH)

    def note(self, call: Call) -> None:
        """Count a call that is over, and log it."""
        with self._lock:
            # A caller who makes up names must not fill the memory.
            known = call.model in self._counts or len(self._counts) < MOST_NAMES
            count = self._counts.setdefault(call.model if known else "others", _Count())
            count.received += 1
            count.pictures += call.pictures
            if call.pictures:
                count.answered += 1
            else:
                why = str(call.status or "dropped")
                count.refused[why] = count.refused.get(why, 0) + 1
            self._log.append(call)

    def report(self, *, log: bool = False, window: float | None = None) -> dict[str, Any]:
        """Tell the counts, and the log if wanted.

        Args:
            log: Whether to tell the log.
            window: Seconds within which to look for the most calls; None does not look.

        Returns:
            `models`: for each model `received`, `answered` (with pictures), `pictures`, and
            `refused`: how many got none, by HTTP status. A throttled call counts there under "429",
            a filtered call of Stability's models under "200", a dropped connection under "dropped".
            `log`: the calls in the order in which they ended. `busiest`: for each model the most
            calls of one region that the log has within any `window` seconds, refused ones included.
        """
        with self._lock:
            models = {name: asdict(count) for name, count in sorted(self._counts.items())}
            lines = [asdict(call) for call in self._log] if log else None
            busiest = None if window is None else self._busiest(window)
        told = {"models": models, "log": lines, "busiest": busiest}
        return {name: each for name, each in told.items() if each is not None}

    def _busiest(self, window: float) -> dict[str, int]:
        times: dict[tuple[str, str], list[float]] = {}
        for call in self._log:
            times.setdefault((call.model, call.region or ""), []).append(call.time)
        most: dict[str, int] = {}
        for (model, _), arrived in sorted(times.items()):
            arrived.sort()
            here = max(
                bisect.bisect_left(arrived, first + window) - index
                for index, first in enumerate(arrived)
            )
            most[model] = max(here, most.get(model, 0))
        return most

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._counts.clear()
            self._log.clear()
