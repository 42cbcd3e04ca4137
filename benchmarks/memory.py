"""Memory stays flat however many rows there are.

    .venv/bin/python -m benchmarks.memory [--json]

Batches of 500 and of 10,000 rows of one step; the peak memory of the process that runs each.
"""

from __future__ import annotations

from benchmarks.measure import Cost, cost_of
from benchmarks.ours import batch, write_pipeline, write_rows
from benchmarks.rows import AT_ONCE, STEP
from benchmarks.servers import folder, prefect, standin
from benchmarks.table import Line, alone


def measure(few: int = 500, many: int = 10_000) -> list[Line]:
    """Run both batches, each in a new process."""
    with folder() as home, standin(home, "--canned=64x64") as url, prefect(home, url) as env:

        def run(rows: int) -> Cost:
            return cost_of(
                batch,
                env,
                pipeline=write_pipeline(home / f"of{rows}.yaml", STEP),
                rows=write_rows(home / f"{rows}.csv", rows),
                name=f"rows{rows}",
                at_once=AT_ONCE,
            )

        small, large = run(few), run(many)
    return [
        Line(
            f"peak memory of {many:,} rows by that of {few:,}",
            f"{large.peak_mb:.0f} MB",
            f"{small.peak_mb:.0f} MB",
            large.peak / small.peak,
            at_most=1.3,
        )
    ]


if __name__ == "__main__":
    alone(measure)
