"""How a batch stands, and who is told of it while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from darkroom.batch.row import Result, Status
from darkroom.plan import price_of

watch: ContextVar[Callable[[Tally, Result | None], None] | None] = ContextVar("watch", default=None)
"""Is told how the batch that runs here stands, and of each row that ended."""


@dataclass
class Tally:
    """How a batch stands.

    Attributes:
        total: Rows in all.
        done: Rows that are done, in this run or before; failed, filtered and stopped likewise.
        before: Rows that this run does not ask for, because they ended in earlier ones.
        spent_usd: Estimated price of the calls of this run whose price is known.
        unpriced: Calls of this run whose price is not.
        calls: Calls of this run.
        cached: Calls that were not needed.
        began: Monotonic time.
    """

    total: int = 0
    done: int = 0
    failed: int = 0
    filtered: int = 0
    stopped: int = 0
    before: int = 0
    spent_usd: float = 0.0
    unpriced: int = 0
    calls: int = 0
    cached: int = 0
    began: float = field(default_factory=time.monotonic)

    def count(self, status: Status, rows: int = 1) -> None:
        """Count rows that ended."""
        setattr(self, status, getattr(self, status) + rows)

    def add(self, result: Result, rows: int = 1) -> None:
        """Count a row that ended, and those that repeat it."""
        self.count(result.status, rows)
        self.spent_usd = round(self.spent_usd + result.spent_usd, 6)
        self.unpriced += result.unpriced
        self.calls += result.calls
        self.cached += result.cached

    @property
    def ended(self) -> int:
        """Rows that ended in this run."""
        return self.done + self.failed + self.filtered + self.stopped - self.before

    @property
    def left(self) -> int:
        """Rows that are still to be done."""
        return max(0, self.total - self.before - self.ended)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes if it goes on like this; None if nothing ended yet."""
        if not self.ended:
            return None
        return (time.monotonic() - self.began) / self.ended * self.left

    @property
    def spent(self) -> str:
        """What was spent, in words: what is unknown is said to be."""
        return price_of(self.spent_usd, self.unpriced)
