"""Stable Image Inpaint, from the page "Stability AI Image Services".

White of the mask is painted, black is kept, grey is painted in part. The mask is resized to the
image. Without one the image's alpha decides: what is transparent is painted.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from darkroom.standin.draw.paint_around import paint_around
from darkroom.standin.images import Limits, flat
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, fields, text, whole
from darkroom.standin.stability import (
    ANY_FORMAT,
    PROMPT,
    SEED,
    SERVICE,
    SERVICE_IMAGE,
    STYLE_PRESET,
    US,
    flawed,
    picture,
    seed,
)

ID = "stability.stable-image-inpaint-v1:0"


def prepare(body: Body) -> Order:
    """Order the picture with what the mask shows painted anew."""
    image = picture(body, "image", SERVICE_IMAGE)
    mask = grown(mask_of(body, image), body.get("grow_mask", 5))
    ground, prompt = flat(image), body["prompt"]
    return Order(
        prompt=prompt,
        seed=seed(body),
        paint=lambda number: paint_around(ground, mask, prompt, seed=number),
        form=body.get("output_format", "png"),
    )


def mask_of(body: Body, image: Image.Image) -> Image.Image:
    """Find what is to be painted, as a grey picture in which white is painted.

    Raises:
        Refusal: There is no mask and no transparency. The page does not say what happens then; a
            picture that comes back as it went would hide the mistake.
    """
    if "mask" in body:
        mask = flat(picture(body, "mask", Limits())).convert("L")
        return mask if mask.size == image.size else mask.resize(image.size)
    if not image.has_transparency_data:
        raise flawed("mask", "a mask is required for an image without an alpha channel")
    return ImageChops.invert(image.convert("RGBA").getchannel("A"))


def grown(mask: Image.Image, pixels: int) -> Image.Image:
    """Grow a mask outwards, with a soft edge, as `grow_mask` does."""
    if not pixels:
        return mask
    return ImageChops.lighter(mask, mask.filter(ImageFilter.GaussianBlur(pixels)))


MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [
    Mode(
        model=ID,
        name="inpaint",
        meant=lambda _body: True,
        schema=fields(
            {"prompt": PROMPT, "image": text()},
            {
                "mask": text(),
                "grow_mask": whole(0, 20),
                "style_preset": STYLE_PRESET,
                "negative_prompt": PROMPT,
                "seed": SEED,
                "output_format": ANY_FORMAT,
            },
        ),
        prepare=prepare,
    )
]
