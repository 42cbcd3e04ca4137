"""A form of Prefect's dashboard in a browser, filled in as a person does: in both UIs alike."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from playwright.sync_api import Locator, Page, Request
from playwright.sync_api import TimeoutError as TimedOut

from tests.dashboard import Dashboard

RUN = "deployments/deployment/{}/run"


class Form:
    """The form of a deployment, open on a page.

    Args:
        page: Where it is opened.
        dashboard: Whose deployment it is.
        name: The deployment's name.
        ui: "" for the first of the two UIs, "/v2" for the second.
    """

    def __init__(self, page: Page, dashboard: Dashboard, name: str, ui: str = "") -> None:
        self._page, self._second = page, bool(ui)
        schema = dashboard.deployment(name)["parameter_openapi_schema"]
        self.fields: dict[str, Any] = schema["properties"]
        self.required: list[str] = schema.get("required", [])
        id_ = dashboard.deployment(name)["id"]
        self._open(f"{dashboard.ui}{ui}/{RUN.format(id_)}")

    def _open(self, address: str) -> None:
        """Open the page, again where it stays empty, which it does at times on a busy machine."""
        for patience in (20_000, 20_000, 60_000):
            self._page.goto(address, wait_until="commit")
            with suppress(TimedOut):
                self.field("store").wait_for(timeout=patience)
                return
        raise AssertionError(f"{address} shows no form")

    def field(self, name: str, part: str = "") -> Locator:
        """Where a parameter is filled in, or a part of one that is a group."""
        about = self.fields[name]["properties"][part] if part else self.fields[name]
        title = about["title"]
        named = " or ".join(
            f'normalize-space(.)="{each}"' for each in (title, f"{title} (Optional)")
        )
        return self._page.locator(f"xpath=//label[{named}]/following::fieldset[1]").first

    def write(self, name: str, value: object, part: str = "") -> None:
        """Write a text or a number."""
        self.field(name, part).locator("textarea, input").first.fill(str(value))

    def write_json(self, name: str, value: object) -> None:
        """Write into the editor of a parameter that is JSON."""
        self.field(name).locator(".cm-content, textarea").first.click()
        self._page.keyboard.insert_text(json.dumps(value))

    def choose(self, name: str, *words: str) -> None:
        """Choose from a menu: one, or several where it stays open."""
        button = self.field(name).locator("button:not([role=tab])").first
        if self._second:
            button.click()
        else:
            button.press("ArrowDown")  # there a click opens it twice
        for word in words:
            self._page.get_by_role("option", name=word, exact=True).last.click()
        if len(words) > 1:  # it stays open for more
            self._page.keyboard.press("Escape")
            self._page.get_by_text("Parameters", exact=True).first.click()

    def add(self, name: str, *values: object) -> None:
        """Add items to a list."""
        field = self.field(name)
        for value in values:
            field.get_by_role("button", name="Add item").click()
            field.locator("textarea, input").last.fill(str(value))

    def submit(self) -> str:
        """Start the run; gives its id. While the server is too busy, it is asked again."""
        busy = 503
        for _ in range(10):
            try:
                with self._page.expect_request(_starts, timeout=10_000) as asked:
                    self._page.get_by_role("button", name="Submit").click()
            except TimedOut:
                continue  # nothing was sent: until it has loaded all, the page ignores clicks
            answer = asked.value.response()
            assert answer
            if answer.status != busy:
                assert answer.status == 201, answer.text()
                return str(answer.json()["id"])
            self._page.wait_for_timeout(1000)
        raise AssertionError("the run was not started")


def _starts(request: Request) -> bool:
    return "create_flow_run" in request.url
