"""Stable Diffusion 3 Large: a prompt, or a prompt and a picture, to a picture.

From the page "Stability.ai Stable Diffusion 3 Large". Unlike 3.5 it writes no webp, and it wants
a picture's sides between 640 and 1536 pixels. The page prints 4294967295 as the largest seed; the
stand-in takes one less, as it does with every model of this family. AWS retired the model on
2025-09-04; the stand-in keeps it.
"""

from __future__ import annotations

from darkroom.standin.images import Limits
from darkroom.standin.model import Model
from darkroom.standin.rules import choice
from darkroom.standin.stability import GENERATION, WEST
from darkroom.standin.stability_image import image_to_image
from darkroom.standin.stability_text import MEGAPIXEL, generation

ID = "stability.sd3-large-v1:0"

MODELS = [Model(ID, GENERATION, WEST)]
MODES = [
    image_to_image(ID, Limits(min_side=640, max_side=1536), formats=("jpeg", "png")),
    generation(
        ID,
        MEGAPIXEL,
        extra={"mode": choice("text-to-image")},
        meant=lambda body: body.get("mode", "text-to-image") == "text-to-image",
    ),
]
