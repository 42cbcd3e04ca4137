"""Stable Image Core, v1:1 and v1:0: a prompt to a picture.

From the page "Stable Image Core request and response", which makes no difference between them.
An older copy of it asks for `text_prompts`; its own schema and sample have `prompt`, and so has
the stand-in. AWS retired v1:0 on 2025-09-04; the stand-in keeps it.
"""

from __future__ import annotations

from darkroom.standin.model import Model
from darkroom.standin.stability import GENERATION, WEST
from darkroom.standin.stability_text import generation

IDS = ("stability.stable-image-core-v1:1", "stability.stable-image-core-v1:0")

# The page says 640 to 1536 pixels per side. Of the pixels only those of v1:1's 1:1 have been
# reported; the others keep the ratio and that long side.
SIZES = {
    "1:1": (1536, 1536),
    "16:9": (1536, 864),
    "9:16": (864, 1536),
    "21:9": (1536, 656),
    "9:21": (656, 1536),
    "3:2": (1536, 1024),
    "2:3": (1024, 1536),
    "5:4": (1536, 1232),
    "4:5": (1232, 1536),
}

MODELS = [Model(each, GENERATION, WEST) for each in IDS]
MODES = [generation(each, SIZES) for each in IDS]
