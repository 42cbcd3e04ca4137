"""What pages of pictures are made of: the start, the end, and what is said of a picture."""

from __future__ import annotations

import base64
import hashlib
import html
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import IO
from urllib.parse import quote

from darkroom import catalog
from darkroom.dollars import priced
from darkroom.errors import UnknownModel
from darkroom.picture import local_path

LONG = 4_000
"""Characters of a value from which a page says how long it is."""

_HERE = Path(__file__).parent

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

_FOOT = """\
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


@dataclass(frozen=True)
class Look:
    """A page's style and script, which come after those that all pages share.

    Attributes:
        css: A file.
        js: A file.
    """

    css: Path
    js: Path

    @cached_property
    def _style(self) -> str:
        return _asset(_HERE / "base.css") + _asset(self.css)

    @cached_property
    def _script(self) -> str:
        return _asset(_HERE / "compare.js") + _asset(self.js)

    def head(self, title: str) -> str:
        """The page's start: its policy, its title and its style.

        Only this very style and script are allowed, and pictures of the page's own origin.
        """
        policy = (
            f"default-src 'none'; img-src 'self' file: data:; style-src {_hash(self._style)}; "
            f"script-src {_hash(self._script)}; base-uri 'none'; form-action 'none'"
        )
        return _HEAD.format(policy=policy, title=text_of(title), style=self._style)

    def foot(self) -> str:
        """The page's end: what was chosen, the view side by side, and the script."""
        return _FOOT.format(script=self._script)


def say(file: IO[bytes], text: str) -> None:
    """Write text; what no encoding knows (half of a surrogate pair) names no character."""
    file.write(text.encode("utf-8", "xmlcharrefreplace"))


def text_of(text: str) -> str:
    """Text that means nothing to HTML, in elements and in quoted attributes."""
    return html.escape(text, quote=True)


def link(uri: str, page: Path, root: Path) -> str:
    """Where a page finds a picture; "" where a browser cannot get it.

    Args:
        uri: The picture's.
        page: The page's file.
        root: The folder within which both move together: links within it are relative.
    """
    where = local_path(uri)
    if where is None:
        return ""
    if where.is_relative_to(root) and page.is_relative_to(root):
        return quote(Path(os.path.relpath(where, page.parent)).as_posix())
    return uri


def price(usd: float, unpriced: int = 0, word: str = "") -> str:
    """Dollars; what is not known is never said to be nothing."""
    return priced(usd, count_of(unpriced, "call") if unpriced else "", word)


def count_of(number: int, what: str) -> str:
    """So many of something, in words."""
    return f"{number:,} {what}" + ("s" if number != 1 else "")


def cut(text: str, most: int) -> str:
    """At most so many characters of a text; of a long one it is said how many it has."""
    if len(text) <= most:
        return text
    return f"{text[:most].rstrip()}…" + (f" ({len(text):,} characters)" if most >= LONG else "")


@cache
def short(model_id: str) -> str:
    """The model's short name; the id of one that the catalog does not know."""
    try:
        return catalog.find(model_id).short
    except UnknownModel:
        return model_id


@cache
def _asset(path: Path) -> str:
    return path.read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
