"""What a picture of a graph is drawn with: SVG's text, or Pillow's pixels, at the same places."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import cache
from html import escape
from itertools import pairwise
from typing import Protocol

from PIL import Image, ImageDraw, ImageFont

from darkroom.pipeline.layout import Box, Wire


class Pen(Protocol):
    """What draws: SVG's text, or Pillow's pixels. All lengths are SVG's."""

    def rectangle(
        self, box: Box, radius: float, fill: str, stroke: str = "", width: float = 1.0
    ) -> None: ...

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: str,
        *,
        bold: bool = False,
        middle: bool = False,
    ) -> None: ...

    def wire(self, wire: Wire, color: str, width: float) -> None: ...

    def begin(self, title: str) -> None: ...

    def end(self) -> None: ...


class SvgPen:
    """Writes SVG: what was drawn is in `parts`."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def rectangle(
        self, box: Box, radius: float, fill: str, stroke: str = "", width: float = 1.0
    ) -> None:
        round_ = f' rx="{number(radius)}"' if radius else ""
        line = f' stroke="{stroke}" stroke-width="{number(width)}"' if stroke else ""
        self.parts.append(
            f'<rect x="{number(box.x)}" y="{number(box.y)}" width="{number(box.width)}" '
            f'height="{number(box.height)}"{round_} fill="{fill}"{line}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: str,
        *,
        bold: bool = False,
        middle: bool = False,
    ) -> None:
        how = ' font-weight="600"' if bold else ""
        how += ' text-anchor="middle"' if middle else ""
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{color}"{how}>'
            f"{xml(text)}</text>"
        )

    def wire(self, wire: Wire, color: str, width: float) -> None:
        (x0, y0), (x1, y1) = wire.start, _tail(wire)
        bend = (x0 + x1) / 2
        places = " ".join(map(number, (bend, y0, bend, y1, x1, y1)))
        path = f"M{number(x0)} {number(y0)}C{places}"
        path += f"h{number(wire.run)}" if wire.run else ""
        dashes = ' stroke-dasharray="6 4"' if wire.may_skip else ""
        line = f'stroke="{color}" stroke-width="{number(width)}"{dashes}'
        self.parts.append(f'<path d="{path}" fill="none" {line}/>')
        if wire.is_last:
            (x, y) = wire.end
            tip = f"M{number(x)} {number(y)}l-8-4v8z"
            self.parts.append(f'<path d="{tip}" fill="{color}"/>')

    def begin(self, title: str) -> None:
        self.parts.append(f"<g><title>{xml(title)}</title>")

    def end(self) -> None:
        self.parts.append("</g>")


class PngPen:
    """Draws on a Pillow image that is `scale` times as large."""

    def __init__(self, image: Image.Image, scale: float) -> None:
        self._draw, self._scale = ImageDraw.Draw(image), scale

    def _px(self, *lengths: float) -> list[int]:
        return [round(length * self._scale) for length in lengths]

    def rectangle(
        self, box: Box, radius: float, fill: str, stroke: str = "", width: float = 1.0
    ) -> None:
        half = width / 2 if stroke else 0.0
        x0, y0, x1, y1 = self._px(
            box.x - half, box.y - half, box.x + box.width + half, box.y + box.height + half
        )
        self._draw.rounded_rectangle(
            (x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)),
            (min(radius, box.width / 2, box.height / 2) + half) * self._scale if radius else 0,
            fill,
            stroke or None,
            max(1, round(width * self._scale)) if stroke else 0,
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        color: str,
        *,
        bold: bool = False,
        middle: bool = False,
    ) -> None:
        # The font that comes with Pillow has one weight.
        stroke = size * self._scale * 0.018 if bold else 0.0
        self._draw.text(
            (x * self._scale, y * self._scale),
            text,
            color,
            _font(max(1.0, size * self._scale)),
            anchor="ms" if middle else "ls",
            stroke_width=stroke,
        )

    def wire(self, wire: Wire, color: str, width: float) -> None:
        points = _points(wire)
        pieces = _dashes(points) if wire.may_skip else [points]
        for piece in pieces:
            scaled = [(x * self._scale, y * self._scale) for x, y in piece]
            self._draw.line(scaled, color, max(1, round(width * self._scale)), joint="curve")
        if wire.is_last:
            (x, y), k = wire.end, self._scale
            corners = [(x, y), (x - 8, y - 4), (x - 8, y + 4)]
            self._draw.polygon([(a * k, b * k) for a, b in corners], color)

    def begin(self, title: str) -> None:
        """Nothing: pixels have no titles."""

    def end(self) -> None:
        """Nothing, likewise."""


def _tail(wire: Wire) -> tuple[float, float]:
    """Where the curve ends: before the head of the arrow."""
    return (wire.end[0] - 7, wire.end[1]) if wire.is_last else wire.end


def _points(wire: Wire) -> list[tuple[float, float]]:
    """The curve as short straight lines."""
    (x0, y0), (x1, y1) = wire.start, _tail(wire)
    count = 24 if abs(y1 - y0) > 0.5 else 1
    points = []
    for index in range(count + 1):
        t = index / count
        x = x0 + (x1 - x0) * (1.5 * t * (1 - t) + t**3 if count > 1 else t)
        points.append((x, y0 + (y1 - y0) * (3 * t * t - 2 * t**3)))
    return [*points, (x1 + wire.run, y1)] if wire.run else points


def _dashes(points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """The parts of a line that are drawn: 6 of each 10."""
    pieces, walked = [], 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0)
        at = 0.0
        while at < length:
            into = (walked + at) % 10
            go = min(length - at, (6 if into < 6 else 10) - into + 1e-6)
            if into < 6:
                a, b = at / length, (at + go) / length
                pieces.append([(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)])
            at += go
        walked += length
    return pieces


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def length(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is; a browser's font may be a little wider than Pillow's."""
    full = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    plain = "".join(sign for sign in text if unicodedata.east_asian_width(sign) not in "WF")
    return float(_font(size).getlength(plain)) * (1.12 if bold else 1.05) + full * size


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """A text on one line, cut where it would not fit."""
    text = " ".join(text.split())
    if len(text) * size <= room or length(text, size, bold=bold) <= room:
        return text
    few, many = 0, min(len(text), int(room))
    while few < many:
        middle = (few + many + 1) // 2
        fits = length(f"{text[:middle]}…", size, bold=bold) <= room
        few, many = (middle, many) if fits else (few, middle - 1)
    return f"{text[:few].rstrip()}…"


def number(length: float) -> str:
    """A length as SVG has it."""
    return f"{round(length, 1):g}" if abs(length) < 100_000 else f"{length:.0f}"


def xml(text: str) -> str:
    """Text without signs that mean something in XML, or may not be in it."""
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text))
