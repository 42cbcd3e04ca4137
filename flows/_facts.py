"""What Prefect's API knows of the requests of a period, read a page at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.events import EventPage
from prefect.client.schemas.filters import (
    TaskRunFilter,
    TaskRunFilterName,
    TaskRunFilterStartTime,
)
from prefect.client.schemas.objects import StateType, TaskRun
from prefect.client.schemas.sorting import TaskRunSort
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter
from prefect.events.schemas.events import ReceivedEvent
from prefect.exceptions import PrefectHTTPStatusError

from darkroom import catalog, modes
from darkroom.errors import UnknownModel, Unreachable
from darkroom.period import Period
from darkroom.usage import UNKNOWN, Fact, Outcome
from flows._flow_names import PAGE, FlowNames
from tasks import _events, _run

_REQUEST = re.compile(r"(?:^|[ :])(?P<mode>[a-z_]+) on (?P<model>\S+)$")
"""Names of the task runs of modes: "row 3 shot: text_to_image on stability.sd3-5-large-v1:0"."""

_EXCEPTION = re.compile(r"encountered an exception:? (?P<kind>\w+)(?:: ?(?P<said>.*))?", re.DOTALL)
"""What Prefect says of a task run that failed."""

UNTOLD = UNKNOWN
"""The reason of a retry of which no event tells."""

_MOST_WORDS = 120


@dataclass
class _Happened:
    """What events tell of one request."""

    mode: str
    model: str | None
    flow: str
    filtered: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)


@contextmanager
def reachable() -> Iterator[None]:
    """Say in our words that the API does not answer.

    Raises:
        Unreachable: It does not, or not as it should.
    """
    try:
        yield
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise Unreachable(
            f"The Prefect API does not answer as it should ({error}). Start it, or correct "
            "PREFECT_API_URL."
        ) from error


def facts(client: SyncPrefectClient, period: Period, names: FlowNames) -> Iterator[Fact]:
    """What became of each request that began in a period.

    Args:
        client: Of Prefect's API.
        period: Which.
        names: Knows the flows, and learns of further ones.
    """
    happened = _happened(client, period)
    for page in _task_runs(client, period):
        names.learn_ids(run.flow_run_id for run in page)
        for run in page:
            told = happened.pop(run.id, None)
            if fact := _fact(run, told, names.of_id(run.flow_run_id)):
                yield fact
    # Of task runs that began before the period, or that the server has forgotten.
    for each in happened.values():
        yield Fact("filtered", each.model, each.mode, each.flow, each.filtered, each.retries)


def _task_runs(client: SyncPrefectClient, period: Period) -> Iterator[list[TaskRun]]:
    """The task runs that may be those of modes. Those that begin meanwhile move no page."""
    wanted = TaskRunFilter(
        name=TaskRunFilterName(like_=" on "),
        start_time=TaskRunFilterStartTime(after_=period.since, before_=period.until),
    )
    offset = 0
    while True:
        page = client.read_task_runs(
            task_run_filter=wanted, sort=TaskRunSort.ID_DESC, limit=PAGE, offset=offset
        )
        yield page
        if len(page) < PAGE:
            return
        offset += PAGE


def _fact(run: TaskRun, told: _Happened | None, flow: str) -> Fact | None:
    """What became of a task run; None if it is not that of a mode."""
    named = _REQUEST.search(run.name)
    if named is None or named["mode"] not in modes.names():
        return None
    outcome, reason = _outcome(run)
    filtered: Counter[str] = told.filtered if told else Counter()
    if outcome == "filtered" and not filtered:
        filtered = Counter({reason: 1})
    retries: Counter[str] = told.retries if told else Counter()
    untold = run.run_count - 1 - retries.total()
    if untold > 0:
        retries = retries + Counter({UNTOLD: untold})
    return Fact(outcome, _model(run, named["model"]), named["mode"], flow, filtered, retries)


def _outcome(run: TaskRun) -> tuple[Outcome, str]:
    """What became of it in a word, and why, where it failed."""
    state = run.state
    if state is None or not state.is_final():
        return "running", ""
    if state.type == StateType.COMPLETED:
        cached = state.name == "Cached" or _run.CACHED in run.tags
        return ("cached" if cached else "made"), ""
    said = _EXCEPTION.search(state.message or "")
    kinds: dict[str, Outcome] = {"ContentFiltered": "filtered", "BudgetReached": "stopped"}
    if said and said["kind"] in kinds:
        return kinds[said["kind"]], cut(said["said"] or "")
    return "failed", cut(state.message or state.name or "")


def _model(run: TaskRun, called: str) -> str | None:
    """The id of the model that was asked: by the run's tags, else by what its name calls it."""
    for tag in run.tags:
        if tag in catalog.models():
            return tag
    try:
        return catalog.find(called).id
    except UnknownModel:
        return None if called == "None" else called


def _happened(client: SyncPrefectClient, period: Period) -> dict[UUID, _Happened]:
    """What events tell, by task run."""
    found: dict[UUID, _Happened] = {}
    for event in _read_events(client, period):
        reason, model = (event.payload.get(each) for each in ("reason", "model"))
        try:
            task_run = UUID(event.resource.id.rpartition(".")[2])
        except ValueError:
            continue  # somebody else's, by the same name
        if task_run not in found:
            flow = next((each.name for each in event.related if each.role == "flow"), None)
            mode, id_ = str(event.payload.get("mode")), str(model) if model else None
            found[task_run] = _Happened(mode, id_, flow or UNKNOWN)
        each = found[task_run]
        (each.filtered if event.event == _events.FILTERED else each.retries)[cut(str(reason))] += 1
    return found


def _read_events(client: SyncPrefectClient, period: Period) -> Iterator[ReceivedEvent]:
    wanted = EventFilter(
        event=EventNameFilter(name=[_events.FILTERED, _events.RETRIED]),
        occurred=EventOccurredFilter(since=period.since, until=period.until),
    )
    page = client.read_events(wanted, limit=50)
    while True:
        yield from page.events
        if page.next_page is None:
            return
        # By its path: the address that the server knows itself by may not be reached from here.
        query = urlsplit(str(page.next_page)).query
        answer: Any = client.request("GET", f"/events/filter/next?{query}")  # type: ignore[arg-type]
        page = EventPage.model_validate(answer.json())


def cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _MOST_WORDS else f"{one_line[: _MOST_WORDS - 1]}…"
