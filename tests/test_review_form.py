"""A review as a person meets it in the dashboard: its form, the choice, and who answers in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from darkroom.image_file import png
from darkroom.picture import Picture, Reviewed
from tests.browser import VIEW, chromium, image_widths, missing, page_of
from tests.dashboard import SLOW, Dashboard, dashboard, up
from tests.server import program, until

pytestmark = pytest.mark.drill

__all__ = ["dashboard"]  # pytest finds the fixture here

QUESTION = "Which *one* <b>goes</b> on?"
CHOICE = f"""
name: choice
params: {{photo: {{type: image}}, words: {{default: a mug}}}}
steps:
  options: {{mode: variation, image: ${{params.photo}}, prompt: "${{params.words}}", count: 3}}
  pick: {{do: review, images: ${{options}}, question: "{QUESTION}", wait: WAIT, otherwise: first}}
  big: {{mode: upscale, model: fast, image: ${{pick}}}}
outputs: [pick, big]
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    profile = browser.new_context(viewport=VIEW)
    profile.set_default_timeout(60_000)
    with page_of(profile, tmp_path / "last-view.png") as page:
        yield page
    profile.close()


@dataclass(frozen=True)
class Started:
    """Runs that were all started at once: each takes a while to come to its review."""

    first: str
    second: str
    renewed: str
    late: str


@pytest.fixture(scope="module")
def runs(dashboard: Dashboard, tmp_path_factory: pytest.TempPathFactory) -> Started:
    folder = tmp_path_factory.mktemp("photos")

    def started(number: int, wait: str = "3d") -> str:
        photo = folder / f"{number}.png"
        photo.write_bytes(png(Image.effect_noise((256, 256), 50 + number).convert("RGB")))
        text = CHOICE.replace("WAIT", wait)
        return dashboard.start("run_pipeline", pipeline=text, params={"photo": str(photo)})

    return Started(started(1), started(2), started(3), started(4, wait="1m"))


def suspended(dashboard: Dashboard, run: str, key: str = "pick-0") -> None:
    """Wait until a run waits for a person, with the review of that key."""

    def waits() -> bool | None:
        state = dashboard.flow_run(run)
        assert state["state_type"] not in ("FAILED", "CRASHED", "COMPLETED"), state["state"]
        waits_with = state["state"]["state_details"]["pause_key"]
        return (state["state_name"] == "Suspended" and waits_with == key) or None

    until(waits, "the run waits for a person", SLOW)


def said_in(dashboard: Dashboard, run: str) -> list[tuple[Picture, Reviewed]]:
    """What the provenance in the store says of a run's reviews, in the order in which it was."""
    found = [
        path
        for path in dashboard.pictures.rglob("*.json")
        if not {".darkroom", "batches"} & {*path.parts}
    ]
    pictures = [Picture.model_validate_json(path.read_bytes()) for path in found]
    said = [(each, one) for each in pictures for one in each.provenance.reviews]
    return sorted(
        [(each, one) for each, one in said if one.flow_run_id == run], key=lambda pair: pair[1].at
    )


def parents(dashboard: Dashboard, run: str) -> list[tuple[str, ...]]:
    """What the pictures that a run made large were made of."""
    name = dashboard.flow_run(run)["name"]
    found = dashboard.pictures.rglob("upscale-*.json")
    pictures = [Picture.model_validate_json(path.read_bytes()) for path in found]
    return [each.provenance.parents for each in pictures if each.provenance.flow_run == name]


def processes_of(run: str) -> list[str]:
    """The processes that work for a flow run."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and run.encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
    return found


def opened(page: Page, dashboard: Dashboard, run: str, ui: str) -> Locator:
    """Open the form of a run in one of the two dashboards."""
    page.goto(f"{dashboard.ui}{ui}/runs/flow-run/{run}", wait_until="commit")
    if ui:
        dots = page.locator("svg.lucide-ellipsis-vertical")
        page.get_by_role("button").filter(has=dots).first.click()
        page.get_by_role("menuitem", name="Resume").click()
    else:
        page.get_by_role("button", name="Resume", exact=True).first.click()
    form = page.get_by_role("dialog").first  # a menu that is open is one too
    form.wait_for()
    return form


def chosen(page: Page, form: Locator, before: str, value: str, ui: str) -> None:
    """Choose a value in the menu that shows another one."""
    if ui:
        form.get_by_text(before, exact=True).click()
    else:
        form.locator("button", has_text=before).first.press("ArrowDown")  # a click opens it twice
    option = page.get_by_role("option", name=value, exact=True)
    option.last.click()
    option.last.wait_for(state="hidden")  # until then a click outside only closes the menu


def sent(page: Page, form: Locator, send: str) -> bool | None:
    """Send the form, again where the server was too busy to take it."""
    if form.is_visible():
        form.get_by_role("button", name=send).click()
        page.wait_for_timeout(3000)
    return form.is_hidden() or None


@pytest.mark.parametrize(("ui", "send"), [("", "Submit"), ("/v2", "Resume")], ids=["v1", "v2"])
def test_a_choice_in_the_form_goes_on(
    dashboard: Dashboard, runs: Started, page: Page, ui: str, send: str
) -> None:
    """The form shows the candidates, no process waits, and the chosen one is made large."""
    run = runs.second if ui else runs.first
    suspended(dashboard, run)
    until(lambda: processes_of(run) == [] or None, "the run's process ends", 60)
    form = opened(page, dashboard, run, ui)
    widths = image_widths(page, 3)
    assert len(widths) == 3
    assert min(widths) > 100
    told = [QUESTION, "UTC the first one is taken", "Picture", "Decision", "Why", "Words"]
    assert missing(page, *told) == []
    assert form.locator("b", has_text="goes").count() == 0
    chosen(page, form, "none", "3", ui)
    until(lambda: sent(page, form, send), "the answer is taken", SLOW)
    assert dashboard.ended(run)["state_name"] == "Completed"
    said = said_in(dashboard, run)
    assert len(said) == 3
    (taken,) = [picture for picture, one in said if one.chosen]
    assert taken.sha256 == said[0][1].among[2]
    assert parents(dashboard, run) == [(taken.sha256,)]


def test_new_ones_are_asked_for_and_answered_once(
    dashboard: Dashboard, runs: Started, tmp_path: Path
) -> None:
    """Other words make new candidates; an answer that does not fit, or a second one, is refused."""

    def answer(words: str) -> tuple[int, str]:
        arguments = ["flows.cli", "review", runs.renewed, words]
        with program(arguments, dashboard.env(tmp_path), tmp_path / "program") as running:
            return running.wait(), running.out + running.err

    suspended(dashboard, runs.renewed)
    for words, code, told in (
        ("4", 2, "There is no picture 4"),
        ("new: a mug at night", 0, "asked for new ones: a mug at night"),
        ("1", 2, "it waits for no review"),
    ):
        ended, said = answer(words)
        assert (ended, told in said) == (code, True), said
    suspended(dashboard, runs.renewed, "pick-again-0")
    assert answer("2,2")[0] == 0
    assert dashboard.ended(runs.renewed)["state_name"] == "Completed"
    said = said_in(dashboard, runs.renewed)
    assert [one.said for _, one in said].count("asked for new ones: a mug at night") == 3
    (taken,) = [picture for picture, one in said if one.chosen]
    assert taken.provenance.parameters["prompt"] == "a mug at night"
    assert parents(dashboard, runs.renewed) == [(taken.sha256,)]


def test_nobody_answers_in_time(dashboard: Dashboard, runs: Started) -> None:
    """When its wait is over the run goes on as the file says, and the provenance says why."""
    assert dashboard.ended(runs.late)["state_name"] == "Completed"
    said = said_in(dashboard, runs.late)
    (taken,) = [picture for picture, one in said if one.chosen]
    assert taken.sha256 == said[0][1].among[0]
    assert said[0][1].said == "chose 1: nobody answered in time"
    assert parents(dashboard, runs.late) == [(taken.sha256,)]


def test_answers_that_nobody_needs_any_more_are_taken_back(
    dashboard: Dashboard, runs: Started
) -> None:
    """The scheduled answer of a review that was answered is cancelled; only the late one's ran."""

    def states() -> dict[str, str]:
        found = dashboard.runs_of("answer_review")
        return {run["name"].partition(" ")[0]: run["state_name"] for run in found}

    names = {which: dashboard.flow_run(run)["name"] for which, run in vars(runs).items()}
    until(lambda: states()[names["late"]] == "Completed" or None, "the late answer's run ends")
    assert states()[names["first"]] == states()[names["second"]] == "Cancelled"


def test_a_review_outlives_everything_around_it(tmp_path: Path) -> None:
    """The server, the worker and all else end while it waits; started again, it goes on."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(Image.effect_noise((256, 256), 90).convert("RGB")))
    with up(tmp_path, "--standin") as before:
        text = CHOICE.replace("wait: WAIT, otherwise: first", "most: 2")
        run = before.start("run_pipeline", pipeline=text, params={"photo": str(photo)})
        suspended(before, run)
    with up(tmp_path, "--standin") as after:
        assert after.flow_run(run)["state_name"] == "Suspended"
        form = {"picture_1": True, "picture_3": True, "decision": "Use what I chose"}
        answer = httpx.post(
            f"{after.api}/flow_runs/{run}/resume", json={"run_input": form}, timeout=30
        )
        assert answer.json()["status"] == "ACCEPT", answer.text
        assert after.ended(run)["state_name"] == "Completed"
        among = said_in(after, run)[0][1].among
        assert sorted(parents(after, run)) == sorted([(among[0],), (among[2],)])
        assert sum(each["answered"] for each in after.calls().values()) == 2
