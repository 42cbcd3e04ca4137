"""Run a pipeline over many rows: say what that will cost, do it, write down what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from pydantic import Field

from darkroom.plan import Plan, sentences
from flows._batch import Batch, Retry
from flows._form import formed
from flows._given import AtOnce, Cost
from flows._listing import Listing
from flows._order import Order
from flows._parameters import (
    Again,
    BedrockName,
    KeepResponses,
    Params,
    PipelineName,
    StoreName,
    Text,
)
from flows._shards import Shards
from flows._show_plan import plan_artifact
from flows._tags import tagged
from flows._work import do

ShardCount = Annotated[int, Field(ge=1, le=256)]
Matrix = Annotated[
    dict[str, list[Any]] | None, Field(examples=[{"scene": ["a beach", "a forest"]}])
]


@formed
@flow(name="run_batch")
def run_batch(
    pipeline: PipelineName,
    rows: Annotated[Text, Field(examples=["/shared/products.csv"])] = None,
    matrix: Matrix = None,
    params: Params = None,
    name: Annotated[Text, Field(examples=["autumn"])] = None,
    max_cost: Cost | None = None,
    retry: Annotated[Retry, Field(title="Try again")] = "missing",
    again: Again = False,
    pictures: Annotated[Text, Field(title="Folder of pictures")] = None,
    out: Annotated[Text, Field(title="Folder for the manifest")] = None,
    page: bool = True,
    at_once: AtOnce = 16,
    shards: ShardCount = 1,
    keep: KeepResponses = "no",
    bedrock: BedrockName = None,
    store: StoreName = None,
) -> State[Any]:
    """Run a pipeline over many rows.

    Says first what it will do and cost. One row's failure touches no other. A batch of the same
    name goes on where it was, and pays for nothing twice.

    Args:
        pipeline: The name of one that comes with Darkroom. Another one: the whole path of its file
            where the worker is, or its text.
        rows: The whole path of a file of rows (CSV, JSONL, Parquet), or of a folder of pictures;
            their columns or file names fill the pipeline's params.
        matrix: Lists of values by param, as JSON: every combination of them is a row.
        params: What holds for all rows, by name, as JSON; pictures by their whole path.
        name: Names the batch, and resumes it. Empty: the pipeline's and the rows' names.
        max_cost: US dollars that this run may cost; it is refused, or stops, before it costs more.
        retry: Which rows to do again beside those that never ended: failed, filtered, or all.
        again: Make new pictures for all rows, though there are some.
        pictures: Folder that the rows' pictures are in. Empty: that of the rows.
        out: Folder for the manifest and the page. Empty: in the store, or below $DARKROOM_HOME.
        page: Whether to write a page that shows all rows.
        at_once: Rows, and calls, that are under way at the same time.
        shards: Flow runs that the rows are split into, for workers on several machines. They need
            the deployment run_shard, and files and a store that all of them can reach.
        keep: Whether to keep the service's whole responses beside the pictures: no, elided without
            the base64, or full.
        bedrock: Name of the Bedrock block; "standin" is the local stand-in.
        store: Name of the ImageStore block.
    """
    order = Order(
        pipeline=pipeline,
        rows=rows,
        name=name,
        matrix=matrix,
        params=params,
        retry=retry,
        again=again,
        pictures=pictures,
        keep=keep,
        bedrock=bedrock,
        store=store,
    )
    batch = order.batch()
    tagged(f"batch:{batch.name}", f"pipeline:{batch.pipeline.name}")
    with batch.held():
        planned(batch, max_cost)
        batch.begin()
        with Listing(batch, out) as listing:
            if shards == 1:
                reason = do(batch, max_cost, at_once, listing.add)
            else:
                order = order.model_copy(update={"name": batch.name, "again": False})
                reason = Shards(batch, order, shards, at_once, listing.add).run(max_cost)
            return listing.end(reason, page=page)


def planned(batch: Batch, max_cost: float | None) -> Plan:
    """Say what a batch will do, and refuse what would cost too much."""
    log = get_run_logger()
    for warning in batch.rows.warnings:
        log.warning("%s", warning)
    plan = batch.plan()
    for line in sentences(plan):
        log.info("plan: %s", line)
    plan_artifact(plan)
    plan.check_budget(max_cost)
    return plan
