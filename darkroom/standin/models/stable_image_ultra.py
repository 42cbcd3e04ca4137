"""Stable Image Ultra v1:1: a prompt to a picture.

The page "Stable Image Ultra request and response" also has `mode`, `image` and `strength`; the
model card says that there is no image input, and users report that this version refuses all
three. So does the stand-in.
"""

from __future__ import annotations

from darkroom.standin.model import Model
from darkroom.standin.stability import GENERATION, WEST
from darkroom.standin.stability_text import MEGAPIXEL, generation

ID = "stability.stable-image-ultra-v1:1"

MODELS = [Model(ID, GENERATION, WEST)]
MODES = [generation(ID, MEGAPIXEL)]
