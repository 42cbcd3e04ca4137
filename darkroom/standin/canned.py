"""Prepared pictures, for measurements in which drawing must not count."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import numpy as np
import pybase64
from PIL import Image

from darkroom.standin import images

END = 12
"""Bytes of the last chunk of a PNG, which is empty."""

GRAIN = 7
"""Levels of noise: so much that a picture of 1024 x 1024 takes about 1.6 MB, as AWS's do."""


class Canned:
    """One picture, made once; each request gets a copy whose bytes are its own.

    The pixels are those of every copy. What differs is a text chunk behind them, which names the
    request: the same request gets the same file, another one another file.

    Args:
        size: Width and height in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        data = _png(size)[:-END]
        # Base64 says three bytes at a time: on that border the copies can differ by themselves.
        spare = -(len(data) + len(_text("Padding", ""))) % 3
        data += _text("Padding", "-" * spare)
        images.know(data)
        self._start = pybase64.b64encode(data).decode("ascii")

    def encoded(self, name: str) -> str:
        """Give the copy for what `name` names, in base64."""
        digest = hashlib.sha256(name.encode()).hexdigest()
        end = _text("Request", digest) + _chunk(b"IEND", b"")
        return self._start + pybase64.b64encode(end).decode("ascii")


def _png(size: tuple[int, int]) -> bytes:
    """A gradient under noise, the same on every day."""
    width, height = size
    noise = np.random.default_rng(0).integers(0, GRAIN, (height, width, 3))
    slope = np.linspace(0, 255 - GRAIN, width)[None, :, None]
    out = io.BytesIO()
    Image.fromarray((noise + slope).astype(np.uint8)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _text(keyword: str, text: str) -> bytes:
    return _chunk(b"tEXt", f"{keyword}\0{text}".encode("latin-1"))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
