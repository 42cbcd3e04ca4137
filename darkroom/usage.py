"""What was made in a period, what it cost, and what went wrong.

Two sources say so: the provenance in the store knows pictures, prices and seconds; Prefect's API
knows what became of each request. A `Ledger` takes both in, a piece at a time, and keeps sums only.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from pydantic import BaseModel, Field, computed_field

from darkroom import catalog
from darkroom.dollars import priced
from darkroom.errors import UnknownModel
from darkroom.period import Period
from darkroom.picture import Picture

Outcome = Literal["made", "cached", "filtered", "failed", "stopped", "running"]

THROTTLED = "Throttled"
"""The reason of a retry that is a throttle: `darkroom.errors.Throttled`."""

UNKNOWN = "unknown"
"""The model, or the flow, of what nobody knows the model or the flow of."""

NO_FLOW = "no flow"
"""Stands for the flow of a task that was called outside of flows."""


@dataclass(frozen=True)
class Fact:
    """What became of one request, as its task run tells.

    Attributes:
        outcome: In a word. One that was filtered in part is "made".
        model: Id of the model; None if unknown.
        mode: What was asked.
        flow: Name of the flow, `UNKNOWN` or `NO_FLOW`.
        filtered: Calls that the content filter stopped, by its reason.
        retries: Further tries, by the reason for them.
    """

    outcome: Outcome
    model: str | None
    mode: str
    flow: str
    filtered: Mapping[str, int] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)


class Sum(BaseModel):
    """What it comes to.

    Attributes:
        pictures: Pictures that were made, and paid for.
        calls: Calls that they took.
        made: Requests that were answered with new pictures; a request is one or more calls.
        cached: Requests that found their pictures in the store: calls that were not needed.
        filtered: Calls that the content filter stopped.
        failed: Requests that failed otherwise.
        stopped: Requests that the budget stopped.
        retries: Tries after the first one of a request.
        throttles: Those of them after the service said that there were too many calls.
        spend_usd: Estimated price of the pictures whose price is known.
        unpriced: Pictures whose price is not.
    """

    pictures: int = 0
    calls: int = 0
    made: int = 0
    cached: int = 0
    filtered: int = 0
    failed: int = 0
    stopped: int = 0
    retries: int = 0
    throttles: int = 0
    spend_usd: float = 0.0
    unpriced: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def filter_rate(self) -> float | None:
        """The part of the calls that the content filter stopped, 0 to 1; None without calls."""
        asked = self.calls + self.filtered
        return round(self.filtered / asked, 4) if asked else None

    @property
    def spend(self) -> str:
        """What was spent, in words; what is unknown is said to be."""
        pictures = f"{self.unpriced} picture{'' if self.unpriced == 1 else 's'}"
        return priced(self.spend_usd, pictures if self.unpriced else "")

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing at all."""
        return not any(self.model_dump(exclude={"filter_rate"}).values())

    def add_picture(self, usd: float | None) -> None:
        """Count a picture."""
        self.pictures += 1
        self.spend_usd = round(self.spend_usd + (usd or 0.0), 6)
        self.unpriced += usd is None

    def add(self, fact: Fact) -> None:
        """Count a request."""
        if fact.outcome in ("made", "cached", "failed", "stopped"):
            setattr(self, fact.outcome, getattr(self, fact.outcome) + 1)
        self.filtered += sum(fact.filtered.values())
        self.retries += sum(fact.retries.values())
        self.throttles += fact.retries.get(THROTTLED, 0)


class OfModel(Sum):
    """What one model did.

    Attributes:
        model: Its id, or `UNKNOWN`.
        name: A short name.
        seconds_p50: Seconds that half of its calls did not exceed; None without calls.
        seconds_p95: Seconds that 95 of 100 did not exceed.
    """

    model: str
    name: str
    seconds_p50: float | None = None
    seconds_p95: float | None = None


class OfFlow(Sum):
    """What one flow did.

    Attributes:
        flow: Its name, `UNKNOWN` or `NO_FLOW`.
    """

    flow: str


class OfDay(BaseModel):
    """What was spent on one day (UTC).

    Attributes:
        day: Which.
        spend_usd: Estimated US dollars by model id.
    """

    day: date
    spend_usd: dict[str, float] = Field(default_factory=dict)


class Ending(BaseModel):
    """A model that was used, and is near its end of life or past it.

    Attributes:
        model: Its id.
        name: A short name.
        end_of_life: Its first day without it.
        days_left: Days until then; 0 or less where it is past.
        successor: Which to use instead, in words.
    """

    model: str
    name: str
    end_of_life: date
    days_left: int
    successor: str


class Usage(BaseModel):
    """A report of a period.

    Attributes:
        since: First instant of the period.
        until: First instant after it.
        store: URI of the store that pictures and prices are of.
        total: All of it.
        models: By model, what cost most first; flows likewise.
        days: Each day of the period, also those without spend.
        filtered_because: Calls that were filtered by reason, the most frequent first.
        retried_because: Further tries by reason, likewise.
        failed_runs: Flow runs that failed or crashed by their flow and what they said, likewise.
        ending: Models that should no longer be used.
        unknown: What this report could not know, in sentences.
    """

    since: datetime
    until: datetime
    store: str
    total: Sum
    models: list[OfModel]
    flows: list[OfFlow]
    days: list[OfDay]
    filtered_because: dict[str, int]
    retried_because: dict[str, int]
    failed_runs: dict[str, int] = Field(default_factory=dict)
    ending: list[Ending]
    unknown: list[str]


class Ledger:
    """Takes in what is known of a period, in any order, and sums it up.

    Args:
        period: What is outside of it is left out.
        store: URI of the store, for the report.
    """

    def __init__(self, period: Period, store: str) -> None:
        self.period, self._store = period, store
        self._total = Sum()
        self._models: dict[str, OfModel] = {}
        self._flows: dict[str, OfFlow] = {}
        self._days = {day: OfDay(day=day) for day in period.days}
        self._seconds: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        self._modes: defaultdict[str, set[str]] = defaultdict(set)
        self._calls: set[str] = set()
        self._filtered: Counter[str] = Counter()
        self._retried: Counter[str] = Counter()
        self._failed_runs: Counter[str] = Counter()
        self._running = 0
        self._unknown: list[str] = []

    def add_picture(self, picture: Picture, flow: str) -> bool:
        """Take in a picture of the store; gives whether it counts: made by a model, and then.

        Args:
            picture: The picture.
            flow: Name of the flow that made it, `UNKNOWN` or `NO_FLOW`.
        """
        how = picture.provenance
        if how.model is None or how.made_at is None or how.made_at not in self.period:
            return False
        model, sums = how.model, self._sums(how.model, flow)
        for each in sums:
            each.add_picture(how.price_usd)
        self._modes[model].add(how.mode)
        call = how.request_id or picture.sha256
        if call not in self._calls:
            self._calls.add(call)
            for each in sums:
                each.calls += 1
            if how.seconds is not None:
                self._seconds[model].append(how.seconds)
        made_at = how.made_at.astimezone(UTC) if how.made_at.tzinfo else how.made_at
        spent = self._days[made_at.date()].spend_usd
        spent[model] = round(spent.get(model, 0.0) + (how.price_usd or 0.0), 6)
        return True

    def add(self, fact: Fact) -> None:
        """Take in what became of a request."""
        self._running += fact.outcome == "running"
        for each in self._sums(fact.model, fact.flow):
            each.add(fact)
        if fact.model:
            self._modes[fact.model].add(fact.mode)
        self._filtered.update(fact.filtered)
        self._retried.update(fact.retries)

    def add_failed_run(self, flow: str, said: str) -> None:
        """Take in a flow run that failed or crashed, with what its state says."""
        self._failed_runs[f"{flow}: {said}"] += 1

    def could_not_know(self, what: str) -> None:
        """Take in a sentence about what cannot be known."""
        self._unknown.append(what)

    def usage(self, today: date | None = None) -> Usage:
        """What it comes to.

        Args:
            today: The day that decides which models are near their end; None for the clock's.
        """
        day = today or catalog.today()
        unknown = list(self._unknown)
        if self._running:
            said = "1 request is" if self._running == 1 else f"{self._running} requests are"
            unknown.append(f"{said} still under way, or ended without a word.")
        for id_, model in self._models.items():
            model.seconds_p50 = quantile(self._seconds[id_], 0.5)
            model.seconds_p95 = quantile(self._seconds[id_], 0.95)
        return Usage(
            since=self.period.since,
            until=self.period.until,
            store=self._store,
            total=self._total,
            models=sorted(self._models.values(), key=_weight),
            flows=sorted(self._flows.values(), key=_weight),
            days=list(self._days.values()),
            filtered_because=dict(self._filtered.most_common()),
            retried_because=dict(self._retried.most_common()),
            failed_runs=dict(self._failed_runs.most_common()),
            ending=[each for id_ in self._models for each in self._ending(id_, day)],
            unknown=unknown,
        )

    def _sums(self, model: str | None, flow: str) -> list[Sum]:
        id_ = model or UNKNOWN
        if id_ not in self._models:
            self._models[id_] = OfModel(model=id_, name=short(id_))
        if flow not in self._flows:
            self._flows[flow] = OfFlow(flow=flow)
        return [self._total, self._models[id_], self._flows[flow]]

    def _ending(self, id_: str, day: date) -> list[Ending]:
        row = catalog.models().get(id_)
        if row is None or row.end_of_life is None or not row.is_ending(day):
            return []
        told = [row.successor(mode, day) for mode in sorted(self._modes[id_])]
        return [
            Ending(
                model=id_,
                name=row.short,
                end_of_life=row.end_of_life,
                days_left=(row.end_of_life - day).days,
                successor=" ".join(dict.fromkeys(told)),
            )
        ]


def short(model_id: str) -> str:
    """The short name of a model; what the catalog does not know is called by its id."""
    try:
        return catalog.find(model_id).short
    except UnknownModel:
        return model_id


def quantile(values: array[float], part: float) -> float | None:
    """The least of the values that `part` of them (0 to 1) do not exceed; None without any."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(part * len(values)) - 1)], 3)


def _weight(each: Sum) -> tuple[float, int, int]:
    return -each.spend_usd, -each.pictures, -(each.made + each.cached + each.failed)
