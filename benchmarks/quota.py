"""A quota, used in full and never passed: nothing fails, and little time is lost.

    .venv/bin/python -m benchmarks.quota [--json]

The stand-in throttles what is above 5 calls a second (a bucket of 5 that fills all the time); each
call takes 0.5 s. 100 pictures cannot be had in less than 19.5 s. Beside it: boto3 as it comes, with
its own retries. Both sides call from 32 threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from benchmarks import plain
from benchmarks.measure import Cost, child, cost_of, environment, quiet, timed
from benchmarks.ours import batch, write_pipeline, write_rows
from benchmarks.servers import folder, prefect, standin
from benchmarks.table import Line, alone

THREADS = 32
BURST = 5


@dataclass(frozen=True)
class Outcome:
    """How calls at a quota ended.

    Attributes:
        wall: Seconds that all of them took.
        failed: How many gave no picture.
    """

    wall: float
    failed: int


def measure(pictures: int = 100, per_minute: int = 300, latency: float = 0.5) -> list[Line]:
    """Make so many pictures at the quota: with ours, through a batch, and with plain boto3."""
    bound = (pictures - BURST) * 60 / per_minute + latency

    def lines(
        what: str, ours: Outcome, beside: Outcome, at_most: float | None = None
    ) -> list[Line]:
        return [
            Line(
                f"{what}: time by the bound of {bound:.1f} s",
                f"{ours.wall:.1f} s",
                f"{beside.wall:.1f} s",
                ours.wall / bound,
                at_most=at_most,
            ),
            Line(
                f"{what}: failed",
                f"{ours.failed} of {pictures}",
                f"{beside.failed} of {pictures}",
                float(ours.failed),
                at_most=0,
            ),
        ]

    given = {"pictures": pictures, "per_minute": per_minute}
    options = ["--quota", str(per_minute), "--burst", str(BURST), "--latency", str(latency)]
    outcomes = []
    for side in (through_pace, through_boto3):
        with folder() as home, standin(home, "--canned=64x64", *options) as url:
            quiet()
            outcomes.append(Outcome(**child(side, environment(home), url=url, **given)))
    with folder() as home, standin(home, "--canned=64x64", *options) as url:
        quiet()
        outcomes.append(_through_a_batch(home, url, pictures, per_minute))
    paced, unpaced, batched = outcomes
    # A batch begins with Prefect's start and its own plan, half a second that is no pace's.
    return [*lines("paced calls", paced, unpaced, 1.03), *lines("a batch", batched, unpaced)]


def through_pace(url: str, pictures: int, per_minute: int) -> dict[str, Any]:
    """Call with turns of `darkroom.pace`."""
    from darkroom import catalog, client
    from darkroom.modes.text_to_image import TextToImage
    from darkroom.pace import Pace
    from darkroom.store import read_local

    bedrock, pace = plain.client(url, config={"retries": {"total_max_attempts": 1}}), Pace()
    model = catalog.find("core")

    def make(number: int) -> None:
        request = TextToImage(prompt="a mug", seed=number + 1)
        with pace.turn(model.id, per_minute):
            client.invoke(bedrock, request, model, load=read_local, region="us-west-2")

    return _made(make, pictures)


def through_boto3(url: str, pictures: int, per_minute: int) -> dict[str, Any]:
    """Call as boto3 does without any setting; it knows nothing of the quota."""
    del per_minute
    bedrock = plain.client(url)

    def make(number: int) -> None:
        plain.invoke(bedrock, plain.CORE, {"prompt": "a mug", "seed": number + 1})

    return _made(make, pictures)


def _made(make: Callable[[int], None], pictures: int) -> dict[str, Any]:
    from darkroom.errors import DarkroomError

    failed, lock = 0, threading.Lock()

    def attempt(number: int) -> None:
        nonlocal failed
        try:
            make(number)
        except (ClientError, DarkroomError):
            with lock:
                failed += 1

    with ThreadPoolExecutor(THREADS) as pool, timed() as cost:
        list(pool.map(attempt, range(pictures)))
    return {"wall": cost.wall, "failed": failed}


def _through_a_batch(home: Path, url: str, pictures: int, per_minute: int) -> Outcome:
    """A batch with the quota in its Bedrock block; it fails as a whole if one row does."""
    step = "  shot: {mode: text_to_image, model: core, prompt: 'a ${params.product}', seed: 1}\n"
    with prefect(home, url, {"core": per_minute}) as env:
        given = {
            "pipeline": write_pipeline(home / "quota.yaml", step),
            "rows": write_rows(home / "rows.csv", pictures),
            "name": "quota",
            "at_once": THREADS,
        }
        cost: Cost = cost_of(batch, env, **given)
    made = len(list((home / "store").rglob("*.png")))
    return Outcome(cost.wall, pictures - made)


if __name__ == "__main__":
    alone(measure)
