"""The page over a store: every picture to search, with its lineage and recipe, in one file.

What is searched is small and comes first; thumbnails follow in blocks, and what is said of single
pictures in packed ones, which the page opens when they come into view.
"""

from __future__ import annotations

import heapq
import json
import shutil
import tempfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from darkroom.ahead import in_order
from darkroom.archive import Entry, Trouble, entries
from darkroom.batch.manifest import whole
from darkroom.errors import InvalidRequest
from darkroom.gallery.kept import Kept
from darkroom.gallery.parts import Look, count_of, price, say, short, text_of
from darkroom.gallery.thumbs import Thumb
from darkroom.lineage import Lineage
from darkroom.recipe import recipe
from darkroom.store import Store
from darkroom.told import lines_of

BLOCK = 100
"""Pictures whose thumbnails, or whose parameters and recipes, are opened at once."""

MOST_TROUBLES = 200
"""Reasons for what is left out that stand on the page; the terminal has them all."""

_LOOK = Look(Path(__file__).with_name("page.css"), Path(__file__).with_name("page.js"))

_TOP = """\
<div class="top">
<h1 dir="auto">{title}</h1>
<p>{summary}</p>
{limited}{left_out}
</div>
<noscript><p class="top">This page needs JavaScript. It asks no server for anything.</p></noscript>
<div class="bar" role="search" hidden>
<input id="search" type="search" placeholder="Search prompts and names" \
aria-label="Search prompts and names" autocomplete="off" spellcheck="false">
<div class="filters">
<select id="mode" aria-label="Mode"></select>
<select id="model" aria-label="Model"></select>
<input id="run" list="runs" placeholder="Any run" aria-label="Flow run" autocomplete="off">
<datalist id="runs"></datalist>
<label>from <input id="from" type="date" aria-label="From day"></label>
<label>to <input id="to" type="date" aria-label="To day"></label>
</div>
<button type="button" id="reset" hidden>Reset</button>
<output id="count" aria-live="polite"></output>
</div>
<main id="grid" aria-label="Pictures"></main>
<p id="nothing" hidden>No picture fits.</p>
<section id="picture" aria-label="Picture" hidden></section>
<section id="lineage" aria-label="Lineage" hidden></section>
"""


@dataclass
class Found:
    """What of a store goes on a page.

    Attributes:
        entries: The pictures, the newest first.
        troubles: What is left out, and why.
        total: How many pictures there are, on the page or not.
        limits: What the page is limited by, in words.
        family: Which was made of which, of all that were read.
    """

    entries: list[Entry]
    troubles: list[Trouble] = field(default_factory=list)
    total: int = 0
    limits: list[str] = field(default_factory=list)
    family: Lineage = field(default_factory=Lineage)


def gather(
    store: Store,
    since: date | None = None,
    last: int | None = None,
    *,
    beat: Callable[[int], None] = lambda _: None,
) -> Found:
    """Read what goes on a page.

    Args:
        store: Where the pictures are.
        since: Pictures of earlier days are left out.
        last: So many of the newest are taken; None for all.
        beat: Is told how many were read, after each.

    Raises:
        StoreFailed: The store cannot be listed.
    """
    found = Found([])
    newest: list[tuple[datetime, int, Entry]] = []  # the oldest of them on top
    for each in entries(store, since):
        if isinstance(each, Trouble):
            found.troubles.append(each)
            continue
        found.total += 1
        beat(found.total)
        item = (_made_at(each), -found.total, each)
        if last is None or len(newest) < last:
            heapq.heappush(newest, item)
        else:
            heapq.heappushpop(newest, item)
    newest.sort(reverse=True)
    found.entries = [entry for _, _, entry in newest]
    found.family = Lineage(found.entries)
    if since:
        found.limits.append(f"made since {_day(since)}")
    if len(found.entries) < found.total:
        found.limits.append(f"the newest {len(found.entries):,} of {found.total:,}")
    return found


def write(
    path: Path,
    title: str,
    found: Found,
    store: Store,
    link: Callable[[Entry], str],
    *,
    beat: Callable[[int], None] = lambda _: None,
) -> None:
    """Write the page in one step. Thumbnails that cannot be made are added to the troubles.

    Args:
        path: The page's file; its folder is made if it is missing.
        title: What the page is called.
        found: What goes on it.
        store: Where the pictures are, and the thumbnails are kept.
        link: Gives where a browser finds the full picture; "" where it cannot get it.
        beat: Is told how many pictures are done, after each.

    Raises:
        StoreFailed: The page cannot be written; the one that was there stays.
    """
    path = path.absolute()
    # What is left out stands at the top and is known at the end: the blocks wait until then.
    with whole(path) as file, tempfile.TemporaryFile() as waiting:
        _thumbs(waiting, found, Kept.of(store, len(found.entries)), beat)
        _details(waiting, found, store)
        say(file, _LOOK.head(title) + _top(title, found))
        say(file, _data("pictures", _index(found, link)))
        waiting.seek(0)
        shutil.copyfileobj(waiting, file, 1 << 20)
        say(file, _LOOK.foot())


def _top(title: str, found: Found) -> str:
    days = [each.day for each in found.entries if each.day]
    spent = [each.picture.provenance.price_usd or 0.0 for each in found.entries]
    parts = [count_of(len(found.entries), "picture")]
    if days:
        first, last = _day(min(days)), _day(max(days))
        parts.append(first if first == last else f"{first} to {last}")
    if sum(spent):
        parts.append(price(sum(spent), word=" spent"))
    limited = f"This page has pictures {', '.join(found.limits)}. " if found.limits else ""
    more = "`darkroom gallery` with another --since or --last shows others." if limited else ""
    return _TOP.format(
        title=text_of(title),
        summary=text_of(" · ".join(parts)),
        limited=f'<p class="limited">{text_of(limited + more)}</p>' if limited else "",
        left_out=_left_out(found.troubles),
    )


def _left_out(troubles: Sequence[Trouble]) -> str:
    """What is left out and why, folded up."""
    if not troubles:
        return ""
    said = [
        f"<li><code>{text_of(each.name)}</code>: {text_of(each.why)}</li>"
        for each in troubles[:MOST_TROUBLES]
    ]
    if len(troubles) > MOST_TROUBLES:
        said.append(f"<li>and {len(troubles) - MOST_TROUBLES:,} more</li>")
    return (
        f'<details class="left-out"><summary>{count_of(len(troubles), "file")} left out</summary>'
        f"<ul>{''.join(said)}</ul></details>"
    )


def _index(found: Found, link: Callable[[Entry], str]) -> list[dict[str, Any]]:
    """What is searched and laid out: of each picture a few short words."""
    place = {each.name: index for index, each in enumerate(found.entries)}
    return [_line(each, place, found.family, link(each)) for each in found.entries]


def _line(entry: Entry, place: dict[str, int], family: Lineage, link: str) -> dict[str, Any]:
    picture = entry.picture
    how = picture.provenance
    parents = family.parents(entry)
    said = [each for name, each in how.parameters.items() if name != "prompt" and _is_text(each)]
    line = {
        "n": entry.name,
        "s": picture.sha256[:16],
        "w": picture.width,
        "h": picture.height,
        "a": int(picture.alpha),
        "m": how.mode,
        "k": short(how.model) if how.model else "",
        "r": how.flow_run or "",
        "t": _made_at(entry).strftime("%Y-%m-%dT%H:%M:%S"),
        "p": str(how.parameters.get("prompt") or ""),
        "q": " ".join(said),
        "u": link,
        "o": [place[known.name] for _, known in parents if known],
        "x": [sha256[:16] for sha256, known in parents if not known],
        "at": "" if link else picture.uri,
    }
    return {name: value for name, value in line.items() if value not in ("", [], 0)}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _thumbs(file: IO[bytes], found: Found, kept: Kept, beat: Callable[[int], None]) -> None:
    """Write all thumbnails, a block at a time."""
    block: list[str | dict[str, str]] = []
    made = in_order(kept.thumb, (each.picture for each in found.entries), kept.thumbs.threads)
    for number, (entry, thumb) in enumerate(zip(found.entries, made, strict=True), 1):
        if isinstance(thumb, Thumb):
            block.append(thumb.uri.partition(",")[2])
        else:
            block.append({"why": thumb})
            found.troubles.append(Trouble.of(entry.name, f"the picture is {thumb}"))
        if len(block) == BLOCK or number == len(found.entries):
            say(file, _data("thumbs", block))
            block = []
        beat(number)


def _details(file: IO[bytes], found: Found, store: Store) -> None:
    """Write what is said of single pictures, a packed block at a time."""
    for start in range(0, len(found.entries), BLOCK):
        block = [_detail(each, found, store) for each in found.entries[start : start + BLOCK]]
        deflate = zlib.compressobj(6, wbits=-15)
        packed = deflate.compress(json.dumps(block).encode()) + deflate.flush()
        text = b64encode(packed).decode("ascii")
        say(file, f'<script type="text/plain" class="details">{text}</script>\n')


def _detail(entry: Entry, found: Found, store: Store) -> dict[str, Any]:
    how = entry.picture.provenance
    asked = {"mode": how.mode, "model": how.model, **how.parameters}
    detail: dict[str, Any] = {
        "told": list(lines_of(entry)),
        "parameters": {name: value for name, value in asked.items() if value is not None},
    }
    try:
        detail["step"] = recipe(entry, found.family)
        if how.parents:
            detail["all"] = recipe(entry, found.family, whole=True, recall=store.recall)
    except InvalidRequest as error:
        detail["none"] = str(error)
    return detail


def _data(kind: str, value: Any) -> str:
    """Data that the page's script reads; nothing in it can end the element that it is in."""
    said = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" class="{kind}">{said}</script>\n'


def _made_at(entry: Entry) -> datetime:
    """When a picture was made, in UTC; the beginning of its folder's day where nobody says."""
    made_at = entry.picture.provenance.made_at
    if made_at is not None:
        return made_at.astimezone(UTC) if made_at.tzinfo else made_at.replace(tzinfo=UTC)
    day = entry.day or date(1970, 1, 1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
