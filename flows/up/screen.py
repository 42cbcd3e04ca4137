"""What a person sees of `darkroom up`: progress while it starts, then one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from flows.up.blocks_of import Found
from flows.up.deploy import Deployed
from flows.up.home import Home

_WIDTH = 13


class Screen:
    """Progress on stderr, and the screen on stdout."""

    def __init__(self) -> None:
        self._progress = Console(stderr=True, highlight=False)
        self._out = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Say what is being done, and that it is done."""
        if not self._progress.is_terminal:
            self._progress.print(f"  [dim]…[/] {escape(doing)}")
        with self._progress.status(escape(doing)):
            yield
        self._progress.print(f"  [green]✓[/] {escape(done)}")

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._progress.print(f"  [yellow]![/] {escape(text)}", soft_wrap=True)

    def up(
        self,
        url: str,
        home: Home,
        deployed: Deployed,
        service: Found,
        store: str,
        resumed: Iterable[str],
    ) -> None:
        """The screen: where everything is, and how to end it."""
        rows = [
            ("Dashboard", url),
            ("Deployments", _deployments(deployed)),
            ("Calls", service.told),
            ("Pictures", store),
            ("Logs", f"{home.logs}: server.log, worker.log"),
            ("Commands", f"export PREFECT_API_URL={url}/api"),
        ]
        self._out.print("\n[bold]Darkroom is up.[/]\n")
        for name, told in rows:
            self._out.print(f"  [bold]{name:<{_WIDTH}}[/]{escape(told)}")
        self._out.print()
        for note in service.notes:
            self._out.print(f"  [yellow]![/] {escape(note)}\n")
        if names := ", ".join(resumed):
            self._out.print(f"  [yellow]![/] Goes on where it was stopped: {escape(names)}\n")
        self._out.print("Ctrl-C ends it.")


def _deployments(deployed: Deployed) -> str:
    told = ", ".join(deployed.names)
    if len(deployed.new) == len(deployed.names):
        return told
    changes = [("new", deployed.new), ("updated", deployed.updated)]
    said = "; ".join(f"{what}: {', '.join(names)}" for what, names in changes if names)
    return f"{told} ({said or 'as they were'})"
