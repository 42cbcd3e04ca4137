"""Pictures in and out: base64 to a decoded image that keeps the rules, and back."""

from __future__ import annotations

import binascii
import io
import struct
import zlib
from dataclasses import dataclass

import pybase64
from PIL import Image

MAGIC = (("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF"))
DEEP_MODES = ("I", "F", "CMYK", "YCCK", "LAB")
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


_familiar: dict[bytes, Image.Image] = {}
"""Decoded pictures by what their files start with: canned ones, which come back as inputs."""


class Flaw(ValueError):
    """What is wrong with a picture; the vendor that reads it puts it into its own words."""


@dataclass(frozen=True)
class Limits:
    """What a model asks of a picture that it is given.

    Attributes:
        formats: Accepted encodings, found by their first bytes.
        min_side: Shortest side, in pixels.
        max_side: Longest side, in pixels.
        max_pixels: Most pixels, this number included.
        ratio: Longest side by shortest side, at most.
        max_bytes: Most encoded bytes.
        opaque: Whether an alpha channel may only be fully opaque.
        eight_bit: Whether only 8 bits per RGB channel will do.
    """

    formats: tuple[str, ...] = ("png", "jpeg", "webp")
    min_side: int = 1
    max_side: int | None = None
    max_pixels: int | None = None
    ratio: float | None = None
    max_bytes: int | None = None
    opaque: bool = False
    eight_bit: bool = False


def read(encoded: str, limits: Limits) -> Image.Image:
    """Decode a picture and hold it to the limits.

    Raises:
        Flaw: It is no base64, no picture, a picture in another format, or breaks a limit.
    """
    data = _bytes(encoded)
    form = next((name for name, magic in MAGIC if data.startswith(magic)), None)
    if form is None or (form == "webp" and data[8:12] != b"WEBP"):
        raise Flaw("the data is not a supported image")
    if form not in limits.formats:
        raise Flaw(f"image format {form} is not supported, use {' or '.join(limits.formats)}")
    if limits.max_bytes is not None and len(data) > limits.max_bytes:
        raise Flaw(f"the image has {len(data)} bytes, the maximum is {limits.max_bytes}")
    try:
        image = _known(data) or Image.open(io.BytesIO(data), formats=[form])
        _measure(image.size, limits)  # before any pixel is unpacked
        image.load()
    except Flaw:
        raise
    except BOMBS as error:
        raise Flaw("the image has too many pixels") from error
    except BROKEN as error:
        raise Flaw("the image cannot be decoded") from error
    if limits.eight_bit and image.mode.partition(";")[0] in DEEP_MODES:
        raise Flaw("the image must have 8 bits per RGB color channel")
    if limits.opaque and not is_opaque(image):
        raise Flaw("the image has transparent or translucent pixels")
    return image


def know(data: bytes) -> None:
    """Decode a picture now, and no more when files come that start with it.

    Args:
        data: All of a PNG up to where its copies differ, which is behind the pixels.
    """
    image = Image.open(io.BytesIO(data), formats=["png"])
    image.load()
    _familiar[data] = image


def _known(data: bytes) -> Image.Image | None:
    found = (image for start, image in _familiar.items() if data.startswith(start))
    image = next(found, None)
    return image and image.copy()


def _bytes(encoded: str) -> bytes:
    try:
        data = pybase64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Flaw("the value is not valid base64") from error
    if not data:
        raise Flaw("the image is empty")
    return data


def _measure(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    told = f"the image measures {width}x{height} pixels"
    if min(size) < limits.min_side:
        raise Flaw(f"{told}, each side must be at least {limits.min_side}")
    if limits.max_side is not None and max(size) > limits.max_side:
        raise Flaw(f"{told}, each side must be at most {limits.max_side}")
    if limits.max_pixels is not None and width * height > limits.max_pixels:
        raise Flaw(f"{told}, {width * height} in total, the maximum is {limits.max_pixels}")
    if limits.ratio is not None and max(size) > limits.ratio * min(size):
        ratio = f"{limits.ratio:g}"
        raise Flaw(f"{told}, the aspect ratio must be between 1:{ratio} and {ratio}:1")


def is_opaque(image: Image.Image) -> bool:
    """Say whether no pixel of a picture is transparent, not even in part."""
    if not image.has_transparency_data:
        return True
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return lowest == 255


def write(image: Image.Image, form: str) -> str:
    """Encode a picture and say it in base64; fast rather than small."""
    out = io.BytesIO()
    if form == "jpeg":
        flat(image).save(out, "JPEG", quality=92)
    elif form == "webp":
        try:
            image.save(out, "WEBP", quality=90, method=1)
        except ValueError:  # more detail than a partition of the format holds
            image.save(out, "WEBP", quality=60, method=1)
    else:
        image.save(out, "PNG", compress_level=1)
    return pybase64.b64encode(out.getbuffer()).decode("ascii")


def flat(image: Image.Image) -> Image.Image:
    """Lay a picture on white, for whatever cannot carry transparency."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(white, clear).convert("RGB")
