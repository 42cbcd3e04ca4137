"""The steps that Pillow does: free, and the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from PIL import Image, ImageOps
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from darkroom.mask import Edit, Flatten, rgb
from darkroom.mask_of import MaskOf
from darkroom.picture import Picture, picture_fields
from darkroom.shape import Box

How = Literal["contain", "cover", "pad", "stretch"]


class PillowStep(BaseModel):
    """A picture made of others without any model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    word: ClassVar[str]

    def sources(self) -> tuple[Picture, ...]:
        """The pictures that it is made of."""
        found = (getattr(self, name) for name in picture_fields(type(self)))
        return tuple(each for one in found for each in (one if isinstance(one, tuple) else (one,)))

    def edits(self) -> list[Edit]:
        """What is done to the one picture that it is made of."""
        return []

    def size(self) -> tuple[int, int]:
        """What the result measures: width and height in pixels."""
        return self.sources()[0].size

    def has_alpha(self) -> bool:
        """Whether the result can be transparent."""
        return self.sources()[0].alpha


class MakeMask(MaskOf, PillowStep):
    """Make a mask of shapes, transparency or colors: white is repainted, black is kept."""

    word: ClassVar[str] = "make_mask"

    image: Picture = Field(description="What the mask is for; the mask measures the same.")

    def has_alpha(self) -> bool:
        return False


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
        return [Flatten(self.color)]

    def has_alpha(self) -> bool:
        return False


@dataclass(frozen=True)
class Resized:
    """The picture in another size; see `Resize`."""

    width: int | None
    height: int | None
    fit: How
    color: str

    def size(self, wide: int, high: int) -> tuple[int, int]:
        """The size that a picture of `wide` x `high` pixels gets."""
        width, height = self._frame(wide, high)
        if self.fit != "contain" or not (self.width and self.height):
            return width, height
        return ImageOps.contain(Image.new("1", (wide, high)), (width, height)).size

    def _frame(self, wide: int, high: int) -> tuple[int, int]:
        width = self.width or max(1, round(wide * (self.height or 1) / high))
        return width, self.height or max(1, round(high * width / wide))

    def __call__(self, image: Image.Image) -> Image.Image:
        best = Image.Resampling.LANCZOS
        width, height = self._frame(*image.size)
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
        return [Resized(self.width, self.height, self.fit, self.color)]

    def size(self) -> tuple[int, int]:
        return Resized(self.width, self.height, self.fit, self.color).size(*self.image.size)


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
        return [Cropped(Box(self.left, self.top, self.width, self.height))]

    def size(self) -> tuple[int, int]:
        box = Box(self.left, self.top, self.width, self.height)
        left, top, right, bottom = box.frame(*self.image.size)
        width, height = self.image.size
        return (
            round(min(right, width)) - round(max(left, 0)),
            round(min(bottom, height)) - round(max(top, 0)),
        )


class Composite(PillowStep):
    """Lay a cut-out over a background, in its middle."""

    word: ClassVar[str] = "composite"

    image: Picture = Field(description="The cut-out, with transparency.")
    over: Picture = Field(description="The background, whose size the result has.")
    scale: float = Field(
        0.8, gt=0, le=1, description="How much of the background's sides the cut-out may take."
    )

    def size(self) -> tuple[int, int]:
        return self.over.size

    def has_alpha(self) -> bool:
        return self.over.alpha

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
