"""What the upscalers have in common: how large their pictures are, and their grain.

The page "Stability AI Image Services" says "4 times" of the fast one and no size of the others;
users measured about 3150 x 3150 pixels from the creative and 3112 x 3112 from the conservative
one, and found that such a png is larger than any answer may be. A drawn picture would compress
far better than a photograph does, so it is given a photograph's grain.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageChops

LONGEST = 16_383
"""The longest side that a webp can have."""
BAND = 256
"""Rows of grain that are drawn anew; the next ones repeat them, shifted."""
MEGAPIXEL = 1_048_576


def of_pixels(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Choose the size in the proportions of `size` that has about so many pixels."""
    factor = math.sqrt(pixels / (size[0] * size[1]))
    width, height = (min(LONGEST, max(1, round(side * factor))) for side in size)
    return width, height


def plain(image: Image.Image) -> Image.Image:
    """Make a picture RGBA if it has transparency, else RGB."""
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def detail(pixels: int) -> float:
    """Say how much grain, in 8-bit steps, a picture of so many pixels brings along.

    Users' pngs of pictures of a megapixel had 20 MB, those of 256 x 256 had 10 MB and so did fit.
    """
    return 4 * math.pow(min(1.0, pixels / MEGAPIXEL), 0.75)


def grained(image: Image.Image, amount: float, seed: int) -> Image.Image:
    """Lay grain over a picture.

    Args:
        image: RGB or RGBA; the mode is kept, and the alpha as it is.
        amount: Standard deviation, in 8-bit steps.
        seed: Chooses the grain.
    """
    width, height = image.size
    rng = np.random.default_rng(seed)
    band = rng.normal(128.5, amount, (BAND, width, 3)).astype(np.uint8)
    bands = [np.roll(band, rng.integers(width), axis=1) for _ in range(-(-height // BAND))]
    grain = Image.fromarray(np.concatenate(bands)[:height])
    # Pure black and white would swallow half of it.
    margin = math.ceil(2 * amount)
    inner = [min(255 - margin, max(margin, level)) for level in range(256)]
    result = ImageChops.add(image.convert("RGB").point(inner * 3), grain, 1, -128)
    if image.mode == "RGBA":
        result.putalpha(image.getchannel("A"))
    return result
