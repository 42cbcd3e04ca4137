"""Answer a review for a person who did not, when the time that it waits is over."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.exceptions import NotPausedError
from prefect.flow_runs import resume_flow_run
from prefect.states import Completed
from pydantic import Field

from darkroom.pipeline.review import Verdict
from tasks._form import filled
from tasks.review import read_run, waits_with


@flow(name="answer_review")
def answer_review(
    flow_run_id: UUID, key: str, verdict: Verdict, most: Annotated[int, Field(ge=1)] = 1
) -> State[Any]:
    """Answer a review that nobody has answered. A review that waits only so long schedules this.

    Args:
        flow_run_id: The flow run that waits.
        key: Which of its reviews.
        verdict: The answer.
        most: How many pictures may be chosen.
    """
    run = read_run(flow_run_id)
    if run is None:
        return Completed(message="The flow run is gone.")
    if waits_with(run) != key:
        return Completed(message="It was answered before.")
    said = verdict.model_copy(update={"reason": verdict.reason or "nobody answered in time"})
    try:
        resume_flow_run(flow_run_id, run_input=filled(said, most))
    except NotPausedError:
        return Completed(message="It was answered a moment before.")
    return Completed(message=f"{run.name}: {said}")
