"""Answer a review for a person who did not, when the time that it waits is over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from darkroom.errors import InvalidRequest
from tasks.review import waiting


@flow(name="answer_review")
def answer_review(flow_run_id: UUID, key: str) -> State[Any]:
    """Answer a review that nobody has answered. A review that waits only so long schedules this.

    Args:
        flow_run_id: The flow run that waits.
        key: Which of its reviews.
    """
    try:
        found = waiting(flow_run_id)
        if found.key != key:
            return Completed(message="It was answered before, and waits with another review.")
        verdict = found.request.default
        found.answer(verdict)
    except InvalidRequest as error:
        return Completed(message=str(error))  # somebody was faster, or the run is gone
    return Completed(message=f"{found.run.name}: {verdict}")
