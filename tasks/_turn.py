"""Before a call is made: its turn in the account's quota, and its price in the run's budget."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from blocks import Bedrock, prefect_pace
from darkroom import expect
from darkroom.budget import Bill, Budget
from darkroom.catalog import Model
from darkroom.errors import BadAnswer, BudgetReached, InvalidRequest
from darkroom.modes.base import Request
from darkroom.pace import Gate, Pace
from tasks import _events, _run

if TYPE_CHECKING:
    from blocks.shared_pace import SharedPace


@dataclass
class Paid:
    """The calls that something took.

    Attributes:
        calls: How many were answered.
        usd: Estimated price of those whose price is known.
        unpriced: How many have no known price.
    """

    calls: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def add(self, usd: float | None) -> None:
        """Count a call. Calls of one request run side by side."""
        with _counting:
            self.calls += 1
            self.usd = round(self.usd + (usd or 0.0), 6)
            self.unpriced += usd is None


_counting = threading.Lock()

budget: ContextVar[Budget | None] = ContextVar("budget", default=None)
"""What the run that is under way here may cost; None for no limit."""

paid: ContextVar[Paid | None] = ContextVar("paid", default=None)
"""Where the calls that are made here are counted."""

PACE = Pace()
"""All calls of this process."""

LONG = 5.0
"""Seconds of waiting that the log mentions."""


def counting() -> Paid:
    """Where the calls that are made here are counted, from now on if they were not before."""
    here = paid.get()
    if here is None:
        paid.set(here := Paid())
    return here


@contextmanager
def taken(bedrock: Bedrock, request: Request, model: Model, region: str) -> Iterator[Bill]:
    """Make one call inside, when its turn has come and if its price fits.

    Yields:
        Its bill, which whoever makes the call corrects when it is answered.

    Raises:
        BudgetReached: Its price does not fit; nothing is called.
    """
    price, held = expect.price(request, model), budget.get()
    what = f"{request.mode} on {model.name}"
    with _held(held, price, what) as bill:
        key, quota = (model.id, region, bedrock.endpoint), bedrock.quota_of(model)
        gate = None if quota is None else _gate(bedrock, model, region)
        if isinstance(gate, prefect_pace.Gate) and quota is not None:
            quota = gate.quota(quota)
        with PACE.turn(key, quota, gate) as waited:
            if waited > LONG:
                _run.log().info("%s: waited %.0f s for its turn in the quota", what, waited)
            try:
                yield bill
            except BadAnswer:
                _count(price)
                raise
            _count(None if price is None else bill.usd)


@contextmanager
def _held(held: Budget | None, price: float | None, what: str) -> Iterator[Bill]:
    """Make a call inside, if the budget, where there is one, has the money for it."""
    if held is None:
        yield Bill(price or 0.0)
        return
    try:
        with held.call(price, what) as bill:
            yield bill
    except BudgetReached as error:
        if error.is_first:
            _events.stopped(held, str(error))
        raise


def _gate(bedrock: Bedrock, model: Model, region: str) -> Gate | None:
    """What stands between this process's calls and those of others; None if nothing does."""
    if bedrock.shared_pace is None:
        return None
    pace = bedrock.shared_pace.get_secret_value()
    if pace == prefect_pace.PREFECT:
        return _PREFECT.gate(prefect_pace.limit_name(model, region, bedrock.own_endpoint))
    return _shared(pace).gate(f"{model.id}/{region}")


_PREFECT = prefect_pace.PrefectPace()


@cache
def _shared(url: str) -> SharedPace:
    """The one of this process for an address."""
    try:
        from blocks.shared_pace import SharedPace
    except ModuleNotFoundError as error:
        raise InvalidRequest.of(
            "shared_pace", "***", f"it needs {error.name}", "pip install 'darkroom[machines]'"
        ) from error
    return SharedPace(url)


def _count(usd: float | None) -> None:
    if (here := paid.get()) is not None:
        here.add(usd)
