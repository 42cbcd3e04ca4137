"""`darkroom plan`: what a pipeline would do, as a table or as data."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from blocks import Bedrock, ImageStore
from blocks.bedrock import STANDIN
from blocks.standin import in_process_standin
from darkroom.comparison import Comparison
from darkroom.errors import NoCredentials
from darkroom.pipeline.pipeline import Pipeline
from darkroom.plan import HEADINGS, Plan, cells, sentences
from flows import temporary_server
from flows._compared import Sorted
from flows._foresee import SEEDS, Foresight
from flows.cli_words import WIDE
from tasks._invoke import How


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
    block, image_store = blocks_of(bedrock, store)
    how: How = {"bedrock": block, "store": image_store, "seeds": SEEDS}
    foresight = Foresight(pipeline.name, how, on)
    foresight.add(pipeline, values)
    plan = foresight.plan
    if as_json:
        print(json.dumps(plan.as_json(), indent=2))  # noqa: T201
    else:
        printed(plan)
    plan.check_budget(max_cost)
    return 1 if plan.failing or plan.retired else 0


def compared(comparison: Comparison, given: dict[str, Any], *, as_json: bool) -> int:
    """Print the plan of a comparison; the exit code is 1 where a combination is refused."""
    block, image_store = blocks_of(given.get("bedrock"), given.get("store"))
    how: How = {"bedrock": block, "store": image_store, "seeds": SEEDS, "again": comparison.again}
    found = Sorted(comparison, how)
    if as_json:
        print(json.dumps(found.plan.as_json(), indent=2))  # noqa: T201
    else:
        printed(found.plan)
    found.plan.check_budget(given.get("max_cost"))
    return 1 if found.refused else 0


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


def blocks_of(bedrock: str | None, store: str | None) -> tuple[Bedrock, ImageStore]:
    """The blocks to plan for. No server is asked for any where there can be none."""
    if temporary_server.would_find_nothing() and store is None and bedrock in (None, STANDIN):
        return _signed(in_process_standin() if bedrock else Bedrock()), ImageStore()
    return _signed(Bedrock.find(bedrock)), ImageStore.find(store)


def _signed(bedrock: Bedrock) -> Bedrock:
    """A block with something to sign by: a plan calls nothing, and needs no account."""
    try:
        bedrock.get_client()
    except NoCredentials:
        none = {"aws_access_key_id": "none", "aws_secret_access_key": SecretStr("none")}
        return bedrock.model_copy(update=none)
    return bedrock
