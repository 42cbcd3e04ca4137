"""What several commands make of the words that were typed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from darkroom.errors import InvalidRequest

WIDE = 400
"""Columns of a table that goes into a file or a pipe."""


def use_standin(given: dict[str, Any], standin: bool) -> None:
    """Name the stand-in as the block to use, where it is asked for."""
    if standin and given.get("bedrock"):
        raise click.UsageError("--standin and --bedrock exclude each other: name one of them.")
    if standin:
        given["bedrock"] = "standin"


def whole(path: str) -> str:
    """The path from the root, as a flow that runs elsewhere or later needs it."""
    return path if "://" in path else str(Path(path).absolute())


def run_id(text: str, remedy: str) -> UUID:
    """The id of a flow run, as it was typed; `remedy` says where it stands."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidRequest.of(
            "flow_run", text, "the id of a flow run is expected", remedy
        ) from error


def pairs(option: str, words: Iterable[str]) -> list[tuple[str, str]]:
    """Read "name=value" of each word."""
    found = []
    for word in words:
        name, equals, value = word.partition("=")
        if not (name.strip() and equals):
            raise click.UsageError(f"{option} {word}: NAME=VALUE is expected.")
        found.append((name.strip(), value))
    return found
