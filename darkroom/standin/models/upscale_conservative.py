"""Stable Image Conservative Upscale, from the page "Stability AI Image Services".

The page's first sentence wants at most a megapixel, its description of `image` allows 9,437,184
pixels: the stand-in takes what the description allows, because that is the field's own rule.
There is `creativity`, and no `style_preset`.
"""

from __future__ import annotations

from PIL.Image import Image

from darkroom.standin.draw.upscale import upscale
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, number, text
from darkroom.standin.stability import (
    PROMPT,
    SEED,
    SERVICE,
    SERVICE_IMAGE,
    US,
    order,
    picture,
    service,
)
from darkroom.standin.stability_upscale import detail, grained, of_pixels, plain

ID = "stability.stable-conservative-upscale-v1:0"
PIXELS = 3112 * 3112


def prepare(body: Body) -> Order:
    """Order the picture at the one size that there is, with little that was not there."""
    image = plain(picture(body, "image", SERVICE_IMAGE))
    size = of_pixels(image.size, PIXELS)
    amount = detail(image.width * image.height)
    # A creativity of 0.35 invents here what one of 0.1 does in the creative upscaler.
    creativity = body.get("creativity", 0.35) * 0.1 / 0.35

    def paint(seed: int) -> Image:
        large = upscale(image, size, creativity=creativity, prompt=body["prompt"], seed=seed)
        return grained(large, amount, seed)

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "conservative-upscale",
        {"image": text(), "prompt": PROMPT},
        {"creativity": number(0.1, 0.5), "negative_prompt": PROMPT, "seed": SEED},
        prepare,
    )
]
