"""A program in which everything happens that alerts and reports tell of.

    python -m tests.everything STANDIN_URL STORE_FOLDER

On the Prefect server that is configured. Saves the store as the block "watched", asks the stand-in
for pictures that are made, found again, throttled and filtered, stops by a budget, and fails; then
reports, and prints the report as JSON.
"""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from contextlib import suppress
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.states import Running, Suspended
from pydantic import SecretStr

from blocks import Bedrock, ImageStore
from darkroom.budget import Budget
from darkroom.errors import BudgetReached, ContentFiltered
from darkroom.modes.text_to_image import TextToImage
from flows._here import without_heartbeat
from flows.usage_report import usage_report
from tasks import _events, _turn
from tasks.text_to_image import text_to_image

TASK_RUNS = 18
FILTERED = 10
THROTTLED = 2
MADE = 5

quick = text_to_image.with_options(retry_delay_seconds=[0.05])


@flow(name="everything")
def everything(url: str, store: ImageStore) -> None:
    """All that can happen to a request, and a failure at the end."""
    bedrock = Bedrock(
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id="any",
        aws_secret_access_key=SecretStr("any"),
    )
    how: Any = {"bedrock": bedrock, "store": store}
    for seed in (1, 2, 2):
        quick(TextToImage(prompt="a mug", seed=seed), "sd3.5", **how)
    for seed in range(1, FILTERED + 1):
        with suppress(ContentFiltered):
            quick(TextToImage(prompt="a [blocked] mug", seed=seed), "sd3.5", **how)
    _fault(url, kind="throttle", times=THROTTLED)
    quick(TextToImage(prompt="a vase", seed=3), "sd3.5", **how)
    for seed in (4, 5):
        quick(TextToImage(prompt="a bowl", seed=seed), "core", **how)
    token = _turn.budget.set(Budget(0.01))
    with suppress(BudgetReached):
        quick(TextToImage(prompt="a lamp", seed=6), "core", **how)
    _turn.budget.reset(token)
    _fault(url, kind="access_denied", times=1)
    quick(TextToImage(prompt="a plate", seed=7), "core", **how)


def _fault(url: str, **fault: Any) -> None:
    data = json.dumps(fault).encode()
    request = urllib.request.Request(f"{url}/_standin/faults", data, method="POST")
    urllib.request.urlopen(request, timeout=10).close()


def _wait_for_a_person() -> None:
    """Suspend a run, as a review does."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(usage_report, tags=["darkroom"], state=Running())
        client.set_flow_run_state(run.id, Suspended(), force=True)


def _wait_for_events() -> None:
    """Wait until the server has written down what it was told last."""
    wanted = {_events.CREATED: MADE, _events.FILTERED: FILTERED, _events.RETRIED: THROTTLED}
    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        for name, count in wanted.items():
            named = EventFilter(event=EventNameFilter(name=[name]))
            while client.read_events(named, limit=1).total < count:
                assert time.monotonic() < deadline, f"{name}: not {count} within a minute"
                time.sleep(0.3)


def _wait_for_task_runs(flow_run_id: UUID | None) -> None:
    """Wait until the server has written down how each task run ended."""
    assert flow_run_id
    deadline = time.monotonic() + 60
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
    with get_client(sync_client=True) as client:
        ended = 0
        while ended < TASK_RUNS:
            assert time.monotonic() < deadline, f"{ended} task runs, not {TASK_RUNS}"
            time.sleep(0.3)
            runs = client.read_task_runs(flow_run_filter=of_run)
            ended = sum(1 for run in runs if run.state and run.state.is_final())


def main() -> None:
    """Have it all happen, and report."""
    url, folder = sys.argv[1:]
    store = ImageStore(folder=folder)
    store.save("watched", overwrite=True)
    with without_heartbeat():
        done = everything(url, store, return_state=True)
        _wait_for_task_runs(done.state_details.flow_run_id)
        _wait_for_a_person()
        _wait_for_events()
        state = usage_report(since="1h", limit_usd=0.1, store="watched", return_state=True)
    assert state.name == "OverLimit", state
    sys.stdout.write(state.result().model_dump_json())


if __name__ == "__main__":
    main()
