"""Several processes keep to one quota together, by the limits of a real Prefect server."""

from __future__ import annotations

import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from blocks.prefect_pace import Limit, PrefectPace, limit_name
from darkroom import catalog
from darkroom.errors import InvalidRequest, Throttled, Unreachable
from darkroom.modes.text_to_image import TextToImage
from darkroom.pace import Pace
from darkroom.standin.server import StandIn
from tasks import _turn
from tests.conftest import bedrock_of
from tests.server import Server

pytestmark = pytest.mark.drill

ROOT = Path(__file__).parent.parent
MINUTE, QUOTA, CALLS, PROCESSES = 4.0, 16, 9, 3
"""Seconds that stand for a minute here, the calls that it may hold, and who makes how many."""

TRAVEL = 0.9
"""What of a minute is looked at: a call takes now longer, now shorter to be counted."""

WORKER = """
import sys, time
from blocks.prefect_pace import PrefectPace

name, per_minute, minute, calls = sys.argv[1], *map(float, sys.argv[2:])
pace = PrefectPace(minute=minute)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(calls)):
    pace.acquire(name, int(per_minute))
    print(time.monotonic(), flush=True)
"""


def limit(server: Server, name: str) -> dict[str, Any]:
    found: dict[str, Any] = server.ask("GET", f"v2/concurrency_limits/{name}")
    return found


def change(server: Server, name: str, **fields: object) -> None:
    """Change a limit as a person does on the dashboard."""
    server.ask("PATCH", f"v2/concurrency_limits/{name}", fields)


def most_in_a_minute(starts: list[float], minute: float = MINUTE * TRAVEL) -> int:
    return max(bisect_left(starts, at + minute) - index for index, at in enumerate(starts))


def test_processes_never_make_more_calls_than_the_quota(server: Server, tmp_path: Path) -> None:
    """No minute holds more starts of three processes than the quota, and none of them starves."""
    given = ["bedrock together", str(QUOTA), str(MINUTE), str(CALLS)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, *given],
            cwd=ROOT,
            env=server.env(tmp_path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        assert all(each.stdout and each.stdout.readline() == "ready\n" for each in workers)
        for each in workers:
            assert each.stdin
            each.stdin.write("go\n")
            each.stdin.flush()
        said = [each.communicate(timeout=120)[0].split() for each in workers]
    finally:
        for each in workers:
            each.kill()
            each.wait()
    assert [len(each) for each in said] == [CALLS] * PROCESSES
    starts = sorted(float(at) for each in said for at in each)
    assert most_in_a_minute(starts) <= QUOTA
    assert starts[-1] - starts[0] >= MINUTE * (CALLS * PROCESSES - QUOTA) / QUOTA * TRAVEL


@pytest.mark.parametrize("quota", [1, 2, 3, 7, 29, 30, 60, 61, 100, 240, 1000])
def test_no_minute_can_hold_more_than_the_quota(quota: int) -> None:
    """Whoever takes each slot as soon as the server has it stays within the quota, at any quota."""
    made = Limit.of_quota("any", quota)
    assert made.per_minute() == quota
    starts, taken, changed, now = [], 0, 0.0, 0.0
    while len(starts) <= 3 * quota and now < 400:
        back = int(made.per_second * (now - changed) + 1e-9)  # as the server counts
        if max(0, taken - back) < made.slots:
            taken, changed = max(0, taken - back) + 1, now
            starts.append(now)
        else:
            now = changed + (taken - made.slots + 1) / made.per_second
    assert most_in_a_minute(starts, 60.0) <= quota
    assert most_in_a_minute(starts, 61.5) >= quota * 0.9


def test_a_limit_that_was_deleted_is_made_again(server: Server) -> None:
    """Calls are never without a limit: a deleted one is there again with the next call."""
    pace = PrefectPace()

    def ask() -> None:
        assert pace.ensure("bedrock deleted", 60)
        assert not pace.ensure("bedrock deleted", 90)
        pace.acquire("bedrock deleted", 60)
        server.ask("DELETE", "v2/concurrency_limits/bedrock deleted")
        pace.acquire("bedrock deleted", 60)

    server.asked(ask)
    found = limit(server, "bedrock deleted")
    assert (found["limit"], found["active_slots"]) == (2, 1)
    assert found["slot_decay_per_second"] == pytest.approx(59 / 60.5)


def test_what_stands_on_the_dashboard_counts(server: Server) -> None:
    """A limit that a person has changed is what calls are held to, more or less than the quota."""
    server.asked(lambda: PrefectPace().ensure("bedrock changed", 60))
    quota = lambda: server.asked(lambda: PrefectPace().quota("bedrock changed", 60))  # noqa: E731
    assert quota() == 60
    change(server, "bedrock changed", limit=4, slot_decay_per_second=2)
    assert quota() == 124
    change(server, "bedrock changed", limit=1, slot_decay_per_second=0.1)
    assert quota() == 6


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"active": False}, "switched off. Switch it on"),
        ({"limit": 0}, "lets no call start. Set it to 1"),
        ({"slot_decay_per_second": 0}, "has no slot decay. Set its slot decay per second"),
    ],
)
def test_a_limit_that_nobody_can_wait_for_is_told(
    server: Server, fields: dict[str, object], told: str
) -> None:
    """A limit that is off, or lets nothing through, is refused in words instead of waited for."""
    name = f"bedrock {next(iter(fields)).replace('_', '-')}"
    server.asked(lambda: PrefectPace().ensure(name, 60))
    change(server, name, **fields)
    for ask in (lambda: PrefectPace().acquire(name, 60), lambda: PrefectPace().quota(name, 60)):
        with pytest.raises(InvalidRequest, match=f"bedrock.*{told}"):
            server.asked(ask)


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_a_429_slows_all_of_them(server: Server) -> None:
    """After a 429 of one process the others wait twice as long between calls; told of once."""
    name, one, other = "bedrock slowed", PrefectPace(minute=4), PrefectPace(minute=4)

    def throttled() -> None:
        with pytest.raises(Throttled), Pace().turn("any", 16, one.gate(name)):
            raise Throttled("Too many requests")

    def calls() -> None:
        for _ in range(3):
            other.acquire(name, 16)

    server.asked(throttled)
    server.asked(lambda: one.slow(name))
    slowed = limit(server, f"{name} (slowed by a 429)")
    assert (slowed["active_slots"], slowed["limit"]) == (1, 1)
    assert timed(lambda: server.asked(calls)) >= 2 * 2 * MINUTE / 16


def test_a_server_that_is_away_is_said() -> None:
    """No call is made without the limit: that Prefect does not answer is an error in words."""
    away = {PREFECT_API_URL: "http://127.0.0.1:9/api"}
    with temporary_settings(away), pytest.raises(Unreachable, match="No call is made without it"):
        PrefectPace().acquire("bedrock away", 60)


def test_a_block_names_it(server: Server, standin: StandIn) -> None:
    """With "prefect" as shared pace a call takes a slot of the limit of its model and endpoint."""
    block = bedrock_of(standin, quotas={"core": 60}, shared_pace=SecretStr("prefect"))
    core, titan = block.model("core"), block.model("titan")

    def call() -> None:
        for model in (core, core, titan):
            with _turn.taken(block, TextToImage(prompt="a mug"), model, "us-west-2"):
                pass

    server.asked(call)
    name = limit_name(core, "us-west-2", standin.url)
    assert name == f"bedrock core us-west-2 {standin.url.removeprefix('http://')}"
    assert limit(server, name)["limit"] == 2
    unlimited = limit_name(titan, "us-west-2", standin.url)
    assert httpx.get(f"{server.api}/v2/concurrency_limits/{unlimited}").status_code == 404
    assert limit_name(catalog.find("core"), "us-west-2", None) == "bedrock core us-west-2"
