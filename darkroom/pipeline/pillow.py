"""The steps that Pillow does: free, and the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from PIL import Image, ImageOps
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from darkroom.mask import Edit, Flatten, rgb
from darkroom.mask_of import MaskOf
from darkroom.picture import Picture
from darkroom.shape import Box

How = Literal["contain", "cover", "pad", "stretch"]


class PillowStep(BaseModel):
    """A picture made of others without any model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    word: ClassVar[str]


class MakeMask(MaskOf):
    """Make a mask of shapes, transparency or colors: white is repainted, black is kept."""

    word: ClassVar[str] = "make_mask"

    image: Picture = Field(description="What the mask is for; the mask measures the same.")


class FlattenOn(PillowStep):
    """Lay a picture with transparency on a plain color."""

    word: ClassVar[str] = "flatten"

    image: Picture = Field(description="The picture with transparency.")
    color: str = Field("#ffffff", description='The color: "#rrggbb", or a name.')

    @field_validator("color")
    @classmethod
    def _known(cls, value: str) -> str:
        Flatten(value)
        return value

    def edits(self) -> list[Edit]:
        """What is done to the picture."""
        return [Flatten(self.color)]


@dataclass(frozen=True)
class Resized:
    """The picture in another size; see `Resize`."""

    width: int | None
    height: int | None
    fit: How
    color: str

    def __call__(self, image: Image.Image) -> Image.Image:
        best = Image.Resampling.LANCZOS
        width = self.width or max(1, round(image.width * (self.height or 1) / image.height))
        height = self.height or max(1, round(image.height * width / image.width))
        if self.fit == "stretch" or not (self.width and self.height):
            return image.resize((width, height), best)
        if self.fit == "cover":
            return ImageOps.fit(image, (width, height), best)
        small = ImageOps.contain(image, (width, height), best)
        if self.fit == "contain":
            return small
        canvas = Image.new("RGB", (width, height), rgb("color", self.color))
        place = ((width - small.width) // 2, (height - small.height) // 2)
        canvas.paste(Flatten(self.color)(small), place)
        return canvas


class Resize(PillowStep):
    """Give a picture another size; with one side given, the other follows."""

    word: ClassVar[str] = "resize"

    image: Picture = Field(description="The picture.")
    width: int | None = Field(None, ge=1, le=16384, description="Pixels.")
    height: int | None = Field(None, ge=1, le=16384, description="Pixels.")
    fit: How = Field(
        "contain",
        description="Where both sides are given: contain keeps all of it within them, cover fills "
        "them and cuts off, pad fills up with the color, stretch does not keep proportions.",
    )
    color: str = Field("#ffffff", description="What pad fills up with.")

    @model_validator(mode="after")
    def _measured(self) -> Self:
        if self.width is None and self.height is None:
            raise ValueError("width or height must be given")
        Flatten(self.color)
        return self

    def edits(self) -> list[Edit]:
        """What is done to the picture."""
        return [Resized(self.width, self.height, self.fit, self.color)]


@dataclass(frozen=True)
class Cropped:
    """A part of the picture; see `Crop`."""

    box: Box

    def __call__(self, image: Image.Image) -> Image.Image:
        area = self.box(image).getbbox()
        assert area is not None  # a box outside of the picture is refused by the box itself
        return image.crop(area)


class Crop(PillowStep):
    """Cut a part out of a picture."""

    word: ClassVar[str] = "crop"

    image: Picture = Field(description="The picture.")
    left: int | str = Field(0, description='Pixels, or "25%" of the width.')
    top: int | str = Field(0, description='Pixels, or "25%" of the height.')
    width: int | str = Field(description='Pixels, or "50%".')
    height: int | str = Field(description='Pixels, or "50%".')

    def edits(self) -> list[Edit]:
        """What is done to the picture."""
        return [Cropped(Box(self.left, self.top, self.width, self.height))]


class Composite(PillowStep):
    """Lay a cut-out over a background, in its middle."""

    word: ClassVar[str] = "composite"

    image: Picture = Field(description="The cut-out, with transparency.")
    over: Picture = Field(description="The background, whose size the result has.")
    scale: float = Field(
        0.8, gt=0, le=1, description="How much of the background's sides the cut-out may take."
    )

    def laid(self, top: Image.Image, ground: Image.Image) -> Image.Image:
        """`top` over `ground`, as large as fits into the share of its sides that it may take."""
        room = (max(1, round(ground.width * self.scale)), max(1, round(ground.height * self.scale)))
        small = ImageOps.contain(top.convert("RGBA"), room, Image.Resampling.LANCZOS)
        whole = ground.convert("RGBA")
        place = ((whole.width - small.width) // 2, (whole.height - small.height) // 2)
        whole.alpha_composite(small, place)
        return whole if ground.has_transparency_data else whole.convert("RGB")


class ContactSheet(PillowStep):
    """Lay pictures out on one sheet, with labels."""

    word: ClassVar[str] = "contact_sheet"

    images: tuple[Picture, ...] = Field(min_length=1, description="The pictures, in their order.")
    title: str = Field("", description="What stands above them.")


STEPS: dict[str, type[BaseModel]] = {
    kind.word: kind for kind in (MakeMask, FlattenOn, Resize, Crop, Composite, ContactSheet)
}
