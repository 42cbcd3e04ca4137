"""Edits: what each makes of an image, to the pixel, and what its repr says."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PIL import Image

from darkroom import mask
from darkroom.errors import InvalidRequest
from darkroom.mask import (
    Background,
    Canvas,
    Edit,
    Feather,
    Flatten,
    Grey,
    Grow,
    Invert,
    Keep,
    Preview,
    Shrink,
    Subject,
    Threshold,
    share,
    warnings,
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
    Subject(),
    Grow(-2),
    Feather(1.5),
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
    assert {type(edit) for edit in EDITS} == kinds - {Preview}


def test_background_is_white_where_the_picture_is_clear(cutout: Image.Image) -> None:
    """The mask of the background is the alpha channel turned around."""
    made = Background()(cutout)
    assert made.mode == "L"
    assert pixels(made).tolist() == [[255, 127, 0]]


def test_an_opaque_picture_has_no_background() -> None:
    """Without an alpha channel nothing is repainted."""
    assert not pixels(Background()(Image.new("RGB", (3, 2), "white"))).any()


def test_the_subject_is_what_the_background_is_not(cutout: Image.Image) -> None:
    """The mask of the subject is the alpha channel as it is."""
    assert pixels(Subject()(cutout)).tolist() == [[0, 128, 255]]
    assert pixels(Subject()(cutout.convert("RGB"))).tolist() == [[255, 255, 255]]


@pytest.mark.parametrize("color", ["greenish", "#12", ""])
def test_flatten_knows_its_color_beforehand(color: str) -> None:
    """A color that does not exist is refused when the edit is made."""
    with pytest.raises(InvalidRequest, match=r"background = .*no such color.*#rrggbb"):
        Flatten(color)


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


def test_repr_of_a_preview_says_all_that_it_does() -> None:
    """A preview stands in the store's key by its repr."""
    assert repr(Preview("red", 0.25)) == "Preview(color='red', strength=0.25)"


def dots(width: int, height: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A black mask with a few grey and white pixels, some of them at its borders."""
    drawn = np.random.default_rng(seed)
    mask = np.zeros((height, width), dtype=np.uint8)
    for _ in range(6):
        mask[drawn.integers(height), drawn.integers(width)] = drawn.integers(1, 256)
    mask[0, 0] = mask[-1, -1] = 255
    return mask


def reach(pixels_wide: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a single white pixel grows to, far from every border."""
    dot = Image.new("L", (4 * pixels_wide + 1, 4 * pixels_wide + 1))
    dot.putpixel((2 * pixels_wide, 2 * pixels_wide), 255)
    grown = pixels(Grow(pixels_wide)(dot))
    assert set(np.unique(grown)) <= {0, 255}
    return grown > 0


@pytest.mark.parametrize("wide", [1, 2, 3, 4, 5, 8, 13, 20, 50])
def test_a_dot_grows_to_an_octagon(wide: int) -> None:
    """White reaches so many pixels up, down, left and right, and about as far aslant."""
    grown = reach(wide)
    y, x = np.nonzero(grown)
    y, x = y - 2 * wide, x - 2 * wide
    assert (x.min(), x.max(), y.min(), y.max()) == (-wide, wide, -wide, wide)
    assert (grown == grown.T).all()
    assert (grown == grown[::-1]).all()
    down, across = np.mgrid[-2 * wide : 2 * wide + 1, -2 * wide : 2 * wide + 1]
    far = np.hypot(down, across)
    assert grown[far <= 0.93 * wide].all()  # no holes
    assert not grown[far > 1.09 * wide + 1].any()


@pytest.mark.parametrize("size", [(40, 30), (3, 50), (50, 1), (1, 1)])
@pytest.mark.parametrize("wide", [1, 2, 3, 7])
def test_growing_is_the_brightest_within_reach(size: tuple[int, int], wide: int) -> None:
    """Each pixel takes the brightest around it; nothing comes in from the other side."""
    if wide > max(size):
        wide = max(size)
    before = dots(*size)
    around = [(y - 2 * wide, x - 2 * wide) for y, x in zip(*np.nonzero(reach(wide)), strict=True)]
    wanted = np.zeros_like(before)
    for (y, x), value in np.ndenumerate(before):
        for down, across in around:
            if 0 <= y + down < size[1] and 0 <= x + across < size[0]:
                place = y + down, x + across
                wanted[place] = max(wanted[place], value)
    assert (pixels(Grow(wide)(Image.fromarray(before))) == wanted).all()


def test_shrinking_grows_the_black() -> None:
    """Below 0 the black grows, as far as the white would."""
    mask = Image.fromarray(dots(30, 20))
    wanted = Invert()(Grow(4)(Invert()(mask)))
    assert (pixels(Grow(-4)(mask)) == pixels(wanted)).all()


def test_shrinking_leaves_the_pictures_border() -> None:
    """White that goes on to the border stays there: the border is no edge of it."""
    mask = Image.new("L", (20, 10))
    mask.paste(255, (0, 0, 12, 10))
    assert pixels(Grow(-3)(mask)).tolist() == [[255] * 9 + [0] * 11] * 10


@pytest.mark.parametrize("wide", [0, 100_000, -100_000])
def test_growing_by_nothing_or_by_more_than_all(wide: int) -> None:
    """0 changes nothing; more than the picture measures fills it."""
    made = pixels(Grow(wide)(Image.fromarray(dots(9, 5))))
    assert (made == (dots(9, 5) if wide == 0 else 255 if wide > 0 else 0)).all()


@pytest.mark.parametrize("wide", [1.5, "3", None, True])
def test_growing_takes_whole_pixels(wide: Any) -> None:
    """Anything else is refused with what is expected."""
    with pytest.raises(InvalidRequest, match=r"grow = .*whole pixels"):
        Grow(wide)


@pytest.mark.parametrize("soft", [0.5, 2, 6])
def test_feather_softens_the_edge_where_it_is(soft: float) -> None:
    """From black to white along the edge, half way at its place, and untouched far from it."""
    mask = Image.new("L", (100, 3))
    mask.paste(255, (50, 0, 100, 3))
    row = pixels(Feather(soft)(mask))[1].astype(int)
    assert (np.diff(row) >= 0).all()
    assert row[49] < 128 <= row[50]
    assert abs(row[49] + row[50] - 255) <= 1
    assert not row[: int(49 - 4 * soft)].any()
    assert (row[int(51 + 4 * soft) :] == 255).all()
    spread = np.diff(row / 255) @ (np.arange(99) - 49) ** 2  # variance, in pixels squared
    assert spread == pytest.approx(soft**2, rel=0.2)
    assert (pixels(Threshold()(Feather(soft)(mask)))[..., 0] == pixels(mask)).all()


def test_feather_of_nothing_changes_nothing() -> None:
    """0 pixels is the mask as it was."""
    assert (pixels(Feather(0)(ramp("L"))) == RAMP).all()


@pytest.mark.parametrize("soft", [-1, float("nan"), float("inf"), 1001])
def test_feather_refuses_what_is_no_width(soft: float) -> None:
    """Below 0, without end, or wider than any edge."""
    with pytest.raises(InvalidRequest, match=r"feather = .*0 to 1000"):
        Feather(soft)


@pytest.fixture
def scene() -> Image.Image:
    """A plain picture of 600 x 400 pixels, so that lines of the preview are a pixel wide."""
    return Image.new("RGB", (600, 400), (40, 80, 120))


def test_a_preview_tints_what_is_repainted(scene: Image.Image) -> None:
    """White is tinted by the strength, grey by less, black not; outlines are white and black."""
    over = Image.new("L", scene.size)
    over.paste(255, (100, 100, 200, 200))
    over.paste(64, (300, 100, 400, 200))
    shown = pixels(Preview("#ff0000", 0.5)(scene, over)).astype(int)
    assert abs(shown[150, 150] - (147, 40, 60)).max() <= 1
    assert abs(shown[150, 350] - (67, 70, 105)).max() <= 1
    assert shown[350, 550].tolist() == [40, 80, 120]
    assert shown[150, 200].tolist() == [255, 255, 255]
    assert shown[150, 201].tolist() == [0, 0, 0]
    assert shown[150, 202].tolist() == [40, 80, 120]
    assert (shown[150, 250:500] != 0).all()  # what is nowhere half white has no outline


def test_a_preview_of_a_cut_out_shows_no_transparency(scene: Image.Image) -> None:
    """A transparent picture lies on plain grey."""
    scene.putalpha(0)
    shown = Preview()(scene, Image.new("L", scene.size))
    assert shown.mode == "RGB"
    assert shown.getcolors() == [(600 * 400, (216, 216, 216))]


def test_a_preview_needs_a_mask_of_the_pictures_size(scene: Image.Image) -> None:
    """Another size is refused with both."""
    with pytest.raises(InvalidRequest, match=r"mask = '400 x 600'.*600 x 400"):
        Preview()(scene, Image.new("L", (400, 600)))


@pytest.mark.parametrize(
    ("color", "strength", "words"),
    [("reddish", 0.5, "color = 'reddish': no such"), ("red", 1.5, "0 to 1"), ("red", -1, "0 to 1")],
)
def test_a_preview_knows_its_tint_beforehand(color: str, strength: float, words: str) -> None:
    """A tint that does not exist is refused when the preview is made."""
    with pytest.raises(InvalidRequest, match=words):
        Preview(color, strength)


def test_the_share_of_white_counts_greys_by_lightness() -> None:
    """A quarter white and a quarter half grey make 37.5 %."""
    mask = Image.new("L", (20, 20))
    mask.paste(255, (0, 0, 10, 10))
    mask.paste(128, (10, 0, 20, 10))
    assert share(mask) == pytest.approx(0.375, abs=0.001)
    assert share(Image.new("RGB", (4, 4), "white")) == 1


@pytest.mark.parametrize(
    ("levels", "words"),
    [((0, 0), "all black"), ((255, 255), "all white"), ((0, 127), "nowhere more than half")],
)
def test_a_mask_that_says_nothing_is_noticed(levels: tuple[int, int], words: str) -> None:
    """All black, all white, and what pure black and white would make all black."""
    mask = Image.new("L", (9, 9), levels[0])
    mask.paste(levels[1], (3, 3, 6, 6))
    (said,) = warnings(mask)
    assert words in said


@pytest.mark.parametrize("level", [128, 255])
def test_a_mask_with_both_is_not_worth_a_word(level: int) -> None:
    """Black around and at least half white inside is an ordinary mask."""
    mask = Image.new("L", (9, 9))
    mask.paste(level, (3, 3, 6, 6))
    assert warnings(mask) == ()
