"""`darkroom usage`: what was made, what it cost and what went wrong, as tables or as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from darkroom.errors import InvalidRequest
from darkroom.period import Period
from flows import temporary_server
from flows.cli_words import WIDE

if TYPE_CHECKING:
    from darkroom.usage import Usage


@click.command()
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="How far back: 12h, 7d, 4w; or a day, such as 2026-11-01.",
)
@click.option("--until", help="The last day, such as 2026-11-30.  [default: until now]")
@click.option("--store", help="Name of a saved ImageStore block.")
@click.option("--json", "as_json", is_flag=True, help="Print data for machines.")
def usage(since: str, until: str | None, store: str | None, as_json: bool) -> int:
    """Report pictures, calls, spend, filters, failures and seconds of a period.

    From the pictures in the store and from what Prefect knows of their task runs. Pays for nothing.
    """
    period = Period.of(since, until)
    nothing = temporary_server.would_find_nothing()
    if nothing and store is not None:
        raise InvalidRequest.of(
            "store", store, "no ImageStore block of that name is saved", "Save it, or name none."
        )
    if not nothing:
        temporary_server.start()()
    from blocks import ImageStore
    from flows._collect import collect

    block = ImageStore() if nothing else ImageStore.find(store)
    found = collect(period, block.open(), ask_prefect=not nothing)
    if as_json:
        click.echo(json.dumps(found.model_dump(mode="json"), indent=2))
    else:
        _print(found)
    return 0


def _print(found: Usage) -> None:
    from rich.console import Console

    from flows import _usage_words as words

    out = Console()
    if not out.is_terminal:
        out.width = WIDE

    def say(text: str = "") -> None:
        out.print(text, highlight=False, markup=False, soft_wrap=True)

    say(words.period_of(found))
    say(words.headline(found))
    for headings, lines in (words.by_model(found), words.by_flow(found)):
        if lines:
            say()
            out.print(_table(headings, lines))
    for title, counts in words.reasons(found):
        say(f"\n{title}")
        for why, count in counts:
            say(f"  {count} x {why}")
    for sentence in (*words.endings(found), *found.unknown):
        say(f"\n! {sentence}")


def _table(headings: tuple[str, ...], lines: list[tuple[str, ...]]) -> object:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for line in lines:
        table.add_row(*map(Text, line))
    return table
