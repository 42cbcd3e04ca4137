"""The gallery: one HTML page with what came of every row, which needs nothing beside it.

The page opens from a folder, a web server or an attachment: thumbnails, style and script are in it,
and its content security policy forbids it to ask any server for anything but the full pictures. It
is written picture by picture, so that memory does not grow with the rows.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, get_args
from urllib.parse import quote

from darkroom import catalog
from darkroom.ahead import in_order
from darkroom.batch.manifest import whole
from darkroom.batch.row import Made, Result, Status
from darkroom.batch.thumbs import Read, Thumb, Thumbs
from darkroom.errors import UnknownModel
from darkroom.picture import local_path

SHORT = 140
"""Characters of a value that are seen at once; the rest is folded."""

LONG = 4_000
"""Characters of a value that are on the page at all; the manifest has the rest."""

_HEAD = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
"""

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

_FOOT = """\
</main>
<div class="tray" role="region" aria-label="Chosen pictures" hidden>
<span id="picked" aria-live="polite"></span>
<button type="button" id="compare-clear">Clear</button>
<button type="button" id="compare-go" class="go">Compare</button>
</div>
<dialog id="compare" aria-label="Compare pictures">
<header><h2>Compare</h2>
<output id="zoom"></output>
<button type="button" data-key="-" aria-label="Zoom out">−</button>
<button type="button" data-key="+" aria-label="Zoom in">+</button>
<button type="button" data-key="0">Fit</button>
<button type="button" data-key="1">100 %</button>
<button type="button" id="compare-close">Close<span class="wide"> (Esc)</span></button>
</header>
<div class="panes"></div>
</dialog>
<script>{script}</script>
</html>
"""  # noqa: RUF001


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
        parts = [_count(rows, "row"), *known, _count(self.pictures, "picture")]
        spent = _price(self.spent_usd, self.unpriced, " spent")
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
            [(made, thumbs.of(made, read), _link(made, path, root)) for made in result.pictures],
        )

    def counted() -> Iterator[Result]:
        for result in results:
            totals.add(result)
            yield result

    # What stands above the cards is known when the last of them is: until then they wait.
    with whole(path) as file, tempfile.TemporaryFile(dir=path.parent) as waiting:
        for each in in_order(drawn, counted(), thumbs.threads):
            _say(waiting, each)
        _say(file, head(title) + _top(title, totals))
        waiting.seek(0)
        shutil.copyfileobj(waiting, file, 1 << 20)
        _say(file, _FOOT.format(script=_asset("gallery.js")))


def _say(file: IO[bytes], text: str) -> None:
    # What no encoding knows (half of a surrogate pair) becomes a reference to no character.
    file.write(text.encode("utf-8", "xmlcharrefreplace"))


def head(title: str) -> str:
    """The page's start: its policy, its title and its style.

    Only this very style and script are allowed, and pictures of the page's own origin.
    """
    policy = (
        f"default-src 'none'; img-src 'self' file: data:; style-src {_hash('gallery.css')}; "
        f"script-src {_hash('gallery.js')}; base-uri 'none'; form-action 'none'"
    )
    return _HEAD.format(policy=policy, title=_text(title), style=_asset("gallery.css"))


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
        title=_text(title),
        summary=_text(totals.summary()),
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
    facts = [_price(result.spent_usd, result.unpriced)] if result.calls or result.unpriced else []
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
            f'<span class="facts">{_text(" · ".join(facts))}</span></header>',
            f'<div class="pictures">{figures}</div>' if figures else "",
            f'<p class="reason" dir="auto">{_text(_cut(result.reason, LONG))}</p>'
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
    step = _text(made.step)
    if isinstance(thumb, str):
        style, pick = "frame none", ""
        shown = _text(thumb)
    else:
        style = "frame alpha" if thumb.alpha else "frame"
        shown = (
            f'<img src="{thumb.uri}" width="{thumb.width}" height="{thumb.height}" '
            f'alt="{step} of {_text(owner)}" loading="lazy" decoding="async">'
        )
        pick = (
            f'<label class="pick" title="Choose to compare"><input type="checkbox" '
            f'autocomplete="off" aria-label="Compare {step} of {_text(owner)}"></label>'
        )
    frame = (
        f'<a class="{style}" href="{_text(link)}" target="_blank" rel="noopener">{shown}</a>'
        if link
        else f'<span class="{style}">{shown}</span>'
    )
    where = "" if link else f"<code>{_text(made.uri)}</code>"
    facts = _text(" · ".join(_facts(made)))
    caption = f"<figcaption><b>{step}</b> <span>{facts}</span>{where}</figcaption>"
    return f"<figure>{frame}{caption}{pick}</figure>"


def _facts(made: Made) -> Iterator[str]:
    if made.model:
        yield _short(made.model)
    if made.seed is not None:
        yield f"seed\N{NO-BREAK SPACE}{made.seed}"
    yield f"{made.width} × {made.height}".replace(" ", "\N{NO-BREAK SPACE}")  # noqa: RUF001
    if made.cached:
        yield "cached"
    elif made.model:
        yield "price unknown" if made.price_usd is None else _price(made.price_usd)


def _value(name: str, value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = _text(_cut(said, SHORT))
    if len(said) > SHORT:
        more = _text(_cut(said, LONG))
        shown = f'<details><summary>{shown}</summary><p dir="auto">{more}</p></details>'
    return f'<div><dt>{_text(name)}</dt><dd dir="auto">{shown}</dd></div>'


def _link(made: Made, page: Path, root: Path) -> str:
    """Where the page finds the full picture; "" where a browser cannot get it."""
    where = local_path(made.uri)
    if where is None:
        return ""
    if where.is_relative_to(root) and page.is_relative_to(root):
        return quote(Path(os.path.relpath(where, page.parent)).as_posix())
    return made.uri


def _price(usd: float, unpriced: int = 0, word: str = "") -> str:
    """Dollars; what is not known is never said to be nothing."""
    cents = f"{usd:.6f}".rstrip("0").partition(".")[2]
    known = f"${usd:,.2f}" if usd >= 1 else f"$0.{cents:0<2}"
    if not unpriced:
        return known + word
    unknown = f"{_count(unpriced, 'call')} of unknown price"
    return f"{known}{word} + {unknown}" if usd else unknown


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("s" if number != 1 else "")


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most].rstrip()}…" + (f" ({len(text):,} characters)" if most >= LONG else "")


@cache
def _short(model_id: str) -> str:
    """The model's short name; the id of one that the catalog does not know."""
    try:
        return catalog.find(model_id).short
    except UnknownModel:
        return model_id


def _text(text: str) -> str:
    """Text that means nothing to HTML, in elements and in quoted attributes."""
    return html.escape(text, quote=True)


@cache
def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


@cache
def _hash(name: str) -> str:
    digest = hashlib.sha256(_asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
