"""What was paid for is never paid for again, however its process ends."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from blocks import ImageStore
from darkroom.picture import local_path
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of
from tests.server import Program, Server, program, until

CORE = "stability.stable-image-core-v1:1"
REMOVE = "stability.stable-image-remove-background-v1:0"
INPAINT = "stability.stable-image-inpaint-v1:0"
OUTPAINT = "stability.stable-outpaint-v1:0"
SD35 = "stability.sd3-5-large-v1:0"

ANSWERED = {CORE: 1, REMOVE: 1, INPAINT: 1, OUTPAINT: 1, SD35: 3}
"""How often each model answers for one product shot: every picture is paid for once."""

STEPS = ["subject", "cutout", "scene", "wider", "variation-1", "variation-2", "variation-3"]
TASK_RUNS = len(STEPS) + 3  # the mask, the flattened cut-out, the contact sheet
NAMED = r"\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"

Start = Callable[..., Program]


@pytest.fixture
def start(server: Server, standin: StandIn, tmp_path: Path) -> Iterator[Start]:
    """Starts our command line with blocks that it finds under the name "kill"."""
    bedrock, store = (
        bedrock_of(standin, allow_retired=True),
        ImageStore(folder=str(tmp_path / "store")),
    )
    server.asked(lambda: [each.save("kill", overwrite=True) for each in (bedrock, store)])
    with ExitStack() as stack:

        def started(*words: str) -> Program:
            env, folder = server.env(tmp_path / "home"), tmp_path / f"program-{len(folders)}"
            folders.append(folder)
            return stack.enter_context(program(["flows.cli", *words], env, folder))

        folders: list[Path] = []
        yield started


def run(start: Start, prompt: str, *more: str) -> Program:
    asked = ["--prompt", prompt, "--seed", "7", "--bedrock", "kill", "--store", "kill", *more]
    return start("run", "product_shot", *asked, "--json")


def in_flight(standin: StandIn) -> None:
    """Wait until the call that is to hang has arrived: only then its fault is used up."""
    faults = f"{standin.url}/_standin/faults"
    until(lambda: not httpx.get(faults).json()["faults"] or None, "the third step's call arrives")


def calls(standin: StandIn, what: str) -> dict[str, int]:
    """How many calls of each model were "received" or "answered"."""
    return {name: each[what] for name, each in standin.calls()["models"].items() if each[what]}


def report(done: Program) -> dict[str, Any]:
    assert done.wait() == 0, f"{done.err}\n{done.out}"
    found: dict[str, Any] = json.loads(done.out)
    return found


def pictures(data: dict[str, Any]) -> dict[str, Path]:
    """Each step of a report with its file, which is there."""
    found = {row["step"]: local_path(row["picture"]["uri"]) for row in data["rows"]}
    assert all(path and path.is_file() for path in found.values()), found
    return {step: path for step, path in found.items() if path}


def files(folder: Path) -> dict[Path, tuple[int, int]]:
    """The pictures in a store, each with its inode and the time of its last change."""
    found = {path: path.stat() for path in (folder / "store").rglob("*.png")}
    return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def test_a_killed_run_goes_on_where_it_was(
    server: Server, standin: StandIn, start: Start, tmp_path: Path
) -> None:
    """After SIGKILL in the third step the same flow run ends well, and pays nothing twice."""
    standin.fail("hang", model=INPAINT)
    killed = run(start, "a green bottle")
    flow_run_id = killed.said(NAMED)
    in_flight(standin)
    killed.kill()
    assert calls(standin, "answered") == {CORE: 1, REMOVE: 1}
    before = files(tmp_path)
    assert len(before) == 4  # subject and cut-out, and the two that Pillow made of them
    assert server.flow_run(flow_run_id)["state_name"] == "Running"

    resumed = start("resume", flow_run_id, "--json")
    data = report(resumed)
    assert data["flow_run_id"] == flow_run_id == resumed.said(NAMED)
    assert server.flow_run(flow_run_id)["state_name"] == "Completed"
    assert [(row["step"], row["status"]) for row in data["rows"]] == [
        (step, "cached" if step in STEPS[:2] else "made") for step in STEPS
    ]
    again = until(lambda: _second_time(server, flow_run_id), "all task runs are recorded")
    cached = [run["name"] for run in again if run["state_name"] == "Cached"]
    assert sorted(name.split(".")[-1] for name in cached) == [
        "stable-image-core-v1:1",
        "stable-image-remove-background-v1:0",
    ]

    left = [run["state_type"] for run in server.of_flow_run("task_runs", flow_run_id)]
    assert set(left) == {"COMPLETED", "CRASHED"}  # none looks as if it still ran

    shown = [each["key"] for each in server.of_flow_run("artifacts", flow_run_id)]
    assert sorted(shown) == sorted({*shown})  # nor is anything shown twice
    assert len(shown) == len(STEPS) + 3

    assert calls(standin, "answered") == ANSWERED
    # The call that was under way when its process was killed is the only one made twice.
    assert calls(standin, "received") == {**ANSWERED, INPAINT: 2}
    after = files(tmp_path)
    assert {path: after[path] for path in before} == before
    assert list(pictures(data)) == STEPS
    assert set(pictures(data).values()) - set(before) == set(after) - set(before)


def _second_time(server: Server, flow_run_id: str) -> list[dict[str, Any]] | None:
    """The task runs of the flow run's second attempt, once all of them have ended."""
    runs = server.of_flow_run("task_runs", flow_run_id)
    ended = [
        run
        for run in runs
        if run["flow_run_run_count"] == 2 and run["state_type"] in ("COMPLETED", "FAILED")
    ]
    return ended if len(ended) == TASK_RUNS else None


def test_whoever_waits_for_a_killed_process_takes_over(standin: StandIn, start: Start) -> None:
    """A process that waits for another one's call makes it itself when that one is killed."""
    standin.fail("hang", model=INPAINT)
    short = ["--variations", "0", "--expand", "none"]
    killed = run(start, "a clay jug", *short)
    in_flight(standin)
    waiting = run(start, "a clay jug", *short)
    waiting.said("✓ (cutout-flatten)")
    time.sleep(1)  # time enough for a third step that does not wait
    assert calls(standin, "answered") == {CORE: 1, REMOVE: 1}
    killed.kill()
    data = report(waiting)
    assert [row["status"] for row in data["rows"]] == ["cached", "cached", "made"]
    assert list(pictures(data)) == STEPS[:3]
    assert calls(standin, "answered") == {CORE: 1, REMOVE: 1, INPAINT: 1}
    assert calls(standin, "received") == {CORE: 1, REMOVE: 1, INPAINT: 2}


def test_the_same_request_twice_at_once_is_paid_once(standin: StandIn, start: Start) -> None:
    """Two processes side by side end well with the same files, and each call was made once."""
    both = [run(start, "a tin box", "--variations", "2", "--expand", "none") for _ in range(2)]
    first, second = (pictures(report(each)) for each in both)
    assert first == second
    assert len(first) == 5
    assert calls(standin, "received") == {CORE: 1, REMOVE: 1, INPAINT: 1, SD35: 2}
