"""`style_preset`: how a picture looks in each of Stability AI's styles, roughly.

AWS's pages name the presets and show none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps


@dataclass(frozen=True)
class Look:
    """What a style does to a picture.

    Attributes:
        color: Saturation, 1 leaves it.
        contrast: Contrast, 1 leaves it.
        bits: Bits per channel that are left, 8 is all.
        cells: Squares along the longer side that the picture is made of, 0 for none.
        lines: How dark contours are drawn, 0..1.
        tint: Colors of the shadows and the lights.
        tinted: How much of those, 0..1.
        smooth: Size of the median that takes away fine detail, odd; 1 takes none.
    """

    color: float = 1.0
    contrast: float = 1.0
    bits: int = 8
    cells: int = 0
    lines: float = 0.0
    tint: tuple[str, str] = ("black", "white")
    tinted: float = 0.0
    smooth: int = 1


LOOKS: Mapping[str, Look] = {
    "3d-model": Look(color=1.1, smooth=3),
    "analog-film": Look(color=0.8, contrast=0.92, tint=("#2c1f2e", "#fff0cf"), tinted=0.3),
    "anime": Look(color=1.4, bits=4, lines=0.4),
    "cinematic": Look(contrast=1.15, tint=("#06262d", "#ffd9ab"), tinted=0.35),
    "comic-book": Look(color=1.5, contrast=1.2, bits=3, lines=0.8),
    "digital-art": Look(color=1.3, contrast=1.1),
    "enhance": Look(color=1.08, contrast=1.06),
    "fantasy-art": Look(color=1.2, tint=("#1d0f3a", "#ffe3c2"), tinted=0.25),
    "isometric": Look(color=1.15, bits=4),
    "line-art": Look(color=0.0, contrast=0.4, lines=1.0, tint=("white", "white"), tinted=0.7),
    "low-poly": Look(bits=4, cells=48),
    "modeling-compound": Look(color=1.25, smooth=5),
    "neon-punk": Look(color=1.6, contrast=1.2, tint=("#1b0050", "#6ff5ff"), tinted=0.5),
    "origami": Look(bits=3, smooth=3),
    "photographic": Look(contrast=1.04),
    "pixel-art": Look(color=1.2, bits=4, cells=96),
    "tile-texture": Look(cells=160, lines=0.3),
}
"""The look of each preset."""


def styled(image: Image.Image, preset: str | None) -> Image.Image:
    """Give an RGB or RGBA picture the look of a preset; without one it stays as it is."""
    if preset is None:
        return image
    if image.mode == "RGBA":
        result = styled(image.convert("RGB"), preset)
        result.putalpha(image.getchannel("A"))
        return result
    look, contours = LOOKS[preset], image
    if look.smooth > 1:
        image = image.filter(ImageFilter.MedianFilter(look.smooth))
    image = ImageEnhance.Contrast(ImageEnhance.Color(image).enhance(look.color)).enhance(
        look.contrast
    )
    if look.tinted:
        toned = ImageOps.colorize(image.convert("L"), *look.tint)
        image = Image.blend(image, toned, look.tinted)
    if look.cells:
        image = _cells(image, look.cells)
    if look.bits < 8:
        image = ImageOps.posterize(image, look.bits)
    return _outlined(image, contours, look.lines) if look.lines else image


def _cells(image: Image.Image, count: int) -> Image.Image:
    factor = min(1.0, count / max(image.size))
    small = tuple(max(1, round(side * factor)) for side in image.size)
    little = image.resize((small[0], small[1]), Image.Resampling.BOX)
    return little.resize(image.size, Image.Resampling.NEAREST)


def _outlined(image: Image.Image, contours: Image.Image, dark: float) -> Image.Image:
    edges = contours.convert("L").filter(ImageFilter.FIND_EDGES)
    # The filter leaves the outermost pixels as they are.
    edges = ImageOps.expand(ImageOps.crop(edges, 1), 1, 0)
    # A camera's grain is no contour.
    light = edges.point(
        [round(255 - dark * min(255, 5 * max(0, level - 24))) for level in range(256)]
    )
    return ImageChops.multiply(image, Image.merge("RGB", (light, light, light)))
