"""Every deployment's form, opened and filled in with a real browser; its run ends well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from darkroom import modes
from tests.browser import TALL, chromium, missing, page_of
from tests.conftest import encoded
from tests.dashboard import Dashboard, dashboard
from tests.filling import Form

pytestmark = pytest.mark.drill

__all__ = ["dashboard"]  # pytest finds the fixture here

FLOWS = ["product_shot", "run_pipeline", "run_batch", "compare_models", *modes.names()]
UIS = {name: ("", "/v2")[number % 2] for number, name in enumerate(FLOWS)}
"""Each form is looked at in one of the two UIs."""

Given = dict[str, str]
Fill = Callable[[Form, Given], None]


def product_shot(form: Form, given: Given) -> None:
    form.write("image", given["cut"])
    form.write("variations", 1)
    form.write("expand", 0, "left")
    form.write("expand", 0, "right")
    form.choose("fit", "shrink")


def run_pipeline(form: Form, given: Given) -> None:
    form.choose("pipeline", "recolor")
    form.write_json("params", {"photo": given["photo"], "part": "mug"})
    form.write("max_cost", 1)


def run_batch(form: Form, given: Given) -> None:
    form.choose("pipeline", "recolor")
    form.write_json("matrix", {"color": ["red", "navy blue"]})
    form.write_json("params", {"photo": given["photo"], "part": "mug"})
    form.write("name", "colors")


def compare_models(form: Form, given: Given) -> None:
    form.write("prompt", "a teal mug")
    form.choose("models", "core", "sd3.5")
    form.add("sizes", "1:1", "4:5")


def text_to_image(form: Form, given: Given) -> None:
    form.write("prompt", "a brass desk lamp")
    form.choose("aspect_ratio", "4:5")
    form.write("count", 2)
    form.choose("model", "sd3.5")


def outpaint(form: Form, given: Given) -> None:
    form.write("image", given["photo"])
    form.write("expand", 64, "left")


def variation(form: Form, given: Given) -> None:
    form.add("images", given["photo"])
    form.write("similarity", 0.6)
    form.write("seed", 7)


FILLED: dict[str, Fill] = {
    each.__name__: each
    for each in (
        product_shot, run_pipeline, run_batch, compare_models, text_to_image, outpaint, variation
    )
}  # fmt: skip
REST: dict[str, dict[str, str]] = {
    "color_guided": {"model": "titan"},
    "erase_object": {"mask": "mask"},
    "inpaint": {"mask": "mask"},
    "virtual_try_on": {"model": "nova-canvas", "mask_prompt": "the mug"},
}
"""What modes that are started without a browser need beside what their forms call for."""
TEXTS = {"prompt": "a mug", "search_prompt": "the mug"}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """Files that the worker can read: a photo, one that is cut out, and a mask."""
    folder = tmp_path_factory.mktemp("given")
    photo = Image.effect_noise((320, 320), 60).convert("RGB")
    photo.paste("teal", (90, 90, 230, 230))
    cut = Image.new("RGB", (640, 640), "white")
    cut.paste("teal", (200, 200, 440, 440))
    mask = Image.new("L", (320, 320))
    mask.paste(255, (90, 90, 230, 230))
    found = {"photo": photo, "cut": cut, "mask": mask}
    for name, image in found.items():
        (folder / f"{name}.png").write_bytes(encoded(image))
    return {name: str(folder / f"{name}.png") for name in found}


@pytest.fixture(scope="module")
def profiles() -> Iterator[dict[str, BrowserContext]]:
    """One browser profile for each UI: which of the two it prefers is kept there."""
    with chromium() as browser:
        found = {ui: browser.new_context(viewport=TALL) for ui in ("", "/v2")}
        for profile in found.values():
            profile.set_default_timeout(60_000)
        yield found


@pytest.fixture(scope="module")
def started(
    dashboard: Dashboard,
    profiles: dict[str, BrowserContext],
    given: Given,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The ids of runs of all deployments, side by side: of some by their forms in the browser."""
    shots = tmp_path_factory.mktemp("shots")
    runs = {}
    for name, fill in FILLED.items():
        with page_of(profiles[UIS[name]], shots / f"{name}.png") as page:
            form = Form(page, dashboard, name, UIS[name])
            fill(form, given)
            runs[name] = form.submit()
    for name in FLOWS:
        if name not in FILLED:
            runs[name] = dashboard.start(name, **_by_default(dashboard, name, given))
    return runs


def _by_default(dashboard: Dashboard, name: str, given: Given) -> dict[str, Any]:
    """What the form of a mode is filled in with, and what it calls for."""
    schema = dashboard.deployment(name)["parameter_openapi_schema"]
    fields = schema["properties"]
    values = {each: field["default"] for each, field in fields.items() if "default" in field}
    for each in schema["required"]:
        values[each] = TEXTS.get(each) or given["photo"]
        if fields[each]["type"] == "array":
            values[each] = ["#1b4d3e", "#f4e9d8"]
    more = {field: given.get(value, value) for field, value in REST.get(name, {}).items()}
    return values | more


@pytest.mark.parametrize("name", FLOWS)
def test_every_form_shows_its_fields(
    name: str,
    dashboard: Dashboard,
    profiles: dict[str, BrowserContext],
    started: dict[str, str],
    tmp_path: Path,
) -> None:
    """Each field is there in its order, with its title and what is said of it."""
    with page_of(profiles[UIS[name]], tmp_path / "form.png") as page:
        form = Form(page, dashboard, name, UIS[name])
        fields = sorted(form.fields.values(), key=lambda field: field["position"])
        words = [field["title"] for field in fields]
        assert missing(page, *words) == []
        seen = page.locator("body").inner_text()
        lines = [line.strip().removesuffix(" (Optional)") for line in seen.splitlines()]
        places = [lines.index(title) for title in words]
        assert places == sorted(places)
        said = [field["description"].partition(" ")[0] for field in fields]
        assert missing(page, *said) == []
        assert 'Property is type "None"' not in seen
        assert not page.get_by_role("button", name="None", exact=True).count()


@pytest.mark.parametrize("name", FLOWS)
def test_a_run_that_a_form_has_started_ends_well(
    name: str, dashboard: Dashboard, started: dict[str, str]
) -> None:
    """It is Completed on the stand-in, and its pictures are among its artifacts."""
    run = dashboard.ended(started[name])
    assert run["state_name"] == "Completed", run["state"]["message"]
    assert dashboard.artifacts(run["id"])


def test_what_was_filled_in_is_what_the_run_is_given(
    dashboard: Dashboard, started: dict[str, str], given: Given
) -> None:
    """Nothing that was left empty is sent, and numbers, lists and groups have their types."""
    asked = dashboard.flow_run(started["variation"])["parameters"]
    assert asked["images"] == [given["photo"]]
    assert (asked["similarity"], asked["seed"]) == (0.6, 7)
    assert "prompt" not in asked
    assert dashboard.flow_run(started["outpaint"])["parameters"]["expand"]["left"] == 64
    compared = dashboard.flow_run(started["compare_models"])["parameters"]
    assert compared["models"] == ["core", "sd3.5"]
    assert compared["sizes"] == ["1:1", "4:5"]


def test_a_form_refuses_what_breaks_its_rules(dashboard: Dashboard) -> None:
    """A number out of its range, and a word that is not in the menu, start no run."""
    for wrong in ({"count": 0}, {"aspect_ratio": "7:5"}, {"model": "cor"}):
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            dashboard.start("text_to_image", prompt="a mug", **wrong)


def test_what_a_form_lets_through_and_the_flow_refuses_is_said(
    dashboard: Dashboard, given: Given
) -> None:
    """The run is Failed, and its message has the field, its value, the rule and the way on."""
    runs = {
        "seed = 0: Stable Image Core takes from 1": ("text_to_image", {"prompt": "a", "seed": 0}),
        "Fill both in, or neither": ("text_to_image", {"prompt": "a", "size": {"width": 640}}),
        "there is no such file": ("upscale", {"image": "/nowhere/mug.png"}),
        "give one of them": ("product_shot", {"prompt": "  "}),
        "part: recolor needs a value": (
            "run_pipeline",
            {"pipeline": "recolor", "params": {"photo": given["photo"]}},
        ),
        'Write "1024x768"': ("compare_models", {"prompt": "a mug", "sizes": ["large"]}),
    }
    started = {told: dashboard.start(name, **values) for told, (name, values) in runs.items()}
    for told, id_ in started.items():
        run = dashboard.ended(id_)
        assert run["state_name"] == "Failed", told
        assert told in run["state"]["message"]
        assert "Traceback" not in run["state"]["message"]
