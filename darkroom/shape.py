"""Edits that draw a mask in the size of a picture: boxes, ellipses, polygons, a color's place.

White is repainted, black is kept. Coordinates count from the picture's upper left corner: a number
is pixels, "25%" is a share of the picture's width (across) or height (down). Pixels are squares, so
a box from 0 that is 10 wide covers the pixels 0 to 9.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from PIL import Image, ImageChops, ImageCms, ImageColor, ImageDraw, ImageMath

from darkroom.errors import InvalidRequest
from darkroom.mask import Edit, Subject, rgb

Measure = float | str
"""Pixels, or a share of the picture: "25%"."""

FARTHEST = 100_000
"""Pixels (and percent) that a coordinate may have: more than any picture does."""

TOLERANCE, SOFTNESS = 10.0, 5.0
"""What a color key has unless told otherwise, in CIELAB's differences of color."""

_FINE = 4  # lines of the raster in which shapes are drawn, for each line of the mask
_ROWS = 256  # of the mask that are worked on at once, for the sake of memory

_FORMS = {
    "box": "left,top,width,height",
    "ellipse": "left,top,width,height of the box around it",
    "polygon": '"x,y x,y x,y", three points or more',
}


def wrong(field: str, value: object, rule: str) -> InvalidRequest:
    """The error of a shape that is not written as it should be, with the way to write it."""
    return InvalidRequest.of(
        field, value, rule, f'Write it as {_FORMS[field]}; in pixels, or as "25%" of the picture.'
    )


def measure(field: str, value: object) -> Measure:
    """The measure in the one way of writing it: 100 for 100.0, "25%" for " 25.0 % "."""
    text = str(value).strip()
    try:
        if isinstance(value, bool):
            raise ValueError("no number")
        number = float(text.removesuffix("%"))
        if not abs(number) <= FARTHEST:
            raise ValueError("too far")
    except ValueError as error:
        rule = f"{text!r} is no number between -{FARTHEST} and {FARTHEST}"
        raise wrong(field, value, rule) from error
    short = int(number) if number.is_integer() else number
    return f"{short}%" if text.endswith("%") else short


def _pixels(measure: Measure, side: int) -> float:
    return float(measure[:-1]) * side / 100 if isinstance(measure, str) else measure


@dataclass(frozen=True)
class _Framed(ABC):
    """A shape in a box: `left` and `top` are where it begins, `width` and `height` its size."""

    left: Measure
    top: Measure
    width: Measure
    height: Measure

    field: ClassVar[str]

    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, measure(self.field, getattr(self, each.name)))
        if min(_pixels(self.width, 1), _pixels(self.height, 1)) <= 0:
            raise wrong(self.field, self._text, "width and height must be more than 0")

    @property
    def _text(self) -> str:
        return f"{self.left},{self.top},{self.width},{self.height}"

    def frame(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in pixels of a picture of `width` x `height`.

        Raises:
            InvalidRequest: The shape lies wholly outside of the picture.
        """
        left, top = _pixels(self.left, width), _pixels(self.top, height)
        right, bottom = left + _pixels(self.width, width), top + _pixels(self.height, height)
        return _seen(self.field, self._text, (left, top, right, bottom), width, height)

    def __call__(self, image: Image.Image) -> Image.Image:
        frame = self.frame(*image.size)

        def draw(raster: ImageDraw.ImageDraw, x: int, y: int) -> None:
            left, top, right, bottom = frame
            self._draw(raster, (_line(left, x), _line(top, y), _line(right, x), _line(bottom, y)))

        return _drawn(image.size, frame, draw)

    @abstractmethod
    def _draw(self, raster: ImageDraw.ImageDraw, corners: tuple[int, int, int, int]) -> None:
        """Draw the shape white between its corners."""


def _seen(
    field: str, value: str, frame: tuple[float, float, float, float], width: int, height: int
) -> tuple[float, float, float, float]:
    left, top, right, bottom = frame
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        raise InvalidRequest.of(
            field,
            value,
            f"it lies wholly outside of the picture, which measures {width} x {height} pixels",
            "Coordinates count from the upper left corner.",
        )
    return frame


def _drawn(
    size: tuple[int, int],
    frame: tuple[float, float, float, float],
    draw: Callable[[ImageDraw.ImageDraw, int, int], None],
) -> Image.Image:
    """A mask of `size` with what `draw` draws inside of `frame`, its edges smooth.

    `draw` gets a finer raster and where that begins, in its own lines from the picture's corner.
    """
    mask = Image.new("L", size)
    left, top = max(0, math.floor(frame[0])), max(0, math.floor(frame[1]))
    right, bottom = min(size[0], math.ceil(frame[2])), min(size[1], math.ceil(frame[3]))
    for upper in range(top, bottom, _ROWS):
        lower = min(bottom, upper + _ROWS)
        fine = Image.new("L", ((right - left) * _FINE + 1, (lower - upper) * _FINE + 1))
        draw(ImageDraw.Draw(fine), left * _FINE, upper * _FINE)
        # Pillow paints the last line too. Without it a shape measures what it should.
        wide, high = fine.size
        fine = ImageChops.darker(fine.crop((0, 0, wide - 1, high)), fine.crop((1, 0, wide, high)))
        fine = ImageChops.darker(
            fine.crop((0, 0, wide - 1, high - 1)), fine.crop((0, 1, wide - 1, high))
        )
        mask.paste(fine.reduce(_FINE), (left, upper))
    return mask


def _line(value: float, start: int) -> int:
    return round(value * _FINE) - start


@dataclass(frozen=True)
class Box(_Framed):
    """A mask that is white in a box: `left` and `top` are its corner."""

    field: ClassVar[str] = "box"

    def _draw(self, raster: ImageDraw.ImageDraw, corners: tuple[int, int, int, int]) -> None:
        raster.rectangle(corners, fill=255)


@dataclass(frozen=True)
class Ellipse(_Framed):
    """A mask that is white in an ellipse, which touches the sides of the box that is given."""

    field: ClassVar[str] = "ellipse"

    def _draw(self, raster: ImageDraw.ImageDraw, corners: tuple[int, int, int, int]) -> None:
        raster.ellipse(corners, fill=255)


@dataclass(frozen=True)
class Polygon:
    """A mask that is white between three `points` or more, each an x and a y.

    Where the outline crosses itself, what it encloses twice is black.
    """

    points: tuple[tuple[Measure, Measure], ...]

    def __post_init__(self) -> None:
        points = tuple((measure("polygon", x), measure("polygon", y)) for x, y in self.points)
        object.__setattr__(self, "points", points)
        if len(set(points)) < 3:
            raise wrong("polygon", self._text, "it needs three different points or more")

    @property
    def _text(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.points)

    def frame(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The box around it: left, top, right, bottom in pixels of a picture of that size.

        Raises:
            InvalidRequest: The shape lies wholly outside of the picture.
        """
        across = [_pixels(x, width) for x, _ in self.points]
        down = [_pixels(y, height) for _, y in self.points]
        frame = min(across), min(down), max(across), max(down)
        return _seen("polygon", self._text, frame, width, height)

    def __call__(self, image: Image.Image) -> Image.Image:
        width, height = image.size

        def draw(raster: ImageDraw.ImageDraw, left: int, top: int) -> None:
            raster.polygon(
                [
                    (_line(_pixels(x, width), left), _line(_pixels(y, height), top))
                    for x, y in self.points
                ],
                fill=255,
            )

        return _drawn(image.size, self.frame(width, height), draw)


@dataclass(frozen=True)
class ColorKey:
    """A mask that is white where the picture has a `color` (any name or code that Pillow knows).

    Colors are compared as an eye does, by their distance in CIELAB (the difference of 1976): about
    2 is just seen, black and white are 100 apart. What is transparent has no color.

    Attributes:
        color: What to look for.
        tolerance: Up to this distance the mask is white; 0 or more.
        softness: Over this much more distance white fades to black; 0 is a hard edge.
    """

    color: str
    tolerance: float = TOLERANCE
    softness: float = SOFTNESS

    def __post_init__(self) -> None:
        rgb("color", self.color)
        if len(ImageColor.getrgb(self.color)) > 3:
            raise InvalidRequest.of("color", self.color, "a color to look for has no alpha")
        for name in ("tolerance", "softness"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise InvalidRequest.of(name, value, "it is a distance of colors: 0 or more")

    def __call__(self, image: Image.Image) -> Image.Image:
        colors = image.convert("RGB")
        to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )

        def lab(part: Image.Image) -> dict[str, Image.Image]:
            converted = ImageCms.applyTransform(part, to_lab)
            assert converted is not None  # which it is only where the image is changed in place
            return dict(zip("Lab", converted.split(), strict=True))

        key = lab(Image.new("RGB", (1, 1), rgb("color", self.color)))
        wanted = {name: channel.getpixel((0, 0)) for name, channel in key.items()}
        mask = Image.new("L", image.size)
        for top in range(0, image.height, _ROWS):
            strip = colors.crop((0, top, image.width, min(image.height, top + _ROWS)))
            mask.paste(self._near(lab(strip), wanted), (0, top))
        if image.has_transparency_data:
            mask = ImageChops.multiply(mask, Subject()(image))
        return mask

    def _near(self, lab: dict[str, Image.Image], wanted: dict[str, Any]) -> Image.Image:
        def near(given: dict[str, Any]) -> Any:
            # One line of L is 100/255 of lightness, one of a and b is 1.
            light, a, b = (given["float"](given[name]) - wanted[name] for name in "Lab")
            light *= 100 / 255
            far = (light * light + a * a + b * b) ** 0.5
            slope = 255 / max(self.softness, 0.001)
            return given["min"](given["max"]((self.tolerance - far) * slope + 255.5, 0), 255)

        made: Image.Image = ImageMath.lambda_eval(near, **lab)
        return made.convert("L")


@dataclass(frozen=True)
class Combined:
    """Several masks as one: white where any of `shapes` is, but not where any of `minus` is."""

    shapes: tuple[Edit, ...]
    minus: tuple[Edit, ...] = ()

    def __call__(self, image: Image.Image) -> Image.Image:
        mask = Image.new("L", image.size)
        for shape in self.shapes:
            mask = ImageChops.lighter(mask, shape(image))
        for shape in self.minus:
            mask = ImageChops.darker(mask, ImageChops.invert(shape(image)))
        return mask
