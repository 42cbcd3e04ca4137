"""A real browser for tests, and what they ask of a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.lacking import lacking

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEW: Any = {"width": 1400, "height": 1000}
TALL: Any = {"width": 1400, "height": 2800}

_IMAGES = "[...document.images].filter(i => i.src.startsWith('data:image/webp')).map(i => {})"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window; where it is missing, CI fails and others skip."""
    if not CHROMIUM.exists():
        lacking(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(profile: BrowserContext, shot: Path) -> Iterator[Page]:
    """A page on which any dialog is a failure; its last view is kept as a picture."""
    page = profile.new_page()
    dialogs: list[str] = []

    def on_dialog(dialog: Any) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", on_dialog)
    try:
        yield page
    finally:
        page.screenshot(path=shot)
        page.close()
    assert dialogs == []


def image_widths(page: Page, count: int) -> list[int]:
    """Wait for `count` of our pictures on the page; gives the width of each, 0 for a broken one."""
    deadline = time.monotonic() + 30
    widths: list[int] = []
    while time.monotonic() < deadline:
        widths = page.evaluate(_IMAGES.replace("{}", "i.complete ? i.naturalWidth : -1"))
        if len(widths) >= count and -1 not in widths:
            break
        page.wait_for_timeout(50)
    return widths


def missing(page: Page, *words: str) -> list[str]:
    """Wait until all of `words` can be read on the page; gives those that cannot."""
    deadline = time.monotonic() + 30
    while True:
        # One of the UIs makes signs of letters.
        seen = page.locator("body").inner_text().replace("\N{MULTIPLICATION SIGN}", "x")
        lost = [each for each in words if each not in seen]
        if not lost or time.monotonic() > deadline:
            return lost
        page.wait_for_timeout(50)


def links(page: Page) -> list[str]:
    """Where the links of the page lead."""
    found: list[str] = page.evaluate("[...document.links].map(a => a.getAttribute('href'))")
    return found
