"""What a task does around its calls: several side by side, sources fitted, answers kept."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pybase64
import pytest
from PIL import Image

from blocks import Bedrock, ImageStore
from darkroom.errors import AccessDenied, BadAnswer, ContentFiltered, InvalidRequest, ModelRetired
from darkroom.image_file import facts
from darkroom.modes.inpaint import Inpaint
from darkroom.modes.remove_background import RemoveBackground
from darkroom.modes.text_to_image import TextToImage
from darkroom.modes.variation import Variation
from darkroom.picture import Picture, local_path
from darkroom.standin.server import StandIn
from tasks.inpaint import inpaint
from tasks.remove_background import remove_background
from tasks.text_to_image import text_to_image
from tasks.variation import variation
from tests.conftest import bedrock_of

pytestmark = pytest.mark.usefixtures("prefect_api")

SD35 = "stability.sd3-5-large-v1:0"


def answered(standin: StandIn, model: str = SD35) -> int:
    """How many calls of `model` were answered with pictures."""
    return int(standin.calls()["models"].get(model, {}).get("answered", 0))


def test_a_count_above_one_call_makes_several_with_consecutive_seeds(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """Three variations on SD3.5 are three calls, each of which is remembered by itself."""
    wish = Variation(images=(picture((320, 320)),), prompt="a mug", count=3, seed=10)
    standin.fail("access_denied", after=2, times=1)
    with pytest.raises(AccessDenied):
        variation(wish, SD35, bedrock=bedrock, store=image_store)
    made = variation(wish, SD35, bedrock=bedrock, store=image_store)
    assert [each.provenance.seed for each in made] == [10, 11, 12]
    assert answered(standin) == 3  # the first two were not paid for again


def test_calls_of_one_request_run_side_by_side(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """Six calls that take a second each are done long before six seconds are over."""
    wish = Variation(images=(picture((320, 320)),), prompt="a mug", count=6, seed=10)
    with StandIn(latency=1.0) as slow:
        bedrock = bedrock_of(slow)
        began = time.monotonic()
        made = variation(wish, SD35, bedrock=bedrock, store=image_store)
        seconds = time.monotonic() - began
        calls = slow.calls(log=True)["log"]
    assert [each.provenance.seed for each in made] == [10, 11, 12, 13, 14, 15]
    assert max(call["time"] for call in calls) - min(call["time"] for call in calls) < 1.0
    assert seconds < 6.0


def test_a_filtered_call_leaves_the_others_alone(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """The pictures of the other calls come back, and only they."""
    wish = Variation(images=(picture((320, 320)),), prompt="a mug", count=3, seed=20)
    standin.fail("filtered_output", after=1, times=1)
    made = variation(wish, SD35, bedrock=bedrock, store=image_store)
    seeds = [each.provenance.seed for each in made]
    assert len(seeds) == 2
    assert set(seeds) < {20, 21, 22}
    standin.fail("filtered_output", times=3)
    with pytest.raises(ContentFiltered):
        variation(wish.model_copy(update={"seed": 30}), SD35, bedrock=bedrock, store=image_store)


def test_raw_keeps_the_response_beside_the_picture(
    bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Status, headers, request id and body; the base64 only if it is asked for."""
    store = image_store.open()
    for keep, seed in (("elided", 41), ("full", 42)):
        wish = TextToImage(prompt="a mug", seed=seed)
        (made,) = text_to_image(wish, SD35, bedrock=bedrock, store=image_store, keep=keep)
        response = json.loads(store.beside(made, "response.json") or b"{}")
        assert response["status"] == 200
        assert response["request_id"] == made.provenance.request_id
        assert response["headers"]["content-type"] == "application/json"
        assert response["body"]["seeds"] == [seed]
        image = response["body"]["images"][0]
        if keep == "full":
            assert pybase64.b64decode(image) == store.read(made)
        else:
            assert image.endswith("characters>")
    (plain,) = text_to_image(
        TextToImage(prompt="a mug", seed=43), SD35, bedrock=bedrock, store=image_store
    )
    assert store.beside(plain, "response.json") is None


def test_a_mask_that_was_asked_for_is_kept_beside_the_picture(
    standin: StandIn, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """Titan's `returnMask` is no second picture of the answer."""
    block = bedrock_of(standin, allow_retired=True)
    shot = picture((512, 512))
    wish = Inpaint(image=shot, mask=shot, prompt="a vase", seed=1, return_mask=True)
    (made,) = inpaint(wish, "titan", bedrock=block, store=image_store)
    mask = image_store.open().beside(made, "mask.png")
    assert mask is not None
    assert facts(mask).size == (512, 512)


def test_an_answer_that_cannot_be_read_is_kept(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """It was paid for: the error says where it is."""
    standin.fail("truncated")
    with pytest.raises(BadAnswer, match="kept at file:") as raised:
        text_to_image(TextToImage(prompt="a mug", seed=1), SD35, bedrock=bedrock, store=image_store)
    kept = local_path(str(raised.value).rpartition(" ")[2].rstrip("."))
    assert kept is not None
    assert "images" in json.loads(kept.read_bytes())


def test_transparency_is_flattened_where_a_model_takes_none(
    standin: StandIn, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """On the stated color, with a note in the provenance of what was sent."""
    block = bedrock_of(standin, "us-east-1", allow_retired=True)
    cutout = picture((320, 320), alpha=True)
    wish = Variation(images=(cutout,), prompt="a mug", seed=1, background="#ff0000")
    (made,) = variation(wish, "nova-canvas", bedrock=block, store=image_store)
    (parent,) = made.provenance.parents
    assert parent != cutout.sha256
    (sidecar,) = Path(image_store.folder or "").rglob("*flatten*.json")
    flat = Picture.model_validate_json(sidecar.read_bytes())
    assert flat.sha256 == parent
    assert "flattened on #ff0000" in flat.provenance.notes[0]
    with Image.open(io.BytesIO(image_store.open().read(flat))) as image:
        assert image.getpixel((0, 0)) == (255, 0, 0)


def test_a_retired_model_is_substituted_only_when_asked(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """The successor makes the picture, and the provenance says for whom."""
    wish = Variation(
        images=(picture((320, 320)),), prompt="a mug", count=2, seed=5, quality="standard"
    )
    with pytest.raises(ModelRetired, match=r"For variation use sd3\.5"):
        variation(wish, "titan", bedrock=bedrock, store=image_store)
    assert answered(standin) == 0
    made = variation(wish, "titan", bedrock=bedrock, store=image_store, on_retired="substitute")
    assert [each.provenance.model for each in made] == [SD35, SD35]
    assert [each.provenance.seed for each in made] == [5, 6]
    assert "asked of Titan Image Generator G1 v2" in made[0].provenance.notes[0]
    with pytest.raises(ModelRetired, match=r"nothing like cfg_scale = 9"):
        variation(
            wish.model_copy(update={"cfg_scale": 9.0}),
            "titan",
            bedrock=bedrock,
            store=image_store,
            on_retired="substitute",
        )


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"stroe": None}, r"stroe = None: no such argument .* Did you mean store"),
        ({"on_retired": "ask"}, "on_retired = 'ask': it is one of refuse, substitute"),
        ({"keep": "banana"}, "keep = 'banana': it is one of no, elided, full"),
    ],
)
def test_a_misspelt_argument_is_refused(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore, how: dict[str, Any], told: str
) -> None:
    """Nothing is dropped in silence, and nothing is paid."""
    wish = TextToImage(prompt="a mug", seed=1)
    with pytest.raises(InvalidRequest, match=told):
        text_to_image(wish, SD35, **{"bedrock": bedrock, "store": image_store, **how})
    assert standin.calls()["models"] == {}


def test_a_mask_with_colors_is_spoken_of(
    bedrock: Bedrock,
    image_store: ImageStore,
    picture: Callable[..., Picture],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A photograph that is taken for a mask by mistake does not pass without a word."""
    shot = picture((320, 320), "red")
    wish = Inpaint(image=shot, mask=shot, prompt="a vase", seed=1)
    inpaint(wish, bedrock=bedrock, store=image_store)
    assert "this mask has colors" in caplog.text
    caplog.clear()
    grey = picture((320, 320), "#808080")
    inpaint(wish.model_copy(update={"mask": grey, "seed": 2}), bedrock=bedrock, store=image_store)
    assert "this mask has colors" not in caplog.text


def test_fit_shrinks_a_picture_only_when_asked(
    standin: StandIn, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """Too large a picture is refused with the limit, or shrunk with a note if that was asked."""
    block = bedrock_of(standin, allow_retired=True)
    large = picture((2000, 1000))
    with pytest.raises(InvalidRequest, match=r"2000 x 1000.*1408.*fit: shrink"):
        remove_background(RemoveBackground(image=large), "titan", bedrock=block, store=image_store)
    (cut,) = remove_background(
        RemoveBackground(image=large, fit="shrink"), "titan", bedrock=block, store=image_store
    )
    assert cut.size == (1408, 704)
    (parent,) = cut.provenance.parents
    sidecars = [path.read_text() for path in Path(image_store.folder or "").rglob("*shrink*.json")]
    assert len(sidecars) == 1
    assert parent in sidecars[0]
    assert "shrunk from 2000 x 1000 to 1408 x 704" in sidecars[0]
