"""The tasks that make a mask and show it: kept once, with what was done, and seen in the run."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from prefect import flow
from prefect.artifacts import Artifact

from blocks import Bedrock, ImageStore
from darkroom.errors import InvalidRequest
from darkroom.mask_of import MaskOf
from darkroom.modes.inpaint import Inpaint
from darkroom.picture import Picture, local_path
from darkroom.wire import Encoder, decode
from tasks.mask import make_mask, mask_preview
from tasks.picture import load_picture

pytestmark = pytest.mark.usefixtures("prefect_api")

CENTER = MaskOf.model_validate({"box": ["25%,25%,50%,50%"], "grow": 2})


def shown(picture: Picture, store: ImageStore) -> Image.Image:
    return Image.open(io.BytesIO(store.open().read(picture)))


def test_a_mask_is_in_the_store_with_what_made_it(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """It measures what the picture does, is white where it was asked to be, and says how."""
    source = picture((64, 48))
    mask = make_mask(source, CENTER, store=image_store)
    wanted = np.zeros((48, 64), dtype=np.uint8)
    wanted[10:38, 14:50] = 255
    made = shown(mask, image_store)
    assert made.mode == "L"
    inner = np.asarray(made)
    assert (inner[12:36] == wanted[12:36]).all()  # away from the corners, which come out blunt
    how = mask.provenance
    assert (how.mode, how.parents) == ("make_mask", (source.sha256,))
    assert how.parameters["edits"] == [repr(edit) for edit in CENTER.edits()]
    path = local_path(mask.uri)
    assert path is not None
    assert Picture.model_validate_json(path.with_name(f"{path.name}.json").read_bytes()) == mask


def test_the_same_mask_is_made_once(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """Other shapes, or another picture, have a file of their own, also where the bytes agree."""
    source = picture((64, 48))
    first = make_mask(source, CENTER, store=image_store)
    assert make_mask(source, CENTER, store=image_store) == first
    other = make_mask(source, CENTER.model_copy(update={"grow": 3}), store=image_store)
    elsewhere = make_mask(picture((64, 48), "red"), CENTER, store=image_store)
    assert first.sha256 == elsewhere.sha256
    assert first.provenance.parents != elsewhere.provenance.parents
    assert len({first.uri, other.uri, elsewhere.uri}) == 3
    assert len(list(Path(image_store.folder or "").rglob("*make*mask*.png"))) == 3


def test_a_made_mask_goes_straight_into_an_inpainting(
    bedrock: Bedrock, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """White is what the model repaints: black for Nova, white for Stability's services."""
    source = picture((320, 320))
    mask = make_mask(source, CENTER, store=image_store)
    request = Inpaint(image=source, mask=mask, prompt="a vase", seed=1)
    encode = Encoder(image_store.open().read)
    as_is = request.stability(encode)["mask"]
    turned = request.amazon(encode).params["maskImage"]
    assert Image.open(io.BytesIO(decode(as_is))).getpixel((160, 160)) == 255
    assert Image.open(io.BytesIO(decode(turned))).getpixel((160, 160)) == (0, 0, 0)
    assert Image.open(io.BytesIO(decode(turned))).getpixel((5, 5)) == (255, 255, 255)


def test_the_mask_of_a_photograph_is_upright(image_store: ImageStore, tmp_path: Path) -> None:
    """A photograph that lies on its side has the mask of the picture that the models see."""
    photo = Image.new("RGB", (60, 40), "teal")
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / "side.jpg", exif=exif)
    (upright,) = load_picture(str(tmp_path / "side.jpg"), store=image_store)
    of = MaskOf.model_validate({"box": "0,0,100%,10"})
    mask = make_mask(upright, of, store=image_store)
    assert upright.size == mask.size == (40, 60)
    assert np.asarray(shown(mask, image_store))[:10].all()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"box": "64,0,5,5"}, "wholly outside of the picture, which measures 64 x 48"),
        ({"alpha": True}, "nothing in the picture is transparent"),
    ],
)
def test_what_is_not_in_the_picture_makes_no_mask(
    image_store: ImageStore,
    picture: Callable[..., Picture],
    fields: dict[str, object],
    words: str,
) -> None:
    """The task fails in words, and nothing is stored."""
    with pytest.raises(InvalidRequest, match=words):
        make_mask(picture((64, 48)), MaskOf.model_validate(fields), store=image_store)
    assert not list(Path(image_store.folder or "").rglob("*.png"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"box": "0,0,100%,100%"}, "100.0 % of it is white.*all white"),
        ({"color": "red"}, "0.0 % of it is white.*all black"),
        ({"box": "0,0,25%,100%"}, "25.0 % of it is white"),
    ],
)
def test_the_log_says_how_much_is_white(
    image_store: ImageStore,
    picture: Callable[..., Picture],
    caplog: pytest.LogCaptureFixture,
    fields: dict[str, object],
    words: str,
) -> None:
    """Its share stands in the log, with a warning where that is nothing or all."""
    make_mask(picture((64, 48)), MaskOf.model_validate(fields), store=image_store)
    said = [record for record in caplog.records if " of it is white" in record.message]
    said += [record for record in caplog.records if record.levelname == "WARNING"]
    text = " ".join(record.message for record in said)
    assert re.search(words, text)
    assert ("all " in text) is ("all" in words)


def test_a_preview_is_kept_once_and_shown_in_the_run(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """It has both as parents, is found again, and hangs on the run as an image artifact."""
    source = picture((64, 48))

    @flow(name="preview flow")
    def ask() -> list[Picture]:
        mask = make_mask(source, CENTER, store=image_store)
        return mask_preview(source, mask, store=image_store)

    (first,), (second,) = ask(), ask()
    assert first == second
    assert first.size == source.size
    assert first.provenance.mode == "mask_preview"
    assert first.provenance.parents[0] == source.sha256
    assert len(first.provenance.parents) == 2
    image = shown(first, image_store).convert("RGB")
    assert image.getpixel((2, 2)) == (0, 128, 128)  # teal, which is kept
    assert image.getpixel((32, 24)) == (128, 64, 128)  # under its tint
    artifact = Artifact.get("preview-flow-mask-preview")
    assert artifact is not None
    assert str(artifact.data).startswith("data:image/webp;base64,")


def test_a_preview_refuses_the_mask_of_another_picture(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """A mask that measures something else belongs to something else."""
    mask = make_mask(picture((48, 64)), CENTER, store=image_store)
    with pytest.raises(InvalidRequest, match="it must measure what the picture does, 64 x 48"):
        mask_preview(picture((64, 48)), mask, store=image_store)
