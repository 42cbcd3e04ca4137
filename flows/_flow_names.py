"""Which flow a flow run is of, by its id or by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

from darkroom.period import Period
from darkroom.usage import NO_FLOW, UNKNOWN

PAGE = 200
"""The most that one page of Prefect's API holds."""

T = TypeVar("T")

_LEEWAY = timedelta(minutes=5)
"""How far the clocks of a worker and of the server may be apart."""


@dataclass(frozen=True)
class _Run:
    flow: str
    began: datetime
    ended: datetime


class FlowNames:
    """Asks the API about flow runs, about each of them once.

    Args:
        client: Of Prefect's API.
    """

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client
        self._flows: dict[UUID, str] = {}
        self._by_id: dict[UUID, str] = {}
        self._by_name: dict[str, list[_Run]] = {}

    def learn_ids(self, ids: Iterable[UUID | None]) -> None:
        """Ask about those of these flow runs that are not known yet."""
        new = sorted({each for each in ids if each} - self._by_id.keys())
        for some in _pages(new):
            for run in self._read(FlowRunFilter(id=FlowRunFilterId(any_=some))):
                self._by_id[run.id] = self._flow(run)

    def learn_names(self, names: Iterable[str | None]) -> None:
        """Ask about all flow runs of those of these names that are not known yet."""
        new = sorted({each for each in names if each} - self._by_name.keys())
        for some in _pages(new):
            self._by_name |= {name: [] for name in some}
            for run in self._read(FlowRunFilter(name=FlowRunFilterName(any_=some))):
                began = run.start_time or run.created or datetime.min.replace(tzinfo=UTC)
                ended = run.end_time or datetime.max.replace(tzinfo=UTC) - _LEEWAY
                self._by_name[run.name].append(_Run(self._flow(run), began, ended))

    def failed(self, period: Period) -> Iterator[FlowRun]:
        """The flow runs that began in a period and failed or crashed."""
        types = FlowRunFilterStateType(any_=[StateType.FAILED, StateType.CRASHED])
        yield from self._read(
            FlowRunFilter(
                state=FlowRunFilterState(type=types),
                expected_start_time=FlowRunFilterExpectedStartTime(
                    after_=period.since, before_=period.until
                ),
            )
        )

    def of(self, run: FlowRun) -> str:
        """The flow of a flow run."""
        return self._flow(run)

    def of_id(self, flow_run: UUID | None) -> str:
        """The flow of a flow run by its id."""
        return self._by_id.get(flow_run, UNKNOWN) if flow_run else NO_FLOW

    def of_name(self, flow_run: str | None, at: datetime | None) -> str:
        """The flow of a flow run of that name which was under way at an instant.

        Prefect makes names up, and so the same one now and then.
        """
        if not flow_run:
            return NO_FLOW
        runs = self._by_name.get(flow_run, [])
        if at is not None and len({each.flow for each in runs}) > 1:
            known = at if at.tzinfo else at.replace(tzinfo=UTC)
            runs = [each for each in runs if each.began - _LEEWAY <= known <= each.ended + _LEEWAY]
        flows = {each.flow for each in runs}
        return flows.pop() if len(flows) == 1 else UNKNOWN

    def _flow(self, run: FlowRun) -> str:
        if run.flow_id not in self._flows:
            self._flows[run.flow_id] = self._client.read_flow(run.flow_id).name
        return self._flows[run.flow_id]

    def _read(self, wanted: FlowRunFilter) -> Iterator[FlowRun]:
        offset = 0
        while True:
            page = self._client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=offset)
            yield from page
            if len(page) < PAGE:
                return
            offset += PAGE


def _pages(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]
