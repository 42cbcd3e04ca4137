"""Calls of all processes held to a quota together by Prefect's global concurrency limits.

For one machine, which has a Prefect server anyway and no Redis: each flow run of a worker is a
process of its own, and all of them call with the same account. A limit is one model in one region,
and stands on the dashboard's page *Concurrency*, where a person can change it: what stands there
counts. Its *slot decay per second* is the pace, and its *limit* how many calls may start at once.

The server knows a limit as slots that are taken one by one and given back by time; a request that
is refused sets that time back. So nobody here asks for a slot that is not there: processes of one
machine look and take in turns, under a lock that dies with its holder. `blocks/shared_pace.py` is
nearer to the bound, and what several machines should use.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from darkroom.catalog import Model
from darkroom.errors import InvalidRequest, Unreachable
from darkroom.pace import BURST, MINUTE
from darkroom.store import lock_on_this_machine

PREFECT = "prefect"
"""What a Bedrock block says as its shared pace to use this one."""

SLOWED = 40
"""Seconds for which all keep to half the pace after a 429 that any of them got."""

FRESH = 1.0
"""Seconds for which what was read of a limit is believed without asking again."""

LEAST = 0.005
"""The shortest wait in seconds, with as much again by chance."""

_WHERE = "on the dashboard's page Concurrency"


def limit_name(model: Model, region: str, endpoint_url: str | None) -> str:
    """What the limit of a model is called: "bedrock core us-west-2".

    Args:
        model: The model.
        region: Where it is called.
        endpoint_url: The address, if not AWS's own; it has quotas of its own.
    """
    place = f" {urlsplit(endpoint_url).netloc}" if endpoint_url else ""
    return f"bedrock {model.short} {region}{place}"


@dataclass(frozen=True)
class Limit:
    """A limit as it stands on the server.

    Attributes:
        name: What it is called.
        slots: Calls that may start at once.
        per_second: Slots that come back each second.
        taken: Slots that are not back yet.
        changed: When that was last written, by the server's clock.
        active: Whether it is switched on.
    """

    name: str
    slots: int
    per_second: float
    taken: int = 0
    changed: datetime | None = None
    active: bool = True

    @classmethod
    def of_quota(cls, name: str, per_minute: int, minute: float = MINUTE) -> Limit:
        """The limit that lets no minute hold more calls than a quota.

        Of a minute that begins with all slots free, the first take these; the others come back by
        time, the last one at its very end.
        """
        slots = min(BURST, max(1, per_minute // 30))
        return cls(name, slots, round((per_minute - slots + 1) / minute, 6))

    def per_minute(self, minute: float = MINUTE) -> int:
        """The most calls that a minute can hold; the other way round of `of_quota`.

        Raises:
            InvalidRequest: It lets no call through, or is switched off.
        """
        self.check()
        return max(1, math.floor(self.slots - 1 + self.per_second * minute + 1e-3))

    def check(self) -> None:
        """Raise `InvalidRequest` where a person has made it one that no call can wait for."""
        if not self.active:
            raise InvalidRequest.of(self.name, "off", "the limit is switched off", _SWITCH)
        if self.slots < 1:
            raise InvalidRequest.of(self.name, self.slots, "the limit lets no call start", _SLOTS)
        if self.per_second <= 0:
            raise InvalidRequest.of(self.name, 0, "the limit has no slot decay", _DECAY)

    def delay(self, now: datetime, *, slowed: bool) -> float:
        """Seconds until a call may start, 0 for now."""
        if not slowed and self.taken < self.slots:
            return 0.0
        between = (2 if slowed else 1) / self.per_second
        gone = (now - self.changed).total_seconds() if self.changed else between
        # A server whose clock is another one's: what it says of its slots counts.
        left = min(max(between - gone, 0.0), between)
        return left if left or self.taken < self.slots else LEAST


_SWITCH = f"Switch it on {_WHERE}, or leave shared_pace empty: no call is made without it."
_SLOTS = f"Set it to 1 or more {_WHERE}: it is how many may start at once."
_DECAY = f"Set its slot decay per second {_WHERE} to the calls a minute, divided by 60."


class PrefectPace:
    """Holds the calls of any number of processes to their quotas; one for a process.

        pace = PrefectPace()
        with in_process.turn(key, 60, pace.gate("bedrock core us-west-2")):
            call()

    Args:
        minute: Seconds that hold no more starts than the quota.
        sleep: Waits that many seconds.
    """

    def __init__(
        self, *, minute: float = MINUTE, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._minute, self._sleep = minute, sleep
        self._seen: dict[str, tuple[float, Limit | None]] = {}

    def gate(self, name: str) -> Gate:
        """What `Pace.turn` asks, for one limit."""
        return Gate(self, name)

    def ensure(self, name: str, per_minute: int) -> bool:
        """Make a limit if there is none of that name; say whether it was made.

        Raises:
            Unreachable: Prefect's server does not answer.
        """
        if self._read(name) is not None:
            return False
        self._make(Limit.of_quota(name, per_minute, self._minute))
        return True

    def quota(self, name: str, per_minute: int) -> int:
        """The calls a minute that a limit allows, made for `per_minute` if there is none.

        Raises:
            InvalidRequest: It is one that lets no call through.
            Unreachable: Prefect's server does not answer.
        """
        return self._limit(name, per_minute, fresh=FRESH).per_minute(self._minute)

    def acquire(self, name: str, per_minute: int) -> float:
        """Wait until a call may start; give the seconds that it took.

        Args:
            name: The limit. One that a person has deleted is made again.
            per_minute: What a new one is made for, 1 or more.

        Raises:
            InvalidRequest: The limit lets no call through, or the quota is less than 1.
            Unreachable: Prefect's server does not answer.
        """
        if per_minute < 1:
            raise InvalidRequest.of("per_minute", per_minute, "it is 1 or more")
        began = time.monotonic()
        with lock_on_this_machine(f"pace {name}").acquire(poll_interval=0.02):
            while delay := self._delay(name, per_minute):
                self._sleep(delay + random.uniform(0, LEAST))
        return time.monotonic() - began

    def slow(self, name: str) -> None:
        """Halve the pace of a limit for all, for `SLOWED` seconds: one of its calls got a 429.

        Raises:
            Unreachable: Prefect's server does not answer.
        """
        slowed = _slowed(name)
        with lock_on_this_machine(f"pace {slowed}"):
            found = self._read(slowed)
            if found is None:
                self._make(Limit(slowed, 1, 1 / SLOWED))
            elif found.taken:
                return  # it comes of the old pace
            self._take(slowed)
            self._seen.pop(slowed, None)

    def _delay(self, name: str, per_minute: int) -> float:
        """Start a call now and give 0, or give the seconds until the next may start."""
        limit = self._limit(name, per_minute)
        slowed = self._read(_slowed(name), fresh=FRESH)
        delay = limit.delay(datetime.now(UTC), slowed=bool(slowed and slowed.taken))
        if delay or self._take(name):
            return delay
        return 1 / limit.per_second  # another machine was faster

    def _limit(self, name: str, per_minute: int, fresh: float = 0.0) -> Limit:
        """The limit, made if there is none, checked."""
        limit = self._read(name, fresh)
        if limit is None:
            self.ensure(name, per_minute)
            limit = self._read(name)
        assert limit is not None
        limit.check()
        return limit

    def _read(self, name: str, fresh: float = 0.0) -> Limit | None:
        """What the server says of a limit, or said not longer ago than `fresh` seconds."""
        at, limit = self._seen.get(name, (-math.inf, None))
        if time.monotonic() - at < fresh:
            return limit
        with _asked() as client:
            try:
                found = client.read_global_concurrency_limit_by_name(name)
            except ObjectNotFound:
                limit = None
            else:
                limit = Limit(
                    name,
                    found.limit,
                    found.slot_decay_per_second,
                    found.active_slots,
                    found.updated,
                    found.active,
                )
        self._seen[name] = time.monotonic(), limit
        return limit

    def _take(self, name: str) -> bool:
        """Take a slot if there is one; a limit that was deleted meanwhile has none."""
        with _asked() as client:
            try:
                taken = client.increment_concurrency_slots([name], 1, "rate_limit").json()
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in (_LOCKED, _REFUSED):
                    raise
                return False
        return bool(taken)

    def _make(self, limit: Limit) -> None:
        body = {
            "name": limit.name,
            "limit": limit.slots,
            "slot_decay_per_second": limit.per_second,
        }
        with _asked() as client:
            try:
                client.request("POST", "/v2/concurrency_limits/", json=body)
            except httpx.HTTPStatusError as error:
                if error.response.status_code != _THERE:  # another process was faster
                    raise
        self._seen.pop(limit.name, None)


_LOCKED, _REFUSED, _THERE = 423, 422, 409


@dataclass(frozen=True)
class Gate:
    """The shared pace of one limit, as `darkroom.pace.Pace` asks for it."""

    pace: PrefectPace
    name: str

    def quota(self, per_minute: int) -> int:
        """See `PrefectPace.quota`."""
        return self.pace.quota(self.name, per_minute)

    def acquire(self, per_minute: int) -> float:
        """See `PrefectPace.acquire`."""
        return self.pace.acquire(self.name, per_minute)

    def slow(self) -> None:
        """See `PrefectPace.slow`."""
        self.pace.slow(self.name)


def _slowed(name: str) -> str:
    return f"{name} (slowed by a 429)"


@contextmanager
def _asked() -> Iterator[SyncPrefectClient]:
    """The client to ask the server with; that it does not answer is said in our words."""
    try:
        yield _client(PREFECT_API_URL.value())
    except httpx.TransportError as error:
        raise Unreachable(
            f"The shared pace of Prefect's server cannot be asked: {error or type(error).__name__}."
            " No call is made without it. Start the server, or correct PREFECT_API_URL."
        ) from error


@cache
def _client(url: Any) -> SyncPrefectClient:
    """The one of this process for an address: it goes on where a server was started again."""
    return get_client(sync_client=True).__enter__()
