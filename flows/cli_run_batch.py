"""`darkroom batch`, from its parameters to its table; a bar shows how far it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prefect.client.schemas.objects import State
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from darkroom.batch.row import Result
from darkroom.errors import DarkroomError
from darkroom.plan import price_of
from flows._ended import report_of
from flows._here import without_heartbeat
from flows._listing import BatchReport
from flows._order import Order
from flows._progress import in_words
from flows._tally import Tally, watch
from flows.cli_plan import blocks_of, printed
from flows.progress import shown
from flows.run_batch import run_batch

out = Console()
err = Console(stderr=True)


def plan(given: dict[str, Any], *, as_json: bool) -> int:
    """Print what a batch would do; the exit code is 1 where a row would fail."""
    blocks = blocks_of(given.get("bedrock"), given.get("store"))
    fields = {name: value for name, value in given.items() if name in Order.model_fields}
    batch = Order.model_validate(fields).batch(blocks=blocks)
    made = batch.plan()
    if as_json:
        print(json.dumps(made.as_json(), indent=2))  # noqa: T201
    else:
        printed(made)
    made.check_budget(given.get("max_cost"))
    return 1 if made.failing or made.retired else 0


def run(
    given: dict[str, Any],
    rows: int,
    ready: Callable[[], None],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run a batch; the exit code is 0 where all rows are done, else 1."""
    with (
        shown(err, verbose=verbose, rows=True),
        without_heartbeat(),
        _bar(rows, hidden=verbose),
    ):
        ready()
        try:
            state: State[Any] = run_batch(**given, return_state=True)
        except KeyboardInterrupt:
            again = " without --again" if given.get("again") else ""
            told = f"Stopped. What was made stays: the same command{again} goes on where it was."
            err.print(told, highlight=False, soft_wrap=True)
            return 1
    report = report_of(state)
    if isinstance(report, DarkroomError):
        raise report
    if not isinstance(report, BatchReport):
        raise DarkroomError(f"{state.name}: {state.message}")  # Prefect's log has all of it
    if as_json:
        print(json.dumps(report.model_dump(mode="json"), indent=2))  # noqa: T201
    else:
        _print(report, str(state.name))
    return 0 if report.done == report.rows else 1


def _print(report: BatchReport, state: str) -> None:
    said = [
        f"{state}: {report.done} of {report.rows} rows done, {report.failed} "
        f"failed, {report.filtered} filtered, {report.stopped} not begun or stopped",
        f"{report.calls} calls, {report.cached} cached, about "
        f"{price_of(report.spent_usd, report.unpriced)}, "
        f"{report.seconds:.0f} s",
        report.reason,
        f"Manifest: {report.manifest}",
        f"Page:     {report.page}" if report.page else "",
    ]
    again = [word for word in ("failed", "filtered") if getattr(report, word)]
    if again:
        which = again[0] if len(again) == 1 else "all"
        said.append(f"Try those again with: --name {report.name} --retry {which}")
    elif report.stopped:
        said.append(f"Go on with: --name {report.name}")
    for line in filter(None, said):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _bar(rows: int, *, hidden: bool) -> Iterator[None]:
    """A bar for the rows, which the batch moves; each row that is not done is a line above it."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=err, disable=hidden, transient=True) as progress:
        bar = progress.add_task("", total=rows)

        def moved(tally: Tally, result: Result | None) -> None:
            if result is not None and result.status != "done":
                line = f"row {result.row}: {result.status}: {result.reason}"
                progress.console.print(f"  [yellow]![/] {escape(line)}", highlight=False)
            progress.update(
                bar,
                total=tally.total,
                completed=tally.total - tally.left,
                description=escape(in_words(tally)),
            )

        token = watch.set(moved)
        try:
            yield
        finally:
            watch.reset(token)
