"""Erase an object: fill what a mask shows from its surroundings."""

from __future__ import annotations

from typing import ClassVar

from darkroom import fields
from darkroom.catalog import Model
from darkroom.mask import Grey, Invert, Threshold
from darkroom.modes.base import Seeded, needs_mask
from darkroom.wire import Body, Encoder, Task


class EraseObject(Seeded):
    """Remove what is white in a mask, or transparent in the picture, as if it had never been there.

    On Titan it is INPAINTING without a text ("Amazon Titan Image Generator G1 models"). Nova's page
    says both that the text is required and what happens without it: the stricter reading holds, so
    Nova is not asked for this.
    """

    repaints_black: ClassVar[bool] = True

    image: fields.Image
    mask: fields.Mask = None
    mask_prompt: fields.MaskPrompt = None
    grow_mask: fields.GrowMask = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    return_mask: fields.ReturnMask = None
    output_format: fields.Format = None

    def check(self, model: Model) -> None:
        super().check(model)
        needs_mask(self, "erase")

    def stability(self, encode: Encoder) -> Body:
        return {
            "image": encode(self.image),
            "mask": encode(self.mask, Grey()) if self.mask else None,
        }

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "image": encode(self.image),
            "maskImage": encode(self.mask, Invert(), Threshold()) if self.mask else None,
            "maskPrompt": self.mask_prompt,
        }
        return Task("INPAINTING", "inPaintingParams", params)
