"""A picture to a picture, as Stable Image Ultra v1:0 and Stable Diffusion 3 take it.

Written from the user guide's pages "Stable Image Ultra", "Stability.ai Stable Diffusion 3 Large"
and "Stability.ai Stable Diffusion 3.5 Large". `strength` is the opposite of similarity: 0 keeps
the picture, 1 ignores it.
"""

from __future__ import annotations

import math

from PIL.Image import Image

from darkroom.standin.draw.vary import vary
from darkroom.standin.images import Limits, flat
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import Body, choice, fields, number, text
from darkroom.standin.stability import PROMPT, SEED, order, picture

STRENGTH = number(0, 1)


def image_to_image(model: str, limits: Limits, *, formats: tuple[str, ...]) -> Mode:
    """Make the mode for a model of the third generation.

    Without `mode` such a model takes a body for text-to-image, so it must be given; and
    `aspect_ratio` is for text-to-image only.

    Args:
        model: Its id.
        limits: What it asks of `image`.
        formats: What `output_format` may be; png if none is given.
    """

    def prepare(body: Body) -> Order:
        image = flat(picture(body, "image", limits))
        return varied(body, image, strength=body["strength"], size=one_megapixel(image.size))

    return Mode(
        model=model,
        name="image-to-image",
        meant=lambda body: body.get("mode") == "image-to-image",
        schema=fields(
            {
                "prompt": PROMPT,
                "image": text(),
                "strength": STRENGTH,
                "mode": choice("image-to-image"),
            },
            {"negative_prompt": PROMPT, "seed": SEED, "output_format": choice(*formats)},
        ),
        prepare=prepare,
    )


def varied(body: Body, image: Image, *, strength: float, size: tuple[int, int]) -> Order:
    """Order one picture of `size` that keeps as much of `image` as `strength` leaves."""
    return order(
        body,
        lambda seed: vary(
            [image], similarity=1 - strength, prompt=body["prompt"], seed=seed, size=size
        ),
    )


def one_megapixel(size: tuple[int, int]) -> tuple[int, int]:
    """Choose the output's size: the input's shape, about a megapixel, sides of 640 to 1536.

    The pages say "1 megapixel" or "640 to 1536" and no more, so the pixels are a guess.
    """
    factor = 1024 / math.sqrt(size[0] * size[1])
    width, height = (min(1536, max(640, round(side * factor / 16) * 16)) for side in size)
    return width, height
