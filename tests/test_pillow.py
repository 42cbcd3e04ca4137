"""Pillow's steps of a pipeline: resize, crop, composite."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from pydantic import ValidationError

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.picture import Picture
from darkroom.pipeline.pillow import Composite, Crop, Resize
from tasks.pillow import composite, crop, resize

pytestmark = pytest.mark.usefixtures("prefect_api")

Color = tuple[int, ...]


def pixel(store: ImageStore, picture: Picture, at: tuple[int, int]) -> Color:
    with Image.open(io.BytesIO(store.open().read(picture))) as image:
        found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"width": 50}, (50, 25)),
        ({"height": 200}, (400, 200)),
        ({"width": 60, "height": 60}, (60, 30)),
        ({"width": 60, "height": 60, "fit": "cover"}, (60, 60)),
        ({"width": 60, "height": 60, "fit": "pad"}, (60, 60)),
        ({"width": 60, "height": 60, "fit": "stretch"}, (60, 60)),
    ],
)
def test_resize_measures_what_it_says(
    image_store: ImageStore, picture: Callable[..., Picture], given: dict[str, int], size: Color
) -> None:
    """One side gives the other; both are a box to be within, to fill, to pad or to stretch to."""
    (made,) = resize(Resize(image=picture((100, 50), "red"), **given), store=image_store)
    assert made.size == size
    middle = pixel(image_store, made, (size[0] // 2, size[1] // 2))
    assert middle == (255, 0, 0)
    corner = pixel(image_store, made, (1, 1))
    assert corner == ((255, 255, 255) if given.get("fit") == "pad" else (255, 0, 0))


def test_resize_keeps_transparency(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """A cut-out stays one."""
    (made,) = resize(Resize(image=picture((100, 50), alpha=True), width=20), store=image_store)
    assert made.alpha


def test_resize_needs_a_side(picture: Callable[..., Picture]) -> None:
    """Neither side is no size; a color that is none is refused as well."""
    with pytest.raises(ValidationError, match="width or height"):
        Resize(image=picture())
    with pytest.raises(InvalidRequest, match="no such color"):
        Resize(image=picture(), width=5, color="bleu")


def test_crop_cuts_a_part_out(image_store: ImageStore, picture: Callable[..., Picture]) -> None:
    """In pixels or in shares of the picture; what lies outside is refused."""
    shot = picture((100, 50), "red")
    (made,) = crop(Crop(image=shot, left=10, top="20%", width="50%", height=30), store=image_store)
    assert made.size == (50, 30)
    with pytest.raises(InvalidRequest):
        crop(Crop(image=shot, left=500, width=10, height=10), store=image_store)


def test_composite_lays_a_cut_out_over_a_background(
    image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """In the middle, within its share; what is transparent shows the background."""
    top, ground = picture((40, 40), "red", alpha=True), picture((200, 100), "blue")
    (made,) = composite(Composite(image=top, over=ground, scale=0.5), store=image_store)
    assert made.size == (200, 100)
    assert not made.alpha
    assert pixel(image_store, made, (2, 2)) == (0, 0, 255)
    assert pixel(image_store, made, (90, 50)) == (0, 0, 255)  # the cut-out's transparent half
    assert pixel(image_store, made, (110, 50)) == (255, 0, 0)
    assert made.provenance.parents == (top.sha256, ground.sha256)
    (again,) = composite(Composite(image=top, over=ground, scale=0.5), store=image_store)
    assert again.uri == made.uri
