"""Edits that turn and fit masks, and prepare pictures for them. `darkroom.shape` draws masks.

One meaning for every model: **white is repainted, black is kept**; grey is in between where a model
knows in between. An edit is a small frozen value that turns one Pillow image into another. Its repr
says all that it does, so that it can stand in a cache key and in a picture's provenance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image, ImageChops, ImageColor, ImageFilter, ImageOps, ImageStat

from darkroom.errors import InvalidRequest

Edit = Callable[[Image.Image], Image.Image]


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits; Pillow would clip instead of scaling
        image = image.convert("I").point(lambda value: value / 257)
    return image.convert("L")


def rgb(field: str, color: str) -> tuple[int, int, int]:
    """Red, green and blue (0 to 255) of a color's name or code; its alpha does not count.

    Raises:
        InvalidRequest: `field` has a color that Pillow does not know.
    """
    try:
        red, green, blue, *_ = ImageColor.getrgb(color)
    except (ValueError, AttributeError) as error:
        raise InvalidRequest.of(field, color, "no such color", 'Write it as "#rrggbb".') from error
    return red, green, blue


def _alpha(image: Image.Image) -> Image.Image:
    return image.convert("RGBA").getchannel("A")


@dataclass(frozen=True)
class Background:
    """The mask of what is *not* the subject: white where the picture is transparent."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return ImageChops.invert(_alpha(image))


@dataclass(frozen=True)
class Subject:
    """The mask of the subject itself: white where the picture is opaque."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return _alpha(image)


@dataclass(frozen=True)
class Flatten:
    """The picture on a plain `color` (any name or code that Pillow knows), without alpha."""

    color: str = "#808080"

    def __post_init__(self) -> None:
        rgb("background", self.color)
        if ImageColor.getcolor(self.color, "RGBA")[3] != 255:  # type: ignore[index]
            raise InvalidRequest.of("background", self.color, "it must be a color to see", "")

    def __call__(self, image: Image.Image) -> Image.Image:
        ground = Image.new("RGB", image.size, rgb("background", self.color))
        ground.paste(image.convert("RGB"), mask=_alpha(image))
        return ground


def is_grey(image: Image.Image) -> bool:
    """Whether a picture has no color to speak of, as a mask is expected to be."""
    red, green, blue = image.convert("RGB").resize((64, 64)).split()
    apart = (ImageChops.difference(red, green), ImageChops.difference(green, blue))
    return max(ImageStat.Stat(each).extrema[0][1] for each in apart) <= 24


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
        canvas = Image.new("RGB", size, rgb("fill", self.fill))
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


@dataclass(frozen=True)
class Grow:
    """The mask with its white grown by so many `pixels` on all sides; below 0 the white shrinks.

    Corners come out blunt, as an octagon's. The picture's border is no edge: white that touches it
    does not shrink away from it.
    """

    pixels: int

    def __post_init__(self) -> None:
        if isinstance(self.pixels, bool) or not isinstance(self.pixels, int):
            raise InvalidRequest.of(
                "grow", self.pixels, "whole pixels are expected", "Below 0 the white shrinks."
            )

    def __call__(self, image: Image.Image) -> Image.Image:
        mask = _grey(image)
        if self.pixels < 0:
            return ImageChops.invert(_grown(ImageChops.invert(mask), -self.pixels))
        return _grown(mask, self.pixels)


def _grown(mask: Image.Image, pixels: int) -> Image.Image:
    pixels = min(pixels, max(mask.size))
    if not pixels:
        return mask.copy()
    # An octagon is the sum of four lines, each of which costs a few passes however long it is. A
    # straight line of at least 1 pixel closes the gaps that two slanted ones leave between them.
    slant = min(round(pixels * (1 - math.sqrt(0.5))), (pixels - 1) // 2)
    straight = pixels - 2 * slant
    # What leaves the image on one side comes back on the other, and has to end in the border.
    border = -(-pixels // 2)
    grown = ImageOps.expand(mask, border)
    for x, y, reach in ((1, 1, slant), (1, -1, slant), (1, 0, straight), (0, 1, straight)):
        length = 1
        while length < 2 * reach + 1:
            step = min(length, 2 * reach + 1 - length)
            grown = ImageChops.lighter(grown, ImageChops.offset(grown, x * step, y * step))
            length += step
        grown = ImageChops.offset(grown, -x * reach, -y * reach)
    return grown.crop((border, border, border + mask.width, border + mask.height))


@dataclass(frozen=True)
class Feather:
    """The mask with soft edges: a Gaussian whose standard deviation is so many `pixels`.

    Models that take pure black and white only (Titan, Nova) get the edge where it was.
    """

    pixels: float

    def __post_init__(self) -> None:
        if not 0 <= self.pixels <= MOST_FEATHER:
            raise InvalidRequest.of("feather", self.pixels, f"0 to {MOST_FEATHER} pixels")

    def __call__(self, image: Image.Image) -> Image.Image:
        return _grey(image).filter(ImageFilter.GaussianBlur(self.pixels))


MOST_FEATHER = 1000
"""Pixels of a Gaussian; what is softer than that is no edge anymore."""


@dataclass(frozen=True)
class Preview:
    """A mask shown over its picture: what is repainted is tinted, and its outline is drawn.

    Attributes:
        color: The tint: any name or code that Pillow knows.
        strength: Of the tint where the mask is white: 0 is none, 1 hides the picture.
    """

    color: str = "#ff0080"
    strength: float = 0.5

    def __post_init__(self) -> None:
        rgb("color", self.color)
        if not 0 <= self.strength <= 1:
            raise InvalidRequest.of("strength", self.strength, "0 to 1")

    def __call__(self, image: Image.Image, mask: Image.Image) -> Image.Image:
        """The picture `image` as RGB, under its `mask`.

        Raises:
            InvalidRequest: The mask does not measure what the picture does.
        """
        if image.size != mask.size:
            raise InvalidRequest.of(
                "mask",
                "{} x {}".format(*mask.size),
                "it must measure what the picture does, {} x {}".format(*image.size),
                "Make the mask from this picture.",
            )
        grey = _grey(mask)
        shown = Flatten("#d8d8d8")(image)
        shown.paste(self.color, mask=grey.point([round(v * self.strength) for v in range(256)]))
        # White beside black is seen on any picture.
        inside = grey.point([0] * 128 + [255] * 128)
        line = max(1, round(max(image.size) / 600))
        around = _grown(inside, line)
        shown.paste("black", mask=ImageChops.subtract(_grown(around, line), around))
        shown.paste("white", mask=ImageChops.subtract(around, inside))
        return shown


def share(mask: Image.Image) -> float:
    """How much of the mask is white, from 0 to 1; greys count by their lightness."""
    return ImageStat.Stat(_grey(mask)).mean[0] / 255


def warnings(mask: Image.Image) -> tuple[str, ...]:
    """What is odd about a mask, in words: that it repaints nothing, or everything."""
    low, high = _grey(mask).getextrema()
    if high == 0:
        return ("the mask is all black: nothing would be repainted",)
    if low == 255:
        return ("the mask is all white: nothing of the picture would be kept",)
    if isinstance(high, float | int) and high < 128:
        return (
            "the mask is nowhere more than half white: models that take pure black and white "
            "(Titan, Nova) would repaint nothing",
        )
    return ()
