"""A sum that a run may cost, held before each call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from darkroom.dollars import dollars
from darkroom.errors import BadAnswer, BudgetReached, InvalidRequest

CENT = 1e-9
"""Dollars that are too little to stop for: sums of prices are not exact."""


@dataclass
class Bill:
    """What one call costs: the estimate before it, what its pictures cost after it."""

    usd: float


class Budget:
    """Holds a run's calls to a sum, for any number of threads.

    Args:
        max_usd: US dollars, 0 or more. With 0 nothing is paid: what is there is still found.
    """

    def __init__(self, max_usd: float) -> None:
        if not max_usd >= 0:  # nor a number that is none
            raise InvalidRequest.of(
                "max_cost", max_usd, "US dollars are expected, 0 or more", "0 pays for nothing."
            )
        self.max_usd = max_usd
        self._spent = 0.0
        self._held = 0.0
        self._has_stopped = False
        self._lock = threading.Lock()

    @property
    def spent_usd(self) -> float:
        """Estimated price of the calls that were made."""
        return round(self._spent, 6)

    def paid(self, usd: float) -> None:
        """Count what was paid for before, by the same run in another process."""
        with self._lock:
            self._spent += usd

    @contextmanager
    def call(self, usd: float | None, what: str) -> Iterator[Bill]:
        """Make a call inside, if its price still fits. Without an answer it costs nothing.

        Args:
            usd: Its estimated price; None if unknown.
            what: What it is, for the error.

        Raises:
            BudgetReached: It does not fit, or nobody knows whether it does.
        """
        most = dollars(self.max_usd)
        with self._lock:
            if usd is None:
                raise self._stopping(
                    f"{what}: its price is not known, so it cannot be held to max_cost = {most}. "
                    "Give a price on the Bedrock block, or leave max_cost out."
                )
            if self._spent + self._held + usd > self.max_usd + CENT:
                raise self._stopping(
                    f"{what}: about {dollars(usd)} more would pass max_cost = {most}, of which "
                    f"{dollars(self._spent + self._held)} are spent or under way."
                )
            self._held += usd
        bill = Bill(usd)
        try:
            yield bill
        except BadAnswer:
            raise  # it came, so it is paid for
        except BaseException:
            bill.usd = 0.0
            raise
        finally:
            with self._lock:
                self._held -= usd
                self._spent += bill.usd

    def _stopping(self, why: str) -> BudgetReached:
        """The error for a call that does not fit. To be called with the lock held."""
        error = BudgetReached(why)
        error.is_first, self._has_stopped = not self._has_stopped, True
        return error
