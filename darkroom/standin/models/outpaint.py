"""Stable Image Outpaint, from the page "Stability AI Image Services".

It has no mask and, unlike its siblings, no `negative_prompt`.
"""

from __future__ import annotations

from PIL.Image import Image

from darkroom.standin.draw.extend import extend
from darkroom.standin.images import flat
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, number, text, whole
from darkroom.standin.stability import (
    PROMPT,
    SEED,
    SERVICE,
    SERVICE_IMAGE,
    STYLE_PRESET,
    US,
    detail,
    order,
    picture,
    service,
)
from darkroom.standin.stability_styles import styled

ID = "stability.stable-outpaint-v1:0"
SIDES = ("left", "right", "up", "down")


def prepare(body: Body) -> Order:
    """Order the picture on a canvas grown by so many pixels on each side."""
    left, right, up, down = (body.get(side, 0) for side in SIDES)
    if not (left or right or up or down):
        raise detail("At least one of left, right, up, down must be greater than 0.")
    image = flat(picture(body, "image", SERVICE_IMAGE))
    kept = (left, up, left + image.width, up + image.height)

    def paint(seed: int) -> Image:
        grown = extend(
            image,
            left=left,
            right=right,
            up=up,
            down=down,
            prompt=body.get("prompt", ""),
            seed=seed,
            creativity=body.get("creativity", 0.5),
        )
        around = styled(grown, body.get("style_preset"))
        if around is not grown:
            around.paste(grown.crop(kept), kept)
        return around

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "outpaint",
        {"image": text()},
        {
            **{side: whole(0, 2000) for side in SIDES},
            "prompt": PROMPT,
            "creativity": number(0.1, 1.0),
            "style_preset": STYLE_PRESET,
            "seed": SEED,
        },
        prepare,
    )
]
