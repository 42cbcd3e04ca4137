"""`darkroom gallery`: a page over a store, as a file or served to this computer."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows._which_store import opener, store_options

if TYPE_CHECKING:
    from darkroom.archive import Entry
    from darkroom.gallery.page import Found
    from darkroom.store import Store

LAST = 10_000
"""Pictures on a page, unless told otherwise: a file of some 40 MB."""


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the page here.  [default: gallery.html in the store's folder, or here]",
)
@click.option("--since", metavar="30d|DAY", help="Only pictures of so many days, or since a day.")
@click.option(
    "--last",
    type=click.IntRange(1),
    help=f"Only so many of the newest.  [default: {LAST:,}]",
)
@click.option("--title", help="What the page is called.  [default: the store]")
@click.option("--serve", "served", is_flag=True, help="Serve it on 127.0.0.1 until Ctrl-C.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="With --serve; 0 picks a free one.  [default: 8809]",
)
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print data for machines.")
@store_options
def gallery(
    out: Path | None,
    since: str | None,
    last: int | None,
    title: str | None,
    served: bool,
    port: int | None,
    open_it: bool,
    as_json: bool,
    store: str | None,
    folder: Path | None,
) -> int:
    """Write a page over a store: search, lineage, recipes, pictures side by side.

    The page is one file that needs no server, and asks none for anything. What is damaged or
    foreign in the store is left out and named, and nothing in it is changed.
    """
    if port is not None and not served:
        raise click.UsageError("--port is for --serve: add it.")
    if served and (out or as_json):
        raise click.UsageError("--serve writes no file: leave --out and --json out.")
    from darkroom.period import Period

    day = Period.of(since).since.date() if since else None
    place = opener(store, folder)()
    make = partial(_make, place, title or _title(place), day, last or LAST)
    if served:
        return _serve(place, make, 8809 if port is None else port, open_it=open_it)
    path = (out or _beside(place)).absolute()
    found = make(path, _linked(path, place))
    _say(path, found, as_json=as_json)
    if open_it:
        click.launch(path.as_uri())
    return 0


def _make(
    store: Store,
    title: str,
    since: date | None,
    last: int,
    path: Path,
    link: Callable[[Entry], str],
) -> Found:
    """Write the page."""
    from darkroom.gallery import page

    found = page.gather(store, since, last, beat=_Progress("read"))
    page.write(path, title, found, store, link, beat=_Progress("drawn", len(found.entries)))
    return found


def _serve(store: Store, make: Callable[..., Found], port: int, *, open_it: bool) -> int:
    from darkroom.gallery.serve import serve

    def ready(url: str) -> None:
        click.echo(f"The gallery is at {url} (Ctrl-C ends it).")
        if open_it:
            click.launch(url)

    def write(path: Path, link: Callable[[Entry], str]) -> Found:
        found = make(path, link)
        _left_out(found)
        return found

    serve(store, write, port, ready=ready)
    return 0


def _linked(path: Path, store: Store) -> Callable[[Entry], str]:
    """Links from a page: relative where it lies in the store's folder, and moves with it."""
    from darkroom.gallery.parts import link
    from darkroom.picture import local_path

    root = local_path(store.uri) or path.parent
    return lambda entry: link(entry.picture.uri, path, root)


def _beside(store: Store) -> Path:
    from darkroom.picture import local_path

    return (local_path(store.uri) or Path()) / "gallery.html"


def _title(store: Store) -> str:
    from darkroom.picture import local_path

    path = local_path(store.uri)
    return path.name if path else store.uri


def _say(path: Path, found: Found, *, as_json: bool) -> None:
    if as_json:
        left_out = [{"name": each.name, "why": each.why} for each in found.troubles]
        data = {"page": str(path), "pictures": len(found.entries), "of": found.total}
        click.echo(json.dumps({**data, "left_out": left_out}, indent=2))
        return
    _left_out(found)
    limits = f" ({', '.join(found.limits)})" if found.limits else ""
    number = len(found.entries)
    click.echo(f"{number:,} picture{'s' * (number != 1)}{limits}: {path}")


def _left_out(found: Found) -> None:
    for each in found.troubles:
        click.secho(f"! {each}", fg="yellow", err=True)
    if found.troubles:
        number = len(found.troubles)
        click.echo(f"{number:,} file{'s' * (number != 1)} left out, as said above.", err=True)


class _Progress:
    """A line in the terminal that says how far it is, a few times a second."""

    def __init__(self, word: str, total: int = 0) -> None:
        self._word, self._total, self._next = word, total, time.monotonic() + 0.5
        self._shown = sys.stderr.isatty()

    def __call__(self, number: int) -> None:
        if not self._shown:
            return
        if number == self._total:
            click.echo("\r\033[K", nl=False, err=True)
        elif time.monotonic() > self._next:
            self._next = time.monotonic() + 0.2
            of = f" of {self._total:,}" if self._total else ""
            click.echo(f"\r{number:,}{of} {self._word}", nl=False, err=True)
