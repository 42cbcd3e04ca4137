"""What a person sees while a flow runs: finished steps as lines, the current one with a spinner."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

_TASKS = Path(__file__).parent.parent / "tasks"
"""Whose warnings are for the user; Prefect's own are in its log."""

_RETRY = re.compile(
    r"Task run failed with exception: (.*) - Retry (\d+)/\d+ will start ([\d.]+) second", re.DOTALL
)
_PREFECT_ALONE = ("prefect.flow_runs", "prefect._internal")
"""Loggers of Prefect's that tell users nothing that they could do."""

_ERROR = re.compile(r"\w+\((['\"])(.*)\1(, .*)?\)", re.DOTALL)


@dataclass
class Seen:
    """What is known of the run that is shown.

    Attributes:
        flow_run_id: Its id; "" before it has begun.
    """

    flow_run_id: str = ""


class _Lines(logging.Handler):
    """Turns the log of a run, which Prefect keeps in full, into a few lines."""

    def __init__(self, console: Console, status: Status, *, rows: bool) -> None:
        super().__init__(logging.INFO)
        self.seen = Seen()
        self._rows = rows
        self._console = console
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        task = getattr(record, "task_run_name", None)
        if self._rows and record.name.startswith("prefect.task_runs"):
            return
        if record.name.startswith("prefect.task_runs") and task:
            if retry := _RETRY.search(text):
                reason, which, seconds = retry.groups()
                if error := _ERROR.fullmatch(reason):
                    reason = error[2]
                told = f"{task}: try {int(which) + 1} in {float(seconds):.0f} s: {reason}"
                self._console.print(f"  [yellow]…[/] {escape(told)}")
            elif text.startswith("Finished in state Completed"):
                self._console.print(f"  [green]✓[/] {escape(task)}")
            elif text.startswith("Finished in state Cached"):
                self._console.print(
                    f"  [green]✓[/] {escape(task)} [dim](cached, not paid again)[/]"
                )
            elif text.startswith("Finished in state"):
                self._console.print(f"  [red]✗[/] {escape(task)}")
            elif record.levelno == logging.WARNING and _TASKS in Path(record.pathname).parents:
                self._console.print(f"  [yellow]![/] {escape(text)}")
            elif ": calling " in text:
                self._status.update(escape(text))
        elif text.startswith("plan: "):
            self._console.print(f"  [dim]{escape(text.removeprefix('plan: '))}[/]", highlight=False)
        elif text.startswith("Beginning flow run"):
            name = getattr(record, "flow_run_name", "")
            identity = self.seen.flow_run_id = str(getattr(record, "flow_run_id", ""))
            self._console.print(f"[bold]{escape(name)}[/] [dim]{identity}[/]")
            self._status.update("running")
        elif record.levelno >= logging.WARNING and not record.name.startswith(_PREFECT_ALONE):
            self._console.print(f"  [yellow]![/] {escape(text)}")


_spinning: ContextVar[Status | None] = ContextVar("spinning", default=None)
"""What turns while a person waits."""


@contextmanager
def paused() -> Iterator[None]:
    """Without the spinner while the block runs, which asks the person something."""
    status = _spinning.get()
    if status:
        status.stop()
    try:
        yield
    finally:
        if status:
            status.start()


@contextmanager
def shown(console: Console, *, verbose: bool, rows: bool = False) -> Iterator[Seen]:
    """Show progress on `console` while the block runs; gives what is seen of the run.

    Args:
        console: Where to.
        verbose: Whether to show Prefect's own log instead.
        rows: Whether these are a batch's rows, which somebody else shows.
    """
    if verbose:
        yield Seen()
        return
    root = logging.getLogger()
    waiting = (
        nullcontext(Status("", console=console)) if rows else console.status("starting Prefect")
    )
    with waiting as status:
        lines = _Lines(console, status, rows=rows)
        root.handlers = [lines]
        token = _spinning.set(None if rows else status)
        try:
            yield lines.seen
        finally:
            _spinning.reset(token)
            lines.setLevel(logging.WARNING)  # what comes after is Prefect's own farewell
