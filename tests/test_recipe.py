"""A recipe asks for the very same picture again: it is found, and nothing is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from prefect.client.schemas.objects import State

from blocks import Bedrock, ImageStore
from darkroom.archive import Entry, entries
from darkroom.errors import InvalidRequest
from darkroom.folder_store import FolderStore
from darkroom.image_file import png
from darkroom.lineage import Lineage
from darkroom.picture import Picture, Provenance
from darkroom.pipeline.edits import fields_of
from darkroom.pipeline.pipeline import Pipeline
from darkroom.recipe import recipe
from darkroom.standin.server import StandIn
from flows._ended import report_of
from flows.product_shot import Models, product_shot
from flows.report import Report
from flows.run_pipeline import foreseen, run_pipeline
from tasks._invoke import How
from tests.conftest import bedrock_of

pytestmark = pytest.mark.drill

MANY = """
name: many
params: {photo: {type: image}}
steps:
  mug: {mode: text_to_image, model: sd3.5, prompt: "a mug: \\"so\\"", seed: 5}
  cutout: {mode: remove_background, image: ${params.photo}}
  mask: {do: make_mask, image: ${cutout}, alpha: transparent, invert: true, grow: 4, feather: 2.5}
  box: {do: make_mask, image: ${mug}, box: [["25%", 10, 300, "50%"]], color: ["#f00"]}
  small: {do: resize, image: ${mug}, width: 700, height: 512, fit: pad, color: "#ffeedd"}
  part: {do: crop, image: ${small}, left: "10%", width: "80%", height: 400}
  both: {do: composite, image: ${cutout}, over: ${small}, scale: 0.5}
  two: {mode: variation, model: titan, images: ["${both}"], count: 2, seed: 3, similarity: 0.6}
  wide: {mode: outpaint, image: "${two[1]}", expand: {left: 64, right: 64}, prompt: "a shelf"}
  sheet: {do: contact_sheet, images: ["${wide}", "${part}"], title: "All: of it"}
outputs: [sheet, wide, box, mask]
"""


RUN = {("outpaint", False), ("contact_sheet", True), ("make_mask", False), ("variation", True)}
"""The recipes that are run, of the last step or of all; the others are planned."""


@pytest.fixture
def blocks(prefect_api: None, standin: StandIn, tmp_path: Path) -> dict[str, str]:
    """Blocks saved as "again"."""
    bedrock_of(standin, allow_retired=True).save("again", overwrite=True)
    ImageStore(folder=str(tmp_path / "store")).save("again", overwrite=True)
    return {"bedrock": "again", "store": "again"}


def ran(state: State[Any]) -> Report:
    report = report_of(state)
    assert isinstance(report, Report), report
    assert state.is_completed(), state.message
    return report


def paid(standin: StandIn) -> int:
    """How many calls were answered."""
    return sum(each["answered"] for each in standin.calls()["models"].values())


def test_a_recipe_finds_the_picture_that_it_is_of(
    blocks: dict[str, str], standin: StandIn, tmp_path: Path
) -> None:
    """Whatever made a picture, its recipe gives that picture, and no model is called for it."""
    photo = Image.new("RGB", (512, 512), "gray")
    ImageDraw.Draw(photo).ellipse((120, 120, 400, 400), "teal")
    (tmp_path / "photo.png").write_bytes(png(photo))
    ran(run_pipeline(MANY, {"photo": str(tmp_path / "photo.png")}, **blocks, return_state=True))
    store = FolderStore(tmp_path / "store")
    found = [each for each in entries(store) if isinstance(each, Entry)]
    family = Lineage(found)
    how: How = {"store": ImageStore.find("again"), "bedrock": Bedrock.find("again")}
    before = paid(standin)
    for each in found:
        how_ = each.picture.provenance
        if (mode := how_.mode) == "load_picture":
            continue
        for whole in (False, True):
            text = recipe(each, family, whole=whole, recall=store.recall)
            assert foreseen(Pipeline.parse(text), {}, how).calls == 0, text
            assert text.count("type: image") <= (
                1 if whole else len(each.picture.provenance.parents)
            )
            if (mode, whole) in RUN and how_.parameters.get("title") != "many":
                made = ran(run_pipeline(text, **blocks, return_state=True))
                hashes = [row.picture.sha256 for row in made.rows if row.picture]
                assert each.picture.sha256 in hashes, text
    assert len(found) >= 12
    assert paid(standin) == before


def test_a_recipe_of_a_flow_goes_back_to_the_words(
    blocks: dict[str, str], standin: StandIn, tmp_path: Path
) -> None:
    """The last picture of a flow of its own is made again from words alone, without a call."""
    ran(
        product_shot(
            "a mug",
            seed=7,
            models=Models(subject="sd3.5"),
            variations=1,
            **blocks,
            return_state=True,
        )
    )
    before = paid(standin)
    store = FolderStore(tmp_path / "store")
    found = [each for each in entries(store) if isinstance(each, Entry)]
    (last,) = (each for each in found if each.picture.provenance.mode == "variation")
    family = Lineage(found)
    text = recipe(last, family, whole=True, recall=store.recall)
    assert "params:" not in text
    made = ran(run_pipeline(text, **blocks, return_state=True))
    assert made.rows[-1].picture
    assert made.rows[-1].picture.sha256 == last.picture.sha256
    assert paid(standin) == before


def entry(mode: str = "text_to_image", **fields: Any) -> Entry:
    """A picture of which nothing but its provenance is there."""
    how = Provenance(mode=mode, **fields)
    known = {"media_type": "image/png", "width": 8, "height": 8, "size_bytes": 8}
    return Entry("a.png", Picture(uri="s3://b/a.png", sha256="a" * 64, provenance=how, **known))


@settings(max_examples=60, deadline=None)
@given(
    st.text(
        st.characters(
            exclude_categories=["Cs"], exclude_characters="\ue000\ue001\ue002\ue003\ue004\ue005"
        ),
        min_size=1,
    )
)
def test_any_words_come_back_as_they_were(words: str) -> None:
    """Whatever a prompt has in it, the recipe is in order and says just that."""
    made = Pipeline.parse(recipe(entry(model="sd3.5", parameters={"prompt": words, "seed": 1})))
    said = made.steps["text_to_image"].fields["prompt"]
    if made.params:
        assert said == "${params.prompt}"
        said = made.params["prompt"].default
    assert said == words


@pytest.mark.parametrize(
    "value", ["yes", "1", "1e3", "2026-11-28", "null", "~", "a: b", "- x", "#", "${a #b}"]
)
def test_words_that_mean_something_to_yaml(value: str) -> None:
    """A text stays a text, and a number a number."""
    how = {"prompt": value, "cfg_scale": 1e-07, "seed": 1, "extras": {"no": [1e22, value, None]}}
    made = Pipeline.parse(recipe(entry(model="sdxl", parameters=how)))
    fields = made.steps["text_to_image"].fields
    texts = {param.default for param in made.params.values()} or {value}
    assert texts == {value}
    assert fields["cfg_scale"] == 1e-07
    assert fields["seed"] == 1
    assert fields["extras"]["no"][0] == 1e22


def test_a_source_that_is_elsewhere_is_hinted_at() -> None:
    """A source is a param: a local file is its default, another place is in its description."""
    told: dict[str, Any] = {
        "prompt": "a plate",
        "image": {"sha256": "b" * 64, "uri": "s3://studio/mug.png"},
        "mask": {"sha256": "c" * 64, "uri": "file:///srv/a%20mask.png"},
    }
    made = Pipeline.parse(recipe(entry("inpaint", model="inpaint", parameters=told)))
    assert made.params["image"].default is None
    assert "s3://studio/mug.png" in made.params["image"].description
    assert made.params["mask"].default == "/srv/a mask.png"
    assert "c" * 64 in made.params["mask"].description


def test_a_model_that_is_gone_is_said_to_be() -> None:
    """The recipe of a retired model's picture says so, and is in order."""
    text = recipe(entry(model="stability.stable-diffusion-xl-v1", parameters={"prompt": "x"}))
    assert "ended on 2025-05-20" in text
    assert Pipeline.parse(text).steps["text_to_image"].model == "sdxl"


@pytest.mark.parametrize("mode", ["load_picture", "unknown", "mask_preview"])
def test_what_no_step_does_has_no_recipe(mode: str) -> None:
    """A picture that was brought in has none, and the error says so."""
    with pytest.raises(InvalidRequest, match=f"it was made by {mode}, which no step"):
        recipe(entry(mode))


def test_a_picture_that_claims_to_be_its_own_source() -> None:
    """Damaged provenance that goes round in a circle ends in a param."""
    told = {"image": {"sha256": "a" * 64, "uri": "file:///a.png"}}
    round_ = entry("upscale", model="fast", parameters=told, parents=("a" * 64,))
    made = Pipeline.parse(recipe(round_, Lineage([round_]), whole=True))
    assert list(made.steps) == ["upscale"]
    assert list(made.params) == ["image"]


@pytest.mark.parametrize(
    ("word", "edits"),
    [
        ("resize", ["__import__('os').system('true')"]),
        ("resize", ["Resized(width=64, height=None, fit='contain', color=open('x'))"]),
        ("crop", ["Cropped(box=Box(left=0, top=0, width=1, height=1))", "Grow(pixels=2)"]),
        ("flatten", ["Flatten(color='#808080')", "Shrink(max_side=64, max_pixels=None)"]),
        ("make_mask", ["Combined(shapes=(), minus=())"]),
        ("composite", []),
        ("resize", ["(" * 500]),
    ],
)
def test_edits_that_no_step_makes(word: str, edits: list[str]) -> None:
    """What does not make the very same edits is no step, and nothing of it is run."""
    assert fields_of(word, edits) is None
