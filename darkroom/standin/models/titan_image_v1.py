"""Titan Image Generator G1 v1: what v2 is, less what came with v2.

From the user guide's page "Amazon Titan Image Generator G1 models", which gives both versions the
same sizes and limits, and says which tasks are v2's alone: conditioning, colors, the removal of
backgrounds. No page prints its regions; the stand-in has it where v2 is. Its two ids are two rows
in AWS's list of models, too. AWS retired it on 2025-08-15.
"""

from __future__ import annotations

from dataclasses import replace

from darkroom.standin.amazon import Line
from darkroom.standin.amazon_edits import RETURN_MASK, inpainting, outpainting
from darkroom.standin.amazon_tasks import ALL_CONFIG, image_variation, text_image
from darkroom.standin.model import Mode, Model
from darkroom.standin.models import titan_image_v2

IDS = ("amazon.titan-image-generator-v1", "amazon.titan-image-generator-v1:0")


def tasks(line: Line) -> list[Mode]:
    """List what it can do, under one of its ids."""
    return [
        text_image(line, conditioned=False),
        image_variation(line),
        inpainting(line, config=ALL_CONFIG, extra=RETURN_MASK),
        outpainting(line, config=ALL_CONFIG, extra=RETURN_MASK),
    ]


MODELS = [Model(model, titan_image_v2.VENDOR, titan_image_v2.REGIONS) for model in IDS]
MODES = [mode for model in IDS for mode in tasks(replace(titan_image_v2.LINE, model=model))]
