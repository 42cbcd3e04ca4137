from concurrent.futures import ThreadPoolExecutor
from itertools import combinations_with_replacement

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from darkroom.standin.draw.areas import divide
from darkroom.standin.draw.color_guided import color_guided
from darkroom.standin.draw.condition import condition
from darkroom.standin.draw.text_to_image import text_to_image

pytestmark = pytest.mark.drill

KINDS = ["canny", "segmentation", "sketch", "structure"]
SIZES = [(64, 64), (320, 800), (1408, 640)]
MODES = ["RGB", "RGBA", "L", "P", "LA", "1"]
ANY = [(mode, SIZES[n % 3]) for n, mode in enumerate(MODES)]
TEN = ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51"]
TEN += ["#606c38", "#bc6c25", "#ffafcc", "#cdb4db", "#f1faee"]
PALETTES = [["#FF8800"], ["#123456", "#f4d35e"], ["#202020", "#303030", "#404040"], TEN]


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), np.float64)


def mug(side: int = 512) -> Image.Image:
    return text_to_image("a teal ceramic mug", seed=1, size=(side, side))


def sneaker(side: int = 512) -> Image.Image:
    return text_to_image("a red sneaker", seed=1, size=(side, side))


def drawing(*, inverse: bool = False) -> Image.Image:
    """A line drawing of a house with a door, a window and a sun, 512 x 512."""
    image = Image.new("RGB", (512, 512), "black" if inverse else "white")
    pen = ImageDraw.Draw(image)
    ink = "white" if inverse else "black"
    pen.rectangle((120, 230, 400, 450), outline=ink, width=6)
    pen.line([(100, 232), (260, 90), (420, 232), (100, 232)], fill=ink, width=6)
    pen.rectangle((160, 320, 230, 450), outline=ink, width=6)
    pen.rectangle((290, 280, 360, 350), outline=ink, width=6)
    return image


def steepness(image: Image.Image) -> NDArray[np.float64]:
    """How much the color changes at each pixel, in levels per pixel, after a little blur."""
    soft = pixels(image.convert("RGB").filter(ImageFilter.GaussianBlur(1.2)))
    down, across = np.gradient(soft, axis=(0, 1))
    return np.sqrt((down**2 + across**2).max(-1))


def edges(image: Image.Image, share: float = 0.04) -> NDArray[np.bool_]:
    """The steepest pixels of a picture."""
    steep = steepness(image)
    return steep > max(3.0, float(np.quantile(steep, 1 - share)))


def followed(source: Image.Image, result: Image.Image) -> float:
    """The share of the source's strong edges with a strong edge of the result within 2 pixels."""
    near = Image.fromarray(edges(result)).convert("L").filter(ImageFilter.MaxFilter(5))
    return float((np.asarray(near) > 0)[edges(source)].mean())


def off_palette(image: Image.Image, colors: list[str]) -> NDArray[np.float64]:
    """How far each pixel is from the nearest line between two of the colors, in levels."""
    points = pixels(image.resize((128, 128), Image.Resampling.NEAREST)).reshape(-1, 3)
    palette = [np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)], float) for c in colors]
    away = np.full(len(points), np.inf)
    for a, b in combinations_with_replacement(palette, 2):
        axis = b - a
        at = np.clip((points - a) @ axis / max(float(axis @ axis), 1), 0, 1)
        away = np.minimum(away, np.linalg.norm(points - a - at[:, None] * axis, axis=1))
    return away


def alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlation of two arrays of brightness."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def grey(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("L"), np.float64)


def test_areas_are_the_parts_of_a_thing_not_its_light():
    """A mug is its body and its coffee, whatever highlights run over it; a backdrop is one."""
    areas = divide(mug(768))
    assert 1 <= int(areas.subject.sum()) <= 3
    assert int((~areas.subject).sum()) == 1
    assert abs(float(areas.share.sum()) - 1) < 1e-3


@pytest.mark.parametrize("inverse", [False, True])
def test_areas_of_a_drawing_lie_between_its_lines(inverse):
    """Wall, roof, door and window of a drawn house are four areas before an outside."""
    areas = divide(drawing(inverse=inverse))
    assert areas.lines
    assert int(areas.subject.sum()) == 4
    at = [areas.labels[y, x] for x, y in ((260, 400), (260, 180), (195, 380), (325, 315), (30, 30))]
    assert len(set(at)) == 5
    assert not areas.subject[at[-1]]


@pytest.mark.parametrize("kind", ["canny", "sketch"])
@pytest.mark.parametrize(
    ("source", "prompt"),
    [(mug, "a red sneaker"), (sneaker, "a yellow vase"), (drawing, "a blue mug")],
)
def test_contours_are_followed(kind, source, prompt):
    """At full strength most edges of the source are edges of the result; at none few are."""
    picture = source()
    plain, strong = (
        condition(picture, prompt, kind=kind, strength=s, seed=4, size=picture.size)
        for s in (0.0, 1.0)
    )
    unconditioned = text_to_image(prompt, seed=4, size=picture.size)
    assert followed(picture, strong) > 0.9
    assert followed(picture, strong) > followed(picture, plain) + 0.4
    assert followed(picture, strong) > followed(picture, unconditioned) + 0.4


@pytest.mark.parametrize("kind", KINDS)
def test_more_strength_follows_more(kind):
    """The share of edges that are followed grows with the strength."""
    source = sneaker()
    shares = [
        followed(
            source, condition(source, "a teal mug", kind=kind, strength=s, seed=3, size=(512, 512))
        )
        for s in (0.0, 0.5, 1.0)
    ]
    assert shares[0] + 0.3 < shares[1]
    assert shares[1] < shares[2] + 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_strength_zero_is_the_prompt_alone(kind):
    """Without strength the source does not matter."""
    drawn = condition(mug(), "a red vase", kind=kind, strength=0, seed=5, size=(300, 200))
    assert drawn == text_to_image("a red vase", seed=5, size=(300, 200))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("color", "channel"), [("red", 0), ("green", 1), ("blue", 2)])
def test_colors_come_from_the_prompt(kind, color, channel):
    """The mug's body, teal in the source, has the prompt's color in the result."""
    source = mug()
    result = condition(source, f"a {color} mug", kind=kind, strength=0.9, seed=2, size=source.size)
    body = pixels(result)[220:380, 120:280].mean((0, 1))
    assert body.argmax() == channel
    assert body[channel] > np.delete(body, channel).max() + 15


def test_segments_get_one_color_each():
    """Two areas of a flat picture become two areas that are even inside and differ."""
    source = Image.new("RGB", (400, 400), (200, 200, 60))
    ImageDraw.Draw(source).rectangle((120, 100, 280, 320), fill=(60, 60, 200))
    result = pixels(
        condition(source, "a red box", kind="segmentation", strength=1, seed=2, size=(400, 400))
    )
    thing, ground = result[160:260, 160:240], result[20:60, 20:380]
    assert thing[..., 0].mean() > thing[..., 2].mean() + 60
    assert max(thing.std((0, 1)).max(), ground.std((0, 1)).max()) < 20
    assert np.abs(thing.mean((0, 1)) - ground.mean((0, 1))).max() > 60


def test_structure_keeps_light_and_shadow():
    """Inside a thing, brightness goes up and down as in the source; areas alone do not do that."""
    source = mug()
    kept, flat = (
        alike(
            grey(condition(source, "a red vase", kind=k, strength=1, seed=7, size=source.size))[
                220:400, 90:300
            ],
            grey(source)[220:400, 90:300],
        )
        for k in ("structure", "segmentation")
    )
    assert kept > 0.9
    assert kept > flat + 0.2


def test_sources_are_scaled_to_cover():
    """Of a wide source the middle is followed, at its height."""
    source = Image.new("RGB", (1000, 400), (230, 230, 230))
    ImageDraw.Draw(source).rectangle((450, 150, 550, 250), fill=(40, 40, 40))
    result = condition(source, "a red box", kind="canny", strength=1, seed=1, size=(400, 400))
    columns = np.flatnonzero((pixels(result)[200, :, 0] - pixels(result)[200, :, 2]) > 15)
    assert abs(columns[0] - 150) <= 4
    assert abs(columns[-1] - 250) <= 4


@pytest.mark.parametrize(("mode", "size"), ANY)
def test_condition_takes_any_picture(mode, size):
    """Any mode and shape of a small source is answered in the size asked for."""
    source = sneaker(96).resize((64, 64)).convert(mode)
    result = condition(source, "a leather bag", kind="canny", strength=0.7, seed=1, size=size)
    assert (result.mode, result.size) == ("RGB", size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "source", [Image.new("RGB", (1, 1)), Image.new("L", (3, 400), 255), Image.new("RGBA", (90, 30))]
)
def test_plain_sources_do_no_harm(kind, source):
    """A source without any contour is no error."""
    for strength in (0.2, 0.4, 1.0):
        result = condition(source, "a lamp", kind=kind, strength=strength, seed=1, size=(160, 90))
        assert result.size == (160, 90)


def test_the_shadow_can_be_dropped():
    """Without "shadow" the ground below the thing is brighter."""
    lit, shaded = (
        grey(
            condition(
                drawing(),
                "a red box",
                kind="canny",
                strength=1,
                seed=1,
                size=(512, 512),
                negative_prompt=n,
            )
        )[455:480, 150:380].mean()
        for n in ("shadow", "")
    )
    assert lit > shaded + 8


@pytest.mark.parametrize("colors", PALETTES, ids=len)
@pytest.mark.parametrize("prompt", ["a red sneaker", "a ceramic mug"])
@pytest.mark.parametrize("reference", [None, "a potted plant"])
def test_colors_are_the_given_ones(colors, prompt, reference):
    """Nearly every pixel is on or between the given colors, a lone one's shades and tints too."""
    layout = reference and text_to_image(reference, seed=9, size=(400, 400))
    result = color_guided(colors, prompt, seed=2, size=(400, 400), reference=layout)
    spread = colors if len(colors) > 1 else ["#000000", *colors, "#ffffff"]
    away = off_palette(result, spread)
    assert np.quantile(away, 0.90) < 8
    assert np.quantile(away, 0.99) < 30
    # And the thing can be told from the backdrop.
    assert np.ptp(grey(result)) > 20


def test_every_color_is_used():
    """Each of ten colors covers a part of the picture."""
    found = pixels(color_guided(TEN, "a table lamp", seed=2, size=(512, 512))).reshape(-1, 3)
    for color in TEN:
        wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
        assert (np.abs(found - wanted).max(-1) < 12).mean() > 0.002, color


def test_a_named_color_chooses_among_the_given_ones():
    """A blue mug is drawn in the bluest of the colors."""
    result = color_guided(["#1d3557", "#e63946", "#f1faee"], "a blue mug", seed=1, size=(300, 300))
    body = pixels(result)[140:200, 110:160].mean((0, 1))
    assert body[2] > body[0] + 20


def test_a_reference_gives_the_layout():
    """The edges of the result are those of the reference, not those of the prompt's own picture."""
    reference = sneaker()
    colors = ["#123456", "#f4d35e", "#ee964b"]
    alone, laid = (
        followed(reference, color_guided(colors, "a vase", seed=4, size=(512, 512), reference=r))
        for r in (None, reference)
    )
    assert laid > 0.75
    assert laid > alone + 0.4


@pytest.mark.parametrize(("mode", "size"), ANY)
def test_color_guided_takes_any_reference(mode, size):
    """Any mode and shape of a small reference is answered in the size asked for."""
    reference = sneaker(96).resize((60, 24)).convert(mode)
    result = color_guided(["#ffffff", "#000000"], "a mug", seed=1, size=size, reference=reference)
    assert (result.mode, result.size) == ("RGB", size)


def test_guided_pictures_are_deterministic_across_threads():
    """The same arguments give the same picture, whatever thread draws it; another seed another."""
    source = sneaker(160)

    def draw_all(seed: int) -> tuple[bytes, ...]:
        made = [
            condition(source, "a mug", kind="canny", strength=0.8, seed=seed, size=(160, 120)),
            condition(source, "a mug", kind="structure", strength=0.4, seed=seed, size=(160, 120)),
            color_guided(TEN, "a mug", seed=seed, size=(160, 120)),
            color_guided(TEN, "a mug", seed=seed, size=(160, 120), reference=source),
        ]
        return tuple(image.tobytes() for image in made)

    with ThreadPoolExecutor(3) as pool:
        first, second, other = pool.map(draw_all, (1, 1, 2))
    assert first == second
    assert all(a != b for a, b in zip(first, other, strict=True))
