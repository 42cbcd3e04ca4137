"""Calls of all processes and machines of an account held to its quota, with Redis between them.

`darkroom.pace.Pace` holds the calls of one process. This is the gate behind it for several: the
first of each process's line asks here. `benchmarks/shared_pace.py` measures what could stand behind
it: `limits` with Redis comes to a few parts in a hundred of the fastest that the quota allows;
Prefect's global limits keep to the quota too, but take a quarter longer and far more of a server.

What it relies on: that all who share a key name the same quota; that Redis's clock is not set back
(nobody else's counts); and that Redis keeps what it was told: emptied, it has forgotten the calls
of the last minute. Nothing is held while a call is under way, so a process that is killed leaves
nothing behind.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import redis
from limits.storage import RedisStorage
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry

from darkroom.errors import AccessDenied, InvalidRequest, Unreachable
from darkroom.pace import BURST, MINUTE

SLOWED = 40
"""Seconds for which all keep to half the quota after a 429 that any of them got."""

JITTER = 0.01
"""Longest extra wait, in seconds, so that those who wait for the same instant come apart."""

ANSWERS = 5.0
"""Seconds in which Redis has to answer."""


Answer = TypeVar("Answer")


class SharedPace:
    """Holds the calls of any number of processes to their quotas.

    One for a process, shared by its threads and given to `Pace` for each key:

        shared = SharedPace("redis://:password@limits.example:6379/0")
        with pace.turn(key, 60, shared.gate("nova-canvas/us-east-1/123456789012")):
            call()

    Starts are even: small groups, of which a minute holds no more than the quota. Those who wait
    sleep until a place is free; whoever is first then gets it.

    Args:
        url: Address of a Redis, `redis://` or `rediss://` (TLS), with its password if it has one.
        minute: Seconds that hold no more starts than the quota.
        sleep: Waits that many seconds.

    Raises:
        InvalidRequest: The address is none.
    """

    def __init__(
        self,
        url: SecretStr | str,
        *,
        minute: float = MINUTE,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        secret = url.get_secret_value() if isinstance(url, SecretStr) else url
        self.address = _address(secret)
        self._minute, self._sleep = minute, sleep
        self._windows = _Windows(_pool(secret))

    def __repr__(self) -> str:
        return f"SharedPace({self.address!r})"

    def acquire(self, key: str, per_minute: int) -> float:
        """Wait until a call may start; give the seconds that it took.

        Args:
            key: What the quota is counted for: the model's id, the region and the account.
            per_minute: The quota in calls a minute, 1 or more; the same for all who share the key.

        Raises:
            InvalidRequest: The quota is less than 1.
            Unreachable: Redis does not answer, or cannot do it now.
            AccessDenied: Redis refuses the password, or the user may not do this.
        """
        if per_minute < 1:
            raise InvalidRequest.of("per_minute", per_minute, "it is 1 or more")
        began = time.monotonic()
        while delay := self._asked(lambda: self._delay(key, per_minute)):
            self._sleep(delay + random.uniform(0, JITTER))
        return time.monotonic() - began

    def slow(self, key: str) -> None:
        """Halve the pace of a key for all, for `SLOWED` seconds: one of its calls got a 429.

        Further 429s meanwhile change nothing here: they come of the old pace.

        Raises:
            Unreachable: Redis does not answer, or cannot do it now.
            AccessDenied: Redis refuses the password, or the user may not do this.
        """
        self._asked(lambda: self._windows.incr(_slowed(key), SLOWED))

    def gate(self, key: str) -> Gate:
        """What `Pace.turn` asks, for one key."""
        return Gate(self, key)

    def _delay(self, key: str, per_minute: int) -> float:
        """Start a call now and give 0, or give the seconds until the next may start.

        A group's window is the group's part of the minute, and the group divides the quota. So the
        minute is made of whole windows, and holds the quota at most, wherever it begins.
        """
        group = max(n for n in range(1, BURST + 1) if per_minute % n == 0)
        window = self._minute * group / per_minute
        if self._windows.get(_slowed(key)):
            window *= 2
        return self._windows.delay(key, group, window)

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
            raise AccessDenied(
                f"The shared pace at {self.address} refuses: {_said(error)}. "
                "Correct the user and the password in its address."
            ) from error
        except redis.RedisError as error:
            raise Unreachable(
                f"The shared pace at {self.address} cannot be asked: {_said(error)}. Start Redis "
                "there, or correct the address. No call is made without it."
            ) from error


@dataclass(frozen=True)
class Gate:
    """The shared pace of one key, as `darkroom.pace.Pace` asks for it."""

    pace: SharedPace
    key: str

    def acquire(self, per_minute: int) -> float:
        """See `SharedPace.acquire`."""
        return self.pace.acquire(self.key, per_minute)

    def slow(self) -> None:
        """See `SharedPace.slow`."""
        self.pace.slow(self.key)


class _Windows(RedisStorage):
    """The moving windows of `limits`, by Redis's clock and in milliseconds.

    The library takes the caller's clock and whole seconds. Of two machines whose clocks differ by
    more than a window, the one that is ahead would not see what the other has started.
    """

    STORAGE_SCHEME = ["darkroom+redis"]  # noqa: RUF012 - the base declares it so

    def __init__(self, pool: redis.ConnectionPool) -> None:
        super().__init__("redis://", connection_pool=pool, key_prefix="darkroom:pace")
        self._redis = redis.Redis(connection_pool=pool)

    def delay(self, key: str, starts: int, seconds: float) -> float:
        """Count a start in a window of so many, and give 0; or the seconds until it has room."""
        name, length = self.prefixed_key(key), round(seconds * 1000)
        second, microsecond = self._redis.time()
        now = second * 1000 + microsecond / 1000
        if self.lua_acquire_moving_window([name], [now, starts, length, 1]):
            return 0.0
        oldest = self.lua_moving_window([name], [now - length, starts])
        # At the very edge a start still counts, so at least one more millisecond.
        return max(float(oldest[0]) + length - now, 1.0) / 1000 if oldest else 0.001


def _slowed(key: str) -> str:
    return f"{key}:slowed"


def _said(error: Exception) -> str:
    return str(error).rstrip(".")


def _pool(url: str) -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(
        url,
        socket_timeout=ANSWERS,
        socket_connect_timeout=ANSWERS,
        retry=Retry(NoBackoff(), 1),  # a connection that broke while nobody used it
        client_name="darkroom",
    )


def _address(url: str) -> str:
    """The address without user and password; what is wrong with it is said without any of it."""
    try:
        parts = urlsplit(url)
        port, host = parts.port or 6379, parts.hostname or ""
        redis.ConnectionPool.from_url(url)
        # Beyond a number, what follows the host may be the rest of a password with a / in it.
        known = parts.scheme in ("redis", "rediss") and re.fullmatch(r"/?\d*", parts.path)
    except ValueError:
        known = None
    if not (known and host) or "@" in parts.query + parts.fragment:
        raise InvalidRequest(
            "url (not shown, because it may hold a password): it is no address of a Redis. Write "
            "redis://HOST:PORT/NUMBER or rediss://..., with :PASSWORD@ or USER:PASSWORD@ before "
            "the host, and percent signs for what is not a letter or digit (%2F for /)."
        )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}{parts.path}"
