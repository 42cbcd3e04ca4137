"""A report of usage in words: the tables and sentences that its page and its command share."""

from __future__ import annotations

from collections.abc import Sequence

from darkroom.period import Period
from darkroom.usage import Sum, Usage

HEADINGS = (
    "pictures",
    "calls",
    "cached",
    "filtered",
    "failed",
    "stopped",
    "retries",
    "throttles",
    "spend",
)
SECONDS = ("p50 s", "p95 s")


Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Headings, and lines of as many cells."""


def by_model(usage: Usage) -> Table:
    """A line for each model."""
    lines = [
        (each.name, *_cells(each), _seconds(each.seconds_p50), _seconds(each.seconds_p95))
        for each in usage.models
    ]
    return _narrowed(("model", *HEADINGS, *SECONDS), lines)


def by_flow(usage: Usage) -> Table:
    """A line for each flow."""
    lines = [(each.flow, *_cells(each)) for each in usage.flows]
    return _narrowed(("flow", *HEADINGS), lines)


def headline(usage: Usage) -> str:
    """All of it in a line."""
    total, failed = usage.total, sum(usage.failed_runs.values())
    if total.is_empty:
        return f"Nothing was made or asked for{_failed(failed)}."
    said = [
        _counted(total.pictures, "picture"),
        f"{_counted(total.calls, 'call')}, {total.cached} cached",
        f"about {total.spend}",
        f"{total.filtered} filtered{_rate(total)}",
        f"{total.failed} failed",
    ]
    if total.stopped:
        said.append(f"{total.stopped} stopped by a budget")
    throttles = f" ({_counted(total.throttles, 'throttle')})" if total.throttles else ""
    said.append(f"{_counted(total.retries, 'further tr', 'y', 'ies')}{throttles}")
    return ", ".join(said) + _failed(failed)


def _failed(runs: int) -> str:
    return f", and {_counted(runs, 'run')} failed" if runs else ""


def period_of(usage: Usage) -> str:
    """When, and of which store."""
    return f"{Period(usage.since, usage.until)}, store {usage.store}"


def reasons(usage: Usage) -> list[tuple[str, Sequence[tuple[str, int]]]]:
    """Why calls were filtered and tried again, and runs failed: a title, reasons with counts."""
    found = [
        ("Filtered because", usage.filtered_because),
        ("Tried again because", usage.retried_because),
        ("Runs that failed", usage.failed_runs),
    ]
    return [(title, list(counts.items())) for title, counts in found if counts]


def endings(usage: Usage) -> list[str]:
    """Which models should no longer be used, each in a sentence or two."""
    return [
        f"{each.name} ({each.model}) "
        + (
            f"reaches its end of life on {each.end_of_life}, in {_counted(each.days_left, 'day')}."
            if each.days_left > 0
            else f"reached its end of life on {each.end_of_life}."
        )
        + f" {each.successor}"
        for each in usage.ending
    ]


def _narrowed(headings: tuple[str, ...], lines: list[tuple[str, ...]]) -> Table:
    """A table without the columns that are empty in all of its lines."""
    shown = [place for place in range(len(headings)) if any(line[place] for line in lines)]
    cells = [tuple(line[place] for place in shown) for line in lines]
    return tuple(headings[place] for place in shown), cells


def _cells(each: Sum) -> tuple[str, ...]:
    counts = (
        each.pictures,
        each.calls,
        each.cached,
        each.filtered,
        each.failed,
        each.stopped,
        each.retries,
        each.throttles,
    )
    return (*[str(count) if count else "" for count in counts], each.spend)


def _rate(total: Sum) -> str:
    rate = total.filter_rate
    return f" ({100 * rate:.1f} % of the calls)" if rate else ""


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _counted(count: int, noun: str, one: str = "", several: str = "s") -> str:
    return f"{count} {noun}{one if count == 1 else several}"
