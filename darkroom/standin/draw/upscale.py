"""Upscaling: a picture larger, with crisp edges and, if wanted, detail that was not there."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur
from darkroom.standin.draw.words import read

_MIDDLE = 2048
"""Longer side, in pixels, at which edges are steepened; beyond, the picture is interpolated."""
_TILE = 509
"""Side, in pixels, of the piece of detail that is laid out over a picture."""
_STRIP = 128
"""Rows that get their detail at once: few enough to stay in the processor's cache."""
_STRONGEST = 13.0
"""Standard deviation of the detail, in levels, at full creativity where a picture is rich in it."""


def _around(pixels: NDArray[np.uint8], choose: np.ufunc) -> Image.Image:
    """The smallest or largest value within a pixel of each."""
    for axis in (0, 1):
        turned = np.swapaxes(pixels, 0, axis)
        result = turned.copy()
        choose(result[1:], turned[:-1], out=result[1:])
        choose(result[:-1], turned[1:], out=result[:-1])
        pixels = np.swapaxes(result, 0, axis)
    return Image.fromarray(np.ascontiguousarray(pixels))


def _steepened(image: Image.Image, size: tuple[int, int], *, sharpen: bool) -> Image.Image:
    """An RGB picture moderately larger, its edges steep.

    Interpolation softens: what scaling down again would lack is added beforehand. What that and
    the sharpening overshoot is cut off at what the surroundings hold, so no edge gets a halo.
    """
    pixels = np.asarray(image)
    larger = image.resize(size, Image.Resampling.BICUBIC)
    smaller = np.asarray(larger.resize(image.size, Image.Resampling.BOX), np.int16)
    fuller = np.clip(2 * pixels.astype(np.int16) - smaller, 0, 255).astype(np.uint8)
    larger = Image.fromarray(fuller).resize(size, Image.Resampling.BICUBIC)
    if sharpen:
        kernel = [-1.0] * 25
        kernel[12] += 25 * 1.8
        larger = larger.filter(ImageFilter.Kernel((5, 5), kernel, sum(kernel)))
    low = _around(pixels, np.minimum).resize(size, Image.Resampling.BILINEAR)
    high = _around(pixels, np.maximum).resize(size, Image.Resampling.BILINEAR)
    return ImageChops.lighter(ImageChops.darker(larger, high), low)


def _crisp(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """An RGB picture at another size; a larger one, scaled down again, is about what it was."""
    scale = max(size[0] / image.width, size[1] / image.height)
    while scale >= 1.15:
        step = min(2.0, scale)
        middle = (max(1, round(size[0] / scale * step)), max(1, round(size[1] / scale * step)))
        if max(middle) > _MIDDLE:
            break
        # Only the last step sharpens: earlier it would carve the pixels of the source into steps.
        last = scale <= 2 or 2 * max(middle) > _MIDDLE
        image = _steepened(image, middle, sharpen=last)
        scale = max(size[0] / image.width, size[1] / image.height)
    return image.resize(size, Image.Resampling.LANCZOS)


def _carried(image: Image.Image) -> Image.Image:
    """RGB of an RGBA picture, the colors at its outline carried on into what is transparent.

    What lies under full transparency may be of any color; it must not be sharpened into sight.
    """
    alpha = image.getchannel("A")
    colors, cover = image.convert("RGB"), alpha.point([0] + [255] * 255)
    result = colors
    for radius in (24, 6, 2):
        black = Image.composite(colors, Image.new("RGB", image.size), cover)
        spread = np.asarray(black.filter(ImageFilter.BoxBlur(radius)), np.float32)
        weight = np.asarray(cover.filter(ImageFilter.BoxBlur(radius)), np.float32)[..., None]
        near = np.clip(spread * 255 / np.maximum(weight, 1), 0, 255).astype(np.uint8)
        reached = Image.fromarray((weight[..., 0] > 8).astype(np.uint8) * np.uint8(255))
        result = Image.composite(Image.fromarray(near), result, reached)
    return Image.composite(colors, result, cover)


def _tile(prompt: str, seed: int) -> NDArray[np.int16]:
    """Detail that repeats without seams: standard deviation 64, about 2 to 8 pixels wide.

    Wood gets fibers, leather pebbles, metal brushing; anything else gets grain of several widths.
    """
    rng = chance("detail", prompt, seed)
    material = read(prompt).material if prompt else ""
    down, across = {"wood": (1.0, 9.0), "metal": (0.7, 14.0)}.get(material, (1.0, 1.0))
    turn = np.fft.fftfreq(_TILE)[:, None] ** 2 * down**2 + np.fft.rfftfreq(_TILE)[None] ** 2 * (
        across**2
    )
    wide = 3.2 if material == "leather" else 2.0
    # A band of frequencies: nothing slower than the picture's own detail, nothing like pure noise.
    band = np.exp(-turn * (2.2 * wide) ** 2) - np.exp(-turn * (9.0 * wide) ** 2)
    white = np.fft.rfft2(rng.standard_normal((_TILE, _TILE)))
    detail = np.fft.irfft2(white * band, s=(_TILE, _TILE))
    levels: NDArray[np.int16] = np.clip(detail / detail.std() * 64, -220, 220).astype(np.int16)
    return levels


def _activity(image: Image.Image) -> Image.Image:
    """Where a picture can bear detail: mode "L", little on smooth ground, at a modest size."""
    grey = image.convert("L")
    grey.thumbnail((512, 512), Image.Resampling.BOX)
    light = np.asarray(grey, np.float32)
    fine = np.abs(light - blur(light, 3.0))
    around = blur(fine, 6.0)
    shade = np.clip(np.minimum(light, 255 - light) / 60, 0.15, 1)
    share: Field = np.clip(0.12 + 0.12 * around, 0, 1) * shade
    return Image.fromarray((share * 255).astype(np.uint8))


def _detailed(
    image: Image.Image, source: Image.Image, creativity: float, prompt: str, seed: int
) -> Image.Image:
    """The picture with fine detail added, most where the source has some."""
    tile = _tile(prompt, seed)
    where = np.asarray(_activity(source).resize(image.size, Image.Resampling.BILINEAR))
    # Per level: the tile's 64 times the share's 255 make full strength.
    strength = np.float32(creativity * _STRONGEST / (64 * 255))
    pixels = np.array(image)
    repeats = -(-image.width // _TILE) + 1
    row_of = np.concatenate([tile] * repeats, axis=1)[:, : image.width].astype(np.float32)
    row_of *= strength
    for top in range(0, image.height, _STRIP):
        part = pixels[top : top + _STRIP]
        rows = np.arange(top, top + len(part)) % _TILE
        added = np.rint(row_of[rows] * where[top : top + _STRIP]).astype(np.int16)
        mixed = part + added[..., None]
        np.clip(mixed, 0, 255, out=mixed)
        part[:] = mixed
    return Image.fromarray(pixels)


def upscale(
    image: Image.Image,
    size: tuple[int, int],
    *,
    creativity: float = 0.0,
    prompt: str = "",
    seed: int = 0,
) -> Image.Image:
    """A picture at another size, usually a larger one.

    Args:
        image: Any mode.
        size: Width and height wanted, in pixels; another shape stretches the picture.
        creativity: 0 adds nothing, so that scaled down again it is about the source; up to 1 adds
            ever stronger fine detail, most where the picture has some.
        prompt: A material that it names ("oak", "leather", "steel") shapes the detail.
        seed: Moves the detail.

    Returns:
        RGB of exactly that size, or RGBA if the picture has transparency.
    """
    clear = image.has_transparency_data
    source = image.convert("RGBA") if clear else image.convert("RGB")
    colors = _carried(source) if clear else source
    large = _crisp(colors, size)
    if creativity > 0:
        large = _detailed(large, colors, min(1.0, creativity), prompt, seed)
    if clear:
        large = large.convert("RGBA")
        large.putalpha(source.getchannel("A").resize(size, Image.Resampling.BICUBIC))
    return large
