"""What takes a retired model's place: the living model that is named, and the wish in its terms."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from darkroom import catalog, modes, substitute
from darkroom.errors import ModelRetired
from darkroom.modes.base import Request
from darkroom.modes.outpaint import Expand
from darkroom.modes.text_to_image import TextToImage
from tests.plain import PLAIN, shot

TODAY = date(2026, 11, 21)
IMAGE, MASK = shot(), shot(sha256="1" * 64)
ON_IT = {"image": IMAGE, "prompt": "a mug"}


def wish(mode: str, given: dict[str, Any]) -> Request:
    return modes.find(mode).model_validate(given)


@pytest.mark.parametrize(
    ("name", "mode", "given", "told"),
    [
        ("titan", "variation", {"images": (IMAGE,), "prompt": "a"}, "For variation use sd3.5 "),
        ("nova-canvas", "text_to_image", {"prompt": "a"}, "For text_to_image use core "),
        (
            "titan",
            "inpaint",
            {**ON_IT, "mask_prompt": "the mug"},
            "For search_and_replace use search-replace ",
        ),
        ("titan", "inpaint", {**ON_IT, "mask": MASK}, "For inpaint use inpaint "),
        ("sdxl", "inpaint", {**ON_IT, "mask": MASK}, "For inpaint use inpaint "),
        ("nova-canvas", "condition", ON_IT, "For condition use structure "),
        ("titan", "condition", ON_IT, " or sketch "),
        ("titan", "remove_background", {"image": IMAGE}, "For remove_background use remove-bg "),
        ("titan-v1", "outpaint", {**ON_IT, "expand": Expand(up=8)}, "For outpaint use outpaint "),
        ("titan", "outpaint", {**ON_IT, "mask": MASK}, "For outpaint use inpaint "),
        ("sdxl", "image_to_image", ON_IT, "For image_to_image use sd3.5 "),
        ("core-1.0", "text_to_image", {"prompt": "a"}, "For text_to_image use core "),
        ("titan", "erase_object", {"image": IMAGE, "mask": MASK}, "For erase_object use erase "),
        (
            "titan",
            "search_and_replace",
            {**ON_IT, "search_prompt": "the mug"},
            "For search_and_replace use search-replace ",
        ),
        (
            "nova-canvas",
            "virtual_try_on",
            {"image": IMAGE, "reference_image": IMAGE, "mask": MASK},
            "No other living model does virtual_try_on.",
        ),
    ],
)
def test_the_living_model_for_the_wish_is_named(
    name: str, mode: str, given: dict[str, Any], told: str
) -> None:
    """A retired model is refused with the model that does the same today, and with its end."""
    model = catalog.find(name)
    with pytest.raises(ModelRetired) as refused:
        substitute.check_alive(wish(mode, given), model, TODAY)
    text = str(refused.value)
    assert text.startswith(f"{model.name} ({model.id}) reached its end of life on ")
    assert str(model.end_of_life) in text
    assert told in text
    assert "allow_retired" in text
    assert told in substitute.way_on(wish(mode, given), model, TODAY) + " "


@pytest.mark.parametrize("day", [date(2026, 3, 30), date(2026, 9, 29)])
def test_a_legacy_model_is_alive(day: date) -> None:
    """Until the day of its end a model is called."""
    nova = catalog.find("nova-canvas")
    substitute.check_alive(TextToImage(prompt="a mug"), nova, day)
    with pytest.raises(ModelRetired):
        substitute.check_alive(TextToImage(prompt="a mug"), nova, date(2026, 9, 30))


@pytest.mark.parametrize(
    ("name", "mode", "given", "short", "into", "said"),
    [
        (
            "titan",
            "text_to_image",
            {"prompt": "a", "size": (1408, 768), "quality": "standard", "seed": 3, "count": 7},
            "core",
            "text_to_image",
            {"prompt": "a", "aspect_ratio": "16:9", "seed": 3, "count": 7},
        ),
        (
            "sdxl",
            "text_to_image",
            {"prompt": "a", "size": (896, 1152), "clip_guidance_preset": "NONE"},
            "core",
            "text_to_image",
            {"prompt": "a", "aspect_ratio": "4:5", "count": 1},
        ),
        (
            "core-1.0",
            "text_to_image",
            {"prompt": "a", "aspect_ratio": "21:9"},
            "core",
            "text_to_image",
            {"prompt": "a", "aspect_ratio": "21:9", "count": 1},
        ),
        (
            "titan",
            "variation",
            {"images": (IMAGE,), "prompt": "a", "similarity": 0.25},
            "sd3.5",
            "variation",
            {"images": (IMAGE,), "prompt": "a", "similarity": 0.25, "count": 1},
        ),
        (
            "titan",
            "inpaint",
            {**ON_IT, "mask_prompt": "the mug", "negative_prompt": "tea", "return_mask": False},
            "search-replace",
            "search_and_replace",
            {**ON_IT, "search_prompt": "the mug", "negative_prompt": "tea", "count": 1},
        ),
        (
            "sdxl",
            "inpaint",
            {**ON_IT, "mask": MASK, "mask_source": "MASK_IMAGE_BLACK", "style_preset": "anime"},
            "inpaint",
            "inpaint",
            {**ON_IT, "mask": MASK, "style_preset": "anime", "count": 1},
        ),
        (
            "sdxl",
            "image_to_image",
            {**ON_IT, "init_image_mode": "IMAGE_STRENGTH"},
            "sd3.5",
            "image_to_image",
            {**ON_IT, "similarity": 0.5, "count": 1},
        ),
        (
            "nova-canvas",
            "condition",
            {**ON_IT, "control_mode": "CANNY_EDGE", "control_strength": 0},
            "structure",
            "condition",
            {**ON_IT, "control_strength": 0, "count": 1},
        ),
        (
            "titan-v1",
            "outpaint",
            {**ON_IT, "expand": Expand(up=8), "out_painting_mode": "DEFAULT"},
            "outpaint",
            "outpaint",
            {**ON_IT, "expand": Expand(up=8), "count": 1},
        ),
        (
            "titan",
            "outpaint",
            {**ON_IT, "mask": MASK, "negative_prompt": "tea"},
            "inpaint",
            "outpaint",
            {**ON_IT, "mask": MASK, "negative_prompt": "tea", "count": 1},
        ),
        (
            "titan",
            "remove_background",
            {"image": IMAGE},
            "remove-bg",
            "remove_background",
            {"image": IMAGE},
        ),
        (
            "titan",
            "erase_object",
            {"image": IMAGE, "mask": MASK, "quality": "standard"},
            "erase",
            "erase_object",
            {"image": IMAGE, "mask": MASK, "count": 1},
        ),
    ],
)
def test_the_wish_is_said_in_the_successors_terms(
    name: str, mode: str, given: dict[str, Any], short: str, into: str, said: dict[str, Any]
) -> None:
    """What has a meaning there is translated, what says nothing is left out, and it is taken."""
    request, model = substitute.substitute(wish(mode, given), catalog.find(name), TODAY)
    assert (model.short, request.mode, request.given()) == (short, into, said)
    request.model_copy(update={"count": 1}).check(model)


def test_what_is_done_to_the_sources_goes_along() -> None:
    """Shrinking and the color under transparency are the same for every model."""
    asked = wish("remove_background", {"image": IMAGE, "fit": "shrink", "background": "#ff0000"})
    request, _ = substitute.substitute(asked, catalog.find("titan"), TODAY)
    assert (request.fit, request.background) == ("shrink", "#ff0000")


@pytest.mark.parametrize(
    ("name", "mode", "given", "lacks"),
    [
        (
            "titan",
            "text_to_image",
            {"prompt": "a", "quality": "premium"},
            (
                "core (text_to_image): it has nothing like quality = 'premium'.",
                "ultra (text_to_image): it has nothing like quality = 'premium'.",
                "sd3.5 (text_to_image): it has nothing like quality = 'premium'.",
            ),
        ),
        (
            "nova-canvas",
            "text_to_image",
            {"prompt": "a", "size": (320, 1280)},
            ("core (text_to_image): size 320 x 1280 is none of its proportions.",),
        ),
        (
            "titan",
            "variation",
            {"images": (IMAGE,), "size": (512, 512)},
            ("sd3.5 (variation): it has nothing like size = (512, 512).",),
        ),
        (
            "titan",
            "condition",
            {**ON_IT, "control_mode": "SEGMENTATION"},
            (
                "structure (condition): it has nothing like control_mode = 'SEGMENTATION'.",
                "sketch (condition): it has nothing like control_mode = 'SEGMENTATION'.",
            ),
        ),
        (
            "nova-canvas",
            "inpaint",
            {**ON_IT, "mask_prompt": "the mug", "cfg_scale": 3},
            (
                "inpaint (inpaint): it has nothing like mask_prompt = 'the mug'; "
                "it has nothing like cfg_scale = 3.0.",
                "search-replace (search_and_replace): it has nothing like cfg_scale = 3.0.",
            ),
        ),
        (
            "titan",
            "search_and_replace",
            {**ON_IT, "search_prompt": "the mug", "return_mask": True},
            ("search-replace (search_and_replace): it has nothing like return_mask = True.",),
        ),
        (
            "titan",
            "outpaint",
            {**ON_IT, "mask": MASK, "expand": Expand(left=1), "out_painting_mode": "PRECISE"},
            (
                "outpaint (outpaint): it has nothing like mask = Picture(",
                "inpaint (outpaint): it has nothing like expand = Expand(left=1, ",
                "it has nothing like out_painting_mode = 'PRECISE'",
            ),
        ),
        (
            "titan",
            "color_guided",
            {"prompt": "a", "colors": PLAIN["colors"]},
            ("No other living model does color_guided.",),
        ),
    ],
)
def test_what_has_no_meaning_there_is_refused_by_its_name(
    name: str, mode: str, given: dict[str, Any], lacks: tuple[str, ...]
) -> None:
    """Nothing is dropped in silence: what each candidate lacks is said."""
    model = catalog.find(name)
    with pytest.raises(ModelRetired) as refused:
        substitute.substitute(wish(mode, given), model, TODAY)
    text = str(refused.value)
    assert text.startswith(f"{model.name} ({model.id}) reached its end of life on ")
    for told in lacks:
        assert told in text


LATER = """
[models."acme.painter-v1:0"]
name = "Acme Painter"
short = "painter"
dialect = "amazon"
limits = ["nova"]
regions = ["us-east-1"]
launch = {launch}
modes.color_guided = {{ required = ["colors", "prompt"], optional = ["size"] }}
modes.text_to_image = {{ required = ["prompt"], optional = ["size", "style"] }}
"""


@pytest.fixture
def painter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds a living model that takes sizes, since the day that it is called with."""

    def add(launch: str) -> None:
        path = tmp_path / "more.toml"
        path.write_text(LATER.format(launch=launch))
        monkeypatch.setenv("DARKROOM_CATALOG", str(path))

    return add


def test_a_ratio_becomes_a_size_where_the_successor_wants_one(painter: Any) -> None:
    """The other way round it goes as well, to the nearest size that is allowed."""
    painter("2026-11-01")
    asked = TextToImage(prompt="a", aspect_ratio="16:9", style="MAXIMALISM")
    request, model = substitute.substitute(asked, catalog.find("core-1.0"), TODAY)
    assert model.short == "painter"
    assert request.given() == {
        "prompt": "a",
        "size": (1024, 576),
        "style": "MAXIMALISM",
        "count": 1,
    }


def test_a_model_that_is_not_there_yet_takes_no_place(painter: Any) -> None:
    """A planned model is a successor from its first day on."""
    painter("2026-11-22")
    asked = wish("color_guided", {"prompt": "a", "colors": PLAIN["colors"]})
    titan = catalog.find("titan")
    with pytest.raises(ModelRetired, match="No other living model does color_guided"):
        substitute.substitute(asked, titan, TODAY)
    _, model = substitute.substitute(asked, titan, date(2026, 11, 22))
    assert model.short == "painter"
