"""Virtual try-on: a garment from one picture, worn in another."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from darkroom import fields
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.mask import Invert, Threshold
from darkroom.modes.base import Seeded, needs_one
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task

Switch = Literal["ON", "OFF", "DEFAULT"]
Shape = Literal["CONTOUR", "BOUNDING_BOX", "DEFAULT"]
Garment = Literal[
    "UPPER_BODY",
    "LOWER_BODY",
    "FULL_BODY",
    "FOOTWEAR",
    "LONG_SLEEVE_SHIRT",
    "SHORT_SLEEVE_SHIRT",
    "NO_SLEEVE_SHIRT",
    "OTHER_UPPER_BODY",
    "LONG_PANTS",
    "SHORT_PANTS",
    "OTHER_LOWER_BODY",
    "LONG_DRESS",
    "SHORT_DRESS",
    "FULL_BODY_OUTFIT",
    "OTHER_FULL_BODY",
    "SHOES",
    "BOOTS",
    "OTHER_FOOTWEAR",
]


class VirtualTryOn(Seeded):
    """Put what one picture shows (a garment, a piece of furniture) into another.

    Where it goes is said by a mask, by a prompt, or by the kind of garment. Source: "Nova:
    Generating images, request and response structure", task VIRTUAL_TRY_ON.
    """

    repaints_black: ClassVar[bool] = True

    image: Picture = Field(description="The person, or the room.")
    reference_image: Picture = Field(description="What to put there.")
    mask: fields.Mask = None
    mask_prompt: fields.MaskPrompt = None
    garment_class: Annotated[
        Garment | None, Field(description="What kind of garment it is, for a mask found by it.")
    ] = None
    mask_shape: Shape | None = Field(
        None, description="Shape of a mask that is found by prompt or garment."
    )
    long_sleeve_style: Literal["SLEEVE_DOWN", "SLEEVE_UP"] | None = Field(
        None, description="How long sleeves are worn; with a kind of garment."
    )
    tucking_style: Literal["UNTUCKED", "TUCKED"] | None = Field(
        None, description="Whether a top is tucked in; with a kind of garment."
    )
    outer_layer_style: Literal["CLOSED", "OPEN"] | None = Field(
        None, description="Whether a jacket is closed; with a kind of garment."
    )
    preserve_body_pose: Switch | None = Field(
        None, description="Whether the pose of the person stays."
    )
    preserve_hands: Switch | None = Field(None, description="Whether the hands of the person stay.")
    preserve_face: Switch | None = Field(None, description="Whether the face of the person stays.")
    merge_style: Literal["BALANCED", "SEAMLESS", "DETAILED"] | None = Field(
        None, description="How the garment is blended in."
    )
    return_mask: fields.ReturnMask = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None

    def check(self, model: Model) -> None:
        super().check(model)
        needs_one(
            dict(self), ("mask", "mask_prompt", "garment_class"), "where it goes is said once"
        )
        if self.mask and self.mask_shape:
            raise InvalidRequest.of("mask_shape", self.mask_shape, "the mask has its own shape")
        for name in ("long_sleeve_style", "tucking_style", "outer_layer_style"):
            if getattr(self, name) and not self.garment_class:
                raise InvalidRequest.of(name, getattr(self, name), "it needs a garment_class")

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "sourceImage": encode(self.image),
            "referenceImage": encode(self.reference_image),
            **self._where(encode),
            "maskExclusions": _set(
                preserveBodyPose=self.preserve_body_pose,
                preserveHands=self.preserve_hands,
                preserveFace=self.preserve_face,
            ),
            "mergeStyle": self.merge_style,
        }
        return Task("VIRTUAL_TRY_ON", "virtualTryOnParams", params)

    def _where(self, encode: Encoder) -> Body:
        """The mask's type and the object that goes with it."""
        if self.mask:
            image = encode(self.mask, Invert(), Threshold())
            return {"maskType": "IMAGE", "imageBasedMask": {"maskImage": image}}
        if self.mask_prompt:
            said = _set(maskShape=self.mask_shape, maskPrompt=self.mask_prompt)
            return {"maskType": "PROMPT", "promptBasedMask": said}
        styling = _set(
            longSleeveStyle=self.long_sleeve_style,
            tuckingStyle=self.tucking_style,
            outerLayerStyle=self.outer_layer_style,
        )
        said = _set(
            maskShape=self.mask_shape, garmentClass=self.garment_class, garmentStyling=styling
        )
        return {"maskType": "GARMENT", "garmentBasedMask": said}


def _set(**fields: object) -> Body | None:
    """The fields that are given; None if none is."""
    return {name: value for name, value in fields.items() if value is not None} or None
