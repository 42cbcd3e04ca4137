"""Stable Image Ultra v1:0: a prompt, or a prompt and a picture, to a picture.

From the page "Stable Image Ultra request and response" and the refusal that a user of this version
got, which lists its fields: here, unlike in v1:1, there is image-to-image. A body that has `image`
and no `mode` asks for it, since the page's description of it names no `mode`. AWS retired this
version on 2025-09-04; the stand-in keeps it.
"""

from __future__ import annotations

from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.images import Limits, flat
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, choice, fields, text
from darkroom.standin.stability import (
    ASPECT_RATIO,
    GENERATION,
    PROMPT,
    SEED,
    WEST,
    flawed,
    order,
    picture,
)
from darkroom.standin.stability_image import STRENGTH, one_megapixel, varied
from darkroom.standin.stability_text import MEGAPIXEL

ID = "stability.stable-image-ultra-v1:0"
TEXT, PICTURE = "text-to-image", "image-to-image"

# In the order in which the service lists them.
FIELDS = fields(
    {"prompt": PROMPT},
    {
        "negative_prompt": PROMPT,
        "mode": choice(TEXT, PICTURE),
        "strength": STRENGTH,
        "seed": SEED,
        "output_format": choice("jpeg", "png"),
        "image": text(),
        "aspect_ratio": ASPECT_RATIO,
    },
)


def mode_of(body: Body) -> object:
    """Say which mode a body asks for, by `mode` or else by having a picture."""
    return body.get("mode", PICTURE if "image" in body else TEXT)


def draw(body: Body) -> Order:
    """Order a picture of the prompt alone."""
    for field in ("image", "strength"):
        if field in body:
            raise flawed(field, f"it is for {PICTURE} only")
    size = MEGAPIXEL[body.get("aspect_ratio", "1:1")]
    return order(
        body,
        lambda seed: text_to_image(
            body["prompt"], seed=seed, size=size, negative_prompt=body.get("negative_prompt", "")
        ),
    )


def vary(body: Body) -> Order:
    """Order a picture that keeps as much of the input as `strength` leaves.

    `aspect_ratio` crops it if it is given; what its default does to a picture of another shape the
    page does not say, and here it does nothing.
    """
    image = flat(picture(body, "image", Limits()))
    chosen = body.get("aspect_ratio")
    size = MEGAPIXEL[chosen] if chosen else one_megapixel(image.size)
    return varied(body, image, strength=body.get("strength", 0.35), size=size)


MODELS = [Model(ID, GENERATION, WEST)]
MODES = [
    Mode(ID, TEXT, lambda body: mode_of(body) == TEXT, FIELDS, draw),
    Mode(
        model=ID,
        name=PICTURE,
        meant=lambda body: mode_of(body) == PICTURE,
        schema={**FIELDS, "required": ["prompt", "image"]},
        prepare=vary,
    ),
]
