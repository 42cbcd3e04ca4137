import time

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.upscale import upscale

pytestmark = pytest.mark.drill


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), np.float64)


def grey(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("L"), np.float64)


def sneaker(side: int) -> Image.Image:
    return text_to_image("a red sneaker", seed=1, size=(side, side))


def fineness(image: Image.Image) -> float:
    """Mean strength of detail finer than about 2 pixels, in levels."""
    return float(np.abs(pixels(image) - pixels(image.filter(ImageFilter.GaussianBlur(2)))).mean())


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        ("RGB", (256, 256)),
        ("RGBA", (97, 300)),
        ("L", (1000, 1000)),
        ("P", (513, 1)),
        ("LA", (2048, 820)),
        ("1", (128, 128)),
    ],
)
def test_upscale_has_the_size_asked_for(mode, size):
    """Whatever the size and mode, the answer measures exactly that, in RGB or RGBA."""
    source = sneaker(128).convert(mode)
    large = upscale(source, size, creativity=0.3)
    assert large.size == size
    assert large.mode == ("RGBA" if mode in ("RGBA", "LA") else "RGB")


@pytest.mark.parametrize("times", [1.5, 2, 4, 8])
def test_upscale_keeps_the_picture(times):
    """Scaled down again, a picture enlarged without creativity is about what it was."""
    source = sneaker(256)
    side = round(256 * times)
    back = upscale(source, (side, side)).resize(source.size, Image.Resampling.BOX)
    off = np.abs(pixels(back) - pixels(source))
    assert off.mean() < 1
    assert np.quantile(off, 0.999) < 32


def test_upscale_is_crisp():
    """An edge is steeper than interpolation leaves it, and has no halo."""
    source = Image.new("L", (128, 128), 60)
    ImageDraw.Draw(source).polygon([(30, 20), (110, 50), (60, 110)], fill=200)
    source = source.filter(ImageFilter.GaussianBlur(0.6))
    large = grey(upscale(source, (512, 512)))
    plain = grey(source.resize((512, 512), Image.Resampling.BICUBIC))
    steep, usual = (np.quantile(np.abs(np.diff(p, axis=1)), 0.995) for p in (large, plain))
    assert steep > 1.2 * usual
    assert large.min() >= 58
    assert large.max() <= 202


def test_creativity_adds_fine_detail():
    """The more creativity, the more detail that was not there, without moving the whole."""
    source = sneaker(256)
    made = [upscale(source, (1024, 1024), creativity=c, seed=3) for c in (0, 0.3, 0.6, 1)]
    fine = [fineness(image) for image in made]
    assert fine == sorted(fine)
    assert fine[3] > fine[0] + 1.5
    coarse = [pixels(i.resize((64, 64), Image.Resampling.BOX)) for i in (made[0], made[3])]
    assert np.abs(coarse[0] - coarse[1]).mean() < 1.5


def test_a_material_shapes_the_detail():
    """Wood gets fibers: its detail changes less along them than across."""
    source = Image.effect_noise((128, 128), 40)
    plain = grey(upscale(source, (512, 512)))
    for prompt, ratio in (("oak", 1.5), ("a picture", 0.8)):
        added = grey(upscale(source, (512, 512), creativity=1, prompt=prompt)) - plain
        down, across = (np.abs(np.diff(added, axis=a)).mean() for a in (0, 1))
        assert down > ratio * across
    assert down < 1.25 * across


def test_upscale_keeps_transparency():
    """Alpha is enlarged with the picture, and hidden colors do not leak into sight."""
    source = Image.new("RGBA", (100, 100), (0, 255, 0, 0))
    ImageDraw.Draw(source).ellipse((20, 20, 80, 80), fill=(200, 40, 40, 255))
    large = upscale(source, (400, 400))
    alpha = np.asarray(large.getchannel("A"))
    assert alpha[200, 200] == 255
    assert alpha[5, 5] == 0
    assert abs((alpha > 127).mean() - (np.asarray(source)[..., 3] > 127).mean()) < 0.01
    seen = pixels(large)[alpha > 20]
    assert seen[:, 1].max() < 60


def test_upscale_is_quick():
    """16 million pixels take well under three seconds of the processor's time."""
    source = sneaker(1024)
    start = time.process_time()
    assert upscale(source, (4096, 4096), creativity=0.5).size == (4096, 4096)
    assert time.process_time() - start < 3


def test_upscale_is_deterministic():
    """The same arguments give the same picture; another seed moves the detail."""
    source = sneaker(100)
    first, second, other = (upscale(source, (300, 300), creativity=0.5, seed=s) for s in (1, 1, 2))
    assert first == second
    assert first != other
