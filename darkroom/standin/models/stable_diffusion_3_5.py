"""Stable Diffusion 3.5 Large: a prompt, or a prompt and a picture, to a picture.

From the page "Stability.ai Stable Diffusion 3.5 Large". Its sample of image-to-image leaves out
`mode`, although the field's default is text-to-image; the stand-in goes by the default, so a
picture without `mode` is refused. `aspect_ratio` is for text-to-image only.
"""

from __future__ import annotations

from darkroom.standin.images import Limits
from darkroom.standin.model import Model
from darkroom.standin.rules import choice
from darkroom.standin.stability import GENERATION, WEST
from darkroom.standin.stability_image import image_to_image
from darkroom.standin.stability_text import MEGAPIXEL, generation

ID = "stability.sd3-5-large-v1:0"
FORMATS = ("jpeg", "png", "webp")

MODELS = [Model(ID, GENERATION, WEST)]
MODES = [
    image_to_image(ID, Limits(min_side=64), formats=FORMATS),
    generation(
        ID,
        MEGAPIXEL,
        formats=FORMATS,
        extra={"mode": choice("text-to-image")},
        meant=lambda body: body.get("mode", "text-to-image") == "text-to-image",
    ),
]
