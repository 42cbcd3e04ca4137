"""Calls held to a quota before they are made, each in its turn, and slower for a while after a 429.

The service counts calls per minute, for a model in a region of an account ("Amazon Bedrock
endpoints and quotas"), and says neither how many are left nor when to come again. So the pace is
known here, or not at all. It holds in this process: others that call with the same account take
from the same quota, and what is left for this one shows in the 429s alone, unless all of them ask
a gate that they share (`blocks/shared_pace.py`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from darkroom.errors import DarkroomError, InvalidRequest, Throttled

BURST = 4
"""Calls that may start at once after a while without any."""

MINUTE = 60.5
"""Seconds that hold no more calls than the quota. A little more than a minute, because the way to
the service takes now longer, now shorter: calls that start a minute apart may arrive closer."""

SIXTEENTHS = 16
"""The pace moves in sixteenths of the quota: a 429 halves them, time gives them back."""

RECOVERY = 10.0
"""Seconds without a 429 after which a slowed pace gets one sixteenth of the quota back."""

SOON = 1e-6
"""Seconds, and parts of a call, that are too little to wait for."""


class Gate(Protocol):
    """What processes with one quota share: it lets their calls start, one by one."""

    def acquire(self, per_minute: int) -> object:
        """Wait until a call may start."""

    def slow(self) -> None:
        """Let the calls of all of them start less often for a while, because of a 429."""


@dataclass(frozen=True)
class Standing:
    """How the calls of one key stand.

    Attributes:
        per_minute: The quota, in calls a minute; None for no limit.
        rate: What is allowed now, in calls a minute: less than the quota for a while after a 429.
            None for no limit.
        waiting: Calls that wait for their turn.
        throttled_for: Seconds until the quota is used in full again, if no further 429 comes; 0 if
            it is.
        throttles: How many times a 429 has lowered the pace.
    """

    per_minute: int | None = None
    rate: float | None = None
    waiting: int = 0
    throttled_for: float = 0.0
    throttles: int = 0


@dataclass
class _Allowance:
    """What may start when: a token bucket, and the starts of the last minute.

    The bucket spaces the calls; alone it would let a full minute's calls follow on a burst, which
    is more than the quota. All times are seconds of one monotonic clock.
    """

    burst: int
    updated: float
    tokens: float
    per_minute: int | None = None
    starts: deque[float] = field(default_factory=deque)
    sixteenths: int = SIXTEENTHS
    next_step: float = 0.0
    throttles: int = 0

    def copy(self) -> _Allowance:
        return replace(self, starts=self.starts.copy())

    @property
    def rate(self) -> float:
        """Calls a minute that are allowed now."""
        assert self.per_minute is not None
        return self.per_minute * self.sixteenths / SIXTEENTHS

    def set_quota(self, now: float, per_minute: int | None) -> bool:
        """Hold to another quota from now on; say whether it is another."""
        if per_minute == self.per_minute:
            return False
        self._accrue(now)
        self.per_minute = per_minute
        return True

    def delay(self, now: float) -> float:
        """Seconds until a call may start, 0 for now; at most until the pace next changes."""
        if self.per_minute is None:
            return 0.0
        self._accrue(now)
        delay = 0.0
        if self.tokens < 1 - SOON:
            delay = (1 - self.tokens) * 60 / self.rate
            if self.sixteenths < SIXTEENTHS:
                delay = min(delay, self.next_step - now)
        if len(self.starts) >= self.per_minute:
            delay = max(delay, self.starts[-self.per_minute] + MINUTE - now)
        return delay if delay > SOON else 0.0

    def take(self, now: float) -> None:
        """Count a call that starts now."""
        if self.per_minute is None:
            return
        self._accrue(now)
        self.tokens -= 1
        self.starts.append(now)
        while self.starts[0] <= now - MINUTE:
            self.starts.popleft()

    def slow(self, now: float) -> None:
        """Halve the pace, and let nothing that was saved up go out at once."""
        self.throttles += 1
        if self.per_minute is None:
            return
        self._accrue(now)
        self.tokens = min(self.tokens, 0.0)
        self.sixteenths = max(1, self.sixteenths // 2)
        self.next_step = now + RECOVERY

    def throttled_for(self, now: float) -> float:
        """Seconds until the quota is used in full again."""
        if self.per_minute is None:
            return 0.0
        self._accrue(now)
        if self.sixteenths == SIXTEENTHS:
            return 0.0
        return self.next_step - now + (SIXTEENTHS - self.sixteenths - 1) * RECOVERY

    def _accrue(self, now: float) -> None:
        while self.sixteenths < SIXTEENTHS and self.next_step <= now:
            self._fill(self.next_step)
            self.sixteenths += 1
            self.next_step += RECOVERY
        self._fill(now)

    def _fill(self, now: float) -> None:
        if self.per_minute is None:
            full = self.tokens = self.burst
        else:
            # A slowed pace is an even one: what was refused just now may have been a burst.
            full = self.burst if self.sixteenths == SIXTEENTHS else 1
            self.tokens += (now - self.updated) * self.rate / 60
        self.tokens = min(self.tokens, full)
        self.updated = now


class _Lane:
    """The calls of one key: who waits, and what they wait for."""

    def __init__(self, burst: int, now: float) -> None:
        self.lock = threading.Lock()
        self.waiting: deque[threading.Condition] = deque()
        self.allowance = _Allowance(burst, now, burst)

    def wake_first(self) -> None:
        if self.waiting:
            self.waiting[0].notify()


class Pace:
    """Holds calls to quotas, for any number of threads; first come, first served.

    One for a process:

        pace = Pace()
        with pace.turn((model.id, region, endpoint), per_minute=60):
            call()

    Within any minute no more calls start than the quota says. They start evenly spaced; after a
    while without any, up to `burst` start at once.

    Args:
        burst: Calls that may start at once, 1 or more. Never more than a minute's.
        clock: The time in seconds, which never goes back.
        sleep: Waits that many seconds. By default a thread waits on a condition, and sees a
            changed quota at once; with this, after the sleep.
    """

    def __init__(
        self,
        burst: int = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if burst < 1:
            raise InvalidRequest.of("burst", burst, "it is 1 or more")
        self._burst, self._clock, self._sleep = burst, clock, sleep
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}

    @contextmanager
    def turn(
        self, key: Hashable, per_minute: int | None, shared: Gate | None = None
    ) -> Iterator[float]:
        """Wait for the turn of one call, and make the call inside.

        Nothing is held while it is under way. A `Throttled` that comes out of it halves the pace
        of its key, which then recovers in steps. Calls that had started before the pace was
        lowered do not lower it again: they were throttled at the old one.

        Args:
            key: What the quota is counted for, such as the model's id, the region and the account.
            per_minute: The quota in calls a minute, 1 or more; None for no limit. The latest word
                holds, for those that wait already too.
            shared: What other processes ask too. Only the first of the line does, when its turn
                here has come. It is not asked for calls without a quota.

        Yields:
            Seconds that the call has waited.

        Raises:
            InvalidRequest: The quota is less than 1.
            DarkroomError: What `shared` raises when it cannot be asked; no call was made.
        """
        lane = self._lane(key, per_minute)
        waited, throttles = self._wait_in(lane, per_minute, shared)
        try:
            yield waited
        except Throttled as error:
            if self._slow(lane, throttles) and shared is not None:
                _tell(shared, error)
            raise

    def wait(self, key: Hashable, per_minute: int | None, calls: int = 1) -> float:
        """Estimate the seconds until the last of `calls` further calls may start.

        They come after those that wait already, and no further 429 is foreseen. How long a call
        itself takes is not in it. Nothing changes by asking.

        Args:
            key: As in `turn`.
            per_minute: As in `turn`.
            calls: How many, 0 or more.

        Raises:
            InvalidRequest: The quota is less than 1.
        """
        _check(per_minute)
        if calls < 1 or per_minute is None:
            return 0.0
        lane = self._lanes.get(key) or _Lane(self._burst, self._clock())
        with lane.lock:
            began = now = self._clock()
            ahead, allowance = len(lane.waiting), lane.allowance.copy()
        allowance.set_quota(now, per_minute)
        for _ in range(ahead + calls):
            while delay := allowance.delay(now):
                now += delay
            allowance.take(now)
        return now - began

    def standing(self, key: Hashable) -> Standing:
        """How the calls of a key stand; that of a new key, if there were none yet."""
        lane = self._lanes.get(key)
        if lane is None:
            return Standing()
        with lane.lock:
            allowance = lane.allowance
            throttled_for = allowance.throttled_for(self._clock())
            return Standing(
                per_minute=allowance.per_minute,
                rate=None if allowance.per_minute is None else allowance.rate,
                waiting=len(lane.waiting),
                throttled_for=throttled_for,
                throttles=allowance.throttles,
            )

    def _lane(self, key: Hashable, per_minute: int | None) -> _Lane:
        _check(per_minute)
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = _Lane(self._burst, self._clock())
            return lane

    def _slow(self, lane: _Lane, throttles: int) -> bool:
        """Lower the pace for a call that was throttled, unless it was lowered since it started."""
        with lane.lock:
            if lane.allowance.throttles != throttles:
                return False
            lane.allowance.slow(self._clock())
            return True

    def _wait_in(
        self, lane: _Lane, per_minute: int | None, shared: Gate | None
    ) -> tuple[float, int]:
        """Wait for a turn; give the seconds it took, and the number of throttles so far.

        Only the first in the line looks at the clock. The others sleep until they are the first,
        which whoever leaves the line tells them, whether it got its turn or was interrupted.
        """
        me = threading.Condition(lane.lock)
        ask = shared
        with lane.lock:
            began = now = self._clock()
            try:
                lane.waiting.append(me)
                if lane.allowance.set_quota(now, per_minute):
                    lane.wake_first()
                while True:
                    if lane.waiting[0] is not me:
                        me.wait()
                    elif delay := lane.allowance.delay(now):
                        self._pause(me, delay)
                        ask = shared
                    elif ask is not None and per_minute is not None:
                        # Then the turn here is looked at again: a 429 may have come meanwhile. If
                        # it takes more waiting, the others get another place for a later start.
                        _without_lock(me, partial(ask.acquire, per_minute))
                        ask = None
                    else:
                        break
                    now = self._clock()
                lane.allowance.take(now)
                return now - began, lane.allowance.throttles
            finally:
                lane.waiting.remove(me)
                lane.wake_first()

    def _pause(self, first: threading.Condition, seconds: float) -> None:
        if self._sleep is None:
            first.wait(seconds)
        else:
            _without_lock(first, partial(self._sleep, seconds))


def _without_lock(first: threading.Condition, wait: Callable[[], object]) -> None:
    """Wait in the first place of the line; the line may grow meanwhile."""
    first.release()
    try:
        wait()
    finally:
        first.acquire()


def _tell(shared: Gate, error: Throttled) -> None:
    """Tell the others of a 429. That it could not be told is a note on it, and does not hide it."""
    try:
        shared.slow()
    except DarkroomError as failed:
        error.add_note(f"The others were not told of it: {failed}")


def _check(per_minute: int | None) -> None:
    if per_minute is not None and per_minute < 1:
        raise InvalidRequest.of("per_minute", per_minute, "it is 1 or more, or None for no limit")
