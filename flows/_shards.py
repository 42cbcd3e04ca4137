"""The shards of a batch: flow runs of a deployment, watched, and started again if they die.

Prefect's work pool is the queue. A shard shows that it is alive by its progress artifact; one whose
artifact has not changed for a while has lost its machine, and another flow run takes its rows. Its
rows that ended are on record, so none is done twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import ArtifactSort
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling, Crashed
from pydantic import BaseModel

from darkroom.batch.row import Result
from darkroom.errors import InvalidRequest
from flows._batch import Batch
from flows._progress import Progress

DEPLOYMENT = "run_shard/run_shard"

PATIENCE = float(os.environ.get("DARKROOM_SHARD_PATIENCE", "60"))
"""Seconds without a sign of life after which a shard is taken for dead."""

STARTS = 10
"""How often a shard is started without any row of it ending in between."""

POLL = 2.0
"""Seconds between two looks."""


@dataclass
class _Shard:
    """One shard and the flow run that does it now."""

    index: int
    flow_run: UUID
    sign: datetime | None = None
    seen: float = field(default_factory=time.monotonic)
    starts: int = 1
    spent_usd: float = 0.0
    over: bool = False
    reason: str = ""


class Shards:
    """Has the rows of a batch done by flow runs on workers.

    Args:
        batch: The batch, whose tally is kept.
        order: What each shard is told as well.
        total: How many shards.
        at_once: Rows that a shard does at the same time.
        ended: Is told of each row that ended.
    """

    def __init__(
        self,
        batch: Batch,
        order: BaseModel,
        total: int,
        at_once: int,
        ended: Callable[[Result], None],
    ) -> None:
        self._batch, self._order, self._total = batch, order.model_dump(mode="json"), total
        self._at_once, self._ended = at_once, ended
        self._progress = Progress(batch.name, batch.tally)
        self._shards: list[_Shard] = []

    def run(self, max_cost: float | None) -> str:
        """Do all rows; gives why the batch was stopped, or ""."""
        with get_client(sync_client=True) as client:
            _check(client)
            share = None if max_cost is None else max_cost / self._total
            try:
                for index in range(self._total):
                    self._shards.append(_Shard(index, self._start(index, share)))
                while any(not shard.over for shard in self._shards):
                    self._look(client, share)
                    self._progress.beat()
                    time.sleep(POLL)
            except BaseException:
                self._cancel(client)
                raise
            finally:
                self._collect()
                self._progress.show()
        return "; ".join(dict.fromkeys(shard.reason for shard in self._shards if shard.reason))

    def _start(self, index: int, max_cost: float | None) -> UUID:
        run = run_deployment(
            DEPLOYMENT,
            parameters={
                "order": self._order,
                "shard": index,
                "shards": self._total,
                "max_cost": max_cost,
                "at_once": self._at_once,
                "patience": PATIENCE,
            },
            timeout=0,
            flow_run_name=f"{self._batch.name} {index + 1} of {self._total}",
            tags=[f"batch:{self._batch.name}"],
            _sync=True,  # type: ignore[call-arg]
        )
        assert isinstance(run, FlowRun)
        return run.id

    def _look(self, client: SyncPrefectClient, share: float | None) -> None:
        """See how the shards are, and start those again that died."""
        ended = self._collect()
        wanted = [shard.flow_run for shard in self._shards if not shard.over]
        filtered = FlowRunFilter(id=FlowRunFilterId(any_=wanted))
        runs = {run.id: run for run in client.read_flow_runs(flow_run_filter=filtered)}
        for shard in self._shards:
            run = runs.get(shard.flow_run)
            if shard.over or run is None or run.state is None:
                continue
            if run.state.is_crashed() or self._is_dead(client, shard, run):
                self._again(client, shard, run, share)
            elif run.state.is_final():
                shard.over = True
                if not run.state.is_completed():
                    shard.reason = run.state.message or run.state.name or ""
            if ended:
                shard.starts = 1

    def _is_dead(self, client: SyncPrefectClient, shard: _Shard, run: FlowRun) -> bool:
        """Whether a run that should be going on gives no sign of life."""
        assert run.state is not None
        if not run.state.is_running():
            shard.seen = time.monotonic()  # it waits for a worker
            return False
        artifacts = client.read_artifacts(
            artifact_filter=ArtifactFilter(
                flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]),
                type=ArtifactFilterType(any_=["progress"]),
            ),
            sort=ArtifactSort.UPDATED_DESC,
            limit=1,
        )
        sign = artifacts[0].updated if artifacts else None
        if sign != shard.sign:
            shard.sign, shard.seen = sign, time.monotonic()
        return time.monotonic() - shard.seen > PATIENCE

    def _again(
        self, client: SyncPrefectClient, shard: _Shard, run: FlowRun, share: float | None
    ) -> None:
        assert run.state is not None
        if not run.state.is_final():
            told = f"No sign of life for {PATIENCE:g} s; another run takes its rows."
            client.set_flow_run_state(run.id, Crashed(message=told), force=True)
        if shard.starts >= STARTS:
            shard.over, shard.reason = True, f"shard {shard.index + 1} died {STARTS} times"
            return
        get_run_logger().warning(
            "shard %d of %d died and is started again", shard.index + 1, self._total
        )
        left = None if share is None else max(0.0, share - shard.spent_usd)
        shard.flow_run, shard.starts = self._start(shard.index, left), shard.starts + 1
        shard.sign, shard.seen = None, time.monotonic()

    def _collect(self) -> int:
        """Note the rows that ended since the last look."""
        fresh = 0
        for key, known in self._batch.records.known().items():
            if self._batch.known.get(key) == known:
                continue
            if result := self._batch.records.load(key, known):
                self._batch.note(result, known)
                self._ended(result)
                self._shards[result.row % self._total].spent_usd += result.spent_usd
                fresh += 1
        return fresh

    def _cancel(self, client: SyncPrefectClient) -> None:
        """Have the shards' runs end, when the batch itself is ended."""
        for shard in self._shards:
            if not shard.over:
                client.set_flow_run_state(
                    shard.flow_run, Cancelling(message="The batch was ended."), force=True
                )


def _check(client: SyncPrefectClient) -> Any:
    """Raise `InvalidRequest` where there is no deployment to start shards of."""
    try:
        return client.read_deployment_by_name(DEPLOYMENT)
    except ObjectNotFound as error:
        raise InvalidRequest.of(
            "shards",
            DEPLOYMENT,
            "Prefect knows no such deployment",
            "Make it: prefect deploy --all --prefect-file deployments/prefect.yaml",
        ) from error
