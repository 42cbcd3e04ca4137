"""Run one shard of a batch, on whatever machine has a worker free."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Annotated, Any
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from pydantic import Field

from darkroom.batch.row import Result
from darkroom.errors import DarkroomError, InvalidRequest
from flows._batch import Batch
from flows._given import AtOnce, Cost
from flows._order import Order
from flows._progress import EVERY, Progress, in_words
from flows._tally import Tally, watch
from flows._work import do
from tasks import _show


class GivenUp(DarkroomError):
    """Another flow run has this one's rows: it was ended, or was not heard of for too long."""


@flow(name="run_shard")
def run_shard(
    order: Order,
    shard: Annotated[int, Field(ge=0)],
    shards: Annotated[int, Field(ge=1)],
    max_cost: Cost | None = None,
    at_once: AtOnce = 16,
    patience: Annotated[float, Field(ge=EVERY)] = 60,
) -> State[Any]:
    """Run one shard of a batch. `run_batch` starts these by itself, when it is given shards.

    Args:
        order: What the batch is.
        shard: Which shard, from 0.
        shards: Of how many.
        max_cost: US dollars that this shard may cost.
        at_once: Rows, and calls, that are under way at the same time.
        patience: Seconds without a sign of life after which it is taken for dead.
    """
    batch = order.batch((shard, shards))
    with get_client(sync_client=True) as client, ExitStack() as turn:
        touch = _Touch(client, patience)
        _wait(batch, turn, touch)
        batch.tally.total = sum(1 for _ in batch.wanted())
        token = watch.set(touch)
        try:
            reason = do(batch, max_cost, at_once)
        finally:
            watch.reset(token)
    told = in_words(batch.tally)
    return Failed(message=f"{told}. {reason}") if reason else Completed(message=told)


class _Touch:
    """Keeps in touch with the server: a shard that was given up begins no more calls.

    A machine that was cut off, or only slow, may be alive when another one has taken its rows.

    Args:
        client: Asks the server.
        patience: Seconds without an answer after which the server has given this run up.
    """

    def __init__(self, client: SyncPrefectClient, patience: float) -> None:
        self._client, self._patience = client, patience
        self._heard = self._asked = time.monotonic()

    def __call__(self, tally: Tally | None = None, result: Result | None = None) -> None:
        """Ask, if it is time to, whether this run still counts."""
        if result is not None or time.monotonic() - self._asked < EVERY:
            return
        try:
            state = self._client.read_flow_run(UUID(flow_run.get_id())).state
        except _show.TROUBLE as error:
            if time.monotonic() - self._heard > self._patience:
                told = f"The server was not heard of for {self._patience:g} s: {error}"
                raise GivenUp(told) from error
        else:
            self._heard = time.monotonic()
            if state is not None and state.is_final():
                raise GivenUp(f"This run was ended: {state.message or state.name}")
        self._asked = time.monotonic()


def _wait(batch: Batch, turn: ExitStack, touch: _Touch) -> None:
    """Wait until no earlier run of this shard does its rows any more; say meanwhile: alive."""
    progress = Progress(batch.name, batch.tally)
    while True:
        try:
            turn.enter_context(batch.held(patience=EVERY))
            return
        except InvalidRequest:
            get_run_logger().info("waiting for another run of this shard to end")
            progress.show()
            touch()
