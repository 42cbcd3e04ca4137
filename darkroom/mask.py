"""Edits that make, turn and fit masks, and prepare pictures for them.

One meaning for every model: **white is repainted, black is kept**; grey is in between where a model
knows in between. An edit is a small frozen value that turns one Pillow image into another. Its repr
says all that it does, so that it can stand in a cache key and in a picture's provenance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image, ImageChops, ImageColor

from darkroom.errors import InvalidRequest

Edit = Callable[[Image.Image], Image.Image]


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits; Pillow would clip instead of scaling
        image = image.convert("I").point(lambda value: value / 257)
    return image.convert("L")


def _alpha(image: Image.Image) -> Image.Image:
    return image.convert("RGBA").getchannel("A")


@dataclass(frozen=True)
class Background:
    """The mask of what is *not* the subject: white where the picture is transparent."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return ImageChops.invert(_alpha(image))


@dataclass(frozen=True)
class Flatten:
    """The picture on a plain `color` (any name or code that Pillow knows), without alpha."""

    color: str = "#808080"

    def __post_init__(self) -> None:
        try:
            ImageColor.getrgb(self.color)
        except ValueError as error:
            raise InvalidRequest.of(
                "background", self.color, "no such color", 'Write it as "#rrggbb".'
            ) from error

    def __call__(self, image: Image.Image) -> Image.Image:
        ground = Image.new("RGB", image.size, ImageColor.getrgb(self.color)[:3])
        ground.paste(image.convert("RGB"), mask=_alpha(image))
        return ground


@dataclass(frozen=True)
class Invert:
    """Black for white and white for black."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return ImageChops.invert(_grey(image))


@dataclass(frozen=True)
class Threshold:
    """Pure black below `level` (1 to 255), pure white from it on, three equal channels, no alpha.

    Titan and Nova take no greys and no alpha in a mask.
    """

    level: int = 128

    def __call__(self, image: Image.Image) -> Image.Image:
        table = [0] * self.level + [255] * (256 - self.level)
        return _grey(image).point(table).convert("RGB")


@dataclass(frozen=True)
class Grey:
    """The mask as one channel of greys, alpha ignored."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return _grey(image)


@dataclass(frozen=True)
class Canvas:
    """The picture on a canvas that is larger by so many pixels on each side.

    `fill` is the color of what is new, and of what shows through a transparent picture: for a mask
    "white", because it shall be painted.
    """

    left: int = 0
    right: int = 0
    up: int = 0
    down: int = 0
    fill: str = "#808080"

    def __call__(self, image: Image.Image) -> Image.Image:
        size = (
            image.width + self.left + self.right,
            image.height + self.up + self.down,
        )
        rgb = ImageColor.getrgb(self.fill)[:3]
        canvas = Image.new("RGB", size, rgb)
        canvas.paste(image.convert("RGB"), (self.left, self.up), _alpha(image))
        return canvas


@dataclass(frozen=True)
class Keep:
    """A mask of the picture's size that keeps all of it: black everywhere."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return Image.new("L", image.size, 0)


@dataclass(frozen=True)
class Shrink:
    """The picture, smaller by one factor for both sides so that it fits the limits given.

    Attributes:
        max_side: Pixels that the longer side may have, or None.
        max_pixels: Pixels that the picture may have in all, or None.
    """

    max_side: int | None = None
    max_pixels: int | None = None

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of `width` x `height` pixels gets."""
        # Fractions, because 1408 / 2136 * 2136 as floats is a little less than 1408.
        factor = Fraction(1)
        if self.max_side:
            factor = min(factor, Fraction(self.max_side, max(width, height)))
        if self.max_pixels:
            factor = min(factor, Fraction((self.max_pixels / (width * height)) ** 0.5))
        return max(1, int(width * factor)), max(1, int(height * factor))

    def __call__(self, image: Image.Image) -> Image.Image:
        return image.resize(self.size(*image.size), Image.Resampling.LANCZOS)
