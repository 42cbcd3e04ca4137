"""Ordinary product photographs, made without the stand-in's renderer, each with its true mask.

They have what photographs have and drawings lack: rooms with a horizon, wood, stone and cloth,
blurred lights, uneven light, soft shadows, grain, and the marks of JPEG.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.float64]
Color = tuple[int, int, int]
SIDE = 768
"""Width and height of each photograph, in pixels."""
_TWICE = 2 * SIDE
_Y, _X = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]


def _hills(rng: np.random.Generator, across: int, down: int) -> Pixels:
    """Smooth chance, about -1..1, shape (SIDE, SIDE)."""
    small = Image.fromarray(rng.uniform(-1, 1, (down, across)).astype(np.float32))
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)


def _soft(pen: Callable[[ImageDraw.ImageDraw], object], blur: float = 0) -> Pixels:
    """What the pen draws in white on black, smooth at its edges, 0..1."""
    large = Image.new("L", (_TWICE, _TWICE))
    pen(ImageDraw.Draw(large))
    small = large.reduce(2)
    if blur:
        small = small.filter(ImageFilter.GaussianBlur(blur))
    return np.asarray(small, np.float64) / 255


def _flat(color: Color, light: Pixels | float = 1.0) -> Pixels:
    return np.ones((SIDE, SIDE, 3)) * color * np.broadcast_to(light, (SIDE, SIDE))[..., None]


def _over(below: Pixels, above: Pixels, cover: Pixels) -> Pixels:
    return below + (above - below) * cover[..., None]


def _planks(rng: np.random.Generator, color: Color, horizon: float) -> Pixels:
    """Boards that run away from the camera, each of a shade of its own, with grain and gaps."""
    deep = np.maximum(_Y - horizon, 0) + 0.35
    across = (_X - 0.5) / deep * 0.9 + 8
    board = np.floor(across * 3.2).astype(int)
    shade = rng.uniform(0.86, 1.10, 64)[board % 64]
    gap = 1 - 0.35 * np.exp(-((((across * 3.2) % 1) / 0.025) ** 2))
    lines = np.interp(across * 60, np.arange(960), rng.uniform(-1, 1, 960))
    return _flat(color, shade * gap * (1 + 0.07 * lines) * (1 + 0.10 * _hills(rng, 3, 40)))


def _stripes(rng: np.random.Generator, color: Color, horizon: float) -> Pixels:
    """Boards that run from left to right."""
    board = np.floor((_Y - horizon) * 9 / (0.35 + _Y)).astype(int)
    shade = rng.uniform(0.84, 1.12, 64)[board % 64]
    return _flat(color, shade * (1 + 0.08 * _hills(rng, 4, 160)) * (1.05 - 0.1 * _X))


def _stone(rng: np.random.Generator, color: Color, _horizon: float) -> Pixels:
    """Speckled stone."""
    spots = 0.09 * _hills(rng, 200, 200) + 0.10 * _hills(rng, 40, 40) + 0.06 * _hills(rng, 6, 6)
    return _flat(color, 1 + spots)


def _cloth(rng: np.random.Generator, color: Color, _horizon: float) -> Pixels:
    """Woven cloth with folds."""
    weave = 0.05 * np.sin(_X * 700) * np.sin(_Y * 700)
    return _flat(color, 1 + weave + 0.10 * _hills(rng, 5, 4))


def _wall(rng: np.random.Generator, color: Color) -> Pixels:
    """A painted wall, lit from one side."""
    return _flat(color, 1.06 - 0.16 * _X - 0.10 * _Y + 0.02 * _hills(rng, 3, 3))


def _lights(rng: np.random.Generator, color: Color) -> Pixels:
    """A room far out of focus: dark and bright areas, and round lights."""
    room = _flat(color, 1 + 0.30 * _hills(rng, 5, 4))
    for _ in range(14):
        x, y, r = rng.uniform(0, _TWICE), rng.uniform(0, 0.5 * _TWICE), rng.uniform(30, 70)
        disc = _soft(lambda pen, x=x, y=y, r=r: pen.ellipse((x - r, y - r, x + r, y + r), 255), 5)
        room = _over(room, _flat((255, 226, 170)), 0.35 * disc)
    return room


def _spot(x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
    return (x - wide) * 2, (y - high) * 2, (x + wide) * 2, (y + high) * 2


class _Thing:
    """An object that stands with its foot at (384, 590): its mask and its pixels."""

    def __init__(self, rng: np.random.Generator, name: str, color: Color) -> None:
        self.cover, self.pixels = getattr(self, f"_{name}")(rng, color)

    @staticmethod
    def _round(color: Color, half: float = 0.16) -> Pixels:
        """Light on something turned: bright left of the middle, a highlight, dark at the right."""
        across = (_X - 0.5) / half
        light = 0.98 - 0.22 * across - 0.18 * across**2
        return _flat(color, light) + 60 * np.exp(-(((across + 0.4) / 0.12) ** 2))[..., None]

    def _bottle(self, _rng: np.random.Generator, color: Color) -> tuple[Pixels, Pixels]:
        """A white bottle with a label and a cap of the color."""
        body = _soft(lambda pen: pen.rounded_rectangle((568, 470, 968, 1180), 90, 255))
        neck = _soft(lambda pen: pen.rectangle((690, 380, 846, 520), 255))
        cap = _soft(lambda pen: pen.rounded_rectangle((672, 230, 864, 400), 20, 255))
        label = _soft(lambda pen: pen.rectangle((560, 720, 976, 1000), 255))
        cover = np.maximum.reduce([body, neck, cap])
        pixels = _over(self._round((226, 226, 222), 0.13), self._round(color, 0.13), cap)
        return cover, _over(pixels, self._round(color, 0.13), label)

    def _cup(self, rng: np.random.Generator, color: Color) -> tuple[Pixels, Pixels]:
        """A glazed cup with a handle that one can look through."""
        body = _soft(
            lambda pen: (
                pen.polygon([(500, 660), (1000, 660), (950, 1150), (550, 1150)], 255),
                pen.ellipse((500, 600, 1000, 720), 255),
                pen.ellipse((550, 1110, 950, 1190), 255),
            )
        )
        handle = _soft(lambda pen: pen.arc((880, 720, 1180, 1050), -100, 100, 255, 50))
        return np.maximum(body, handle), self._round(color) * (1 + 0.04 * _hills(rng, 30, 30))[
            ..., None
        ]

    def _box(self, _rng: np.random.Generator, color: Color) -> tuple[Pixels, Pixels]:
        """A carton with two sides, one in shade, and a pale band around it."""
        left = _soft(
            lambda pen: pen.polygon([(470, 540), (840, 600), (840, 1190), (470, 1100)], 255)
        )
        right = _soft(
            lambda pen: pen.polygon([(840, 600), (1090, 530), (1090, 1090), (840, 1190)], 255)
        )
        top = _soft(lambda pen: pen.polygon([(470, 540), (730, 480), (1090, 530), (840, 600)], 255))
        band = _soft(lambda pen: pen.polygon([(470, 760), (840, 840), (840, 960), (470, 870)], 255))
        pixels = _over(_flat(color), _flat(color, 0.62), right)
        pixels = _over(_over(pixels, _flat(color, 1.18), top), _flat((236, 226, 206)), band)
        return np.maximum.reduce([left, right, top]), pixels

    def _blob(self, rng: np.random.Generator, color: Color) -> tuple[Pixels, Pixels]:
        """Something organic with a mottled skin."""
        turns = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        radius = 330 + 40 * np.sin(turns * 3 + rng.uniform(0, 6)) + 18 * np.sin(turns * 5)
        outline = [
            (768 + r * np.cos(t), 860 + 1.05 * min(r, 345) * np.sin(t))
            for r, t in zip(radius, turns, strict=True)
        ]
        cover = _soft(lambda pen: pen.polygon(outline, 255))
        return cover, self._round(color, 0.24) * (1 + 0.12 * _hills(rng, 22, 22))[..., None]


_SCENES: dict[str, tuple[str, Color, str, Color, float]] = {
    "planks before a grey wall": ("wall", (150, 152, 155), "planks", (158, 112, 72), 0.56),
    "boards before a white wall": ("wall", (222, 220, 214), "stripes", (176, 136, 96), 0.52),
    "stone before a blue wall": ("wall", (96, 124, 150), "stone", (172, 170, 166), 0.60),
    "walnut before lights": ("lights", (92, 80, 74), "planks", (104, 66, 44), 0.58),
    "cloth seen from above": ("wall", (0, 0, 0), "cloth", (196, 186, 170), -1.0),
    "paper": ("wall", (212, 210, 208), "wall", (212, 210, 208), -1.0),
}
_THINGS: dict[str, tuple[str, Color]] = {
    "green cup": ("cup", (52, 132, 78)),
    "red bottle": ("bottle", (178, 32, 40)),
    "blue box": ("box", (44, 74, 150)),
    "plum": ("blob", (98, 40, 82)),
}
HORIZONS = {scene: row for scene, (*_, row) in _SCENES.items()}
"""Where each scene's table begins, 0..1 from the top; below 0 if it has no wall."""
KINDS = [(scene, thing) for scene in _SCENES for thing in _THINGS]
"""Every scene with every thing."""


def _ground(rng: np.random.Generator, scene: str) -> Pixels:
    """The scene's wall and table, nothing on it."""
    far, paint, near, color, horizon = _SCENES[scene]
    behind = _lights(rng, paint) if far == "lights" else _wall(rng, paint)
    if near == "wall":
        return _wall(rng, color)
    table = {"planks": _planks, "stripes": _stripes, "stone": _stone, "cloth": _cloth}[near]
    edge = np.clip((_Y - horizon) * SIDE / 3 + 0.5, 0, 1)
    return _over(behind, table(rng, color, horizon), edge)


def photograph(scene: str, thing: str, seed: int) -> tuple[Image.Image, Pixels]:
    """A product photograph, and where its subject truly is.

    Args:
        scene: Of those in `KINDS`.
        thing: Of those in `KINDS`.
        seed: Changes boards, lights, grain, and how dark the shadow is.

    Returns:
        An RGB image that has been a JPEG, SIDE x SIDE, and coverage 0..1 of shape (SIDE, SIDE).
    """
    rng = np.random.default_rng(seed)
    shown = _Thing(rng, *_THINGS[thing])
    ground = _ground(rng, scene)
    slope = _spot(430, 588, 170, 26)
    cast = _soft(lambda pen: pen.ellipse(slope, 255), 14)
    touch = _soft(lambda pen: pen.ellipse(_spot(384, 588, 110, 10), 255), 5)
    dark = rng.uniform(0.35, 0.55)
    ground = ground * (1 - dark * cast)[..., None] * (1 - 0.4 * touch)[..., None]
    picture = _over(ground, shown.pixels, shown.cover)
    picture = picture * (1.04 - 0.35 * ((_X - 0.5) ** 2 + (_Y - 0.5) ** 2))[..., None]
    picture = picture + rng.normal(0, 2.2, (SIDE, SIDE, 1)) + rng.normal(0, 1.0, (SIDE, SIDE, 3))
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return Image.open(file).convert("RGB"), shown.cover
