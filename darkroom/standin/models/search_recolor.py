"""Stable Image Search and Recolor, from the page "Stability AI Image Services".

It has no mask: `select_prompt` names what takes the colors that `prompt` names.
"""

from __future__ import annotations

from PIL import Image

from darkroom.standin.draw.find_object import find_object
from darkroom.standin.draw.recolor import recolor
from darkroom.standin.images import flat
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, text
from darkroom.standin.stability import (
    PROMPT,
    SEED,
    SERVICE,
    SERVICE_IMAGE,
    STYLE_PRESET,
    US,
    order,
    picture,
    service,
)
from darkroom.standin.stability_masks import GROW, GROWN_BY, grown
from darkroom.standin.stability_styles import styled

ID = "stability.stable-image-search-recolor-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture with what is found in it in another color."""
    image = flat(picture(body, "image", SERVICE_IMAGE))

    def paint(seed: int) -> Image.Image:
        found = find_object(image, body["select_prompt"])
        # What is grown is the background's rim, which shall not shine in the new color.
        mask = grown(found, body.get("grow_mask", GROWN_BY) // 4)
        colored = recolor(image, mask, body["prompt"], seed=seed)
        return Image.composite(styled(colored, body.get("style_preset")), colored, mask)

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "search-recolor",
        {"prompt": PROMPT, "image": text(), "select_prompt": PROMPT},
        {
            "style_preset": STYLE_PRESET,
            "negative_prompt": PROMPT,
            "seed": SEED,
            "grow_mask": GROW,
        },
        prepare,
    )
]
