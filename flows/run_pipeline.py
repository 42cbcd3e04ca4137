"""Run a pipeline file: check it, say what it will do and cost, do it, show it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.review import Review, Verdict
from darkroom.pipeline.walk import Unit, Walk
from darkroom.plan import Plan, sentences
from flows._crew import Job
from flows._driven import driven, unexpected
from flows._foresee import SEEDS, Foresight
from flows._form import formed
from flows._given import AtOnce, Cost, read_pipeline
from flows._parameters import Again, BedrockName, KeepResponses, Params, PipelineName, StoreName
from flows._run import Run
from flows._show_plan import plan_artifact
from flows._tags import tagged
from tasks import review
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
    choices: Annotated[dict[str, str] | None, Field(examples=[{"pick": "2"}])] = None,
    at_once: AtOnce = 16,
    keep: KeepResponses = "no",
    bedrock: BedrockName = None,
    store: StoreName = None,
) -> State[Any]:
    """Run a pipeline.

    Says first what it will do and cost. The same pipeline with the same params finds what was made
    before, and pays for what is missing only. Where a step asks a person, the run is suspended,
    and goes on when its form is answered.

    Args:
        pipeline: The name of one that comes with Darkroom. Another one: the whole path of its file
            where the worker is, or its text.
        params: What the pipeline is given, by name, as JSON; pictures by the whole path of their
            file where the worker is.
        max_cost: US dollars that the run may cost; it is refused, or stops, before it costs more.
        again: Make new pictures, though there are some for the same request.
        choices: Answers to reviews, given beforehand by the step's name, as JSON: "2", "1,3",
            "all", "reject: WHY", or "new: WORDS".
        at_once: Steps that are done at the same time.
        keep: Whether to keep the service's whole responses beside the pictures: no, elided without
            the base64, or full.
        bedrock: Name of the Bedrock block; "standin" is the local stand-in.
        store: Name of the ImageStore block.
    """
    made = read_pipeline(pipeline)
    tagged(f"pipeline:{made.name}")
    run = Run(made.name, bedrock, store, keep=keep)
    how: How = {
        "bedrock": run.bedrock,
        "store": run.store,
        "keep": keep,
        "seeds": SEEDS,
        "again": str(flow_run.get_id()) if again else "",
    }
    verdicts = {step: Verdict.read(words) for step, words in (choices or {}).items()}
    with review.answered(verdicts):
        for name, step in made.reviews.items():
            review.check(name, patience=bool(step.fields.get("wait")))
        plan = foreseen(made, params or {}, how)
        for line in sentences(plan):
            get_run_logger().info("plan: %s", line)
        plan_artifact(plan)
        plan.check_budget(max_cost)
        walk, ask = Walk(made, params or {}), partial(_ask, run.store)
        job = driven(run, walk, how, max_cost, at_once, ask)
    for left in job.walk.left:
        run.report.leave(left.name, left.how, left.reason, optional=left.optional)
    return run.end(unexpected(job))


def _ask(store: ImageStore, job: Job, unit: Unit) -> Verdict:
    """A person's verdict; the run may be suspended, and come back here in another process."""
    request = unit.request
    assert isinstance(request, Review)
    words = (picture.provenance.parameters.get("prompt") for picture in request.images)
    names = {each.uri: done.unit.name for done in job.ended for each in done.pictures}
    return review.decide(
        request,
        unit.name,
        store=store,
        renewable=bool(job.walk.sources(unit)),
        prompt=str(next(filter(None, words), "")),
        labels=[names.get(picture.uri, "") for picture in request.images],
    )
