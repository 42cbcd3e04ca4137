"""What lies far behind a subject, out of focus: rooms, skies, woods and cities."""

from dataclasses import dataclass

import numpy as np

from darkroom.standin.draw.field import Field, blur, grid, noise, smoothstep
from darkroom.standin.draw.palette import Color, from_hex, from_hsv

Chance = np.random.Generator
Size = tuple[int, int]


@dataclass(frozen=True)
class Wall:
    """A background out of focus.

    Attributes:
        light: Linear light, shape (h, w, 3), at low resolution.
        tint: What its light does to the color of the ground, shape (3,).
    """

    light: Field
    tint: Color


def _fade(size: Size, *stops: tuple[float, str]) -> Field:
    """Colors from top (0) to bottom (1)."""
    _, y = grid(size)
    at = [stop for stop, _ in stops]
    colors = np.stack([from_hex(color) for _, color in stops])
    column = np.stack([np.interp(y[:, 0], at, colors[:, c]) for c in range(3)], -1)
    return np.repeat(column[:, None].astype(np.float32), size[0], axis=1)


def _discs(
    light: Field,
    rng: Chance,
    colors: list[str],
    count: int,
    radius: float,
    low: float,
    strength: float,
) -> None:
    """Circles of confusion, brighter at the rim, added in place; none below `low` (0..1)."""
    high, wide = light.shape[:2]
    for _ in range(count):
        r = radius * wide * float(rng.uniform(0.45, 1.15))
        cx, cy = float(rng.uniform(0, wide)), float(rng.uniform(-0.05, low)) * high
        x0, x1 = max(0, int(cx - r - 2)), min(wide, int(cx + r + 3))
        y0, y1 = max(0, int(cy - r - 2)), min(high, int(cy + r + 3))
        color = from_hex(colors[int(rng.integers(len(colors)))]) * np.float32(
            strength * rng.uniform(0.35, 1.0)
        )
        if x1 <= x0 or y1 <= y0:
            continue
        x = np.arange(x0, x1, dtype=np.float32)[None, :] - cx
        y = np.arange(y0, y1, dtype=np.float32)[:, None] - cy
        far = np.sqrt(x * x + y * y)
        cover = np.clip(r - far + 0.5, 0, 1) * (0.75 + 0.35 * (far / max(r, 1)) ** 4)
        light[y0:y1, x0:x1] += cover[..., None] * color


def autumn(rng: Chance, size: Size, low: float) -> Wall:
    """Golden leaves in low sun."""
    light = _fade(size, (0, "a8672a"), (0.55, "c98a3e"), (1, "6d4420"))
    x, y = grid(size)
    leaves = noise(rng, size, (5, 4), 3)[..., None]
    light = (
        light * (1 + 0.5 * leaves)
        + np.clip(noise(rng, size, (6, 5), 2), 0, 1)[..., None] * from_hex("b5431c") * 0.35
    )
    sun = np.exp(-(((x - 0.22) / 0.35) ** 2) - ((y - 0.12) / 0.4) ** 2)
    light += sun[..., None] * from_hex("ffd894") * 0.75
    light = blur(np.clip(light, 0, None), size[0] * 0.03)
    _discs(light, rng, ["ffcf7a", "ff9d45", "e8642c", "ffe2a6"], 46, 0.045, low, 0.42)
    return Wall(light, np.array([1.10, 0.95, 0.74], np.float32))


def sunset(rng: Chance, size: Size, low: float) -> Wall:
    """A low sun and streaks of cloud."""
    light = _fade(
        size,
        (0, "3f4a86"),
        (low * 0.45, "b56a86"),
        (low * 0.8, "f2955a"),
        (low, "ffcf7d"),
        (1, "c77a50"),
    )
    x, y = grid(size)
    clouds = smoothstep(0.1, 0.9, noise(rng, size, (3, 14), 3))[..., None]
    light += clouds * from_hex("ff9a6e") * 0.35
    far = np.hypot((x - 0.68) * size[0], (y - low * 0.86) * size[1]) / size[0]
    light += (np.exp(-((far / 0.16) ** 2)) * 0.8 + smoothstep(0.065, 0.055, far))[
        ..., None
    ] * from_hex("ffe0a0")
    return Wall(blur(light, size[0] * 0.008), np.array([1.08, 0.80, 0.68], np.float32))


def night(rng: Chance, size: Size, low: float) -> Wall:
    """Dark, with neon out of focus."""
    light = _fade(size, (0, "0c0e22"), (0.6, "231336"), (1, "120c1c"))
    x, y = grid(size)
    for color, at in (("ff2d9a", 0.15), ("19c8ff", 0.82)):
        glow = np.exp(-(((x - at) / 0.22) ** 2) - ((y - low * 0.5) / 0.35) ** 2)
        light += glow[..., None] * from_hex(color) * 0.5
    _discs(light, rng, ["ff3fa4", "28d3ff", "ffb13d", "9a5cff", "ff5b5b"], 42, 0.04, low, 0.55)
    return Wall(light, np.array([0.42, 0.34, 0.58], np.float32))


def forest(rng: Chance, size: Size, low: float) -> Wall:
    """Trunks and leaves, with shafts of light."""
    light = _fade(size, (0, "7f9b55"), (low * 0.7, "4f6f3c"), (1, "26361d"))
    light *= (1 + 0.55 * noise(rng, size, (7, 6), 3))[..., None]
    x, y = grid(size)
    for _ in range(11):
        at, wide = float(rng.uniform(0, 1)), float(rng.uniform(0.008, 0.03))
        trunk = np.exp(-(((x - at + 0.02 * (y - 0.5)) / wide) ** 4)) * smoothstep(
            low + 0.03, low - 0.03, y
        )
        light *= 1 - 0.72 * trunk[..., None]
    shafts = np.clip(np.sin((x + 0.45 * y) * 21 + 1.3), 0, 1) ** 3 * smoothstep(low, 0, y)
    light += shafts[..., None] * from_hex("e8f0a8") * 0.3
    light = blur(np.clip(light, 0, None), size[0] * 0.014)
    _discs(light, rng, ["e9f5a6", "bfdc7a", "fff6cc"], 30, 0.026, low * 0.75, 0.42)
    return Wall(light, np.array([0.86, 0.98, 0.74], np.float32))


def sky(rng: Chance, size: Size, low: float) -> Wall:
    """A summer sky with clouds."""
    light = _fade(size, (0, "4d8fd0"), (low, "cfe4f2"), (1, "e3eef4"))
    clouds = smoothstep(0.0, 0.9, noise(rng, size, (3, 5), 5))[..., None]
    light += (from_hex("ffffff") - light) * clouds * 0.85
    return Wall(blur(light, size[0] * 0.006), np.array([1.0, 1.0, 1.0], np.float32))


def sea(rng: Chance, size: Size, low: float) -> Wall:
    """Sky over a blurred line of sea."""
    above = sky(rng, size, low * 0.7).light
    _, y = grid(size)
    water = from_hex("3c93ac") * (1 + 0.25 * noise(rng, size, (4, 60), 2))[..., None]
    line = smoothstep(low * 0.68, low * 0.72, y)[..., None]
    foam = np.exp(-(((y - low * 0.985) / 0.012) ** 2))[..., None] * 0.6
    light = above * (1 - line) + water * line
    return Wall(blur(light + foam, size[0] * 0.008), np.array([1.04, 1.0, 0.93], np.float32))


def city(rng: Chance, size: Size, low: float) -> Wall:
    """Blurred blocks with lit windows at dusk."""
    light = _fade(size, (0, "6f8bb0"), (low * 0.8, "e7c3a2"), (1, "8a7f7c"))
    x, y = grid(size)
    at = -0.05
    while at < 1:
        wide, top = float(rng.uniform(0.07, 0.17)), low * float(rng.uniform(0.12, 0.62))
        inside = ((x > at) & (x < at + wide) & (y > top))[..., None]
        tone = from_hex("4a5568") * np.float32(rng.uniform(0.5, 1.5))
        light = np.where(inside, tone, light)
        at += wide * float(rng.uniform(0.7, 1.2))
    light = blur(light.astype(np.float32), size[0] * 0.02)
    _discs(light, rng, ["ffd27a", "ffefc9", "ffb05c", "ff7a5c", "bcd8ff"], 46, 0.024, low, 0.5)
    return Wall(light, np.array([0.95, 0.94, 0.98], np.float32))


def window(rng: Chance, size: Size, low: float) -> Wall:
    """A pale room wall with slanting panes of sun and the shadow of leaves."""
    light = _fade(size, (0, "cdbfae"), (low, "e2d6c6"), (1, "cbbba8"))
    x, y = grid(size)
    u, v = x + 0.35 * y, y - 0.12 * x
    across = smoothstep(0.20, 0.22, u) * smoothstep(0.86, 0.84, u)
    panes = across * smoothstep(-0.02, 0.0, v) * smoothstep(low * 0.86, low * 0.84, v)
    bars = smoothstep(0.012, 0.02, np.abs((u - 0.2) % 0.22 - 0.11)) * smoothstep(
        0.01, 0.018, np.abs(v - low * 0.4)
    )
    leaves = smoothstep(0.55, 0.85, noise(rng, size, (9, 9), 2)) * smoothstep(0.5, 0.9, u)
    sun = panes * bars * (1 - 0.6 * leaves)
    light = light * (
        0.62 + 0.62 * blur(sun.astype(np.float32), size[0] * 0.008)[..., None] * from_hex("fff1d6")
    )
    return Wall(light, np.array([1.02, 0.98, 0.90], np.float32))


def kitchen(rng: Chance, size: Size, low: float) -> Wall:
    """Tiles and a board with jars, out of focus."""
    light = _fade(size, (0, "c9cfca"), (low, "e4e4da"), (1, "bdbcb0"))
    x, y = grid(size)
    row = (y / 0.075).astype(int)
    joints = (np.abs((y / 0.075) % 1 - 0.5) > 0.46) | (
        np.abs(((x / 0.15) + 0.5 * (row % 2)) % 1 - 0.5) > 0.475
    )
    light *= np.where(joints, np.float32(0.82), np.float32(1))[..., None]
    board = low * 0.42
    colors = ["b5653a", "e3d6b8", "6f8f6a", "3d5a6c", "c9a24e", "8d4a3a"]
    at = 0.03
    while at < 0.97:
        wide, tall = float(rng.uniform(0.035, 0.08)), float(rng.uniform(0.09, 0.20)) * low / 0.6
        if rng.random() < 0.75:
            inside = ((x > at) & (x < at + wide) & (y > board - tall) & (y < board))[..., None]
            round_ = 1.15 - 0.5 * np.abs((x - at) / wide - 0.4)
            color = from_hex(colors[int(rng.integers(len(colors)))])
            light = np.where(inside, color * round_[..., None], light)
        at += wide + float(rng.uniform(0.01, 0.08))
    plank = ((y > board) & (y < board + 0.025))[..., None] & np.ones((1, size[0], 1), np.bool_)
    light = np.where(plank, from_hex("9a6a3f"), light).astype(np.float32)
    light = blur(light, size[0] * 0.016)
    pool = 0.72 + 0.5 * np.exp(-(((x - 0.2) / 0.5) ** 2) - ((y - 0.2) / 0.6) ** 2)
    return Wall(light * pool[..., None], np.array([1.02, 0.99, 0.93], np.float32))


def room(rng: Chance, size: Size, low: float) -> Wall:
    """A warm living room, far out of focus: a window at one side, a lamp at the other."""
    light = _fade(size, (0, "8a7461"), (low, "a98d72"), (1, "6b5542"))
    x, y = grid(size)
    pane = (
        smoothstep(0.04, 0.07, x) * smoothstep(0.30, 0.27, x) * smoothstep(low * 0.8, low * 0.74, y)
    )
    light += pane[..., None] * from_hex("e9eef0") * 0.75
    lamp = np.exp(-(((x - 0.82) / 0.10) ** 2) - ((y - low * 0.45) / 0.13) ** 2)
    light += lamp[..., None] * from_hex("ffcf86") * 0.9
    light = blur(light * (1 + 0.2 * noise(rng, size, (4, 4), 2))[..., None], size[0] * 0.03)
    _discs(light, rng, ["ffd9a0", "ffe9c8", "e8b070"], 14, 0.03, low, 0.22)
    return Wall(light, np.array([1.03, 0.97, 0.88], np.float32))


def meadow(rng: Chance, size: Size, low: float) -> Wall:
    """Trees and sky far behind a meadow."""
    light = _fade(size, (0, "9cc7e6"), (low * 0.45, "dfeedd"), (low * 0.7, "7da25a"), (1, "55803a"))
    hills = noise(rng, size, (6, 3), 3)
    light = blur(np.clip(light * (1 + 0.35 * hills)[..., None], 0, None), size[0] * 0.02)
    _discs(light, rng, ["fff7d0", "d9efb0", "ffffff"], 24, 0.028, low, 0.2)
    return Wall(light, np.array([1.02, 1.0, 0.86], np.float32))


def winter(rng: Chance, size: Size, low: float) -> Wall:
    """Pale sky, snowy firs, flakes."""
    light = _fade(size, (0, "b4c6da"), (low * 0.6, "e6eef6"), (1, "dbe6f2"))
    x, y = grid(size)
    for _ in range(9):
        at, tall = float(rng.uniform(0, 1)), low * float(rng.uniform(0.35, 0.8))
        wide = np.clip(y - (low - tall), 0, None) * 0.28
        fir = smoothstep(0.01, -0.01, np.abs(x - at) - wide) * (y > low - tall)
        light += (from_hex("6f8a94") - light) * (0.55 * fir)[..., None]
    light = blur(light, size[0] * 0.016)
    _discs(light, rng, ["ffffff"], 40, 0.010, 1.0, 0.4)
    return Wall(light, np.array([0.96, 0.99, 1.05], np.float32))


def plain(rng: Chance, size: Size, low: float) -> Wall:
    """A painted wall with a pool of light, in a hue that chance chooses."""
    color = from_hsv(
        float(rng.random()), float(rng.uniform(0.10, 0.28)), float(rng.uniform(0.66, 0.86))
    )
    x, y = grid(size)
    pool = 0.62 + 0.5 * np.exp(-(((x - 0.38) / 0.5) ** 2) - ((y - low * 0.5) / 0.5) ** 2)
    return Wall(
        (pool[..., None] * color).astype(np.float32),
        np.sqrt(color / color.max()).astype(np.float32),
    )
