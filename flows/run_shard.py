"""Run one shard of a batch, on whatever machine has a worker free."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from flows._given import AtOnce, Cost
from flows._order import Order
from flows._progress import in_words
from flows._work import do


@flow(name="run_shard")
def run_shard(
    order: Order,
    shard: Annotated[int, Field(ge=0)],
    shards: Annotated[int, Field(ge=1)],
    max_cost: Cost | None = None,
    at_once: AtOnce = 16,
) -> State[Any]:
    """Run one shard of a batch. `run_batch` starts these by itself, when it is given shards.

    Args:
        order: What the batch is.
        shard: Which shard, from 0.
        shards: Of how many.
        max_cost: US dollars that this shard may cost.
        at_once: Rows, and calls, that are under way at the same time.
    """
    batch = order.batch((shard, shards))
    with batch.held(patience=120):
        batch.tally.total = sum(1 for _ in batch.wanted())
        reason = do(batch, max_cost, at_once)
    told = in_words(batch.tally)
    return Failed(message=f"{told}. {reason}") if reason else Completed(message=told)
