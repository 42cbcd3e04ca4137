import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from darkroom.standin.draw.extend import extend
from darkroom.standin.draw.paint_around import paint_around
from darkroom.standin.draw.remove_background import remove_background, subject_alpha
from darkroom.standin.draw.text_to_image import draw, text_to_image
from darkroom.standin.draw.vary import vary

pytestmark = pytest.mark.drill

PROMPTS = [
    "a red ceramic mug",
    "a glass perfume bottle",
    "a teal vase on a cream background",
    "a brass table lamp",
    "a blue ball",
    "a scented candle in a jar",
    "a white sneaker with orange accents",
    "a gold watch",
    "a green chair",
    "a cardboard box",
    "a brown leather handbag",
    "a potted plant",
    "a smartphone",
    "black headphones",
    "a black mug on a white background",
    "an apple",
    "nothing that anyone has a word for",
]
SIZES = [(64, 64), (333, 517), (1408, 640)]
BACKDROPS = [(250, 250, 250), (128, 130, 133), (214, 190, 160), (96, 132, 168)]


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image, np.float64)


def overlap(alpha: Image.Image, truth: NDArray[np.floating]) -> float:
    """Intersection over union of two soft masks."""
    found = pixels(alpha) / 255
    return float(np.minimum(found, truth).sum() / np.maximum(found, truth).sum())


def photograph(
    seed: int, backdrop: tuple[int, int, int]
) -> tuple[Image.Image, NDArray[np.floating]]:
    """A product photograph made without our renderer: textured blob, shadow, vignette, JPEG."""
    rng = np.random.default_rng(seed)
    side = 720
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    radius = (
        170
        + 26 * np.sin(turns * 3 + rng.uniform(0, 6))
        + 14 * np.sin(turns * 5 + rng.uniform(0, 6))
    )
    outline = [
        (360 + r * np.cos(t), 380 + 1.15 * r * np.sin(t))
        for r, t in zip(radius, turns, strict=True)
    ]
    large = Image.new("L", (side * 4, side * 4))
    ImageDraw.Draw(large).polygon([(x * 4, y * 4) for x, y in outline], fill=255)
    mask = large.reduce(4)
    ground = np.empty((side, side, 3))
    ground[:] = backdrop
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    ground *= (1 - 0.10 * (x * x + y * y) + 0.05 * y)[..., None]
    shadow = Image.new("L", (side, side))
    ImageDraw.Draw(shadow).ellipse((230, 545, 560, 610), fill=150)
    ground *= 1 - 0.5 * pixels(shadow.filter(ImageFilter.GaussianBlur(16)))[..., None] / 255
    hue = np.array([(200, 60, 40), (40, 90, 60), (60, 50, 120), (40, 42, 46)][seed % 4], float)
    cells = Image.fromarray(rng.integers(150, 255, (14, 14), dtype=np.uint8))
    weave = pixels(cells.resize((side, side), Image.Resampling.BICUBIC)) / 255
    thing = hue * weave[..., None] * (1.05 - 0.35 * x)[..., None]
    cover = pixels(mask)[..., None] / 255
    picture = ground * (1 - cover) + thing * cover + rng.normal(0, 2.0, (side, side, 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=88)
    return Image.open(file), cover[..., 0]


@pytest.mark.parametrize("size", SIZES)
def test_text_to_image_has_the_size_asked_for(size):
    """A drawn picture is RGB and measures exactly what was asked."""
    image = text_to_image("a red mug", seed=1, size=size, negative_prompt="blue, shadow")
    assert (image.mode, image.size) == ("RGB", size)


def test_drawing_is_deterministic_across_threads():
    """The same arguments give the same picture, whatever thread draws it."""
    with ThreadPoolExecutor(4) as pool:
        drawn = list(
            pool.map(
                lambda _: text_to_image("a teal vase", seed=7, size=(200, 160)).tobytes(), range(4)
            )
        )
    assert len(set(drawn)) == 1


def test_seeds_differ():
    """Another seed gives another picture."""
    assert text_to_image("a vase", seed=1, size=(128, 128)) != text_to_image(
        "a vase", seed=2, size=(128, 128)
    )


def test_color_words_are_followed():
    """A red mug is redder, and a blue one bluer, in the middle of the picture."""
    red, blue = (
        pixels(text_to_image(f"a {color} mug", seed=3, size=(160, 160)))[70:100, 60:90].mean((0, 1))
        for color in ("red", "blue")
    )
    assert red[0] > red[2] + 50
    assert blue[2] > blue[0] + 30


@pytest.mark.parametrize("prompt", PROMPTS)
def test_subject_lies_within_the_frame(prompt):
    """A drawn subject touches no border and fills a good part of the picture."""
    _, truth = draw(prompt, seed=5, size=(320, 320))
    rim = truth.copy()
    rim[2:-2, 2:-2] = 0
    assert rim.max() == 0
    assert 0.04 < truth.mean() < 0.6


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_drawn_subjects_are_found(prompt, seed):
    """The subject of a drawn picture is found again almost to the pixel."""
    image, truth = draw(prompt, seed=seed, size=(768, 768))
    assert overlap(subject_alpha(image), truth) >= 0.97


@pytest.mark.parametrize("seed", [1, 2])
def test_white_on_white_is_found(seed):
    """Even a white thing on white paper is found, though some shadow at its foot may stay."""
    image, truth = draw("a white mug on a white background", seed=seed, size=(768, 768))
    assert overlap(subject_alpha(image), truth) >= 0.92


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("backdrop", BACKDROPS)
def test_photographed_subjects_are_found(seed, backdrop):
    """The subject of a noisy, vignetted JPEG is found without its shadow."""
    image, truth = photograph(seed, backdrop)
    assert overlap(subject_alpha(image), truth) >= 0.97


def test_a_plain_picture_is_all_subject():
    """Where nothing stands out, everything is subject."""
    assert subject_alpha(Image.new("RGB", (300, 200), (200, 190, 180))).getextrema() == (255, 255)


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (3, 400), *SIZES])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_remove_background_takes_any_picture(size, mode):
    """Any mode and size is answered by RGBA of the same size."""
    cut = remove_background(Image.new(mode, size))
    assert (cut.mode, cut.size) == ("RGBA", size)


def test_remove_background_keeps_colors():
    """Colors inside the subject are those of the source."""
    image = text_to_image("a red mug", seed=1, size=(333, 517))
    cut = remove_background(image)
    assert cut.convert("RGB").tobytes() == image.tobytes()


def test_edges_are_soft_but_narrow():
    """A cut-out has in-between alpha at its outline and hardly anywhere else."""
    alpha = pixels(subject_alpha(text_to_image("a teal vase", seed=1, size=(768, 768))))
    between = ((alpha > 0) & (alpha < 255)).mean()
    assert 0 < between < 0.02


@pytest.mark.parametrize("size", SIZES)
def test_paint_around_keeps_what_is_masked_black(size):
    """Pixels under 0 stay the same to the bit, pixels under 255 are all new."""
    image = text_to_image("a red mug", seed=1, size=size)
    mask = ImageOps.invert(subject_alpha(image))
    painted = paint_around(image, mask, "on an oak table in autumn light", seed=2)
    kept = np.asarray(mask) == 0
    assert painted.size == size
    assert np.array_equal(np.asarray(painted)[kept], np.asarray(image)[kept])
    assert np.abs(pixels(painted) - pixels(image))[np.asarray(mask) == 255].mean() > 8


@pytest.mark.parametrize("level", [0, 128, 255])
def test_paint_around_takes_flat_masks(level):
    """A mask of one level keeps, blends or repaints everything."""
    image = text_to_image("a bowl", seed=1, size=(180, 140))
    painted = paint_around(image, Image.new("L", image.size, level), "a place unheard of", seed=2)
    assert painted.size == image.size
    assert (painted.tobytes() == image.tobytes()) == (level == 0)


def test_places_look_different():
    """Snow is brighter than a neon night, and grass is greener than sand."""
    image, mask = Image.new("RGB", (240, 200)), Image.new("L", (240, 200), 255)
    words = ("in the snow", "neon street at night", "on grass in a meadow", "on a sandy beach")
    snow, night, grass, sand = (
        pixels(paint_around(image, mask, w, seed=1))[150:].mean((0, 1)) for w in words
    )
    assert snow.mean() > night.mean() + 60
    assert grass[1] - grass[0] > sand[1] - sand[0]


@pytest.mark.parametrize(
    "sides", [(40, 25, 10, 33), (0, 0, 64, 0), (300, 0, 0, 0), (0, 0, 0, 0), (1, 0, 0, 1)]
)
@pytest.mark.parametrize("prompt", ["", "on a sandy beach"])
def test_extend_keeps_the_original_in_its_place(sides, prompt):
    """The canvas grows by what was asked and holds the original, untouched, where it belongs."""
    left, right, up, down = sides
    image = text_to_image("a red mug", seed=1, size=(211, 173))
    grown = extend(
        image, left=left, right=right, up=up, down=down, prompt=prompt, seed=3, creativity=0.7
    )
    assert grown.size == (211 + left + right, 173 + up + down)
    assert np.array_equal(np.asarray(grown)[up : up + 173, left : left + 211], np.asarray(image))


def test_extend_leaves_no_seam():
    """Across the border of the original, pixels differ hardly more than inside it."""
    image = text_to_image("a teal vase", seed=1, size=(400, 400))
    grown = pixels(extend(image, left=120, right=0, up=0, down=0, seed=1, creativity=0.0))
    at_seam = np.abs(grown[:, 119] - grown[:, 120]).mean()
    inside = np.abs(grown[:, 130] - grown[:, 131]).mean()
    assert at_seam < inside + 1.5


@pytest.mark.parametrize(
    ("thing", "wish"),
    [("a red mug", "a red mug"), ("a blue ball", "a green chair"), ("a lamp", "")],
)
def test_similarity_orders_variations(thing, wish):
    """The more similar a variation is to be, the less it differs from its source."""
    source = text_to_image(thing, seed=4, size=(256, 320))
    away = [
        float(
            np.abs(
                pixels(vary([source], similarity=s, prompt=wish, seed=9)) - pixels(source)
            ).mean()
        )
        for s in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert away == sorted(away, reverse=True)
    assert len(set(away)) == 5
    assert away[-1] < 1


def test_vary_takes_several_sources_and_a_size():
    """A variation has the size asked for, and a second source changes its colors."""
    first = text_to_image("a red mug", seed=1, size=(200, 200))
    second = text_to_image("a teal vase on a navy background", seed=1, size=(90, 140))
    alone = vary([first], similarity=0.5, prompt="a mug", seed=2, size=(333, 217))
    mixed = vary([first, second], similarity=0.5, prompt="a mug", seed=2, size=(333, 217))
    assert alone.size == mixed.size == (333, 217)
    assert np.abs(pixels(alone) - pixels(mixed)).mean() > 1
