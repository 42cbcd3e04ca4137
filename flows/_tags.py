"""What a flow run is about, as its tags: the dashboard's list of runs shows them."""

from __future__ import annotations

from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from tasks import _show


def tagged(*words: str) -> None:
    """Tag the flow run that is under way; what goes wrong with that is only logged."""
    tags = sorted({*flow_run.get_tags(), *words})
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(UUID(flow_run.get_id()), tags=tags)
    except _show.TROUBLE as error:
        get_run_logger().warning("No tags: %s", error)
