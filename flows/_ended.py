"""How a flow run ends that did not do what it was for, and what came of a run that ended.

A failed state of Prefect holds an error, or the flow's caller gets a TypeError about the state.
"""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Failed

from darkroom.errors import RunFailed


def failure(message: str, report: Any, cause: BaseException | None = None) -> State[Any]:
    """The state of a failed run: its caller gets `RunFailed`, which has the report."""
    error = RunFailed(message, report)
    error.__cause__ = cause
    return Failed(message=message, data=error)


def report_of(state: State[Any]) -> Any:
    """What came of a run: its report however it ended, or the error that left none."""
    found = state.result(raise_on_failure=False)
    return found.report if isinstance(found, RunFailed) else found
