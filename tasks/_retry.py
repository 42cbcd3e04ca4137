"""When a paid task is tried again: only where its error says that another try can help.

What the quota refuses has tries of its own, apart from what really failed: a batch that meets a
busy account waits longer, and gives up nothing for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from threading import Event
from typing import Any, TypedDict
from uuid import UUID

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from darkroom.errors import DarkroomError, Throttled
from tasks import _events

FAILURES = 5
"""How often a task is tried again after failures that may pass."""

THROTTLES = 20
"""How often it is tried again after the service said that there were too many calls."""

_seen: ContextVar[tuple[UUID, Counter[bool]] | None] = ContextVar("seen", default=None)
"""The task run that is under way here, and how often it was throttled (True) or failed (False)."""


stopping: ContextVar[Event | None] = ContextVar("stopping", default=None)
"""Set when the run that is under way here is being ended: nothing is tried again then."""


class Tries(TypedDict):
    """The options of a task that say how often it is tried."""

    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]


def tries(failures: int = FAILURES) -> Tries:
    """How often a paid task is tried again.

    The waits are 1, 2, 4, 8 and then 16 seconds with jitter, as AWS advises for throttling.

    Args:
        failures: How often after failures; throttling comes on top.
    """

    def can_help(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
        error = state.data if isinstance(state.data, BaseException) else None
        if error is None:
            error = state.result(raise_on_failure=False)
        ending = stopping.get()
        if ending and ending.is_set():
            return False
        if not (isinstance(error, DarkroomError) and error.retryable):
            return False
        throttled = isinstance(error, Throttled)
        count = _count(task_run.id)
        count[throttled] += 1
        if count[throttled] > (THROTTLES if throttled else failures):
            return False
        _events.retried(error)
        return True

    return Tries(
        retries=failures + THROTTLES,
        retry_delay_seconds=[1, 2, 4, 8, 16],
        retry_jitter_factor=0.5,
        retry_condition_fn=can_help,
    )


def _count(task_run_id: UUID) -> Counter[bool]:
    seen = _seen.get()
    if seen is None or seen[0] != task_run_id:
        seen = task_run_id, Counter()
        _seen.set(seen)
    return seen[1]
