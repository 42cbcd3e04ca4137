"""A flow that is called in this process, by somebody who waits for it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings


def without_heartbeat() -> AbstractContextManager[object]:
    """Run flows without a heartbeat while the block lasts.

    It tells a server that a run elsewhere is alive, and each sync flow waits a second for its end.
    """
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
