"""Wait until the server has written down what this process did.

Task runs reach the server as events. A server that lives and dies with this process is gone before
it has worked through them, and the task runs with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from prefect.client.base import ServerType
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterId
from prefect.logging import get_run_logger

from flows import temporary_server


def wait_until_recorded(task_run_ids: Iterable[UUID], timeout: float = 30) -> None:
    """Return when every one of these task runs has a final state on the server.

    Does nothing with a server that outlives the process: it needs no waiting for.

    Args:
        task_run_ids: Runs that have ended here.
        timeout: Seconds after which to give up, with a warning in the log.
    """
    missing = set(task_run_ids)
    deadline = time.monotonic() + timeout
    with get_client(sync_client=True) as client:
        if client.server_type != ServerType.EPHEMERAL and not temporary_server.is_running:
            return
        while missing:
            chosen = sorted(missing)[:200]  # the most that one page of the API holds
            runs = client.read_task_runs(
                task_run_filter=TaskRunFilter(id=TaskRunFilterId(any_=chosen))
            )
            missing -= {run.id for run in runs if run.state and run.state.is_final()}
            if not missing:
                return
            if time.monotonic() > deadline:
                get_run_logger().warning(
                    "%d task runs may be missing in the dashboard: Prefect's temporary server did "
                    "not record them in %g s.",
                    len(missing),
                    timeout,
                )
                return
            time.sleep(0.2)
