"""A schedule that a person switches on in the dashboard starts a run by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import VIEW, chromium, image_widths, missing, page_of
from tests.dashboard import SLOW, Dashboard, dashboard
from tests.server import until

pytestmark = pytest.mark.drill

__all__ = ["dashboard"]  # pytest finds the fixture here

CAMPAIGN = "run_pipeline/weekly_campaign"
EVERY = 15
"""Seconds between two runs of the schedule."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def profile(browser: Browser) -> Iterator[BrowserContext]:
    profile = browser.new_context(viewport=VIEW)
    profile.set_default_timeout(SLOW * 1000)
    yield profile
    profile.close()


@pytest.mark.parametrize("ui", ["", "/v2"], ids=["v1", "v2"])
def test_a_description_shows_its_picture(
    profile: BrowserContext, dashboard: Dashboard, ui: str, tmp_path: Path
) -> None:
    """A deployment says what it does in words, and shows what comes of it."""
    made = dashboard.deployment("run_batch")
    with page_of(profile, tmp_path / "last-view.png") as page:
        page.goto(f"{dashboard.ui}{ui}/deployments/deployment/{made['id']}", wait_until="commit")
        page.get_by_text("Description", exact=True).first.click()
        assert missing(page, "A pipeline over many rows.") == []
        assert [width > 400 for width in image_widths(page, 1)] == [True]


def test_a_scheduled_run_starts_by_itself(
    profile: BrowserContext, dashboard: Dashboard, tmp_path: Path
) -> None:
    """An example's schedule is switched on at its page: its runs do what the example says."""
    made = dashboard.deployment(CAMPAIGN)
    (weekly,) = made["schedules"]
    schedules = f"deployments/{made['id']}/schedules"
    body = {"schedule": {"interval": EVERY}, "active": False}
    dashboard.ask("PATCH", f"{schedules}/{weekly['id']}", body)
    known = {run["id"] for run in dashboard.runs_of(CAMPAIGN)}
    try:
        with page_of(profile, tmp_path / "last-view.png") as page:
            page.goto(f"{dashboard.ui}/v2/deployments/deployment/{made['id']}", wait_until="commit")
            assert missing(page, "Every 15 seconds") == []
            until(lambda: _switched(page, dashboard, schedules), "the schedule is on")
            run = until(lambda: _first(dashboard, known), "a scheduled run has ended", SLOW)
            page.get_by_role("switch").first.click()
            page.get_by_text("Runs", exact=True).last.click()
            assert missing(page, run["name"], "Completed") == []
    finally:
        body = {"schedule": weekly["schedule"], "active": False}
        dashboard.ask("PATCH", f"{schedules}/{weekly['id']}", body)
    assert run["auto_scheduled"]
    assert run["parameters"] == made["parameters"]
    assert len(dashboard.artifacts(run["id"])) > 4


def _switched(page: Page, dashboard: Dashboard, schedules: str) -> bool | None:
    """Switch it, again where the server was too busy to write that down."""
    page.get_by_role("switch").first.click()
    page.wait_for_timeout(2000)
    return dashboard.ask("GET", schedules)[0]["active"] or None


def _first(dashboard: Dashboard, known: set[str]) -> dict[str, object] | None:
    """The first run of the schedule that has ended well."""
    runs = [run for run in dashboard.runs_of(CAMPAIGN) if run["id"] not in known]
    for run in runs:
        assert run["state_type"] not in {"FAILED", "CRASHED"}, run["state"]["message"]
    return next((run for run in runs if run["state_name"] == "Completed"), None)
