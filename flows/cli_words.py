"""What several commands make of the words that were typed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

WIDE = 400
"""Columns of a table that goes into a file or a pipe."""

_DAYS = {"d": 1, "w": 7}


def use_standin(given: dict[str, Any], standin: bool) -> None:
    """Name the stand-in as the block to use, where it is asked for."""
    if standin and given.get("bedrock"):
        raise click.UsageError("--standin and --bedrock exclude each other: name one of them.")
    if standin:
        given["bedrock"] = "standin"


def whole(path: str) -> str:
    """The path from the root, as a flow that runs elsewhere or later needs it."""
    return path if "://" in path else str(Path(path).absolute())


def pairs(option: str, words: Iterable[str]) -> list[tuple[str, str]]:
    """Read "name=value" of each word."""
    found = []
    for word in words:
        name, equals, value = word.partition("=")
        if not (name.strip() and equals):
            raise click.UsageError(f"{option} {word}: NAME=VALUE is expected.")
        found.append((name.strip(), value))
    return found


def day_since(option: str, text: str) -> date:
    """The day that "30d", "2w" or "2026-11-21" says; days and weeks are counted back from today."""
    number, unit = text[:-1], text[-1:]
    try:
        if unit in _DAYS:
            return datetime.now(UTC).date() - timedelta(int(number) * _DAYS[unit])
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        told = "so many days (30d), weeks (2w), or a day (2026-11-21) is expected"
        raise click.UsageError(f"{option} {text}: {told}.") from None
