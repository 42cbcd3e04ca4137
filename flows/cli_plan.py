"""`darkroom plan`: what a pipeline would do, as a table or as data."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from blocks import Bedrock, ImageStore
from blocks.bedrock import STANDIN
from blocks.standin import in_process_standin
from darkroom.pipeline.pipeline import Pipeline
from darkroom.plan import HEADINGS, Plan, cells, sentences
from flows import temporary_server
from flows._foresee import SEEDS, Foresight
from tasks._invoke import How

WIDE = 400
"""Columns of a table that goes into a file or a pipe."""


def show(
    pipeline: Pipeline,
    values: dict[str, Any],
    *,
    on: date | None,
    max_cost: float | None,
    bedrock: str | None,
    store: str | None,
    as_json: bool,
) -> int:
    """Print the plan; the exit code is 1 where something in it would fail."""
    foresight = Foresight(pipeline.name, how_of(bedrock, store), on)
    foresight.add(pipeline, values)
    plan = foresight.plan
    if as_json:
        print(json.dumps(plan.as_json(), indent=2))  # noqa: T201
    else:
        printed(plan)
    plan.check_budget(max_cost)
    return 1 if plan.failing or plan.retired else 0


def printed(plan: Plan) -> None:
    """Print a plan for people."""
    out = Console()
    if not out.is_terminal:
        out.width = WIDE
    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        number = heading not in ("step", "mode", "model")
        table.add_column(heading, justify="right" if number else "left")
    for line in cells(plan):
        table.add_row(*line)
    if plan.lines:
        out.print(table)
    for sentence in sentences(plan):
        out.print(sentence, highlight=False, markup=False, soft_wrap=True)


def how_of(bedrock: str | None, store: str | None) -> How:
    """What the tasks would be given. No server is asked for blocks where there can be none."""
    if temporary_server.would_find_nothing() and store is None and bedrock in (None, STANDIN):
        plain = in_process_standin() if bedrock else Bedrock()
        return {"bedrock": plain, "store": ImageStore(), "seeds": SEEDS}
    return {"bedrock": Bedrock.find(bedrock), "store": ImageStore.find(store), "seeds": SEEDS}
