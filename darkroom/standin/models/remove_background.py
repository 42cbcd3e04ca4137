"""Stable Image Remove Background, from the page "Stability AI Image Services".

It has neither prompt nor seed. That a jpeg cannot carry the cut-out is not said there; the
stand-in then lays it on white.
"""

from __future__ import annotations

from darkroom.standin.draw.remove_background import remove_background
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, text
from darkroom.standin.stability import SERVICE, SERVICE_IMAGE, US, order, picture, service

ID = "stability.stable-image-remove-background-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture's subject on nothing, in the picture's size."""
    image = picture(body, "image", SERVICE_IMAGE)
    return order(body, lambda _seed: remove_background(image))


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [service(ID, "remove-background", {"image": text()}, {}, prepare)]
