"""Cloth: soft shapes that face the camera, with folds, seams and a mirrored outline."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from darkroom.standin.draw import finish
from darkroom.standin.draw.field import Field, blur, noise, resize
from darkroom.standin.draw.flatwork import Points, curve, tube
from darkroom.standin.draw.layer import Frame, Layer, Window
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.words import Look

Chance = np.random.Generator
Fold = tuple[float, float, float, float, float, float]
"""A crease: from x, y to x, y, its half width and its height, in units (below 0: a dent)."""


def fabric(look: Look, by: float = 1.0) -> Material:
    """What clothes are made of, unless the prompt says leather."""
    if look.material == "leather":
        return Material(look.color * np.float32(by), rough=0.42, pattern="leather")
    return Material(look.color * np.float32(by), rough=0.94)


def mirrored(half: Points, rng: Chance | None = None, by: float = 0.006) -> Points:
    """A whole outline from its right half, listed from the top middle to the bottom middle.

    Args:
        half: Points with x >= 0; one named twice running stays a sharp corner.
        rng: Moves the points a little, each side its own way; None leaves them.
        by: How far they move, in units.
    """
    left = [(-x, y) for x, y in reversed(half)]
    points = half + left
    if rng is None:
        return points
    last: tuple[float, float] | None = None
    moved: Points = []
    for point in points:
        # Both of a doubled corner move together.
        if point != last:
            dx, dy = float(rng.uniform(-by, by)), float(rng.uniform(-by, by))
        last = point
        moved.append((point[0] + dx, point[1] + dy))
    return moved


def both(folds: list[Fold], rng: Chance) -> list[Fold]:
    """The folds and their mirror images, each a little its own way."""
    every: list[Fold] = []
    for x, y, to_x, to_y, wide, high in folds:
        for side in (-1, 1):
            a, b, c, d = (float(rng.uniform(-0.02, 0.02)) for _ in range(4))
            more = float(rng.uniform(0.7, 1.25))
            every.append(
                (side * (x + a), y + b, side * (to_x + c), to_y + d, wide * more, high * more)
            )
    return every


def _outline(frame: Frame, points: Points) -> tuple[Window, Field]:
    """The pixels around a shape, and how much of each it covers, 0..1, shape (h, w)."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    window = frame.window(min(xs), max(xs), min(ys), max(ys))
    fine = 3
    image = Image.new("L", (window.size[0] * fine, window.size[1] * fine))
    corners = [
        (
            (frame.origin[0] + x * frame.scale - window.x0) * fine - 0.5,
            (frame.origin[1] - y * frame.scale - window.y0) * fine - 0.5,
        )
        for x, y in points
    ]
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return window, np.asarray(image.reduce(fine), np.float32) / np.float32(255)


def cloth(
    frame: Frame,
    points: Points,
    material: Material,
    rng: Chance,
    *,
    folds: list[Fold] | None = None,
    bevel: float = 0.06,
    belly: float = 0.0,
    rumple: float = 1.0,
    rounds: int = 2,
) -> Layer:
    """A garment or part of one: full in the middle, falling away at its edge, creased.

    Args:
        frame: Where it is.
        points: Its outline, whose corners are rounded off.
        material: What it is made of.
        rng: Where its little wrinkles come from.
        folds: Its creases.
        bevel: How far from the edge it bends, in units.
        belly: How much it bulges as a whole, as over a body.
        rumple: How wrinkled it is; 0 is ironed.
        rounds: How much corners are rounded off.
    """
    line = curve(points, rounds=rounds) if rounds else points
    window, cover = _outline(frame, line)
    step = 2 if min(cover.shape) >= 64 and min(frame.size) >= 256 else 1
    small = (-(-window.size[0] // step), -(-window.size[1] // step))
    mask = resize(cover, small, Image.Resampling.BOX)
    unit = frame.scale / step
    near = max(1.0, bevel * unit)
    margin = math.ceil(near) + 2
    padded = np.pad(mask, margin)
    inside = (slice(margin, -margin), slice(margin, -margin))
    height = blur(padded, near, 3)[inside] * np.float32(bevel * 1.7)
    if belly:
        wide = np.pad(mask, margin * 3)
        deep = (slice(margin * 3, -margin * 3),) * 2
        height = height + blur(wide, near * 3, 3)[deep] * np.float32(belly)
    x = (window.x0 + (np.arange(small[0], dtype=np.float32) + 0.5) * step - frame.origin[0]) / (
        frame.scale
    )
    y = (frame.origin[1] - window.y0 - (np.arange(small[1], dtype=np.float32) + 0.5) * step) / (
        frame.scale
    )
    for ax, ay, bx, by, width, high in folds or []:
        reach = 2.4 * width
        columns = np.flatnonzero((x > min(ax, bx) - reach) & (x < max(ax, bx) + reach))
        rows = np.flatnonzero((y > min(ay, by) - reach) & (y < max(ay, by) + reach))
        if not len(columns) or not len(rows):
            continue
        place = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        px, py = x[None, place[1]] - ax, y[place[0], None] - ay
        dx, dy = bx - ax, by - ay
        long = math.hypot(dx, dy) + 1e-6
        along = (px * dx + py * dy) / long
        # A crease is no ruled line: it sways.
        off = (py * dx - px * dy) / long + width * 0.5 * np.sin(along / long * 4 + ax * 9)
        t = np.clip(along / long, -0.3, 1.3)
        taper = np.clip(1 - (2 * t - 1) ** 2, 0, 1) ** 0.7
        height[place] += np.float32(high) * np.exp(-((off / width) ** 2)) * taper
    if rumple:
        across, down = small[0] / unit, small[1] / unit
        hills = noise(rng, small, (across * 6, down * 4), 2)
        height = height + hills * np.float32(0.0042 * rumple)
    ny, nx = np.gradient(height * np.float32(unit))
    nx, ny = -nx.astype(np.float32), ny.astype(np.float32)
    length = np.sqrt(nx * nx + ny * ny + 1)
    return Layer(window, cover, window.world(nx / length, ny / length, 1 / length), material)


def seam(frame: Frame, line: Points, material: Material, *, rounds: int = 2) -> Layer:
    """A line of stitches: thin, and darker than the cloth."""
    thin = max(0.0032, 0.7 / frame.scale)
    smooth = curve(line, closed=False, rounds=rounds) if rounds else line
    return tube(frame, smooth, thin, finish.shaded(material, 0.62))


def seam_bar(frame: Frame, line: Points, thick: float, material: Material) -> Layer:
    """A raised edge along a line."""
    return tube(frame, curve(line, closed=False, rounds=3), thick, material)
