"""Run a pipeline file: check it, say what it will do and cost, do it, show it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from blocks import ImageStore
from darkroom.budget import Budget
from darkroom.client import Keep
from darkroom.errors import BudgetReached, DarkroomError, InvalidRequest
from darkroom.modes.base import Request
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.review import Review, Verdict
from darkroom.pipeline.walk import Unit, Walk
from darkroom.plan import Plan, sentences
from darkroom.resolve import row_of
from flows._crew import Crew, Job, Outcome
from flows._foresee import SEEDS, Foresight
from flows._given import AtOnce, Cost, read_pipeline
from flows._run import Run
from flows._show_plan import plan_artifact
from tasks import _turn, review
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


@flow(name="run_pipeline")
def run_pipeline(
    pipeline: str,
    params: dict[str, Any] | None = None,
    max_cost: Cost | None = None,
    at_once: AtOnce = 16,
    again: bool = False,
    choices: dict[str, str] | None = None,
    keep: Keep = "no",
    bedrock: str | None = None,
    store: str | None = None,
) -> State[Any]:
    """Run a pipeline.

    Says first what it will do and cost. The same pipeline with the same params finds what was made
    before, and pays for what is missing only. Where a step asks a person, the run is suspended,
    and goes on when its form is answered.

    Args:
        pipeline: Path of the pipeline's file, or its text.
        params: The pipeline's params by name; pictures by their path.
        max_cost: US dollars that the run may cost; it is refused, or stops, before it costs more.
        at_once: Steps that are done at the same time.
        again: Make new pictures, though there are some for the same request.
        choices: Answers to reviews, given beforehand by the step's name: "2", "1,3", "all",
            "reject: WHY", or "new: WORDS".
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
    verdicts = {step: Verdict.read(words) for step, words in (choices or {}).items()}
    answers = review.given.set(verdicts)
    for name, step in made.reviews.items():
        review.check(name, patience=bool(step.fields.get("wait")))
    plan = foreseen(made, params or {}, how)
    for line in sentences(plan):
        get_run_logger().info("plan: %s", line)
    plan_artifact(plan)
    plan.check_budget(max_cost)
    budget = None if max_cost is None else Budget(max_cost)
    token = _turn.budget.set(budget)
    job = Job(Walk(made, params or {}))
    crew = Crew(how, at_once, shown=True, ask=partial(_ask, run.store))
    try:
        crew.drive(iter([job]), lambda job: None, lambda: None)
    finally:
        _turn.budget.reset(token)
        review.given.reset(answers)
        run.task_runs += crew.task_runs
    for outcome in job.ended:
        note(run, outcome)
    for left in job.walk.left:
        run.report.leave(left.name, left.how, left.reason, optional=left.optional)
    return run.end(_unexpected(job))


def _ask(store: ImageStore, job: Job, unit: Unit) -> Verdict:
    """A person's verdict; the run may be suspended, and come back here in another process."""
    request = unit.request
    assert isinstance(request, Review)
    words = (picture.provenance.parameters.get("prompt") for picture in request.images)
    return review.decide(
        request,
        unit.name,
        store=store,
        renewable=bool(job.walk.sources(unit)),
        prompt=str(next(filter(None, words), "")),
    )


def note(run: Run, outcome: Outcome) -> None:
    """Put what came of a unit into the report."""
    unit, report = outcome.unit, run.report
    model = None
    if isinstance(unit.request, Request):
        model = row_of(unit.request, unit.model, run.bedrock).id
    if outcome.error is not None:
        report.fail(unit.name, model, outcome.error, optional=unit.optional)
    elif outcome.verdict and not outcome.pictures:
        report.leave(unit.name, "skipped", str(outcome.verdict), optional=unit.optional)
    for picture in outcome.pictures:
        status = outcome.status if model or outcome.verdict else "made"
        report.add(unit.name, picture, picture.provenance.model if model else None, status)


def _unexpected(job: Job) -> Exception | None:
    """An error that is none of ours: the run fails with it, whatever else it gave."""
    for outcome in job.ended:
        if isinstance(outcome.error, Exception) and not isinstance(outcome.error, DarkroomError):
            return outcome.error
    return next((each.error for each in job.ended if isinstance(each.error, BudgetReached)), None)
