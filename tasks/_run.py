"""The run that is under way here: its folder in the store, its log, and runs by their ids."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.context import TaskRunContext
from prefect.exceptions import MissingContextError, ObjectNotFound
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run

from darkroom.errors import InvalidRequest

step: ContextVar[str] = ContextVar("step", default="")
"""The name of the step that is done here; "" for that of its task."""

pipeline: ContextVar[str] = ContextVar("pipeline", default="")
"""The name of the pipeline that is run here; "" outside of pipelines."""

row_number: ContextVar[int | None] = ContextVar("row_number", default=None)
"""The row of a batch that is done here; None outside of batches."""

place: ContextVar[str] = ContextVar("place", default="")
"""Where in the store the run that is under way here puts what it makes; "" for the usual place."""


CACHED = "cached"
"""Tag of a task run that found all of its pictures in the store."""


def tag(*words: str) -> None:
    """Tag the task run that is under way here, if one is."""
    if context := TaskRunContext.get():
        context.task_run.tags = sorted({*context.task_run.tags, *words})


def row() -> str:
    """What stands before the names of a row's task runs."""
    number = row_number.get()
    return "" if number is None else f"row {number} "


def folder() -> str:
    """Where in the store the current run puts what it makes: the day, and the run's name."""
    return place.get() or f"{datetime.now(UTC):%Y-%m-%d}/{flow_run.get_name() or 'single'}"


def log() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """The run's logger; outside of runs an ordinary one."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("darkroom")


def known(client: SyncPrefectClient, flow_run_id: UUID) -> FlowRun:
    """A flow run by its id.

    Raises:
        InvalidRequest: The server knows none.
    """
    try:
        return client.read_flow_run(flow_run_id)
    except ObjectNotFound as error:
        raise InvalidRequest.of(
            "flow_run", str(flow_run_id), "this Prefect server knows no such flow run"
        ) from error
