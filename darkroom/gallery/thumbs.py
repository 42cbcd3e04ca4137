"""Thumbnails: pictures so small that thousands of them fit in one page."""

from __future__ import annotations

import base64
import io
import os
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from darkroom.errors import PictureMissing, StoreFailed

_FORMATS = ("PNG", "JPEG", "WEBP")  # of stored pictures; no other parser sees their bytes

_UNREADABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, ArithmeticError),
    *(struct.error, MemoryError, Image.DecompressionBombError, Warning),
)
"""What Pillow raises for bytes that are no picture, or not one that it can take.

It warns of some, which is an error where the process was told so.
"""


@dataclass(frozen=True)
class Thumb:
    """A picture as a small WebP.

    Attributes:
        uri: The data URI.
        width: Pixels.
        height: Pixels.
        alpha: Whether something may shine through.
    """

    uri: str
    width: int
    height: int
    alpha: bool


@dataclass
class Thumbs:
    """Makes thumbnails, and remembers the last ones. Safe for threads.

    Attributes:
        side: Longest side in pixels, at most.
        most: Bytes of a thumbnail, at most; one that is larger is made again, coarser.
        kept: How many are remembered, by their pictures' SHA-256.
        threads: How many are made at once.
    """

    side: int = 200
    most: int = 6_000
    kept: int = 64
    threads: int = field(default_factory=lambda: min(8, 2 * (os.cpu_count() or 1)))
    _known: OrderedDict[str, Thumb] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def of(self, sha256: str, read: Callable[[], bytes | None]) -> Thumb | str:
        """A picture's thumbnail, or a few words on why there is none.

        Args:
            sha256: The picture's.
            read: Gives its bytes, None where it is gone. Called by several threads at once.
        """
        with self._lock:
            if known := self._known.get(sha256):
                self._known.move_to_end(sha256)
                return known
        try:
            data = read()
        except PictureMissing:
            data = None
        except (StoreFailed, OSError) as error:
            return f"cannot be read: {error}"
        if data is None:
            return "missing"
        try:
            thumb = self.make(data)
        except _UNREADABLE:
            return "no picture that can be shown"
        with self._lock:
            self._known[sha256] = thumb
            if len(self._known) > self.kept:
                self._known.popitem(last=False)
        return thumb

    def make(self, data: bytes) -> Thumb:
        """The thumbnail of an encoded picture. Raises what Pillow raises."""
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            opened.draft("RGB", (2 * self.side, 2 * self.side))  # a JPEG at about its size
            opened.thumbnail((self.side, self.side), reducing_gap=2.0)
            upright = ImageOps.exif_transpose(opened)
            alpha = upright.has_transparency_data
            image = upright.convert("RGBA" if alpha else "RGB")
        for quality in (75, 60, 45, 30, 15):
            small = _webp(image, quality)
            if len(small) <= self.most:
                break
        while len(small) > self.most and min(image.size) > 8:
            image = image.reduce(2)
            small = _webp(image, 45)
        uri = "data:image/webp;base64," + base64.b64encode(small).decode("ascii")
        return Thumb(uri, *image.size, alpha)


def _webp(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    # A color profile can be larger than all the rest.
    image.save(out, "WEBP", quality=quality, method=4, icc_profile="")
    return out.getvalue()
