"""Stable Image Fast Upscale, from the page "Stability AI Image Services".

It has neither prompt nor seed. The page lists `output_format` among the required fields, yet with
a default, and its samples leave it out; so may others here.
"""

from __future__ import annotations

from PIL.Image import Image

from darkroom.standin.draw.upscale import upscale
from darkroom.standin.images import Limits
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, text
from darkroom.standin.stability import SERVICE, US, order, picture, service
from darkroom.standin.stability_upscale import grained, plain

ID = "stability.stable-fast-upscale-v1:0"
# Two sides of at least 32 are the page's 1,024 pixels.
LIMITS = Limits(min_side=32, max_side=1536, max_pixels=1_048_576)
GRAIN = 2.0


def prepare(body: Body) -> Order:
    """Order the picture with each side 4 times as long."""
    image = plain(picture(body, "image", LIMITS))
    size = (image.width * 4, image.height * 4)

    def paint(seed: int) -> Image:
        return grained(upscale(image, size), GRAIN, seed)

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [service(ID, "fast-upscale", {"image": text()}, {}, prepare)]
