"""Stable Image Style Transfer, from the page "Stability AI Image Services".

Alone among its siblings it has `init_image` and `style_image` instead of `image`, no
`style_preset`, and no limit of its prompt's length on the page.
"""

from __future__ import annotations

from darkroom.standin.draw.style import style_transfer
from darkroom.standin.images import flat
from darkroom.standin.model import Model, Order
from darkroom.standin.rules import Body, number, text
from darkroom.standin.stability import (
    PROMPT,
    SEED,
    SERVICE,
    SERVICE_IMAGE,
    US,
    order,
    picture,
    service,
)

ID = "stability.stable-style-transfer-v1:0"


def prepare(body: Body) -> Order:
    """Order the first picture in the style of the second."""
    image, style = (flat(picture(body, f"{which}_image", SERVICE_IMAGE)) for which in WHICH)
    return order(
        body,
        lambda seed: style_transfer(
            image,
            style,
            prompt=body.get("prompt", ""),
            style_strength=body.get("style_strength", 1.0),
            composition_fidelity=body.get("composition_fidelity", 0.9),
            change_strength=body.get("change_strength", 0.9),
            seed=seed,
        ),
    )


WHICH = ("init", "style")
MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    service(
        ID,
        "style-transfer",
        {f"{which}_image": text() for which in WHICH},
        {
            "prompt": text(),
            "negative_prompt": PROMPT,
            "seed": SEED,
            "composition_fidelity": number(0, 1),
            "style_strength": number(0, 1),
            "change_strength": number(0.1, 1),
        },
        prepare,
    )
]
