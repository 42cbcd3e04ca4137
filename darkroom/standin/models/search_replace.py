"""Stable Image Search and Replace, from the page "Stability AI Image Services".

It has no mask: `search_prompt` names what is replaced by what `prompt` names.
"""

from __future__ import annotations

from PIL import Image

from darkroom.standin.draw.find_object import find_object
from darkroom.standin.draw.paint_in import paint_in
from darkroom.standin.draw.shadowed import with_its_shadow
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

ID = "stability.stable-image-search-replace-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture with what is found in it painted anew."""
    image = flat(picture(body, "image", SERVICE_IMAGE))

    def paint(seed: int) -> Image.Image:
        found = find_object(image, body["search_prompt"])
        mask = grown(with_its_shadow(found), body.get("grow_mask", GROWN_BY))
        painted = paint_in(
            image,
            mask,
            body["prompt"],
            seed=seed,
            negative_prompt=body.get("negative_prompt", ""),
        )
        return Image.composite(styled(painted, body.get("style_preset")), painted, mask)

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "search-replace",
        {"prompt": PROMPT, "image": text(), "search_prompt": PROMPT},
        {
            "style_preset": STYLE_PRESET,
            "negative_prompt": PROMPT,
            "seed": SEED,
            "grow_mask": GROW,
        },
        prepare,
    )
]
