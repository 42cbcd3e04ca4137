"""Shapes: what is white in the mask of each, to the pixel, and the fields that name them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from darkroom import shape
from darkroom.errors import InvalidRequest
from darkroom.mask import Background, Edit, Feather, Grow, Invert, Subject, share
from darkroom.mask_of import MaskOf
from darkroom.picture import Picture
from darkroom.shape import Box, ColorKey, Combined, Ellipse, Polygon

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

SHAPES: list[Edit] = [
    Box(1, 2, "50%", 4),
    Ellipse(1, 2, 3, 4.5),
    Polygon(((0, 0), ("50%", 0), (3, "100%"))),
    ColorKey("#00ff00", 3.5, 1),
    Combined((Box(0, 0, 9, 9),), minus=(Ellipse(0, 0, 2, 2),)),
]


def white(edit: Edit, size: tuple[int, int] = (40, 30)) -> Pixels:
    """The mask that `edit` makes of a picture of that size."""
    mask = edit(Image.new("RGB", size, "teal"))
    assert mask.mode == "L"
    assert mask.size == size
    return np.asarray(mask)


def boxed(left: int, top: int, right: int, bottom: int, size: tuple[int, int] = (40, 30)) -> Pixels:
    wanted = np.zeros(size[::-1], dtype=np.uint8)
    wanted[max(0, top) : bottom, max(0, left) : right] = 255
    return wanted


def test_every_shape_is_tried_here() -> None:
    """No edit of the file is left out below."""
    kinds = {
        kind
        for name, kind in vars(shape).items()
        if dataclasses.is_dataclass(kind)
        and kind.__module__ == shape.__name__
        and not name.startswith("_")
    }
    assert {type(edit) for edit in SHAPES} == kinds


@pytest.mark.parametrize("edit", SHAPES, ids=lambda edit: type(edit).__name__)
def test_repr_says_all_that_a_shape_is(edit: Any) -> None:
    """The repr, which stands in cache keys, names every parameter and makes the shape again."""
    said = repr(edit)
    for each in dataclasses.fields(edit):
        assert f"{each.name}={getattr(edit, each.name)!r}" in said
    assert eval(said, vars(shape)) == edit


@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA"])
@pytest.mark.parametrize("edit", SHAPES, ids=lambda edit: type(edit).__name__)
def test_a_shape_is_drawn_for_any_kind_of_picture(edit: Edit, mode: str) -> None:
    """The mask measures what the picture does, whose pixels stay as they are."""
    image = Image.new("RGB", (24, 17), "#00ff00").convert(mode)
    before = np.asarray(image).copy()
    mask = edit(image)
    assert (mask.mode, mask.size) == ("L", (24, 17))
    assert mask.getextrema()[1] == 255
    assert (np.asarray(image) == before).all()


@pytest.mark.parametrize(
    ("corners", "wanted"),
    [
        ((10, 5, 20, 8), (10, 5, 30, 13)),
        ((0, 0, 40, 30), (0, 0, 40, 30)),
        ((-5, -5, 10, 10), (0, 0, 5, 5)),
        ((35, 25, 100, 100), (35, 25, 40, 30)),
        ((39, 29, 1, 1), (39, 29, 40, 30)),
        (("25%", "50%", "50%", "10%"), (10, 15, 30, 18)),
        (("25 %", " 15", "2e1", "3.0"), (10, 15, 30, 18)),
        ((-1000, -1000, 100_000, 100_000), (0, 0, 40, 30)),
    ],
)
def test_a_box_covers_its_pixels_and_no_other(corners: Any, wanted: tuple[int, ...]) -> None:
    """Whole pixels are white to the last one, and what is outside of the picture does not count."""
    assert (white(Box(*corners)) == boxed(*wanted)).all()


def test_a_box_between_pixels_is_grey_there() -> None:
    """A quarter of a pixel is a quarter white, in a corner a quarter of that."""
    made = white(Box(2.25, 3.5, 5, 4)).astype(int)
    assert made[5, 1:9].tolist() == [0, 191, 255, 255, 255, 255, 64, 0]
    assert made[2:9, 4].tolist() == [0, 128, 255, 255, 255, 128, 0]
    assert made[7, 7] == 32
    assert made.sum() == pytest.approx(20 * 255, rel=0.001)


def test_a_polygon_of_a_box_is_the_box() -> None:
    """Shapes count pixels in one way: the same corners cover the same pixels."""
    assert (white(Polygon(((3, 4), (20, 4), (20, 11), (3, 11)))) == boxed(3, 4, 20, 11)).all()


def area(edit: Edit, size: tuple[int, int]) -> float:
    return float(white(edit, size).sum(dtype=np.int64)) / 255


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (Ellipse(10, 20, 300, 500), np.pi * 150 * 250),
        (Ellipse("25%", "25%", "50%", "50%"), np.pi * 100 * 175),
        (Ellipse(-200, 0, 400, 600), np.pi * 200 * 300 / 2),
        (Polygon(((10, 10), (310, 40), (120, 600))), (300 * 590 - 110 * 30) / 2),
        (Polygon(((0, 0), (400, 0), (400, 700))), 400 * 700 / 2),
        (Polygon((("50%", 0), ("100%", "50%"), ("50%", "100%"), (0, "50%"))), 400 * 700 / 2),
    ],
)
def test_a_shape_has_its_area(edit: Edit, wanted: float) -> None:
    """Over several of the strips in which it is drawn, a shape measures what geometry says."""
    assert area(edit, (400, 700)) == pytest.approx(wanted, rel=0.004)


def test_an_ellipse_touches_its_box_and_is_symmetrical() -> None:
    """It is the same from all sides, and reaches each side of its box."""
    made = white(Ellipse(5, 5, 30, 20))
    assert (made[5:25, 5:35] == made[5:25, 5:35][::-1, ::-1]).all()
    assert (made[5:25, 5:35] == made[5:25, 5:35][:, ::-1]).all()
    ys, xs = np.nonzero(made)
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (5, 34, 5, 24)
    assert made[5, 5] == made[24, 34] == 0


@pytest.mark.parametrize("edit", [Ellipse(0, 0, 40, 40), Polygon(((0, 0), (40, 9), (7, 40)))])
def test_slanted_edges_are_smooth(edit: Edit) -> None:
    """Along the edge there are greys, so that it shows no steps."""
    levels = np.unique(white(edit, (40, 40)))
    assert len(levels) > 8
    assert {0, 255} <= set(levels)


def test_strips_leave_no_seam() -> None:
    """A tall ellipse is as smooth where two strips meet as anywhere: its rows hardly change."""
    made = white(Ellipse(0, 0, 300, 1200), (300, 1200)).astype(int).sum(axis=1) / 255
    for row in (256, 512, 768, 1024):
        radius = 150 * np.sqrt(1 - ((np.arange(row - 2, row + 2) + 0.5 - 600) / 600) ** 2)
        assert made[row - 2 : row + 2] == pytest.approx(2 * radius, abs=0.75)


def test_what_a_polygon_encloses_twice_is_black() -> None:
    """A star drawn in one stroke has a hole."""
    angles = np.pi * (0.5 + 0.8 * np.arange(5))
    star = tuple((100 + 95 * np.cos(angle), 100 - 95 * np.sin(angle)) for angle in angles)
    made = white(Polygon(star), (200, 200))
    assert made[100, 100] == 0
    assert made[30, 100] == 255


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Box(40, 0, 5, 5), "box = '40,0,5,5': it lies wholly outside .* 40 x 30"),
        (Box(-5, 0, 5, 5), "box = '-5,0,5,5'"),
        (Box(0, "100%", 5, 5), "box = '0,100%,5,5'"),
        (Ellipse(0, -9, 5, 9), "ellipse = '0,-9,5,9'"),
        (Polygon(((50, 0), (60, 0), (60, 9))), "polygon = '50,0 60,0 60,9'"),
    ],
)
def test_what_lies_outside_of_the_picture_is_refused(edit: Edit, words: str) -> None:
    """The error has the shape, and what the picture measures."""
    with pytest.raises(InvalidRequest, match=words):
        white(edit)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Box("wide", 0, 5, 5), "box = 'wide': 'wide' is no number.*left,top,width"),
        (lambda: Box(0, 0, 0, 5), "box = '0,0,0,5': width and height must be more than 0"),
        (lambda: Ellipse(0, 0, 5, "-5%"), "ellipse = '0,0,5,-5%': width and height"),
        (lambda: Box(0, 0, float("nan"), 5), "box = nan: 'nan' is no number"),
        (lambda: Box(float("inf"), 0, 5, 5), "box = inf"),
        (lambda: Box(0, 0, 200_000, 5), "no number between -100000 and 100000"),
        (lambda: Box("%", 0, 5, 5), "box = '%'"),
        (lambda: Box(True, 0, 5, 5), "box = True"),
        (lambda: Polygon(((0, 0), (5, 5))), "polygon = '0,0 5,5': it needs three"),
        (lambda: Polygon(((0, 0), (5, 5), (0, 0))), "three different points"),
        (lambda: Polygon(()), "three different points"),
        (lambda: ColorKey("greenish"), "color = 'greenish': no such color"),
        (lambda: ColorKey("#00ff0080"), "color = '#00ff0080': a color to look for has no alpha"),
        (lambda: ColorKey("red", -1), "tolerance = -1: .*0 or more"),
        (lambda: ColorKey("red", float("nan")), "tolerance = nan"),
        (lambda: ColorKey("red", 1, float("inf")), "softness = inf"),
    ],
)
def test_what_is_no_shape_is_refused(make: Callable[[], Edit], words: str) -> None:
    """Bad numbers and colors are known before any picture is opened."""
    with pytest.raises(InvalidRequest, match=words):
        make()


def cielab(colors: Pixels) -> np.ndarray[Any, np.dtype[np.float64]]:
    """CIELAB by the book (IEC 61966-2-1 and CIE 15), for the white of sRGB."""
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = (linear @ np.array(to_xyz).T / [0.9505, 1, 1.089]).T
    fx, fy, fz = (
        np.where(each > 216 / 24389, np.cbrt(each), (24389 / 27 * each + 16) / 116)
        for each in (x, y, z)
    )
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


@pytest.mark.parametrize("key", ["#00ff00", "#808080", "teal", "#ff8040", "white"])
def test_a_color_key_measures_as_an_eye_does(key: str) -> None:
    """Among all colors, the near ones by CIELAB are white, the far ones black."""
    some = np.random.default_rng(1).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    wanted = np.array(Image.new("RGB", (1, 1), key).getpixel((0, 0)), dtype=np.uint8)
    far = np.sqrt(((cielab(some.reshape(-1, 3)) - cielab(wanted[None])) ** 2).sum(axis=1))
    made = np.asarray(ColorKey(key, 20, 10)(Image.fromarray(some))).ravel()
    # Other whites and 8 bits of Lab move a distance a little.
    assert (made[far < 17] == 255).all()
    assert not made[far > 34].any()
    assert 0 < made[(far > 22) & (far < 28)].mean() < 255
    assert (made == 255).sum() > 50


def test_a_color_key_finds_its_color_alone() -> None:
    """Without tolerance the color itself is white, and its neighbors to the eye are not."""
    row = np.array([[(0, 255, 0), (10, 240, 10), (0, 0, 0)]], dtype=np.uint8)
    assert white_of(ColorKey("lime", 0, 0), row) == [255, 0, 0]
    assert white_of(ColorKey("lime", 10, 0), row) == [255, 255, 0]


def white_of(edit: Edit, row: Pixels) -> list[int]:
    made: list[int] = np.asarray(edit(Image.fromarray(row)))[0].tolist()
    return made


def test_softness_fades_from_the_tolerance_on() -> None:
    """Greys from black on: white up to the tolerance, then evenly down to black."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    light = cielab(greys[0])[:, 0]  # the distance from black
    made = np.array(white_of(ColorKey("black", 20, 40), greys))
    assert made == pytest.approx(255 * np.clip((60 - light) / 40, 0, 1), abs=4)


def test_what_is_transparent_has_no_color() -> None:
    """The color that hides under a transparent pixel is not found."""
    row = np.array([[(0, 255, 0, 255), (0, 255, 0, 0), (0, 255, 0, 51)]], dtype=np.uint8)
    assert white_of(ColorKey("lime"), row) == [255, 0, 51]


def test_masks_add_up_and_are_taken_away() -> None:
    """White where any shape is, black where any that is taken away is."""
    both = Combined((Box(0, 0, 10, 10), Box(5, 5, 10, 10)), (Box(8, 8, 4, 4), Box(0, 0, 1, 1)))
    wanted = np.maximum(boxed(0, 0, 10, 10), boxed(5, 5, 15, 15))
    wanted = np.minimum(wanted, 255 - np.maximum(boxed(8, 8, 12, 12), boxed(0, 0, 1, 1)))
    assert (white(both) == wanted).all()


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"box": [1, 2, 3, 4]}, Box(1, 2, 3, 4)),
        ({"box": (1, 2.0, "3", "4.5%")}, Box(1, 2, 3, "4.5%")),
        ({"box": "1, 2, 3, 4.50%"}, Box(1, 2, 3, "4.5%")),
        ({"box": ["1,2,3,4"]}, Box(1, 2, 3, 4)),
        ({"ellipse": [[1, 2, 3, 4]]}, Ellipse(1, 2, 3, 4)),
        ({"polygon": [[0, 0], [9, 0], [0, "9%"]]}, Polygon(((0, 0), (9, 0), (0, "9%")))),
        ({"polygon": [[[0, 0], [9, 0], [0, 9]]]}, Polygon(((0, 0), (9, 0), (0, 9)))),
        ({"polygon": "0,0 9,0 0,9"}, Polygon(((0, 0), (9, 0), (0, 9)))),
        ({"polygon": ["0,0", "9,0", "0,9"]}, Polygon(((0, 0), (9, 0), (0, 9)))),
        ({"polygon": ["0,0 9,0 0,9"]}, Polygon(((0, 0), (9, 0), (0, 9)))),
        ({"alpha": True}, Background()),
        ({"alpha": "opaque"}, Subject()),
        ({"color": "lime"}, ColorKey("lime", 10, 5)),
        ({"color": ["lime"], "tolerance": 0, "softness": 0}, ColorKey("lime", 0, 0)),
    ],
)
def test_one_shape_can_be_written_in_several_ways(fields: dict[str, Any], first: Edit) -> None:
    """Numbers, text, one alone or a list: what YAML, forms and the command line have."""
    of = MaskOf(**fields)
    assert of.edits() == [Combined((first,))]
    assert MaskOf.model_validate_json(of.model_dump_json()) == of


def test_several_shapes_stand_in_one_list() -> None:
    """Every field takes more than one shape, and all of them add up."""
    of = MaskOf.model_validate(
        {
            "box": [[0, 0, 5, 5], ["50%", 0, 5, 5]],
            "ellipse": ["0,0,5,5", "5,5,5,5"],
            "polygon": [[[0, 0], [9, 0], [0, 9]], "1,1 9,1 1,9"],
            "color": ["red", "lime"],
        }
    )
    assert len(of.shapes()) == 8


def test_the_order_is_the_documented_one() -> None:
    """Shapes, what is taken away, inverting, growing, feathering; growing widens the white."""
    of = MaskOf.model_validate(
        {"box": "0,0,20,30", "subtract": {"box": "0,0,5,5"}, "invert": True, "grow": 2}
        | {"feather": 1.5}
    )
    assert of.edits() == [
        Combined((Box(0, 0, 20, 30),), (Box(0, 0, 5, 5),)),
        Invert(),
        Grow(2),
        Feather(1.5),
    ]
    kept = MaskOf.model_validate({"box": "0,0,20,30", "invert": True, "grow": 2})
    assert (np.asarray(kept.make(Image.new("RGB", (40, 30)))) == boxed(18, 0, 40, 30)).all()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "at least one of box, ellipse, polygon, alpha and color"),
        ({"box": []}, "at least one"),
        ({"invert": True, "grow": 3}, "at least one"),
        ({"box": [1, 2, 3]}, r"box = \[1, 2, 3\]: four numbers are expected, not 3"),
        ({"box": "1,2,3,4,5"}, "four numbers are expected, not 5"),
        ({"box": "a,b,c,d"}, "'a' is no number"),
        ({"box": [[1, 2], [3, 4]]}, "four numbers are expected, not 2"),
        ({"box": 5}, "four numbers are expected, not 1"),
        ({"box": ""}, "'' is no number"),
        ({"box": {"left": 5}}, "is no number"),
        ({"polygon": "1,2 3,4 5"}, "one number is left over"),
        ({"polygon": "1,2 3,4"}, "three different points"),
        ({"color": "greenish"}, "color = 'greenish': no such color"),
        ({"color": "red", "tolerance": -1}, "tolerance = -1"),
        ({"box": "1,2,3,4", "tolerance": 5}, "tolerance = 5.0: it is of a color"),
        ({"box": "1,2,3,4", "feather": -5}, "feather = -5"),
        ({"box": "1,2,3,4", "subtract": {}}, "at least one"),
        ({"box": "1,2,3,4", "subtract": {"ellipse": "1,2,0,4"}}, "ellipse = '1,2,0,4'"),
    ],
)
def test_what_makes_no_mask_is_refused(fields: dict[str, Any], words: str) -> None:
    """Each mistake is said in words, with its field, before a picture is opened."""
    with pytest.raises(InvalidRequest, match=words):
        MaskOf.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [{"boxes": "1,2,3,4"}, {"box": "1,2,3,4", "alpha": "clear"}, {"box": "1,2,3,4", "grow": 1.5}],
)
def test_fields_that_do_not_exist_are_refused(fields: dict[str, Any]) -> None:
    """A wrong name or kind of value is the form's error."""
    with pytest.raises(ValidationError):
        MaskOf.model_validate(fields)


def test_a_mask_is_checked_against_its_picture_before_it_is_opened(
    picture: Callable[..., Picture],
) -> None:
    """What is outside, or asks for a transparency that is not there, is known by the facts."""
    opaque, cutout = picture((64, 48)), picture((64, 48), alpha=True)
    inside, outside = {"box": "0,0,9,9"}, {"box": "64,0,9,9"}
    MaskOf.model_validate(inside).check(opaque)
    MaskOf.model_validate({"alpha": True, "subtract": {"alpha": "opaque"}}).check(cutout)
    with pytest.raises(InvalidRequest, match="64 x 48"):
        MaskOf.model_validate(outside).check(opaque)
    with pytest.raises(InvalidRequest, match="wholly outside"):
        MaskOf.model_validate(inside | {"subtract": outside}).check(opaque)
    for fields in ({"alpha": True}, {"alpha": "opaque"}, inside | {"subtract": {"alpha": True}}):
        with pytest.raises(InvalidRequest, match="nothing in the picture is transparent"):
            MaskOf.model_validate(fields).check(opaque)


def test_every_field_of_a_mask_has_a_description() -> None:
    """What stands in a form says what it means."""
    assert all(field.description for field in MaskOf.model_fields.values())
    assert MaskOf.model_json_schema()["properties"]["polygon"]["description"]


def test_a_large_picture_gets_its_mask() -> None:
    """Twelve megapixels, all kinds of shapes: the mask measures the same."""
    image = Image.new("RGB", (4000, 3000), "teal")
    image.paste("lime", (0, 0, 1000, 3000))
    shapes = {"ellipse": "0,0,100%,100%", "color": "lime", "subtract": {"box": "50%,0,50%,100%"}}
    mask = MaskOf.model_validate(shapes).make(image)
    assert mask.size == image.size
    across = np.arange(1000) + 0.5 - 1000  # from the ellipse's center, where nothing is lime
    wanted = 1000 * 3000 + (3000 * np.sqrt(1 - (across / 2000) ** 2)).sum()
    assert share(mask) == pytest.approx(wanted / 12e6, abs=0.0005)
    wider = MaskOf.model_validate(shapes | {"grow": 40, "feather": 5}).make(image)
    edge = 3000 + 2 * 1035  # of the white: down the middle, and the ellipse's arcs beside the lime
    assert share(wider) == pytest.approx((wanted + 40 * edge) / 12e6, abs=0.002)
