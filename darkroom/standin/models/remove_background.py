"""Stable Image Remove Background, from the page "Stability AI Image Services".

It has neither prompt nor seed. That a jpeg cannot carry the cut-out is not said there; the
stand-in then lays it on white.
"""

from __future__ import annotations

import random

from darkroom.standin.draw.remove_background import remove_background
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, fields, text
from darkroom.standin.stability import ANY_FORMAT, MAX_SEED, SERVICE, SERVICE_IMAGE, US, picture

ID = "stability.stable-image-remove-background-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture's subject on nothing, in the picture's size."""
    image = picture(body, "image", SERVICE_IMAGE)
    return Order(
        prompt="",
        seed=random.randint(1, MAX_SEED),
        paint=lambda _seed: remove_background(image),
        form=body.get("output_format", "png"),
    )


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    Mode(
        model=ID,
        name="remove-background",
        meant=lambda _body: True,
        schema=fields({"image": text()}, {"output_format": ANY_FORMAT}),
        prepare=prepare,
    )
]
