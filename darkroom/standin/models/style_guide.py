"""Stable Image Style Guide, from the page "Stability AI Image Services"."""

from __future__ import annotations

from PIL.Image import Image

from darkroom.standin.draw.style import style_guide
from darkroom.standin.images import flat
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, number, text
from darkroom.standin.stability import (
    ASPECT_RATIO,
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
from darkroom.standin.stability_styles import styled
from darkroom.standin.stability_text import MEGAPIXEL

ID = "stability.stable-image-style-guide-v1:0"


def prepare(body: Body) -> Order:
    """Order a picture of the prompt in the style of another picture."""
    image = flat(picture(body, "image", SERVICE_IMAGE))

    def paint(seed: int) -> Image:
        drawn = style_guide(
            image,
            body["prompt"],
            fidelity=body.get("fidelity", 0.5),
            seed=seed,
            size=MEGAPIXEL[body.get("aspect_ratio", "1:1")],
            negative_prompt=body.get("negative_prompt", ""),
        )
        return styled(drawn, body.get("style_preset"))

    return order(body, paint)


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "style-guide",
        {"image": text(), "prompt": PROMPT},
        {
            "aspect_ratio": ASPECT_RATIO,
            "fidelity": number(0, 1),
            "negative_prompt": PROMPT,
            "seed": SEED,
            "style_preset": STYLE_PRESET,
        },
        prepare,
    )
]
