"""Stable Image Inpaint, from the page "Stability AI Image Services".

White of the mask is painted, black is kept, grey is painted in part. The mask is resized to the
image. Without one the image's alpha decides: what is transparent is painted.
"""

from __future__ import annotations

from PIL import Image

from darkroom.standin.draw.paint_in import paint_in
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
from darkroom.standin.stability_masks import GROW, GROWN_BY, grown, mask_of
from darkroom.standin.stability_styles import styled

ID = "stability.stable-image-inpaint-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture with what the mask shows painted anew."""
    image = picture(body, "image", SERVICE_IMAGE)
    mask = grown(mask_of(body, image), body.get("grow_mask", GROWN_BY))
    ground = flat(image)

    def paint(seed: int) -> Image.Image:
        painted = paint_in(
            ground,
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
        "inpaint",
        {"prompt": PROMPT, "image": text()},
        {
            "mask": text(),
            "grow_mask": GROW,
            "style_preset": STYLE_PRESET,
            "negative_prompt": PROMPT,
            "seed": SEED,
        },
        prepare,
    )
]
