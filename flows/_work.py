"""Does the rows of a batch, or of a shard, in this process, and says how it goes."""

from __future__ import annotations

from collections.abc import Callable

from prefect import get_run_logger

from darkroom.batch.row import Result
from darkroom.budget import Budget
from flows._batch import Batch
from flows._progress import Progress
from flows._tally import watch
from tasks import _turn


def do(
    batch: Batch,
    max_cost: float | None,
    at_once: int,
    note: Callable[[Result], None] = lambda result: None,
) -> str:
    """Do the rows of a batch; gives why it was stopped, or "".

    Args:
        batch: The batch, or one shard of it.
        max_cost: US dollars that it may cost; None for no limit.
        at_once: Rows, and calls, that are under way at the same time.
        note: Is told of each row that ended.
    """
    tally, progress, watching = batch.tally, Progress(batch.name, batch.tally), watch.get()
    log, stopped = get_run_logger(), list[str]()

    def ended(result: Result) -> None:
        note(result)
        if result.status != "done":
            log.warning("row %d: %s: %s", result.row, result.status, result.reason)
        if result.status == "stopped":
            stopped.append(result.reason)
        if watching:
            watching(tally, result)

    def beat() -> None:
        progress.beat()
        if watching:
            watching(tally, None)

    token = _turn.budget.set(None if max_cost is None else Budget(max_cost))
    try:
        batch.run(at_once, ended, beat)
    finally:
        _turn.budget.reset(token)
        progress.show()
    return f"Stopped by the budget: {stopped[0]}" if stopped else ""
