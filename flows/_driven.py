"""One walk, driven as a run that may cost so much, and what came of it in the run's report."""

from __future__ import annotations

from collections.abc import Callable

from darkroom.budget import Budget
from darkroom.errors import BudgetReached, DarkroomError
from darkroom.modes.base import Request
from darkroom.pipeline.review import Verdict
from darkroom.pipeline.walk import Unit, Walk
from darkroom.resolve import row_of
from flows._crew import Crew, Job, Outcome
from flows._run import Run
from flows.report import Status
from tasks import _turn
from tasks._invoke import How


def driven(
    run: Run,
    walk: Walk,
    how: How,
    max_cost: float | None,
    at_once: int,
    ask: Callable[[Job, Unit], Verdict] | None = None,
) -> Job:
    """Do all that a walk wants, and note it in the report.

    Args:
        run: The run that it is part of.
        walk: What to do.
        how: What the tasks are given.
        max_cost: US dollars that it may cost; None for no limit.
        at_once: Steps that are done at the same time.
        ask: Asks a person what to go on with, where a step wants that.
    """
    token = _turn.budget.set(None if max_cost is None else Budget(max_cost))
    job, crew = Job(walk), Crew(how, at_once, shown=True, ask=ask)
    try:
        crew.drive(iter([job]), lambda job: None, lambda: None)
    finally:
        _turn.budget.reset(token)
        run.task_runs += crew.task_runs
    for outcome in job.ended:
        note(run, outcome)
    return job


def note(run: Run, outcome: Outcome) -> None:
    """Put what came of a unit into the report."""
    unit, report = outcome.unit, run.report
    model = None
    if isinstance(unit.request, Request):
        model = row_of(unit.request, unit.model, run.bedrock).id
    if outcome.error is not None:
        report.fail(unit.name, model, outcome.error, optional=unit.optional)
    elif outcome.verdict and not outcome.pictures:
        how, why = _declined(outcome.verdict), str(outcome.verdict)
        report.leave(unit.name, how, why, optional=unit.optional)
    for picture in outcome.pictures:
        status = outcome.status if model or outcome.verdict else "made"
        report.add(unit.name, picture, picture.provenance.model if model else None, status)


def unexpected(job: Job) -> Exception | None:
    """An error that is none of ours: the run fails with it, whatever else it gave."""
    for outcome in job.ended:
        if isinstance(outcome.error, Exception) and not isinstance(outcome.error, DarkroomError):
            return outcome.error
    return next((each.error for each in job.ended if isinstance(each.error, BudgetReached)), None)


def _declined(verdict: Verdict) -> Status:
    """What came of a review that gave no picture."""
    return "rejected" if verdict.decision == "reject" else "skipped"
