"""Stable Image Erase Object, from the page "Stability AI Image Services".

It has no prompt. Its mask is that of inpaint: white is erased, and without one what is
transparent.
"""

from __future__ import annotations

from darkroom.standin.draw.erase import erase
from darkroom.standin.images import flat
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, text
from darkroom.standin.stability import SEED, SERVICE, SERVICE_IMAGE, US, order, picture, service
from darkroom.standin.stability_masks import GROW, GROWN_BY, grown, mask_of

ID = "stability.stable-image-erase-object-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture with what the mask shows filled from around it."""
    image = picture(body, "image", SERVICE_IMAGE)
    mask = grown(mask_of(body, image), body.get("grow_mask", GROWN_BY))
    ground = flat(image)
    return order(body, lambda seed: erase(ground, mask, seed=seed))


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "erase",
        {"image": text()},
        {"mask": text(), "grow_mask": GROW, "seed": SEED},
        prepare,
    )
]
