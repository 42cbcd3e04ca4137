"""Inpaint: paint anew what a mask shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from darkroom import fields
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.fields import Diffusion
from darkroom.mask import Background, Grey, Invert, Threshold
from darkroom.modes.base import Seeded, Wish, needs_mask
from darkroom.wire import Body, Encoder, Task


class Inpaint(Diffusion, Seeded):
    """Paint anew what is white in a mask, or transparent in the picture, or named by a prompt.

    Titan and Nova repaint black and take neither greys nor alpha in a mask: it is turned round and
    made pure on the way ("Nova: Generating images, request and response structure"). Nova's page
    labels `text` as required and then says what happens without it; here it is required.
    """

    repaints_black: ClassVar[bool] = True

    image: fields.Image
    mask: fields.Mask = None
    mask_prompt: fields.MaskPrompt = None
    prompt: fields.Prompt = None
    negative_prompt: fields.NegativePrompt = None
    grow_mask: fields.GrowMask = None
    mask_source: Literal["MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK", "INIT_IMAGE_ALPHA"] | None = Field(
        None,
        description="How SDXL is told of the mask. The mask means the same in each: white is "
        "repainted. Empty: as a mask if one is given, else by the picture's transparency.",
    )
    style_preset: fields.StylePreset = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    return_mask: fields.ReturnMask = None
    output_format: fields.Format = None

    def check(self, model: Model) -> None:
        super().check(model)
        needs_mask(self, "repaint")
        if self.mask and self.mask_source == "INIT_IMAGE_ALPHA":
            raise InvalidRequest.of(
                "mask_source", self.mask_source, "it is for pictures without a mask"
            )
        if not self.mask and (self.mask_source or "").startswith("MASK"):
            raise InvalidRequest.of("mask_source", self.mask_source, "it needs a mask")

    def wishes(self) -> Iterator[Wish]:
        yield from super().wishes()
        if self.mask_prompt and self.prompt:
            given = {
                "search_prompt" if k == "mask_prompt" else k: v for k, v in self.given().items()
            }
            yield "search_and_replace", given

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

    def sdxl(self, encode: Encoder) -> Body:
        # The page has the mask as required, even where it says that the alpha decides.
        mask = encode(self.mask, Grey()) if self.mask else encode(self.image, Background())
        if self.mask and self.mask_source == "MASK_IMAGE_BLACK":
            mask = encode(self.mask, Invert())
        return {
            "init_image": encode(self.image),
            "mask_source": self.mask_source
            or ("MASK_IMAGE_WHITE" if self.mask else "INIT_IMAGE_ALPHA"),
            "mask_image": mask,
        }
