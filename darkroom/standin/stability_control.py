"""Control Sketch and Control Structure: a new picture on the lines or areas of another.

Written from the page "Stability AI Image Services", which gives both the same fields. It does not
say how large the answer is; here it is as large as the input.
"""

from __future__ import annotations

from typing import Literal

from PIL.Image import Image

from darkroom.standin.draw.condition import condition
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import Body, number, text
from darkroom.standin.stability import (
    PROMPT,
    SEED,
    SERVICE_IMAGE,
    STYLE_PRESET,
    order,
    picture,
    service,
)
from darkroom.standin.stability_styles import styled


def control(model: str, kind: Literal["sketch", "structure"]) -> Mode:
    """Make the mode of one of the two."""

    def prepare(body: Body) -> Order:
        image = flat(picture(body, "image", SERVICE_IMAGE))

        def paint(seed: int) -> Image:
            drawn = condition(
                image,
                body["prompt"],
                kind=kind,
                strength=body.get("control_strength", 0.7),
                seed=seed,
                size=image.size,
                negative_prompt=body.get("negative_prompt", ""),
            )
            return styled(drawn, body.get("style_preset"))

        return order(body, paint)

    return service(
        model,
        f"control-{kind}",
        {"image": text(), "prompt": PROMPT},
        {
            "control_strength": number(0, 1),
            "negative_prompt": PROMPT,
            "seed": SEED,
            "style_preset": STYLE_PRESET,
        },
        prepare,
    )
