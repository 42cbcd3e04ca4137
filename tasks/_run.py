"""Where a task writes: the current run's folder in the store, and its log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from prefect.exceptions import MissingContextError
from prefect.logging import get_logger, get_run_logger
from prefect.runtime import flow_run


def folder() -> str:
    """Where in the store the current run puts what it makes: the day, and the run's name."""
    return f"{datetime.now(UTC):%Y-%m-%d}/{flow_run.get_name() or 'single'}"


def log() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """The run's logger; outside of runs an ordinary one."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("darkroom")
