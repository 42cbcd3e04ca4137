"""What a person sees in Prefect's two UIs, looked at with a real browser."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from blocks import Bedrock, ImageStore
from darkroom import catalog
from darkroom.dollars import dollars
from darkroom.picture import local_path
from darkroom.standin.server import StandIn
from tasks._show import MAX_DATA
from tests.browser import TALL, VIEW, chromium, image_widths, links, missing, page_of
from tests.conftest import bedrock_of
from tests.server import Server, program, until

PROMPT = "a mug <script>alert(1)</script> [x](javascript:alert(1)) **b** | pipe"
STEPS = ["subject", "cutout", "scene", "wider", "variation-1", "variation-2", "variation-3"]


@dataclass(frozen=True)
class Shot:
    """A flow run that has ended, and whose service is gone."""

    ui: str
    report: dict[str, Any]
    artifacts: dict[str, dict[str, Any]]

    @property
    def run(self) -> str:
        return f"{self.ui}/runs/flow-run/{self.report['flow_run_id']}"

    def artifact(self, name: str) -> str:
        return f"{self.ui}/artifacts/artifact/{self.artifacts[f'product-shot-{name}']['id']}"


@pytest.fixture(scope="module")
def ran(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A product shot on a stand-in that has stopped since; gives its report."""
    home = tmp_path_factory.mktemp("browser")
    with StandIn() as standin:
        bedrock = bedrock_of(standin, allow_retired=True)
        store = ImageStore(folder=str(home / "store"))
        server.asked(lambda: [each.save("seen", overwrite=True) for each in (bedrock, store)])
        asked = ["--prompt", PROMPT, "--seed", "7", "--bedrock", "seen", "--store", "seen"]
        arguments = ["flows.cli", "run", "product_shot", *asked, "--json"]
        with program(arguments, server.env(home), home / "program") as running:
            assert running.wait() == 0, f"{running.err}\n{running.out}"
            report: dict[str, Any] = json.loads(running.out)
    until(lambda: _recorded(server, report["flow_run_id"]), "all task runs are recorded")
    return report


def _recorded(server: Server, flow_run_id: str) -> bool | None:
    runs = server.of_flow_run("task_runs", flow_run_id)
    return [run["state_name"] for run in runs] == ["Completed"] * 10 or None


@pytest.fixture(scope="module", params=["", "/v2"], ids=["v1", "v2"])
def shot(request: pytest.FixtureRequest, server: Server, ran: dict[str, Any]) -> Shot:
    """The flow run, as each of the two UIs shows it."""
    found = server.of_flow_run("artifacts", ran["flow_run_id"])
    return Shot(f"{server.ui}{request.param}", ran, {each["key"]: each for each in found})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def profile(browser: Browser, shot: Shot) -> Iterator[BrowserContext]:
    """A fresh profile for each UI: which of the two it prefers is kept there."""
    profile = browser.new_context(viewport=VIEW)
    profile.set_default_timeout(60_000)
    yield profile
    profile.close()


@pytest.fixture
def page(profile: BrowserContext, tmp_path: Path) -> Iterator[Page]:
    with page_of(profile, tmp_path / "last-view.png") as page:
        yield page


def test_the_artifacts_tab_is_a_gallery(page: Page, shot: Shot) -> None:
    """All seven pictures and the contact sheet are seen there, with no other server running."""
    page.set_viewport_size(TALL)  # one of the UIs does not draw what is out of sight
    page.goto(shot.run, wait_until="commit")
    page.get_by_text("Artifacts", exact=True).last.click()
    widths = image_widths(page, len(STEPS) + 1)
    assert len(widths) == len(STEPS) + 1
    assert min(widths) > 100
    for name in [*STEPS, "contact-sheet", "gallery", "table"]:
        expect(page.get_by_text(f"product-shot-{name}", exact=True).first).to_be_visible()
    assert not any(link.startswith("javascript:") for link in links(page))


def test_each_picture_has_a_page_with_its_facts(page: Page, shot: Shot) -> None:
    """It shows the picture with model, seed, size, price, time and file, in words."""
    for row in shot.report["rows"]:
        picture, how = row["picture"], row["picture"]["provenance"]
        page.goto(shot.artifact(row["step"]), wait_until="commit")
        widths = image_widths(page, 2)  # the preview, and the picture
        assert len(widths) == 2
        assert widths[1] > widths[0] > 100
        facts = [
            f"model {how['model']}",
            f"seed {how['seed']}",
            f"size {picture['width']} x {picture['height']}",
            f"price {dollars(how['price_usd'])}",
            f"time {how['seconds']:.1f} s",
            f"file {local_path(picture['uri'])}",
        ]
        assert missing(page, *facts) == []


def test_a_prompt_is_shown_as_it_was_written(page: Page, shot: Shot) -> None:
    """Neither markdown nor HTML in it means anything, and no link of it can be clicked."""
    page.goto(shot.artifact("subject"), wait_until="commit")
    assert len(image_widths(page, 2)) == 2
    assert missing(page, f"prompt {PROMPT}") == []
    assert not any(link.startswith("javascript:") for link in links(page))
    assert page.locator("body").get_by_role("strong").filter(has_text="b").count() == 0


def test_the_gallery_shows_the_seven_pictures(page: Page, shot: Shot) -> None:
    """The contact sheet as markdown shows all of them, each with step, model and size."""
    page.goto(shot.artifact("gallery"), wait_until="commit")
    assert len(shot.artifacts["product-shot-gallery"]["data"]) <= MAX_DATA
    widths = image_widths(page, len(STEPS))
    assert len(widths) == len(STEPS)
    assert min(widths) > 100
    for row in shot.report["rows"]:
        size = f"{row['picture']['width']} x {row['picture']['height']}"
        model = catalog.find(row["model"]).short
        assert missing(page, f"{row['step']} {model}\n", size) == []


def test_the_table_has_a_row_for_each_picture(page: Page, shot: Shot) -> None:
    """Step, model, size, seed, price, seconds and file of all seven are in the table artifact."""
    page.goto(shot.artifact("table"), wait_until="commit")
    expect(page.get_by_role("row")).to_have_count(len(STEPS) + 1)
    rows = [row.inner_text().split() for row in page.get_by_role("row").all()]
    assert rows[0] == ["step", "model", "size", "seed", "price", "seconds", "file"]
    assert [row[0] for row in rows[1:]] == STEPS
    assert [row[-1] for row in rows[1:]] == [
        row["picture"]["uri"].rpartition("/")[2] for row in shot.report["rows"]
    ]


@pytest.mark.drill
def test_the_run_shows_its_graph_and_its_task_runs(page: Page, shot: Shot) -> None:
    """The graph is drawn, and the ten task runs are listed by mode and model."""
    page.goto(shot.run, wait_until="commit")
    until(lambda: _green(page) > 1000 or None, "the bars of the graph are drawn", 30)
    page.get_by_text("Task Runs", exact=True).last.click()
    for name, count in {
        "subject: text_to_image on stability.stable-image-core-v1:1": 1,
        "scene: outpaint on us.stability.stable-image-inpaint-v1:0": 1,
        "variation-2: variation on stability.sd3-5-large-v1:0": 1,
        "cutout-background_mask": 1,
        "cutout-flatten": 1,
        "contact_sheet": 1,
    }.items():
        expect(page.get_by_text(name, exact=True)).to_have_count(count)


def _green(page: Page) -> int:
    """How many pixels of the graph have the color of what is completed."""
    canvas = page.locator("canvas").first
    canvas.wait_for()
    with Image.open(io.BytesIO(canvas.screenshot())) as image:
        seen = np.asarray(image.convert("RGB"), dtype=np.int16)
    red, green, blue = seen[..., 0], seen[..., 1], seen[..., 2]
    return int(((green > red + 80) & (green > blue + 50)).sum())


@pytest.mark.drill
@pytest.mark.parametrize(
    ("block", "field", "value"),
    [(Bedrock, "region_name", "us-east-1"), (ImageStore, "folder", "/srv/pictures")],
)
def test_a_block_can_be_made_in_the_form(
    page: Page,
    shot: Shot,
    server: Server,
    block: type[Bedrock | ImageStore],
    field: str,
    value: str,
) -> None:
    """The form has every field with its description, and what it saves loads as a block."""
    v2 = shot.ui.endswith("/v2")
    page.goto(f"{shot.ui}/blocks/catalog/{block.get_block_type_slug()}/create", wait_until="commit")
    save = page.get_by_role("button", name="Save" if v2 else "Create", exact=True)
    save.wait_for()
    for known in block.model_fields.values():
        assert missing(page, str(known.title), str(known.description)) == []

    name = f"form-{field.replace('_', '-')}-{'v2' if v2 else 'v1'}"
    page.locator("input").first.fill(name)
    if v2:
        page.get_by_text("str", exact=True).first.click()
    page.locator("textarea").first.fill(value)
    save.click()
    page.wait_for_url("**/blocks/block/*")
    saved = server.asked(lambda: block.load(name))
    assert getattr(saved, field) == value
    others = set(block.model_fields) - {field}
    assert {each: getattr(saved, each) for each in others} == {
        each: getattr(block(), each) for each in others
    }
