"""Our side: the flows as the command line calls them, within the process that is measured."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import fastapi.encoders  # noqa: F401  # Prefect's first flow would import it: imports are apart

from benchmarks.measure import timed
from flows._here import without_heartbeat
from flows.run_batch import run_batch
from flows.run_pipeline import run_pipeline


def batch(pipeline: str, rows: str, name: str, at_once: int) -> dict[str, Any]:
    """Run a batch; gives its cost.

    Args:
        pipeline: Path of the pipeline's file.
        rows: Path of the rows' file.
        name: The batch's name.
        at_once: Rows under way at the same time.
    """
    with without_heartbeat(), timed() as cost:
        state = run_batch(
            pipeline=pipeline,
            rows=rows,
            name=name,
            at_once=at_once,
            page=False,  # the other side has none
            bedrock="bench",
            store="bench",
            return_state=True,
        )
    assert state.is_completed(), state.message
    return asdict(cost)


def pipeline(pipeline: str, at_once: int) -> dict[str, Any]:
    """Run a pipeline without params; gives its cost."""
    with without_heartbeat(), timed() as cost:
        state = run_pipeline(
            pipeline=pipeline, at_once=at_once, bedrock="bench", store="bench", return_state=True
        )
    assert state.is_completed(), state.message
    return asdict(cost)


def write_rows(path: Path, count: int) -> str:
    """Write a file of rows with a product each; gives its path."""
    path.write_text("product\n" + "".join(f"product {number}\n" for number in range(count)))
    return str(path)


def write_pipeline(path: Path, steps: str, *, product: bool = True) -> str:
    """Write a pipeline's file; gives its path."""
    params = "params: {product: {type: text}}\n" if product else ""
    path.write_text(f"name: {path.stem}\n{params}steps:\n{steps}")
    return str(path)
