"""Takes the screenshots that the README shows, of the current code in a real browser.

    .venv/bin/python -m deployments.screenshots

It starts `darkroom up --standin` with an empty home, runs flows as their forms do, and looks at
the dashboard and at the gallery with Debian's Chromium (`apt-get install chromium`). It takes a
few minutes, and leaves nothing behind but the pictures.
"""

from __future__ import annotations

import io
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from darkroom.image_file import png
from darkroom.standin.draw.text_to_image import text_to_image
from deployments.drill_parts import until

HERE = Path(__file__).parent / "pictures"
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
WIDE = 1000
"""Pixels of a screenshot as it is kept."""

PATIENCE = 300
"""Seconds to wait for what takes a few on a computer that does nothing else."""


@contextmanager
def up(home: Path) -> Iterator[str]:
    """`darkroom up --standin`; gives the dashboard's address."""
    words = ["up", "--standin", "--standin-port", "0", "--port", "0", "--home", str(home / "up")]
    screen = home / "screen"
    with screen.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "flows.cli", *words], stdout=out)
    try:
        found = until(
            lambda: re.search(r"Dashboard +(\S+)", screen.read_text()), "the dashboard", PATIENCE
        )
        until(lambda: "Ctrl-C ends it" in screen.read_text() or None, "its screen", PATIENCE)
        yield found[1].rstrip("/")
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


class Runs:
    """Starts flow runs of deployments.

    Args:
        address: The dashboard's.
    """

    def __init__(self, address: str) -> None:
        self._api = httpx.Client(base_url=f"{address}/api", timeout=60)

    def start(self, name: str, **parameters: Any) -> str:
        """Start a run; gives its id."""
        deployment = self._api.get(f"/deployments/name/{name}/{name}").raise_for_status().json()
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        made = self._api.post(f"/deployments/{deployment['id']}/create_flow_run", json=body)
        return str(made.raise_for_status().json()["id"])

    def wait(self, run: str, *states: str) -> None:
        """Wait until a run is in one of these states."""

        def there() -> bool | None:
            return self._api.get(f"/flow_runs/{run}").json()["state_name"] in states or None

        until(there, f"the run is {' or '.join(states)}", PATIENCE)


def kept(page: Page, name: str) -> None:
    """Keep what the page shows, small."""
    page.wait_for_timeout(2500)
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.thumbnail((WIDE, WIDE))
        image.convert("RGB").save(HERE / f"{name}.webp", "WEBP", quality=80, method=6)


def artifacts(page: Page, address: str, run: str, name: str) -> None:
    """The artifacts of a run."""
    page.goto(f"{address}/v2/runs/flow-run/{run}", wait_until="commit")
    page.get_by_text("Artifacts", exact=True).last.click()
    page.locator("img[src^='data:image']").nth(1).wait_for()
    kept(page, name)


def sheet(home: Path) -> None:
    """The contact sheet of the product shot."""
    (found,) = (home / "up" / "pictures").rglob("contact_sheet-*.jpg")
    with Image.open(found) as image:
        image.thumbnail((WIDE, WIDE))
        image.save(HERE / "product_shot.jpg", quality=82)


def review(page: Page, address: str, run: str) -> None:
    """The form of a run that waits for a choice."""
    page.goto(f"{address}/v2/runs/flow-run/{run}", wait_until="commit")
    dots = page.locator("svg.lucide-ellipsis-vertical")
    page.get_by_role("button").filter(has=dots).first.click()
    page.get_by_role("menuitem", name="Resume").click()
    page.get_by_role("dialog").locator("img").nth(2).wait_for()
    kept(page, "review")


def report(page: Page, address: str, api: Runs) -> None:
    """The chart of a usage report."""
    run = api.start("usage_report", since="1d")
    api.wait(run, "Completed", "OverLimit")
    artifacts(page, address, run, "usage")


def gallery(page: Page, home: Path) -> None:
    """The gallery over all that was made."""
    file = home / "gallery.html"
    words = ["gallery", "--folder", str(home / "up" / "pictures"), "--out", str(file)]
    subprocess.run([sys.executable, "-m", "flows.cli", *words], check=True)
    page.goto(file.as_uri())
    kept(page, "gallery")


def main() -> None:
    """Take all of them."""
    with tempfile.TemporaryDirectory() as folder, up(Path(folder)) as address:
        home, api = Path(folder), Runs(address)
        photo = home / "mug.png"
        photo.write_bytes(png(text_to_image("a red ceramic mug", seed=7, size=(768, 768))))
        shot = api.start("product_shot", prompt="a teal ceramic mug", seed=7)
        restyle = str(HERE.parent / "pipelines" / "restyle_with_review.yaml")
        choice = api.start("run_pipeline", pipeline=restyle, params={"photo": str(photo)})
        api.wait(shot, "Completed")
        sheet(home)
        api.wait(choice, "Suspended")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(90_000)
            artifacts(page, address, shot, "artifacts")
            review(page, address, choice)
            report(page, address, api)
            gallery(page, home)
            browser.close()


if __name__ == "__main__":
    main()
