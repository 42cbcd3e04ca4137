"""A run that finds all of its pictures made.

    .venv/bin/python -m benchmarks.cached [--json]

A pipeline of 50 steps is run, and run again in a new process: no step calls the model. Counted is
the wall time of the second run by its steps, the flow's own start and end included.
"""

from __future__ import annotations

from benchmarks import ours
from benchmarks.measure import cost_of, in_turns
from benchmarks.servers import folder, prefect, standin
from benchmarks.table import Line, alone


def measure(steps: int = 50, rounds: int = 3) -> list[Line]:
    """Run once, and then measure again and again."""
    wanted = "".join(
        f"  shot{number}: {{mode: text_to_image, model: core, prompt: mug {number}, seed: 1}}\n"
        for number in range(steps)
    )
    with folder() as home, standin(home, "--canned=64x64") as url, prefect(home, url) as env:
        path = ours.write_pipeline(home / "cached.yaml", wanted, product=False)
        first = cost_of(ours.pipeline, env, pipeline=path, at_once=8)
        again = in_turns(
            rounds, {"again": lambda: cost_of(ours.pipeline, env, pipeline=path, at_once=8)}
        )["again"]
    each = again.wall / steps * 1000
    return [
        Line(
            f"a run of {steps} cached steps: milliseconds a step",
            f"{each:.1f} ms ({again.cpu / steps * 1000:.0f} ms CPU)",
            f"{first.wall / steps * 1000:.1f} ms when nothing was made yet",
            each,
            at_most=40,
        )
    ]


if __name__ == "__main__":
    alone(measure)
