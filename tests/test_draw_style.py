from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from darkroom.standin.draw.style import style_guide, style_transfer
from darkroom.standin.draw.text_to_image import text_to_image

pytestmark = pytest.mark.drill


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), np.float64)


def mug(side: int = 512) -> Image.Image:
    return text_to_image("a teal ceramic mug", seed=1, size=(side, side))


def sneaker(side: int = 512) -> Image.Image:
    return text_to_image("a red sneaker", seed=1, size=(side, side))


def outlines(image: Image.Image) -> NDArray[np.float64]:
    """How steep a picture is at each pixel, after a little blur."""
    soft = pixels(image.filter(ImageFilter.GaussianBlur(1.2)))
    down, across = np.gradient(soft, axis=(0, 1))
    return np.sqrt((down**2 + across**2).max(-1))


def alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlation of two arrays of brightness."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def palette_distance(a: Image.Image, b: Image.Image) -> float:
    """How much the means and spreads of two pictures' colors differ, in levels."""
    first, second = pixels(a).reshape(-1, 3), pixels(b).reshape(-1, 3)
    return float(np.abs(first.mean(0) - second.mean(0)).mean()) + float(
        np.abs(np.cov(first.T) - np.cov(second.T)).mean() ** 0.5
    )


def fineness(image: Image.Image) -> float:
    """Mean strength of detail finer than about 2 pixels, in levels."""
    return float(np.abs(pixels(image) - pixels(image.filter(ImageFilter.GaussianBlur(2)))).mean())


def test_style_guide_takes_the_palette():
    """The more fidelity, the nearer the palette is to the style's."""
    style = text_to_image("a gold vase on a navy background", seed=2, size=(300, 240))
    away = [
        palette_distance(
            style_guide(style, "a red mug", fidelity=f, seed=3, size=(320, 320)), style
        )
        for f in (0.0, 0.5, 1.0)
    ]
    assert away == sorted(away, reverse=True)
    assert away[2] < 0.5 * away[0]


def test_style_guide_without_fidelity_is_the_prompt_alone():
    """At fidelity 0 the style does not matter."""
    drawn = style_guide(sneaker(64), "a red mug", fidelity=0, seed=3, size=(120, 200))
    assert drawn == text_to_image("a red mug", seed=3, size=(120, 200))


def test_style_guide_takes_the_grain():
    """A rough style leaves its roughness, a smooth one of the same colors does not."""
    smooth = Image.new("RGB", (256, 256), (120, 140, 160))
    rough = Image.fromarray(
        np.clip(
            pixels(smooth) + np.random.default_rng(1).normal(0, 25, (256, 256, 1)), 0, 255
        ).astype(np.uint8)
    )
    fine, coarse = (
        fineness(style_guide(s, "a mug", fidelity=1, seed=1, size=(256, 256)))
        for s in (smooth, rough)
    )
    assert coarse > fine + 5


def test_style_transfer_takes_the_palette():
    """The more style strength, the nearer the palette is to the style's."""
    style = text_to_image("a gold vase on a navy background", seed=2, size=(300, 240))
    away = [
        palette_distance(
            style_transfer(
                mug(256),
                style,
                style_strength=s,
                composition_fidelity=1,
                change_strength=1,
                seed=3,
            ),
            style,
        )
        for s in (0.0, 0.5, 1.0)
    ]
    assert away == sorted(away, reverse=True)
    assert away[2] < 0.4 * away[0]


def test_style_transfer_keeps_the_composition():
    """The more composition fidelity, the more its outlines are those of the picture."""
    source, style = sneaker(), mug(200)
    kept = [
        alike(
            outlines(source),
            outlines(
                style_transfer(
                    source,
                    style,
                    style_strength=1,
                    composition_fidelity=c,
                    change_strength=1,
                    seed=3,
                )
            ),
        )
        for c in (0.0, 0.5, 1.0)
    ]
    assert kept == sorted(kept)
    assert kept[2] > 0.85
    assert kept[2] > kept[0] + 0.1


def test_style_transfer_without_change_gives_the_picture_back():
    """At change strength 0 nothing changes, and less changes at 0.3 than at 1."""
    source, style = sneaker(256), mug(200)
    none, some, full = (
        np.abs(
            pixels(
                style_transfer(
                    source,
                    style,
                    style_strength=1,
                    composition_fidelity=0.5,
                    change_strength=c,
                    seed=1,
                )
            )
            - pixels(source)
        ).mean()
        for c in (0.0, 0.3, 1.0)
    )
    assert none == 0
    assert 1 < some < full


def test_a_prompt_tints_the_transfer():
    """A color that the prompt names shows in the palette."""
    reds = [
        pixels(
            style_transfer(
                mug(160),
                sneaker(160),
                prompt=p,
                style_strength=1,
                composition_fidelity=1,
                change_strength=1,
                seed=1,
            )
        ).mean((0, 1))
        for p in ("in red tones", "in blue tones")
    ]
    assert reds[0][0] - reds[0][2] > reds[1][0] - reds[1][2] + 10


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        ("RGB", (64, 64)),
        ("RGBA", (1, 1)),
        ("L", (250, 100)),
        ("P", (333, 833)),
        ("LA", (2, 3)),
        ("1", (90, 90)),
    ],
)
def test_styles_take_any_picture(mode, size):
    """Any mode and shape of picture and style is answered in RGB of the right size."""
    picture = sneaker(64).resize(size).convert(mode)
    guided = style_guide(picture, "a lamp", fidelity=0.6, seed=1, size=(120, 300))
    given = style_transfer(
        picture,
        picture.transpose(Image.Transpose.ROTATE_90),
        style_strength=0.7,
        composition_fidelity=0.4,
        change_strength=0.9,
        seed=1,
    )
    assert (guided.mode, guided.size, given.mode, given.size) == ("RGB", (120, 300), "RGB", size)


def test_styled_pictures_are_deterministic_across_threads():
    """The same arguments give the same picture, whatever thread draws it; another seed another."""
    source, style = sneaker(160), mug(120)

    def draw_both(seed: int) -> tuple[bytes, bytes]:
        guided = style_guide(style, "a mug", fidelity=0.5, seed=seed, size=(160, 120))
        given = style_transfer(
            source,
            style,
            style_strength=0.8,
            composition_fidelity=0.6,
            change_strength=1,
            seed=seed,
        )
        return guided.tobytes(), given.tobytes()

    with ThreadPoolExecutor(3) as pool:
        first, second, other = pool.map(draw_both, (1, 1, 2))
    assert first == second
    assert first[0] != other[0]
    assert first[1] != other[1]
