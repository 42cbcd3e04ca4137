"""`darkroom show`: how a picture came to be, as text, as data, or as a pipeline to run again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows._which_store import opener, store_options

if TYPE_CHECKING:
    from darkroom.found import Found
    from darkroom.lineage import Lineage
    from darkroom.store import Store

_INDENT = 18


@click.command()
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print data for machines.")
@click.option(
    "--recipe",
    "which",
    is_flag=False,
    flag_value="step",
    type=click.Choice(["step", "all"]),
    help="Print the pipeline that makes it again: its last step, or `--recipe all` of them.",
)
@click.option(
    "--embed",
    type=click.Path(path_type=Path),
    metavar="OUT.png",
    help="Write a copy with this in it, as text of a PNG.",
)
@store_options
def show(
    file: str,
    as_json: bool,
    which: str | None,
    embed: Path | None,
    store: str | None,
    folder: Path | None,
) -> int:
    """Say how the picture FILE came to be.

    It is read from the .json file beside it; of a copy without one, from the store, where the
    picture is found by its bytes; or from the text in a PNG.
    """
    if sum(map(bool, (as_json, which, embed))) > 1:
        raise click.UsageError("--json, --recipe and --embed exclude each other: choose one.")
    from darkroom.found import find

    place = opener(store, folder)
    found = find(file, place)
    for remark in found.remarks:
        click.secho(f"! {remark}", fg="yellow", err=True)
    if embed:
        _embed(found, file, embed)
    elif as_json:
        click.echo(json.dumps(_data(found), indent=2))
    elif which:
        from darkroom.recipe import recipe

        family, recall = _family(place()), place().recall
        click.echo(recipe(found.entry, family, whole=which == "all", recall=recall), nl=False)
    else:
        _print(found)
    return 0


def _family(store: Store) -> Lineage:
    """What is in the store, by what it was made of; nothing if the store cannot be read."""
    from darkroom.archive import Entry, entries
    from darkroom.errors import StoreFailed
    from darkroom.lineage import Lineage

    try:
        return Lineage(each for each in entries(store) if isinstance(each, Entry))
    except StoreFailed as error:
        click.secho(f"! {error}", fg="yellow", err=True)
        return Lineage()


def _embed(found: Found, file: str, out: Path) -> None:
    from darkroom.errors import InvalidRequest
    from darkroom.png_text import with_text

    data = with_text(found.data, found.entry.picture, file)
    try:
        with out.open("xb") as opened_file:  # never over a picture that is there
            opened_file.write(data)
    except OSError as error:
        raise InvalidRequest.of(
            "embed", str(out), f"it cannot be written ({error.strerror})", "Name a new file."
        ) from error
    click.echo(str(out))


def _data(found: Found) -> dict[str, Any]:
    """All that is known, as plain data."""
    known = found.entry.picture.model_dump(mode="json")
    further = dict(found.entry.further)
    return {**known, "further": further, "told_by": found.told_by, "remarks": list(found.remarks)}


def _printable(text: str) -> str:
    """Text without what a terminal would take for a command."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _print(found: Found) -> None:
    from darkroom.told import lines_of

    for name, value in lines_of(found.entry):
        click.secho(f"{name:<{_INDENT}}", bold=True, nl=False)
        lines = [_printable(line) for line in value.splitlines()] or [""]
        click.echo(f"\n{' ' * _INDENT}".join(lines))
    click.secho(f"(from {found.told_by})", dim=True)
