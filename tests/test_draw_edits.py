"""Edits by the stand-in: what is found, erased, recolored, painted in and put on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from darkroom.standin.draw.erase import erase
from darkroom.standin.draw.find_object import find_object
from darkroom.standin.draw.paint_around import paint_around
from darkroom.standin.draw.paint_in import paint_in
from darkroom.standin.draw.recolor import recolor
from darkroom.standin.draw.remove_background import subject_alpha
from darkroom.standin.draw.text_to_image import draw, text_to_image
from darkroom.standin.draw.try_on import body_region, try_on

pytestmark = pytest.mark.drill

Edit = Callable[[Image.Image, Image.Image], Image.Image]
Box = tuple[int, int, int, int]


@cache
def garment() -> Image.Image:
    """A green shirt with a red stripe on white paper."""
    image = Image.new("RGB", (240, 240), (246, 245, 243))
    pen = ImageDraw.Draw(image)
    pen.polygon([(80, 30), (160, 30), (225, 95), (200, 120), (172, 95)], fill=(40, 150, 70))
    pen.polygon([(80, 30), (15, 95), (40, 120), (68, 95), (160, 30)], fill=(40, 150, 70))
    pen.rectangle((68, 30, 172, 215), fill=(40, 150, 70))
    pen.rectangle((68, 120, 172, 140), fill=(190, 30, 40))
    return image.filter(ImageFilter.GaussianBlur(0.7))


EDITS: dict[str, Edit] = {
    "erase": lambda image, mask: erase(image, mask, seed=1),
    "recolor": lambda image, mask: recolor(image, mask, "a yellow mug", seed=1),
    "recolor in two": lambda image, mask: recolor(image, mask, "red and white", seed=1),
    "paint_in": lambda image, mask: paint_in(image, mask, "an orange ball", seed=1),
    "paint_in a place": lambda image, mask: paint_in(image, mask, "green grass", seed=1),
    "paint_in nothing": lambda image, mask: paint_in(image, mask, "", seed=1),
    "try_on": lambda image, mask: try_on(image, garment(), mask, seed=1),
}


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image, np.float64)


def masked(size: tuple[int, int], *boxes: Box, blur: float = 0) -> Image.Image:
    mask = Image.new("L", size)
    for box in boxes:
        ImageDraw.Draw(mask).rectangle(box, fill=255)
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask


def grown(mask: Image.Image, by: int) -> Image.Image:
    return mask.filter(ImageFilter.MaxFilter(2 * by + 1))


def overlap(found: Image.Image, truth: NDArray[np.floating]) -> float:
    """Intersection over union of two soft masks."""
    cover = pixels(found) / 255
    return float(np.minimum(cover, truth).sum() / np.maximum(cover, truth).sum())


@cache
def mug() -> tuple[Image.Image, NDArray[np.floating]]:
    return draw("a teal ceramic mug", seed=1, size=(400, 400))


@cache
def pair() -> tuple[Image.Image, dict[str, Image.Image]]:
    """A red mug at the left and a blue vase at the right, and where each is."""
    image = Image.new("RGB", (600, 400), (206, 203, 198))
    where = {}
    for prompt, x, side in (("a red mug", 10, 300), ("a blue vase", 330, 240)):
        thing, truth = draw(prompt, seed=2, size=(side, side))
        mask = Image.fromarray((truth * 255).astype(np.uint8))
        image.paste(thing, (x, 60), mask)
        whole = Image.new("L", image.size)
        whole.paste(mask, (x, 60))
        where[prompt] = whole
    return image, where


@cache
def person() -> Image.Image:
    """A figure in a blue shirt, dark trousers and brown shoes, standing before grey paper."""
    image = Image.new("RGB", (360, 640), (208, 210, 212))
    pen = ImageDraw.Draw(image)
    pen.ellipse((148, 30, 212, 112), fill=(205, 160, 130))
    pen.rectangle((166, 105, 194, 130), fill=(205, 160, 130))
    pen.polygon([(116, 128), (244, 128), (230, 320), (130, 320)], fill=(60, 90, 170))
    for side in (-1, 1):
        pen.line([(180 + side * 62, 140), (180 + side * 96, 250)], fill=(60, 90, 170), width=30)
        pen.line([(180 + side * 94, 250), (180 + side * 88, 320)], fill=(205, 160, 130), width=22)
        pen.polygon(
            [(180 + side * x, y) for x, y in ((4, 315), (50, 315), (46, 585), (20, 585))],
            fill=(45, 45, 55),
        )
        pen.ellipse((180 + side * 34 - 28, 578, 180 + side * 34 + 28, 610), fill=(120, 70, 40))
    return image.filter(ImageFilter.GaussianBlur(0.6))


def share(mask: Image.Image, box: Box) -> float:
    """How much of a box of the mask is white, 0..1."""
    return float(pixels(mask.crop(box)).mean()) / 255


# Every edit.


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize(
    ("size", "boxes", "blur"),
    [
        ((64, 64), [(20, 20, 44, 50)], 0),
        ((64, 64), [(0, 0, 2, 2)], 0),
        ((333, 217), [(0, 60, 120, 216)], 0),
        ((333, 217), [(200, 0, 332, 100)], 3),
        ((217, 333), [(20, 30, 90, 120), (130, 40, 200, 90), (60, 200, 150, 320)], 0),
        ((217, 333), [(0, 150, 216, 332)], 0),
        ((200, 64), [(0, 0, 199, 60)], 0),
        ((5, 90), [(1, 10, 3, 60)], 0),
    ],
)
def test_what_is_masked_black_stays(name, size, boxes, blur):
    """An edit keeps size, mode and every pixel under 0, and changes pixels under white."""
    image = text_to_image("a red mug on a grey background", seed=1, size=(340, 340)).resize(size)
    mask = masked(size, *boxes, blur=blur)
    edited = EDITS[name](image, mask)
    black, white = np.asarray(mask) == 0, np.asarray(mask) == 255
    assert (edited.mode, edited.size) == ("RGB", size)
    assert np.array_equal(np.asarray(edited)[black], np.asarray(image)[black])
    assert (np.asarray(edited)[white] != np.asarray(image)[white]).any()


@pytest.mark.parametrize("name", EDITS)
def test_a_black_mask_changes_nothing(name):
    """With nothing marked the picture comes back as it was."""
    image, _ = mug()
    assert EDITS[name](image, Image.new("L", image.size)).tobytes() == image.tobytes()


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (64, 64), (130, 90)])
@pytest.mark.parametrize("level", [1, 128, 255])
def test_flat_masks_are_taken(name, size, level):
    """A mask of one level is an answerable question at any size, and 255 changes the picture."""
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    edited = EDITS[name](image, Image.new("L", size, level))
    assert (edited.mode, edited.size) == ("RGB", size)
    if level == 255:
        assert edited.tobytes() != image.tobytes()


@pytest.mark.parametrize("name", EDITS)
def test_edits_are_deterministic(name):
    """The same arguments give the same picture twice."""
    image, _ = mug()
    mask = masked(image.size, (60, 100, 300, 350), blur=4)
    assert EDITS[name](image, mask).tobytes() == EDITS[name](image.copy(), mask.copy()).tobytes()


@pytest.mark.parametrize("name", EDITS)
def test_transparent_pictures_are_flattened(name):
    """A picture with transparency is edited as if it lay on mid grey."""
    clear = Image.new("RGBA", (90, 70), (200, 30, 30, 0))
    edited = EDITS[name](clear, masked(clear.size, (30, 20, 60, 50)))
    assert edited.mode == "RGB"
    assert edited.getpixel((2, 2)) == (128, 128, 128)


@pytest.mark.parametrize("name", ["erase", "recolor", "paint_in", "try_on"])
def test_grey_is_blended(name):
    """Under a soft mask the change fades out, so that no step shows at its edge."""
    image = Image.new("RGB", (300, 300), (120, 130, 150))
    ImageDraw.Draw(image).rectangle((60, 60, 240, 240), fill=(150, 90, 70))
    mask = masked(image.size, (90, 90, 210, 210), blur=14)
    change = np.abs(pixels(EDITS[name](image, mask)) - pixels(image)).max(-1)
    faint = (np.asarray(mask) > 0) & (np.asarray(mask) < 8)
    assert change[faint].max() <= 18


# erase


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("prompt", ["a red sneaker", "a teal ceramic mug", "a brass lamp"])
def test_an_erased_thing_is_gone(prompt, seed):
    """In its place is paper: colors that the picture has elsewhere, and no edges."""
    image, truth = draw(prompt, seed=seed, size=(400, 400))
    mask = grown(Image.fromarray((truth * 255).astype(np.uint8)), 12)
    gone = erase(image, mask, seed=3)
    inside = np.asarray(mask) == 255
    paper = pixels(image)[np.asarray(mask) == 0]
    low, high = np.percentile(paper, [1, 99], axis=0)
    assert (pixels(gone)[inside] > low - 12).all(axis=-1).mean() > 0.98
    assert (pixels(gone)[inside] < high + 12).all(axis=-1).mean() > 0.98
    soft = pixels(gone.convert("L").filter(ImageFilter.GaussianBlur(2)))
    assert (
        np.abs(np.diff(soft, axis=1)).max()
        < 0.25
        * np.abs(
            np.diff(pixels(image.convert("L").filter(ImageFilter.GaussianBlur(2))), axis=1)
        ).max()
    )


def test_erasing_leaves_no_seam():
    """Across the border of what was erased pixels differ about as much as beside it."""
    image = text_to_image("an apple on a grey background", seed=1, size=(400, 400))
    gone = pixels(erase(image, masked(image.size, (20, 20, 120, 120)), seed=1))
    across = np.abs(gone[20:121, 120] - gone[20:121, 121]).mean()
    beside = np.abs(gone[20:121, 130] - gone[20:121, 131]).mean()
    assert across < beside + 1.0


def test_a_horizon_goes_on_through_what_is_erased():
    """What is level on both sides of the hole stays sharp and in its place."""
    image = Image.new("RGB", (400, 300), (120, 170, 220))
    ImageDraw.Draw(image).rectangle((0, 160, 399, 299), fill=(200, 170, 110))
    before = pixels(image)
    ImageDraw.Draw(image).ellipse((140, 80, 260, 240), fill=(180, 20, 20))
    gone = pixels(erase(image, masked(image.size, (130, 70, 270, 250)), seed=1))
    assert np.abs(gone - before).mean() < 3
    middle = gone[:, 190:210].mean(axis=1)
    assert np.abs(middle[148] - before[148, 0]).max() < 12
    assert np.abs(middle[172] - before[172, 0]).max() < 12


def test_erasing_matches_the_grain():
    """What is filled is about as noisy as what surrounds it."""
    rng = np.random.default_rng(5)
    noisy = np.clip(rng.normal(128, 9, (300, 300, 1)), 0, 255).repeat(3, 2).astype(np.uint8)
    gone = pixels(erase(Image.fromarray(noisy), masked((300, 300), (100, 100, 200, 200)), seed=1))
    assert 4.5 < gone[105:195, 105:195].std() < 13.5


# find_object


@pytest.mark.parametrize("words", ["mug", "the teal mug", "a cup", "the thing in front", ""])
def test_the_subject_is_found(words):
    """A thing before a plain backdrop is found to its outline."""
    image, truth = mug()
    assert overlap(find_object(image, words), truth) > 0.95


@pytest.mark.parametrize("words", ["background", "the backdrop of the mug", "surroundings"])
def test_the_background_is_all_but_the_subject(words):
    """Background words mark the rest of the picture."""
    image, truth = mug()
    assert overlap(find_object(image, words), 1 - truth) > 0.97


@pytest.mark.parametrize(
    ("words", "thing"),
    [
        ("red mug", "a red mug"),
        ("the blue vase", "a blue vase"),
        ("blue", "a blue vase"),
        ("the thing on the right", "a blue vase"),
        ("left object", "a red mug"),
        ("object", "a red mug"),
    ],
)
def test_of_several_things_words_choose(words, thing):
    """Color and place tell one thing from another; else the largest is meant."""
    image, where = pair()
    assert overlap(find_object(image, words), pixels(where[thing]) / 255) > 0.9


def test_a_plural_means_all():
    """Plurals and "all" mark every thing in the picture."""
    image, where = pair()
    both = pixels(ImageChops.lighter(*where.values())) / 255
    assert overlap(find_object(image, "all objects"), both) > 0.9


def test_a_color_finds_part_of_a_thing():
    """A color that only part of a thing has marks that part."""
    image = Image.new("RGB", (300, 300), (225, 224, 222))
    pen = ImageDraw.Draw(image)
    pen.rectangle((80, 60, 220, 250), fill=(40, 70, 140))
    pen.rectangle((120, 140, 180, 180), fill=(200, 40, 30))
    found = find_object(image, "the red label")
    assert share(found, (125, 145, 175, 175)) > 0.98
    assert share(found, (80, 60, 220, 130)) < 0.02


def test_a_place_word_narrows_a_single_thing():
    """The left half of a thing is marked, and nothing right of its middle."""
    image, truth = mug()
    found = pixels(find_object(image, "left half of the mug")) / 255
    columns = np.flatnonzero((truth > 0.5).any(axis=0))
    middle = (columns[0] + columns[-1]) // 2
    assert found[:, middle + 4 :].max() == 0
    assert found[:, : middle - 3].sum() > 0.9 * truth[:, : middle - 3].sum()


def test_wall_and_table_are_told_apart():
    """In a scene the table lies below the horizon and the wall above it, the subject in neither."""
    image, truth = draw("a teal ceramic mug", seed=1, size=(400, 400))
    around = Image.fromarray(((1 - truth) * 255).astype(np.uint8))
    place = paint_around(image, around, "on an oak table in autumn light", seed=3)
    wall, table = find_object(place, "the wall"), find_object(place, "oak table")
    thing = find_object(place, "the mug")
    assert overlap(thing, truth) > 0.85
    assert share(wall, (0, 0, 400, 20)) > 0.95
    assert share(table, (0, 390, 400, 400)) > 0.9
    assert np.minimum(pixels(wall), pixels(table)).mean() < 2
    assert (pixels(table) / 255 * truth).sum() < 0.1 * truth.sum()


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (64, 64), (7, 300)])
@pytest.mark.parametrize("words", ["mug", "red", "background", "the table", "left", "two mugs"])
def test_any_picture_is_searched(size, words):
    """Plain and noisy pictures of any size are answered by a mask of that size."""
    rng = np.random.default_rng(2)
    noise = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    for image in (noise, Image.new("RGB", size, (180, 40, 30))):
        found = find_object(image, words)
        assert (found.mode, found.size) == ("L", size)


def test_all_of_a_plain_picture_is_found():
    """Where nothing stands out, everything is meant."""
    assert find_object(Image.new("RGB", (90, 70), (9, 90, 200)), "mug").getextrema() == (255, 255)


# recolor


@pytest.mark.parametrize(
    ("prompt", "channels"),
    [
        ("a red mug", (0, 1, 2)),
        ("make it green", (1, 0, 2)),
        ("navy blue", (2, 0, 1)),
        ("bright yellow mug on a blue table", (0, 2, 2)),
    ],
)
def test_recoloring_takes_the_color_named(prompt, channels):
    """The strongest channel is the one that the color word means."""
    image, truth = mug()
    painted = recolor(image, Image.fromarray((truth * 255).astype(np.uint8)), prompt, seed=1)
    mean = pixels(painted)[truth > 0.9].mean(axis=0)
    most, *others = channels
    assert all(mean[most] > mean[other] + 12 for other in others)


def test_recoloring_keeps_the_shading():
    """What was lighter stays lighter: brightness before and after go together."""
    image, truth = mug()
    painted = recolor(image, Image.fromarray((truth * 255).astype(np.uint8)), "orange", seed=1)
    inside = truth > 0.95
    before, after = (pixels(each.convert("L"))[inside] for each in (image, painted))
    assert np.corrcoef(np.argsort(np.argsort(before)), np.argsort(np.argsort(after)))[0, 1] > 0.9


@pytest.mark.parametrize(("word", "low", "high"), [("white", 170, 256), ("black", 0, 70)])
def test_recoloring_reaches_black_and_white(word, low, high):
    """Black and white are colors too."""
    image, truth = mug()
    mask = Image.fromarray((truth * 255).astype(np.uint8))
    painted = recolor(image, mask, f"a {word} mug", seed=1)
    assert low < np.median(pixels(painted)[truth > 0.9]) < high


def test_without_a_color_word_the_seed_chooses():
    """Prompt and seed choose a hue, and another seed another one."""
    image, truth = mug()
    mask = Image.fromarray((truth * 255).astype(np.uint8))
    means = [
        pixels(recolor(image, mask, "something festive", seed=seed))[truth > 0.9].mean(axis=0)
        for seed in (1, 2, 3)
    ]
    assert max(float(np.abs(a - b).max()) for a in means for b in means) > 30


def test_two_colors_go_to_two_parts():
    """A second color word colors the second color of the thing."""
    image = Image.new("RGB", (200, 200), (40, 80, 160))
    ImageDraw.Draw(image).rectangle((120, 0, 199, 199), fill=(235, 225, 200))
    painted = pixels(recolor(image, Image.new("L", image.size, 255), "red and green", seed=1))
    main, second = painted[40:160, 20:90].mean((0, 1)), painted[40:160, 140:190].mean((0, 1))
    assert main[0] > main[1] + 60
    assert second[1] > second[0] + 20


# paint_in


def test_what_is_painted_in_is_the_thing_named():
    """An orange ball appears in the mask's box, most of it, with the ground around it kept."""
    image = Image.new("RGB", (400, 400), (150, 165, 190))
    mask = masked(image.size, (120, 140, 300, 330))
    painted = paint_in(image, mask, "an orange ball", seed=1)
    part = pixels(painted)[140:331, 120:301]
    orange = (part[..., 0] > part[..., 2] + 50) & (part[..., 0] > part[..., 1] + 15)
    assert 0.3 < orange.mean() < 0.9
    assert np.abs(pixels(painted)[141:150, 121:135] - (150, 165, 190)).max() < 14


def test_what_is_painted_in_replaces_what_was_there():
    """A thing that is found and painted over is gone, another stands in its place."""
    image, where = pair()
    mask = grown(where["a red mug"], 9)
    painted = paint_in(image, mask, "a green apple", seed=4)
    inside = pixels(painted)[np.asarray(mask) == 255]
    red = (inside[:, 0] > inside[:, 1] + 50).mean()
    green = (inside[:, 1] > inside[:, 0] + 12).mean()
    assert red < 0.06
    assert green > 0.12
    assert overlap(find_object(painted, "the blue vase"), pixels(where["a blue vase"]) / 255) > 0.9


def test_a_thing_painted_in_casts_a_shadow():
    """Below the thing the ground is darker than without a shadow."""
    image = Image.new("RGB", (400, 400), (190, 190, 190))
    mask = masked(image.size, (60, 60, 340, 380))
    lit, dark = (
        pixels(paint_in(image, mask, "a blue ball", seed=1, negative_prompt=words)).mean()
        for words in ("shadow", "")
    )
    assert dark < lit - 0.5


def test_a_background_is_painted_as_a_place():
    """A mask of the picture's border keeps the subject and puts a place around it."""
    image, truth = mug()
    around = Image.fromarray(((1 - truth) * 255).astype(np.uint8))
    painted = paint_in(image, around, "on grass in a meadow", seed=1)
    foot = pixels(painted)[380:, :].mean((0, 1))
    assert foot[1] > foot[0]
    kept = np.asarray(around) == 0
    assert np.array_equal(np.asarray(painted)[kept], np.asarray(image)[kept])


def test_seeds_paint_differently():
    """Another seed gives another painting."""
    image, _ = mug()
    mask = masked(image.size, (100, 100, 320, 320))
    first, second = (paint_in(image, mask, "a vase", seed=seed) for seed in (1, 2))
    assert first.tobytes() != second.tobytes()


# try_on

CHEST, ARM, THIGH, SHIN, FOOT, HEAD = (
    (150, 180, 210, 280),
    (270, 265, 280, 300),
    (195, 380, 215, 420),
    (205, 540, 220, 565),
    (205, 585, 225, 600),
    (160, 40, 200, 90),
)


@pytest.mark.parametrize("shape", ["CONTOUR", "BOUNDING_BOX", "DEFAULT"])
@pytest.mark.parametrize(
    ("garment_class", "inside", "outside"),
    [
        ("UPPER_BODY", [CHEST, ARM], [HEAD, THIGH, FOOT]),
        ("LONG_SLEEVE_SHIRT", [CHEST, ARM], [HEAD, THIGH, FOOT]),
        ("SHORT_SLEEVE_SHIRT", [CHEST], [HEAD, THIGH]),
        ("NO_SLEEVE_SHIRT", [CHEST], [HEAD, THIGH, ARM]),
        ("OTHER_UPPER_BODY", [CHEST], [HEAD, THIGH]),
        ("LOWER_BODY", [THIGH, SHIN], [HEAD, CHEST]),
        ("LONG_PANTS", [THIGH, SHIN], [HEAD, CHEST]),
        ("SHORT_PANTS", [THIGH], [HEAD, CHEST, SHIN]),
        ("OTHER_LOWER_BODY", [THIGH], [HEAD, CHEST]),
        ("FULL_BODY", [CHEST, THIGH, SHIN], [HEAD]),
        ("LONG_DRESS", [CHEST, THIGH, SHIN], [HEAD, FOOT]),
        ("SHORT_DRESS", [CHEST, THIGH], [HEAD, SHIN]),
        ("FULL_BODY_OUTFIT", [CHEST, ARM, THIGH], [HEAD]),
        ("OTHER_FULL_BODY", [CHEST, THIGH], [HEAD]),
        ("FOOTWEAR", [FOOT], [HEAD, CHEST, THIGH]),
        ("SHOES", [FOOT], [HEAD, CHEST, THIGH]),
        ("BOOTS", [FOOT, SHIN], [HEAD, CHEST, THIGH]),
        ("OTHER_FOOTWEAR", [FOOT], [HEAD, CHEST, THIGH]),
    ],
)
def test_a_garment_has_its_region(garment_class, shape, inside, outside):
    """Every garment class covers the parts of the body that such a garment does."""
    mask = body_region(person(), garment_class, shape)
    assert (mask.mode, mask.size) == ("L", person().size)
    assert all(share(mask, box) > 0.95 for box in inside)
    assert all(share(mask, box) < 0.05 for box in outside)


def test_a_contour_lies_within_its_bounding_box():
    """The bounding box is a full rectangle that holds the contour."""
    contour = body_region(person(), "UPPER_BODY", "CONTOUR")
    box = body_region(person(), "UPPER_BODY", "BOUNDING_BOX")
    left, top, right, bottom = box.getbbox() or (0, 0, 0, 0)
    assert share(box, (left, top, right, bottom)) == 1
    assert pixels(ImageChops.subtract(contour, box)).mean() < 0.5
    assert pixels(contour).mean() < 0.9 * pixels(box).mean()


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (300, 20)])
def test_any_picture_has_a_region(size):
    """A picture without a figure is answered by a mask that is not empty."""
    mask = body_region(Image.new("RGB", size, (90, 90, 90)), "SHOES", "CONTOUR")
    assert mask.size == size
    assert mask.getbbox() is not None


def test_a_cut_off_figure_has_a_region():
    """Of a figure that the picture's border cuts the chest is still the chest."""
    half = person().crop((40, 10, 320, 330))
    mask = body_region(half, "UPPER_BODY", "CONTOUR")
    assert share(mask, (110, 170, 170, 270)) > 0.95
    assert share(mask, (120, 30, 160, 80)) < 0.05


@pytest.mark.parametrize(("garment_class", "shape"), [("HAT", "CONTOUR"), ("SHOES", "ROUND")])
def test_unknown_words_are_refused(garment_class, shape):
    """A class or a shape that does not exist is an error that names those that do."""
    with pytest.raises(ValueError, match=r"CONTOUR|UPPER_BODY"):
        body_region(person(), garment_class, shape)


@pytest.mark.parametrize("shape", ["CONTOUR", "BOUNDING_BOX"])
@pytest.mark.parametrize("cut_out", [False, True])
def test_a_garment_is_worn(shape, cut_out):
    """The shirt takes the color and the stripe of the garment; its paper does not come along."""
    wear = garment().convert("RGBA") if cut_out else garment()
    if cut_out:
        wear.putalpha(subject_alpha(garment()))
    mask = body_region(person(), "UPPER_BODY", shape)
    worn = try_on(person(), wear, mask, seed=1)
    chest = pixels(worn)[180:215, 150:210].mean((0, 1))
    assert chest[1] > chest[0] + 40
    assert chest[1] > chest[2] + 30
    middle = pixels(worn)[130:315, 175:185].mean(1)
    assert ((middle[:, 0] > middle[:, 1] + 60).sum()) > 8
    changed = np.abs(pixels(worn) - pixels(person())).max(-1) > 6
    white = pixels(worn).min(-1) > 232
    assert not (changed & white).any()


def test_blending_takes_on_more_light():
    """The more blended, the more a garment darkens where the body lay in shadow."""
    shaded = pixels(person())
    shaded[:, :180] *= 0.45
    figure = Image.fromarray(shaded.astype(np.uint8))
    mask = body_region(person(), "UPPER_BODY", "CONTOUR")
    steps = []
    for blend in (0.0, 0.5, 1.0):
        worn = pixels(try_on(figure, garment(), mask, seed=1, blend=blend))[180:215]
        steps.append(worn[:, 190:215].mean() - worn[:, 145:170].mean())
    assert steps == sorted(steps)
    assert steps[2] > steps[0] + 5


def test_each_foot_gets_its_shoe():
    """Two separate regions get a garment each, mirrored."""
    shoe = text_to_image("a red sneaker", seed=2, size=(240, 240))
    mask = masked(person().size, (110, 575, 170, 612), (190, 575, 250, 612))
    worn = pixels(try_on(person(), shoe, mask, seed=1))
    for left in (125, 200):
        part = worn[578:610, left : left + 40]
        assert ((part[..., 0] > part[..., 1] + 60).mean()) > 0.15
