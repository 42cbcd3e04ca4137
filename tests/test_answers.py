"""What a model answers, in all the shapes that AWS documents or callers report."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pybase64
import pytest
from PIL import Image

from darkroom import catalog, client
from darkroom.errors import BadAnswer, ContentFiltered, DarkroomError, ModelFailed
from darkroom.image_file import facts
from darkroom.modes import Request
from darkroom.modes.inpaint import Inpaint
from darkroom.modes.outpaint import Outpaint
from darkroom.modes.text_to_image import TextToImage
from darkroom.picture import Picture
from tests.conftest import encoded

TILES = [
    encoded(Image.fromarray(np.random.default_rng(n).integers(0, 256, (64, 64, 3), np.uint8)))
    for n in range(3)
]
ONE, TWO, THREE = (pybase64.b64encode(tile).decode() for tile in TILES)
WORDS = TextToImage(prompt="a mug", seed=5)
THREE_WISHED = TextToImage(prompt="a mug", seed=5, count=3)


def read(name: str, answer: Any, request: Request = WORDS) -> list[client.Made]:
    return client.read(catalog.find(name), request, json.dumps(answer).encode())


def test_stability_gives_pictures_and_seeds() -> None:
    """The documented form; seeds are typed as strings and shown as numbers."""
    for seed in (2130420379, "2130420379"):
        [made] = read("core", {"seeds": [seed], "finish_reasons": [None], "images": [ONE]})
        assert made.data == TILES[0]
        assert made.seed == 2130420379
        assert made.facts.size == (64, 64)


@pytest.mark.parametrize(
    ("reason", "stopped"),
    [
        ("Filter reason: prompt", "prompt"),
        ("Filter reason: input image", "input"),
        ("Filter reason: output image", "output"),
    ],
)
def test_stabilitys_filter_says_what_it_stopped(reason: str, stopped: str) -> None:
    """HTTP 200 with a reason, and neither images nor seeds."""
    with pytest.raises(ContentFiltered, match=reason) as raised:
        read("ultra", {"finish_reasons": [reason]})
    assert raised.value.stopped == stopped
    assert raised.value.pictures == ()


def test_inference_error_is_no_filter() -> None:
    """It stands where a filter's reason stands, and is something else."""
    with pytest.raises(ModelFailed, match="Inference error"):
        read("erase", {"finish_reasons": ["Inference error"]})


def test_sdxl_gives_artifacts() -> None:
    """The documented form, and the spelling of the page's prose."""
    for key in ("finishReason", "finishedReason"):
        artifact = {"seed": 123, "base64": ONE, key: "SUCCESS"}
        [made] = read("sdxl", {"result": "success", "artifacts": [artifact]})
        assert (made.data, made.seed) == (TILES[0], 123)


def test_sdxls_blurred_picture_is_filtered() -> None:
    """A picture is there, "might be blurred", and is not taken for one."""
    artifact = {"seed": 123, "base64": ONE, "finishReason": "CONTENT_FILTERED"}
    with pytest.raises(ContentFiltered, match="blurred") as raised:
        read("sdxl", {"result": "success", "artifacts": [artifact]})
    assert raised.value.stopped == "output"


def test_sdxls_mixed_answer_keeps_the_good_pictures() -> None:
    """What was not filtered is in the error."""
    artifacts = [
        {"seed": 5, "base64": ONE, "finishReason": "SUCCESS"},
        {"seed": 6, "base64": TWO, "finishReason": "CONTENT_FILTERED"},
    ]
    with pytest.raises(ContentFiltered) as raised:
        read("sdxl", {"result": "success", "artifacts": artifacts})
    assert [made.data for made in raised.value.pictures] == [TILES[0]]


def test_sdxls_error_is_no_filter() -> None:
    """`finishReason` ERROR is the model's failure."""
    artifact = {"seed": 1, "base64": "", "finishReason": "ERROR"}
    with pytest.raises(ModelFailed, match="ERROR"):
        read("sdxl", {"result": "success", "artifacts": [artifact]})
    with pytest.raises(BadAnswer, match="no artifact"):
        read("sdxl", {"result": "success"})


@pytest.mark.parametrize("name", ["titan-v1", "titan", "nova-canvas"])
def test_amazons_fewer_pictures_are_kept(name: str) -> None:
    """Some were blocked: the error says so, and has those that were not."""
    told = "Some of the generated images have been blocked by our content filters."
    with pytest.raises(ContentFiltered, match="Some of") as raised:
        read(name, {"images": [ONE, TWO], "error": told}, THREE_WISHED)
    assert [made.data for made in raised.value.pictures] == TILES[:2]


@pytest.mark.parametrize("answer", [{"images": []}, {}, {"images": None}])
def test_amazons_all_blocked_is_filtered(answer: dict[str, Any]) -> None:
    """Whether `images` is empty or absent then is not documented: both are read."""
    told = "All of the generated images have been blocked by our content filters."
    with pytest.raises(ContentFiltered, match="All of") as raised:
        read("nova-canvas", {**answer, "error": told}, THREE_WISHED)
    assert raised.value.pictures == ()


def test_the_mask_that_was_asked_for_comes_along() -> None:
    """`maskImage` belongs to the pictures, with white for what was repainted."""
    picture = Picture(**dict(facts(TILES[0])), uri="file:///tile.png")
    wish = Inpaint(image=picture, mask_prompt="mug", prompt="a vase", return_mask=True)
    made = read("titan", {"images": [ONE, TWO], "maskImage": THREE}, wish)
    assert [each.data for each in made] == TILES[:2]
    for each in made:
        assert each.mask is not None
        with Image.open(io.BytesIO(each.mask)) as mask, Image.open(io.BytesIO(TILES[2])) as theirs:
            assert np.array_equal(np.asarray(mask), 255 - np.asarray(theirs.convert("L")))
    around = Outpaint(image=picture, mask_prompt="mug", prompt="a table", return_mask=True)
    (kept,) = read("titan", {"images": [ONE], "maskImage": THREE}, around)
    assert kept.mask == TILES[2]  # in outpainting Titan repaints white as well


def test_a_broken_mask_takes_no_picture_with_it() -> None:
    """The pictures were paid for, with or without their mask."""
    with pytest.raises(BadAnswer) as raised:
        read("titan", {"images": [ONE], "maskImage": "?"})
    assert [each.data for each in raised.value.pictures] == TILES[:1]


@pytest.mark.parametrize(
    ("trace", "stopped"),
    [
        (None, "prompt"),
        ({"guardrail": {"input": {"abc": {}}, "outputs": []}}, "prompt"),
        ({"guardrail": {"outputs": [{"abc": {}}]}}, "output"),
        ({"guardrail": "?"}, "prompt"),
    ],
)
@pytest.mark.parametrize("name", ["core", "sdxl", "nova-canvas"])
def test_a_guardrail_that_stepped_in_is_a_filter(name: str, trace: Any, stopped: str) -> None:
    """The account's own guardrail answers with HTTP 200 for any model."""
    answer: dict[str, Any] = {"amazon-bedrock-guardrailAction": "INTERVENED"}
    if trace is not None:
        answer["amazon-bedrock-trace"] = trace
    with pytest.raises(ContentFiltered, match="guardrail") as raised:
        read(name, answer)
    assert raised.value.stopped == stopped


def test_a_guardrail_that_did_not_step_in_changes_nothing() -> None:
    """Its action is said in every answer."""
    answer = {"images": [ONE], "finish_reasons": [None], "amazon-bedrock-guardrailAction": "NONE"}
    assert [made.data for made in read("core", answer)] == [TILES[0]]


@pytest.mark.parametrize("broken", [ONE[: len(ONE) // 2 + 1], "dGV4dA==", "", "?", None, 7])
@pytest.mark.parametrize("name", ["core", "sdxl", "nova-canvas"])
def test_what_is_no_picture_is_a_bad_answer(name: str, broken: Any) -> None:
    """Truncated base64, text in base64, and what is none."""
    answers = {
        "core": {"images": [broken], "finish_reasons": [None]},
        "sdxl": {"artifacts": [{"base64": broken, "finishReason": "SUCCESS"}]},
        "nova-canvas": {"images": [broken]},
    }
    with pytest.raises(BadAnswer) as raised:
        read(name, answers[name])
    assert not raised.value.retryable


def test_one_broken_picture_takes_no_other_with_it() -> None:
    """Those that can be read were paid for."""
    with pytest.raises(BadAnswer, match=r"picture 2|not base64") as raised:
        read("titan", {"images": [ONE, TWO[:101], THREE]}, THREE_WISHED)
    assert [made.data for made in raised.value.pictures] == [TILES[0], TILES[2]]


@pytest.mark.parametrize("data", [b"", b"<html>Bad gateway</html>", b"[]", b"null", b'"text"'])
def test_what_is_no_object_is_a_bad_answer(data: bytes) -> None:
    """A body that is not JSON, or not an object."""
    for name in ("core", "sdxl", "nova-canvas"):
        with pytest.raises(DarkroomError) as raised:
            client.read(catalog.find(name), WORDS, data)
        assert type(raised.value) is BadAnswer
