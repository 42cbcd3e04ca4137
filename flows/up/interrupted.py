"""Flow runs that lost their process when Darkroom was stopped: they go on at the next `up`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import AwaitingRetry, Cancelled

from flows.up.deploy import POOL

_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
_MOST = 200
"""How many runs the server tells of at once: far more than a worker does."""


def resume(client: SyncPrefectClient, ended_since: datetime | None = None) -> list[str]:
    """Schedule what nobody does any more; gives the names of the runs that will go on.

    To be called while no worker runs. What a run has finished it finds again, and pays for nothing
    twice. One that was being canceled is canceled.

    Args:
        client: Asks the server.
        ended_since: Runs that crashed since then lost their process to us, and go on as well.
    """
    resumed = []
    for run in _found(client, _UNDER_WAY):
        if run.state_type == StateType.CANCELLING:
            client.set_flow_run_state(run.id, Cancelled(), force=True)
        else:
            resumed.append(_again(client, run))
    if ended_since is not None:
        crashed = _found(client, [StateType.CRASHED])
        ours = [run for run in crashed if run.state and run.state.timestamp >= ended_since]
        resumed += [_again(client, run) for run in ours]
    return resumed


def _found(client: SyncPrefectClient, types: list[StateType]) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types))
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
        limit=_MOST,
    )


def _again(client: SyncPrefectClient, run: FlowRun) -> str:
    waiting: State[Any] = AwaitingRetry(
        message="Darkroom was stopped meanwhile; it goes on where it was."
    )
    client.set_flow_run_state(run.id, waiting, force=True)
    return run.name
