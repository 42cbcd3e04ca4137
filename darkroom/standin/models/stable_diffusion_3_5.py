"""Stable Diffusion 3.5 Large: a prompt, or a prompt and a picture, to a picture.

From the page "Stability.ai Stable Diffusion 3.5 Large". Its sample of image-to-image leaves out
`mode`, although the field's default is text-to-image; the stand-in goes by the default, so a
picture without `mode` is refused. `aspect_ratio` is for text-to-image only.
"""

from __future__ import annotations

import math

from darkroom.standin.draw.vary import vary
from darkroom.standin.images import Limits, flat
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, choice, fields, number, text
from darkroom.standin.stability import (
    ANY_FORMAT,
    GENERATION,
    PROMPT,
    SEED,
    WEST,
    picture,
    seed,
)
from darkroom.standin.stability_text import MEGAPIXEL, generation

ID = "stability.sd3-5-large-v1:0"


def prepare(body: Body) -> Order:
    """Order one picture that keeps as much of the input as `strength` leaves."""
    image = flat(picture(body, "image", Limits(min_side=64)))
    prompt, similarity = body["prompt"], 1 - body["strength"]
    size = one_megapixel(image.size)
    return Order(
        prompt=prompt,
        seed=seed(body),
        paint=lambda start: vary(
            [image], similarity=similarity, prompt=prompt, seed=start, size=size
        ),
        form=body.get("output_format", "png"),
    )


def one_megapixel(size: tuple[int, int]) -> tuple[int, int]:
    """Choose the output's size: the input's shape, about a megapixel, sides of 640 to 1536.

    The page says "1 megapixel" and no more, so the pixels are a guess.
    """
    factor = 1024 / math.sqrt(size[0] * size[1])
    width, height = (min(1536, max(640, round(side * factor / 16) * 16)) for side in size)
    return width, height


MODELS = [Model(ID, GENERATION, WEST)]
MODES = [
    Mode(
        model=ID,
        name="image-to-image",
        meant=lambda body: body.get("mode") == "image-to-image",
        schema=fields(
            {
                "prompt": PROMPT,
                "image": text(),
                "strength": number(0, 1),
                "mode": choice("image-to-image"),
            },
            {"negative_prompt": PROMPT, "seed": SEED, "output_format": ANY_FORMAT},
        ),
        prepare=prepare,
    ),
    generation(
        ID,
        MEGAPIXEL,
        formats=("jpeg", "png", "webp"),
        extra={"mode": choice("text-to-image")},
        meant=lambda body: body.get("mode", "text-to-image") == "text-to-image",
    ),
]
