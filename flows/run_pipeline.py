"""Run a pipeline file: check it, say what it will do and cost, do it, show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from darkroom.errors import InvalidRequest
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.walk import Walk
from darkroom.plan import Plan, sentences
from flows._driven import driven, unexpected
from flows._foresee import SEEDS, Foresight
from flows._form import formed
from flows._given import AtOnce, Cost, read_pipeline
from flows._parameters import Again, BedrockName, KeepResponses, Params, PipelineName, StoreName
from flows._run import Run
from flows._show_plan import plan_artifact
from tasks._invoke import How


def foreseen(pipeline: Pipeline, params: Mapping[str, Any], how: How) -> Plan:
    """What a run would do, refused where it would fail.

    Raises:
        InvalidRequest: Something is wrong; nothing was paid.
    """
    foresight = Foresight(pipeline.name, how)
    foresight.add(pipeline, params)
    wrong = [each for each in foresight.plan.troubles if not each.optional]
    if wrong:
        raise InvalidRequest("\n".join(f"{each.step}: {each.reason}" for each in wrong))
    return foresight.plan


@formed
@flow(name="run_pipeline")
def run_pipeline(
    pipeline: PipelineName,
    params: Params = None,
    max_cost: Cost | None = None,
    again: Again = False,
    at_once: AtOnce = 16,
    keep: KeepResponses = "no",
    bedrock: BedrockName = None,
    store: StoreName = None,
) -> State[Any]:
    """Run a pipeline.

    Says first what it will do and cost. The same pipeline with the same params finds what was made
    before, and pays for what is missing only.

    Args:
        pipeline: The name of one that comes with Darkroom. Another one: the whole path of its file
            where the worker is, or its text.
        params: What the pipeline is given, by name, as JSON; pictures by the whole path of their
            file where the worker is.
        max_cost: US dollars that the run may cost; it is refused, or stops, before it costs more.
        again: Make new pictures, though there are some for the same request.
        at_once: Steps that are done at the same time.
        keep: Whether to keep the service's whole responses beside the pictures: no, elided without
            the base64, or full.
        bedrock: Name of the Bedrock block; "standin" is the local stand-in.
        store: Name of the ImageStore block.
    """
    made = read_pipeline(pipeline)
    run = Run(made.name, bedrock, store, keep=keep)
    how: How = {
        "bedrock": run.bedrock,
        "store": run.store,
        "keep": keep,
        "seeds": SEEDS,
        "again": str(flow_run.get_id()) if again else "",
    }
    plan = foreseen(made, params or {}, how)
    for line in sentences(plan):
        get_run_logger().info("plan: %s", line)
    plan_artifact(plan)
    plan.check_budget(max_cost)
    job = driven(run, Walk(made, params or {}), how, max_cost, at_once)
    for left in job.walk.left:
        run.report.leave(left.name, left.how, left.reason, optional=left.optional)
    return run.end(unexpected(job))
