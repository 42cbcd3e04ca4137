"""Chains of dependent calls: a batch of a pipeline beside threads around boto3.

    .venv/bin/python -m benchmarks.chain [--json]

32 products go through 4 steps of 0.5 s each (make, cut out, outpaint, upscale), 8 products at once:
8.0 s at best. The other side makes the same calls with the same sizes of pictures, and writes the
same number of files. Wall time of the whole work within its process, imports apart.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks import plain
from benchmarks.measure import Cost, cost_of, in_turns, timed
from benchmarks.ours import batch, write_pipeline, write_rows
from benchmarks.servers import folder, prefect, standin
from benchmarks.table import Line, alone

STEPS = """\
  shot: {mode: text_to_image, model: core, prompt: "${params.product}", seed: 1}
  cutout: {mode: remove_background, image: ${shot}}
  scene:
    mode: outpaint
    image: ${cutout}
    prompt: on an oak table
    expand: {left: 256, right: 256}
    seed: 1
  big: {mode: upscale, model: fast, image: ${scene}}
"""


def measure(
    products: int = 32, at_once: int = 8, latency: float = 0.5, rounds: int = 2
) -> list[Line]:
    """Measure both sides, in turns, each time in a new process."""
    options = ["--latency", str(latency)]
    with folder() as home, standin(home, *options) as url, prefect(home, url) as env:
        sides = {
            "threads": lambda: cost_of(
                threads, env, url=url, folder=mkdtemp(dir=home), products=products, at_once=at_once
            ),
            "ours": _ours(home, env, products, at_once),
        }
        best = in_turns(rounds, sides)
    ours, beside = best["ours"], best["threads"]
    return [
        Line(
            f"chain: {products} products x 4 steps x {latency:g} s, {at_once} at once",
            f"{ours.wall:.2f} s ({ours.cpu:.1f} s CPU)",
            f"{beside.wall:.2f} s with threads around boto3 ({beside.cpu:.1f} s CPU)",
            ours.wall / beside.wall,
            at_most=1.10,
        )
    ]


def threads(url: str, folder: str, products: int, at_once: int) -> dict[str, Any]:
    """Plain threads, each with one product at a time; gives the cost."""
    bedrock = plain.client(url)
    with timed() as cost, ThreadPoolExecutor(at_once) as pool:
        work = [
            pool.submit(plain.chain, bedrock, f"product {number}", Path(folder))
            for number in range(products)
        ]
        for each in work:
            each.result()
    return asdict(cost)


def _ours(home: Path, env: dict[str, str], products: int, at_once: int) -> Callable[[], Cost]:
    """A batch; each time of another pipeline, so that no call is found done."""
    done = 0

    def run() -> Cost:
        nonlocal done
        done += 1
        steps = STEPS.replace("seed: 1", f"seed: {done}")
        name = f"chain{done}"
        return cost_of(
            batch,
            env,
            pipeline=write_pipeline(home / f"{name}.yaml", steps),
            rows=write_rows(home / "rows.csv", products),
            name=name,
            at_once=at_once,
        )

    return run


if __name__ == "__main__":
    alone(measure)
