"""`darkroom doctor`: what is found on the way from here to a picture, and what to do about it."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flows.doctor.finding import Finding

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}
_INDENT = 14
_WIDEST = 120


@click.command()
@click.option("--bedrock", help="Name of a saved Bedrock block.")
@click.option("--store", help="Name of a saved ImageStore block.")
@click.option("--standin", is_flag=True, help="Look at the local stand-in instead of AWS.")
@click.option("--json", "as_json", is_flag=True, help="Print data for machines.")
def doctor(bedrock: str | None, store: str | None, standin: bool, as_json: bool) -> int:
    """Check what a run needs, and say what to do about it.

    Credentials, region, endpoint, models and their ends of life, store, Prefect, packages. Nothing
    is paid for. Exit codes: 0 nothing worse than a warning, 1 a problem.
    """
    if standin and bedrock:
        raise click.UsageError("--standin and --bedrock exclude each other: name one of them.")
    from flows import temporary_server

    if temporary_server.would_find_blocks():
        # Blocks that a run would use are saved there: whoever looks elsewhere sees something else.
        temporary_server.start()()
    from flows.doctor.checks import findings

    found = findings("standin" if standin else bedrock, store)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        _print(found)
    return 1 if any(each.status == "problem" for each in found) else 0


def _print(found: list[Finding]) -> None:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    # What is the same of several models is said once, of all of them.
    alike = groupby(found, lambda each: (each.area, each.status, each.found, each.to_do))
    for (area, status, told, to_do), group in alike:
        models = ", ".join(each.about for each in group if each.about)
        mark, color = _MARKS[status]
        click.secho(f"{mark} ", fg=color, bold=True, nl=False)
        click.secho(area.ljust(_INDENT - 2), bold=True, nl=False)
        click.echo(_filled(f"{models}: {told}" if models else told, width).lstrip())
        if to_do:
            click.secho(_filled(to_do, width), dim=status == "ok")
    click.echo(_summary(found))


def _filled(text: str, width: int) -> str:
    """Text in lines that begin below each other; lines that it has already stay as they are."""
    lines = textwrap.dedent(text).splitlines()
    if len(lines) > 1:
        return textwrap.indent("\n".join(lines), " " * _INDENT)
    indent = " " * _INDENT
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(found: list[Finding]) -> str:
    count = {status: sum(each.status == status for each in found) for status in _MARKS}
    if not count["problem"] and not count["warning"]:
        return click.style("All is well.", fg="green", bold=True)
    told = [
        f"{count[status]} {status}{'s' if count[status] > 1 else ''}"
        for status in ("problem", "warning")
        if count[status]
    ]
    end = "" if count["problem"] else ": runs can work"
    return click.style(f"{' and '.join(told)}{end}.", fg="red" if count["problem"] else "yellow")
