"""The gallery: one HTML page with what came of every row, which needs nothing beside it.

The page opens from a folder, a web server or an attachment: thumbnails, style and script are in it,
and its content security policy forbids it to ask any server for anything but the full pictures. It
is written picture by picture, so that memory does not grow with the rows.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, get_args

from darkroom.ahead import in_order
from darkroom.batch.manifest import whole
from darkroom.batch.row import Made, Result, Status
from darkroom.gallery.parts import LONG, Look, count_of, cut, link, price, say, short, text_of
from darkroom.gallery.thumbs import Thumb, Thumbs

SHORT = 140
"""Characters of a value that are seen at once; the rest is folded."""

Read = Callable[[Made], bytes | None]
"""Gives a picture's bytes, None where it is gone. Called by several threads at once."""

_LOOK = Look(Path(__file__).with_name("gallery.css"), Path(__file__).with_name("gallery.js"))

_TOP = """\
<div class="top">
<h1 dir="auto">{title}</h1>
<p>{summary}</p>
{share}
</div>
<div class="bar" role="search" hidden>
<div class="filters" role="group" aria-label="Status">{filters}</div>
<input id="search" type="search" placeholder="Search values and reasons" \
aria-label="Search values and reasons" autocomplete="off" spellcheck="false">
<output id="count" aria-live="polite"></output>
</div>
<main class="{shape}">
<p id="nothing" hidden>No row fits.</p>
"""


@dataclass
class Totals:
    """What all rows came to.

    Attributes:
        of: Rows by status.
        pictures: How many there are.
        most: Pictures of the row that has most.
        spent_usd: Estimated price of the calls that were paid for.
        unpriced: Calls whose price is not known.
    """

    of: Counter[Status] = field(default_factory=Counter)
    pictures: int = 0
    most: int = 0
    spent_usd: float = 0.0
    unpriced: int = 0

    def add(self, result: Result) -> None:
        """Count a row."""
        self.of[result.status] += 1
        self.pictures += len(result.pictures)
        self.most = max(self.most, len(result.pictures))
        self.spent_usd += result.spent_usd
        self.unpriced += result.unpriced

    def summary(self) -> str:
        """Rows by status, pictures and price, in one line of text."""
        rows = self.of.total()
        known = [f"{self.of[each]:,} {each}" for each in get_args(Status) if self.of[each]]
        parts = [count_of(rows, "row"), *known, count_of(self.pictures, "picture")]
        spent = price(self.spent_usd, self.unpriced, " spent")
        return " · ".join([*parts, spent])


def write(
    path: Path,
    title: str,
    results: Iterable[Result],
    read: Read,
    *,
    root: Path | None = None,
    thumbs: Thumbs | None = None,
) -> None:
    """Write the page over `results`, in the order in which they come, in one step.

    Args:
        path: The page's file; its folder is made if it is missing.
        title: What the page is called.
        results: What came of the rows; read once.
        read: Gives the bytes of a picture. A picture without a thumbnail gets a few words instead.
        root: The folder within which page and pictures move together: links between them are
            relative. The page's own folder by default.
        thumbs: Makes the thumbnails.

    Raises:
        StoreFailed: The page cannot be written; the one that was there stays.
    """
    totals = Totals()
    thumbs = thumbs or Thumbs()
    path = path.absolute()
    root = root.absolute() if root else path.parent

    def drawn(result: Result) -> str:
        return card(
            result,
            [
                (made, thumbs.of(made.sha256, partial(read, made)), link(made.uri, path, root))
                for made in result.pictures
            ],
        )

    def counted() -> Iterator[Result]:
        for result in results:
            totals.add(result)
            yield result

    # What stands above the cards is known when the last of them is: until then they wait.
    with whole(path) as file, tempfile.TemporaryFile(dir=path.parent) as waiting:
        for each in in_order(drawn, counted(), thumbs.threads):
            say(waiting, each)
        say(file, _LOOK.head(title) + _top(title, totals))
        waiting.seek(0)
        shutil.copyfileobj(waiting, file, 1 << 20)
        say(file, "</main>\n" + _LOOK.foot())


def _top(title: str, totals: Totals) -> str:
    """Title, summary, the bar of shares, and the buttons for each status that there is."""
    present = [each for each in get_args(Status) if totals.of[each]]
    rows, start = totals.of.total(), 0
    rects, buttons = [], [_button("", "All", rows)]
    for status in present:
        count = totals.of[status]
        rects.append(f'<rect class="{status}" x="{start}" width="{count}" height="1"/>')
        buttons.append(_button(status, status.capitalize(), count))
        start += count
    share = (
        f'<svg class="share" viewBox="0 0 {max(rows, 1)} 1" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(rects)}</svg>'
    )
    return _TOP.format(
        title=text_of(title),
        summary=text_of(totals.summary()),
        share=share,
        filters="".join(buttons),
        shape="single" if totals.most <= 1 else "several",
    )


def _button(status: str, label: str, count: int) -> str:
    return (
        f'<button type="button" data-show="{status}" aria-pressed="{json.dumps(not status)}">'
        f"{label} <b>{count:,}</b></button>"
    )


def card(result: Result, pictures: Iterable[tuple[Made, Thumb | str, str]]) -> str:
    """A row as HTML: its number and status, its pictures, its values.

    Args:
        result: The row.
        pictures: Each with its thumbnail, or why there is none, and its link; see `figure`.
    """
    facts = [price(result.spent_usd, result.unpriced)] if result.calls or result.unpriced else []
    facts += [f"{result.cached:,} cached"] * bool(result.cached)
    facts += [f"{result.seconds:.1f} s"] * bool(result.seconds)
    facts += [f"try {result.attempt}"] * (result.attempt > 1)
    figures = "".join(figure(*each, f"row {result.row}") for each in pictures)
    given = {**result.values, **result.more}
    values = "".join(_value(name, each) for name, each in given.items() if each not in (None, ""))
    return "".join(
        (
            f'<article data-status="{result.status}"><header><h2>#{result.row}</h2>'
            f'<span class="badge {result.status}">{result.status}</span>'
            f'<span class="facts">{text_of(" · ".join(facts))}</span></header>',
            f'<div class="pictures">{figures}</div>' if figures else "",
            f'<p class="reason" dir="auto">{text_of(cut(result.reason, LONG))}</p>'
            if result.reason
            else "",
            f"<dl>{values}</dl>" if values else "",
            "</article>\n",
        )
    )


def figure(made: Made, thumb: Thumb | str, link: str, owner: str) -> str:
    """A picture as HTML: its thumbnail, what it is, and a box to choose it with.

    Args:
        made: The picture.
        thumb: Its thumbnail, or why there is none.
        link: Where the full picture is; "" where a browser cannot get it.
        owner: What it belongs to, for those who do not see it.
    """
    step = text_of(made.step)
    if isinstance(thumb, str):
        style, pick = "frame none", ""
        shown = text_of(thumb)
    else:
        style = "frame alpha" if thumb.alpha else "frame"
        shown = (
            f'<img src="{thumb.uri}" width="{thumb.width}" height="{thumb.height}" '
            f'alt="{step} of {text_of(owner)}" loading="lazy" decoding="async">'
        )
        pick = (
            f'<label class="pick" title="Choose to compare"><input type="checkbox" '
            f'autocomplete="off" aria-label="Compare {step} of {text_of(owner)}"></label>'
        )
    frame = (
        f'<a class="{style}" href="{text_of(link)}" target="_blank" rel="noopener">{shown}</a>'
        if link
        else f'<span class="{style}">{shown}</span>'
    )
    where = "" if link else f"<code>{text_of(made.uri)}</code>"
    facts = text_of(" · ".join(_facts(made)))
    caption = f"<figcaption><b>{step}</b> <span>{facts}</span>{where}</figcaption>"
    return f"<figure>{frame}{caption}{pick}</figure>"


def _facts(made: Made) -> Iterator[str]:
    if made.model:
        yield short(made.model)
    if made.seed is not None:
        yield f"seed\N{NO-BREAK SPACE}{made.seed}"
    yield f"{made.width} × {made.height}".replace(" ", "\N{NO-BREAK SPACE}")  # noqa: RUF001
    if made.cached:
        yield "cached"
    elif made.model:
        yield "price unknown" if made.price_usd is None else price(made.price_usd)


def _value(name: str, value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = text_of(cut(said, SHORT))
    if len(said) > SHORT:
        more = text_of(cut(said, LONG))
        shown = f'<details><summary>{shown}</summary><p dir="auto">{more}</p></details>'
    return f'<div><dt>{text_of(name)}</dt><dd dir="auto">{shown}</dd></div>'
