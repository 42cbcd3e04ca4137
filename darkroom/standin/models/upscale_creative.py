"""Stable Image Creative Upscale, from the page "Stability AI Image Services".

The page limits the input's shortest side and its pixels, not its proportions.
"""

from __future__ import annotations

from PIL.Image import Image

from darkroom.standin.draw.upscale import upscale
from darkroom.standin.images import Limits
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, number, text
from darkroom.standin.stability import (
    PROMPT,
    SEED,
    SERVICE,
    STYLE_PRESET,
    US,
    order,
    picture,
    service,
)
from darkroom.standin.stability_styles import styled
from darkroom.standin.stability_upscale import grained, of_pixels, plain

ID = "stability.stable-creative-upscale-v1:0"
# Two sides of at least 64 are the page's 4,096 pixels.
LIMITS = Limits(min_side=64, max_pixels=1_048_576)
PIXELS = 3150 * 3150
GRAIN = 4.0


def prepare(body: Body) -> Order:
    """Order the picture at the one size that there is, with details that were not there."""
    image = plain(picture(body, "image", LIMITS))
    size = of_pixels(image.size, PIXELS)

    def paint(seed: int) -> Image:
        large = upscale(
            styled(image, body.get("style_preset")),
            size,
            creativity=body.get("creativity", 0.3),
            prompt=body["prompt"],
            seed=seed,
        )
        return grained(large, GRAIN, seed)

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "creative-upscale",
        {"image": text(), "prompt": PROMPT},
        {
            "creativity": number(0.1, 0.5),
            "negative_prompt": PROMPT,
            "seed": SEED,
            "style_preset": STYLE_PRESET,
        },
        prepare,
    )
]
