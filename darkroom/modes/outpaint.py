"""Outpaint: paint around what is there, on a larger canvas, around a masked subject, or both."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from darkroom import fields
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.mask import Canvas, Edit, Grey, Keep, Threshold
from darkroom.modes.base import Seeded, needs_one
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task


class Expand(BaseModel):
    """How many pixels to add on each side; at least one side must grow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    left: int = Field(0, ge=0, description="Pixels to add on the left.")
    right: int = Field(0, ge=0, description="Pixels to add on the right.")
    up: int = Field(0, ge=0, description="Pixels to add above.")
    down: int = Field(0, ge=0, description="Pixels to add below.")

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if not (self.left or self.right or self.up or self.down):
            raise ValueError("at least one of left, right, up, down must be more than 0")
        return self

    def grown(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of `width` x `height` pixels gets."""
        return width + self.left + self.right, height + self.up + self.down


class Outpaint(Seeded):
    """Paint around a picture, or around a subject in it.

    What is painted is white in the mask, or new on the canvas, or all but what a mask prompt names.
    """

    image: Picture = Field(description="What stays.")
    prompt: fields.Prompt = None
    mask: fields.Mask = None
    mask_prompt: str | None = Field(
        None, min_length=1, description="Names what stays; all else is painted (Titan, Nova)."
    )
    expand: Expand | None = Field(None, description="How far to grow the canvas.")
    negative_prompt: fields.NegativePrompt = None
    creativity: float | None = Field(
        None, description="How inventive (Stability outpaint; 0.1 to 1)."
    )
    grow_mask: int | None = Field(
        None,
        description="Pixels by which the service widens the white of the mask (Stability; 0 to "
        "20). Empty: 0, so that the subject's pixels stay.",
    )
    style_preset: fields.StylePreset = None
    out_painting_mode: str | None = Field(
        None,
        examples=["PRECISE"],
        description='"DEFAULT" lets what is kept change a little, "PRECISE" does not (Titan, '
        "Nova).",
    )
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    return_mask: fields.ReturnMask = None
    output_format: fields.Format = None

    def check(self, model: Model) -> None:
        super().check(model)
        needs_one(dict(self), ("mask", "mask_prompt"), "what stays is said once")
        needs_one(dict(self), ("expand", "mask_prompt"), "a mask prompt knows no larger canvas")
        if self.expand and (limit := model.limit(self.mode, "canvas")):
            grown = self.expand.grown(*self.image.size)
            if not limit.allows(*grown):
                raise InvalidRequest.of(
                    "expand",
                    "{} x {} in all".format(*grown),
                    f"{model.name} takes {limit.size_rule}",
                    "Expand by less, or give a smaller picture.",
                )

    def stability(self, encode: Encoder) -> Body:
        body: Body = {
            "image": encode(self.image),
            "creativity": self.creativity,
        }
        if self.mask:
            body["mask"] = encode(self.mask, Grey())
            if self.grow_mask is None:
                body["grow_mask"] = 0  # the service's own 5 would eat into the subject's edge
        if self.expand:
            body |= {side: pixels for side, pixels in self.expand if pixels}
        return body

    def amazon(self, encode: Encoder) -> Task:
        # The service neither grows a canvas nor knows greys: both are done here. White is what is
        # painted, as in our own meaning (page "Image generation access": stated twice for
        # outpainting, while the request page copies inpainting's sentence).
        grey: list[Edit] = [Grey() if self.mask else Keep()]
        image: list[Edit] = []
        if self.expand:
            sides = self.expand.model_dump()
            image = [Canvas(**sides)]
            grey.append(Canvas(**sides, fill="#ffffff"))
        params: Body = {
            "image": encode(self.image, *image),
            "maskImage": None
            if self.mask_prompt
            else encode(self.mask or self.image, *grey, Threshold()),
            "maskPrompt": self.mask_prompt,
            "outPaintingMode": self.out_painting_mode,
        }
        return Task("OUTPAINTING", "outPaintingParams", params)
