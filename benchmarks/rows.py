"""Many rows of one step that takes no time: what the machinery itself costs.

    .venv/bin/python -m benchmarks.rows [--json]

2,000 rows of one call that is answered at once, with 1.6 MB of PNG that is written to a file. The
other side is a plain Prefect flow that maps a task over the rows, on the same server with the same
settings, 16 at once on both sides; in one variant the task returns the file's path, in the other
the bytes. Peak memory is that of the process that runs the flow.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

from benchmarks import plain
from benchmarks.measure import Cost, cost_of, in_turns, timed
from benchmarks.ours import batch, write_pipeline, write_rows
from benchmarks.servers import folder, prefect, standin
from benchmarks.table import Line, alone
from flows._here import without_heartbeat

AT_ONCE = 16
STEP = "  shot: {mode: text_to_image, model: core, prompt: '${params.product}', seed: 1}\n"


def measure(rows: int = 2000, size: str = "1024x1024", rounds: int = 1) -> list[Line]:
    """Measure the three sides, each time in a new process."""
    with folder() as home, standin(home, f"--canned={size}") as url, prefect(home, url) as env:

        def mapped(returns: str) -> Callable[[], Cost]:
            def run() -> Cost:
                where = mkdtemp(dir=home)
                given = {"url": url, "folder": where, "rows": rows, "returns": returns}
                cost = cost_of(map_rows, env, **given)
                shutil.rmtree(where)
                return cost

            return run

        sides = {"ours": _ours(home, env, rows), "path": mapped("path"), "bytes": mapped("bytes")}
        best = in_turns(rounds, sides)
    ours = best["ours"]
    lines = []
    for returns in ("path", "bytes"):
        beside = best[returns]
        what = f"{rows:,} rows, beside `.map` that returns the {returns}"
        lines += [
            Line(
                f"{what}: rows a second",
                f"{rows / ours.wall:.1f} ({ours.cpu / rows * 1000:.0f} ms CPU a row)",
                f"{rows / beside.wall:.1f} ({beside.cpu / rows * 1000:.0f} ms CPU a row)",
                beside.wall / ours.wall,
                at_least=1.0,
            ),
            Line(
                f"{what}: peak memory",
                f"{ours.peak_mb:.0f} MB",
                f"{beside.peak_mb:.0f} MB",
                ours.peak / beside.peak,
                # A process that has imported Prefect and boto3 needs more than half of what a flow
                # does that returns nothing but paths: there is no bar to keep.
                at_most=0.5 if returns == "bytes" else None,
            ),
        ]
    return lines


def _ours(home: Path, env: dict[str, str], rows: int) -> Callable[[], Cost]:
    done = 0

    def run() -> Cost:
        nonlocal done
        done += 1
        cost = cost_of(
            batch,
            env,
            pipeline=write_pipeline(home / "rows.yaml", STEP.replace("seed: 1", f"seed: {done}")),
            rows=write_rows(home / "rows.csv", rows),
            name=f"rows{done}",
            at_once=AT_ONCE,
        )
        shutil.rmtree(home / "store")
        return cost

    return run


_client = cache(plain.client)
_RUNNER: Any = ThreadPoolTaskRunner(max_workers=AT_ONCE)


@task
def shot_path(url: str, folder: str, product: str) -> str:
    """Make a picture, and give its path."""
    path = Path(folder) / f"{product}.png"
    path.write_bytes(plain.invoke(_client(url), plain.CORE, {"prompt": product, "seed": 1}))
    return str(path)


@task
def shot_bytes(url: str, folder: str, product: str) -> bytes:
    """Make a picture, and give its bytes."""
    data = plain.invoke(_client(url), plain.CORE, {"prompt": product, "seed": 1})
    (Path(folder) / f"{product}.png").write_bytes(data)
    return data


@flow(task_runner=_RUNNER)
def catalogue(url: str, folder: str, products: list[str], returns: str) -> int:
    """Map a task over the products; gives how many pictures there are."""
    shot = shot_path if returns == "path" else shot_bytes
    return len(shot.map(url, folder, products).result())


def map_rows(url: str, folder: str, rows: int, returns: str) -> dict[str, Any]:
    """Run the plain flow in this process; gives the cost."""
    products = [f"product {number}" for number in range(rows)]
    with without_heartbeat(), timed() as cost:
        assert catalogue(url, folder, products, returns) == rows
    return asdict(cost)


if __name__ == "__main__":
    alone(measure)
