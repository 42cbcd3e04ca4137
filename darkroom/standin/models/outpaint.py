"""Stable Image Outpaint, from the page "Stability AI Image Services".

It has no mask and, unlike its siblings, no `negative_prompt`.
"""

from __future__ import annotations

from darkroom.standin.draw.extend import extend
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, fields, number, text, whole
from darkroom.standin.stability import (
    ANY_FORMAT,
    PROMPT,
    SEED,
    SERVICE,
    SERVICE_IMAGE,
    STYLE_PRESET,
    US,
    detail,
    picture,
    seed,
)

ID = "stability.stable-outpaint-v1:0"
SIDES = ("left", "right", "up", "down")


def prepare(body: Body) -> Order:
    """Order the picture on a canvas grown by so many pixels on each side."""
    left, right, up, down = (body.get(side, 0) for side in SIDES)
    if not (left or right or up or down):
        raise detail("At least one of left, right, up, down must be greater than 0.")
    image = flat(picture(body, "image", SERVICE_IMAGE))
    prompt, creativity = body.get("prompt", ""), body.get("creativity", 0.5)
    return Order(
        prompt=prompt,
        seed=seed(body),
        paint=lambda start: extend(
            image,
            left=left,
            right=right,
            up=up,
            down=down,
            prompt=prompt,
            seed=start,
            creativity=creativity,
        ),
        form=body.get("output_format", "png"),
    )


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    Mode(
        model=ID,
        name="outpaint",
        meant=lambda _body: True,
        schema=fields(
            {"image": text()},
            {
                **{side: whole(0, 2000) for side in SIDES},
                "prompt": PROMPT,
                "creativity": number(0.1, 1.0),
                "style_preset": STYLE_PRESET,
                "seed": SEED,
                "output_format": ANY_FORMAT,
            },
        ),
        prepare=prepare,
    )
]
