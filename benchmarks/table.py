"""What a benchmark tells: lines with both sides, their ratio, and the bar."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

VERSIONS = ("prefect", "boto3", "pydantic", "pydantic-core", "pybase64", "pillow")


@dataclass(frozen=True)
class Line:
    """One comparison.

    Attributes:
        what: What was done.
        ours: How we did, in words.
        beside: How the other side did, in words; empty without one.
        ratio: The number that the bar is about.
        at_most: The bar, if it is a most.
        at_least: The bar, if it is a least.
    """

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the bar was reached; None without one."""
        if self.ratio is None or (self.at_most is None and self.at_least is None):
            return None
        most = float("inf") if self.at_most is None else self.at_most
        least = 0.0 if self.at_least is None else self.at_least
        return least <= self.ratio <= most

    @property
    def bar(self) -> str:
        """The bar in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "" if self.at_least is None else f"at least {self.at_least:g}"

    def row(self) -> tuple[str, ...]:
        """The cells of the table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        kept = {True: "kept", False: "**missed**", None: ""}[self.kept]
        return (self.what, self.ours, self.beside, ratio, self.bar, kept)


HEAD = ("what", "Darkroom", "beside it", "ratio", "bar", "")


def markdown(lines: Iterable[Line]) -> str:
    """The lines as a table."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(line.row() for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine() -> str:
    """Where and with what it was measured, in one sentence."""
    versions = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    told = Path("/proc/cpuinfo")
    models = (
        [line for line in told.read_text().splitlines() if "model name" in line]
        if (told.exists())
        else []
    )
    model = models[0].partition(": ")[2] if models else platform.machine()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({model}), {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def tell(lines: Sequence[Line], *, as_json: bool) -> None:
    """Print the lines, for people or for machines."""
    if as_json:
        told = [{**asdict(line), "kept": line.kept} for line in lines]
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    widths = [max(len(cell) for cell in column) for column in zip(*_rows(lines), strict=True)]
    for row in _rows(lines):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _rows(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    return [HEAD, *(line.row() for line in lines)]


def alone(measure: Callable[[], list[Line]]) -> None:
    """Run one benchmark as a program: prints its lines; exit code 1 if a bar was missed."""
    lines = measure()
    tell(lines, as_json="--json" in sys.argv[1:])
    sys.exit(any(line.kept is False for line in lines))
