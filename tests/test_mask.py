"""Edits: what each makes of an image, to the pixel, and what its repr says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PIL import Image

from darkroom import mask
from darkroom.mask import (
    Background,
    Canvas,
    Edit,
    Flatten,
    Grey,
    Invert,
    Keep,
    Shrink,
    Threshold,
)

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
"""Every grey once."""

EDITS: list[Edit] = [
    Background(),
    Flatten("#102030"),
    Invert(),
    Threshold(7),
    Grey(),
    Canvas(1, 2, 3, 4, "#102030"),
    Keep(),
    Shrink(8, 40),
]


def pixels(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(image)


def ramp(mode: str) -> Image.Image:
    """Every grey once, in one of the modes in which files hold greys."""
    if mode == "I;16":
        return Image.fromarray(RAMP.astype(np.uint16) * 257)
    if mode == "RGBA":  # an alpha channel that says something else
        return Image.fromarray(np.dstack([RAMP, RAMP, RAMP, RAMP[::-1]]))
    if mode == "LA":
        return Image.fromarray(np.dstack([RAMP, RAMP[::-1]]))
    if mode == "P":
        image = Image.fromarray(RAMP).convert("P")
        assert image.mode == "P"
        return image
    return Image.fromarray(RAMP).convert(mode)


GREYS = ["L", "LA", "RGB", "RGBA", "P", "I;16"]


@pytest.fixture
def cutout() -> Image.Image:
    """A picture of three pixels: clear, half clear and opaque, all of the same red."""
    colors = [[[200, 0, 0, 0], [200, 0, 0, 128], [200, 0, 0, 255]]]
    return Image.fromarray(np.array(colors, dtype=np.uint8))


def test_every_edit_is_tried_here() -> None:
    """No edit of the file is left out below."""
    kinds = {
        kind
        for kind in vars(mask).values()
        if dataclasses.is_dataclass(kind) and kind.__module__ == mask.__name__
    }
    assert {type(edit) for edit in EDITS} == kinds


def test_background_is_white_where_the_picture_is_clear(cutout: Image.Image) -> None:
    """The mask of the background is the alpha channel turned around."""
    made = Background()(cutout)
    assert made.mode == "L"
    assert pixels(made).tolist() == [[255, 127, 0]]


def test_an_opaque_picture_has_no_background() -> None:
    """Without an alpha channel nothing is repainted."""
    assert not pixels(Background()(Image.new("RGB", (3, 2), "white"))).any()


def test_flatten_lays_the_picture_on_its_color(cutout: Image.Image) -> None:
    """Clear pixels take the color, opaque ones keep theirs, the rest is in between."""
    made = Flatten("#000064")(cutout)
    assert made.mode == "RGB"
    assert pixels(made).tolist() == [[[0, 0, 100], [100, 0, 50], [200, 0, 0]]]


@pytest.mark.parametrize("mode", GREYS)
def test_grey_is_one_channel_in_any_mode(mode: str) -> None:
    """A mask keeps its greys whatever kind of file it came in; alpha does not count."""
    made = Grey()(ramp(mode))
    assert made.mode == "L"
    assert (pixels(made) == RAMP).all()


@pytest.mark.parametrize("mode", GREYS)
def test_invert_swaps_black_and_white(mode: str) -> None:
    """Every grey becomes its opposite."""
    made = Invert()(ramp(mode))
    assert made.mode == "L"
    assert (pixels(made) == 255 - RAMP).all()


def test_inverting_twice_is_the_mask_again() -> None:
    """Nothing is lost by turning a mask around."""
    assert (pixels(Invert()(Invert()(ramp("L")))) == RAMP).all()


@pytest.mark.parametrize("mode", GREYS)
@pytest.mark.parametrize("level", [1, 128, 255])
def test_threshold_leaves_pure_black_and_white(mode: str, level: int) -> None:
    """Greys from the level on are white, others black, in three equal opaque channels."""
    made = Threshold(level)(ramp(mode))
    assert made.mode == "RGB"
    wanted = np.where(level <= RAMP, 255, 0)
    assert (pixels(made) == wanted[..., None]).all()


def test_threshold_splits_greys_in_the_middle() -> None:
    """Unless told otherwise, 128 and brighter is white."""
    assert (pixels(Threshold()(ramp("L")))[..., 0] == np.where(RAMP >= 128, 255, 0)).all()


@pytest.mark.parametrize(
    ("left", "right", "up", "down"),
    [(1, 2, 3, 4), (5, 0, 0, 0), (0, 5, 0, 0), (0, 0, 5, 0), (0, 0, 0, 5), (0, 0, 0, 0)],
)
def test_canvas_grows_around_the_picture(left: int, right: int, up: int, down: int) -> None:
    """The picture stands at its place, all around it is the fill."""
    picture = np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8)
    made = pixels(Canvas(left, right, up, down, "#ff8001")(Image.fromarray(picture)))
    assert made.shape == (4 + up + down, 6 + left + right, 3)
    assert (made[up : up + 4, left : left + 6] == picture).all()
    around = np.ones(made.shape[:2], dtype=bool)
    around[up : up + 4, left : left + 6] = False
    assert (made[around] == (255, 128, 1)).all()


def test_canvas_shows_through_a_clear_picture(cutout: Image.Image) -> None:
    """What is transparent takes the fill, and not the color that hides under it."""
    made = Canvas(left=1, fill="#000064")(cutout)
    assert pixels(made).tolist() == [[[0, 0, 100], [0, 0, 100], [100, 0, 50], [200, 0, 0]]]


def test_keep_is_black_everywhere(cutout: Image.Image) -> None:
    """The mask that keeps all of a picture has its size and no white."""
    made = Keep()(cutout)
    assert made.mode == "L"
    assert pixels(made).tolist() == [[0, 0, 0]]


SIZES = [(w, h) for w in (1, 7, 320, 1408, 1409, 2048, 4097, 9001) for h in (1, 64, 1407, 3333)]


@pytest.mark.parametrize(
    ("max_side", "max_pixels"),
    [(1408, None), (None, 4_194_303), (4096, 4_194_303), (1000, 1), (None, None), (1, None)],
)
def test_shrink_never_exceeds_its_limits(max_side: int | None, max_pixels: int | None) -> None:
    """Whatever the picture measures, the result is within both limits, and never larger."""
    for width, height in SIZES:
        made = Shrink(max_side, max_pixels).size(width, height)
        assert made[0] <= width
        assert made[1] <= height
        assert min(made) >= 1
        assert max_side is None or max(made) <= max_side
        # A line of pixels cannot be thinner than one.
        assert max_pixels is None or made[0] * made[1] <= max_pixels or min(made) == 1


@pytest.mark.parametrize("limits", [(1408, None), (None, 1_000_000), (500, 100_000)])
def test_shrink_keeps_proportions(limits: tuple[int | None, int | None]) -> None:
    """Both sides shrink by one factor: the shorter is right to the pixel."""
    for width, height in SIZES:
        made = Shrink(*limits).size(width, height)
        factor = max(made) / max(width, height)
        assert abs(made[0] - width * factor) <= 1
        assert abs(made[1] - height * factor) <= 1


def test_shrink_uses_what_it_may() -> None:
    """A longer side that is too long becomes exactly as long as it may be."""
    assert all(max(Shrink(1408).size(side, 700)) == 1408 for side in range(1409, 6000))


@pytest.mark.parametrize("size", [(1, 1), (1408, 1408), (1408, 3), (640, 480)])
def test_shrink_leaves_what_fits(size: tuple[int, int]) -> None:
    """A picture within the limits keeps its size."""
    assert Shrink(1408, 1408 * 1408).size(*size) == size


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_shrink_resizes_the_picture(mode: str) -> None:
    """The image gets the size that was promised, and keeps its kind."""
    edit = Shrink(10)
    made = edit(Image.new(mode, (40, 20)))
    assert made.size == edit.size(40, 20) == (10, 5)
    assert made.mode == mode


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_repr_says_all_that_an_edit_does(edit: Any) -> None:
    """The repr, which stands in cache keys, names every parameter and makes the edit again."""
    said = repr(edit)
    for field in dataclasses.fields(edit):
        assert f"{field.name}={getattr(edit, field.name)!r}" in said
    assert eval(said, vars(mask)) == edit


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_an_edit_leaves_its_source_alone(edit: Edit, cutout: Image.Image) -> None:
    """Edits make new images."""
    before = pixels(cutout).copy()
    edit(cutout)
    assert (pixels(cutout) == before).all()
