"""Parts that face the camera: cushioned shapes, tubes along a line, boxes in space."""

import math
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from darkroom.standin.draw.field import Field, blur, resize
from darkroom.standin.draw.layer import Frame, Layer, Window
from darkroom.standin.draw.light import Material

Points = list[tuple[float, float]]
"""Corners on the screen plane, in units: right and up from the subject's foot."""
_SUPER = 4


def curve(points: Points, closed: bool = True, rounds: int = 3) -> Points:
    """The line with its corners rounded off (Chaikin)."""
    line = np.array(points, np.float64)
    for _ in range(rounds):
        following = np.roll(line, -1, axis=0) if closed else line[1:]
        start = line if closed else line[:-1]
        both = np.stack([start * 0.75 + following * 0.25, start * 0.25 + following * 0.75], 1)
        cut = both.reshape(-1, 2)
        line = cut if closed else np.concatenate([line[:1], cut, line[-1:]])
    return [(float(x), float(y)) for x, y in line]


def rounded(left: float, right: float, low: float, high: float, radius: float) -> Points:
    """A rectangle with round corners."""
    points: Points = []
    centers = [(right, high, 0), (left, high, 1), (left, low, 2), (right, low, 3)]
    for x, y, quarter in centers:
        cx = x - radius if x == right else x + radius
        cy = y - radius if y == high else y + radius
        for step in range(9):
            turn = math.pi / 2 * (quarter + step / 8)
            points.append((cx + radius * math.cos(turn), cy + radius * math.sin(turn)))
    return points


def disc(x: float, y: float, across: float, up: float | None = None) -> Points:
    """An ellipse around a point, by its half axes."""
    high = across if up is None else up
    turns = (2 * math.pi * i / 64 for i in range(64))
    return [(x + across * math.cos(t), y + high * math.sin(t)) for t in turns]


def _cover(window: Window, points: Points) -> Field:
    frame = window.frame
    size = ((window.x1 - window.x0) * _SUPER, (window.y1 - window.y0) * _SUPER)
    image = Image.new("L", size)
    corners = [
        (
            (frame.origin[0] + x * frame.scale - window.x0) * _SUPER - 0.5,
            (frame.origin[1] - y * frame.scale - window.y0) * _SUPER - 0.5,
        )
        for x, y in points
    ]
    ImageDraw.Draw(image).polygon(corners, fill=255)
    return np.asarray(image.reduce(_SUPER), np.float32) / np.float32(255)


def _window(frame: Frame, points: Points, room: float = 0.0) -> Window:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return frame.window(min(xs) - room, max(xs) + room, min(ys) - room, max(ys) + room)


def cushion(
    frame: Frame,
    points: Points,
    material: Material,
    *,
    bevel: float = 0.05,
    puff: float = 1.0,
    lean: tuple[float, float] = (0.0, 0.0),
) -> Layer:
    """A shape that bulges toward the camera, flat in the middle and turning away at its edge.

    Args:
        frame: Where it stands.
        points: Its outline.
        material: What it is made of.
        bevel: How far from the edge it bends, in units.
        puff: How much it bends there; 0 is flat.
        lean: Sideways and upward turn of the whole face.
    """
    window = _window(frame, points)
    cover = _cover(window, points)
    reach = bevel * frame.scale
    # Blurring needs no full resolution: the bend is smooth. A margin keeps the edge falling off.
    step = max(1, int(reach / 6))
    size = (max(8, cover.shape[1] // step), max(8, cover.shape[0] // step))
    small = resize(cover, size, Image.Resampling.BOX)
    margin = max(2, math.ceil(reach / step) + 1)
    hill = blur(np.pad(small, margin), max(1.0, reach / step), 3)
    inside = (slice(margin, -margin), slice(margin, -margin))
    down, across = np.gradient(hill, axis=0)[inside], np.gradient(hill, axis=1)[inside]
    strength = puff * 2.2 * reach / step
    nx = -across.astype(np.float32) * np.float32(strength) + np.float32(lean[0])
    ny = down.astype(np.float32) * np.float32(strength) + np.float32(lean[1])
    length = np.sqrt(nx * nx + ny * ny + 1)
    return Layer(window, cover, window.world(nx / length, ny / length, 1 / length), material)


def tube(frame: Frame, line: Points, radius: float, material: Material) -> Layer:
    """A round bar along a line."""
    window = _window(frame, line, radius)
    x, y = window.units()
    best = np.full((y.shape[0], x.shape[1]), np.inf, np.float32)
    off_x, off_y = np.zeros_like(best), np.zeros_like(best)
    for (ax, ay), (bx, by) in pairwise(line):
        # Only the pixels near this piece can be nearest to it.
        rows = np.flatnonzero(np.abs(y[:, 0] - (ay + by) / 2) < abs(by - ay) / 2 + radius * 1.2)
        cols = np.flatnonzero(np.abs(x[0] - (ax + bx) / 2) < abs(bx - ax) / 2 + radius * 1.2)
        if not len(rows) or not len(cols):
            continue
        place = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
        px, py = x[:, place[1]] - ax, y[place[0]] - ay
        dx, dy = bx - ax, by - ay
        t = np.clip((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        rx, ry = px - t * dx, py - t * dy
        away = rx * rx + ry * ry
        nearer = away < best[place]
        for target, value in ((best, away), (off_x, rx), (off_y, ry)):
            target[place] = np.where(nearer, value, target[place])
    far = np.sqrt(best)
    cover = np.clip((radius - far) * frame.scale + 0.5, 0, 1).astype(np.float32)
    out = np.sqrt(np.clip(1 - best / radius**2, 0.02, 1))
    nx, ny = off_x / np.float32(radius), off_y / np.float32(radius)
    length = np.sqrt(nx * nx + ny * ny + out * out)
    return Layer(window, cover, window.world(nx / length, ny / length, out / length), material)


def face(
    frame: Frame, corners: Points, normal: tuple[float, float, float], material: Material
) -> Layer:
    """A flat side of a thing, with a breath of curvature so that light does not sit dead on it.

    Args:
        frame: Where it stands.
        corners: Its outline on the screen.
        normal: Right, up, away from the camera; need not be of length 1.
        material: What it is made of.
    """
    window = _window(frame, corners)
    x, y = window.units(coarse=True)
    middle = np.mean(np.array(corners), axis=0)
    nx = normal[0] + (x - middle[0]) * 0.35
    ny = normal[1] + (y - middle[1]) * 0.35
    bent = np.stack(np.broadcast_arrays(nx, ny, np.float32(normal[2])), -1)
    bent = bent / np.linalg.norm(bent, axis=-1, keepdims=True)
    return Layer(window, _cover(window, corners), bent.astype(np.float32), material)


def box(
    frame: Frame,
    middle: tuple[float, float, float],
    size: tuple[float, float, float],
    yaw: float,
    material: Material,
) -> list[Layer]:
    """The visible sides of a box: the two toward the camera, then the top.

    Args:
        frame: Where it stands.
        middle: Right, up and away of the middle of its underside.
        size: Width, height and depth.
        yaw: Turn around the upright axis, in radians, between -pi/2 and pi/2.
        material: What it is made of.
    """
    cos, sin = math.cos(yaw), math.sin(yaw)

    def corner(x: float, up: float, away: float) -> tuple[float, float]:
        x, away = x * size[0] / 2, away * size[2] / 2
        return frame.project(
            middle[0] + x * cos - away * sin,
            middle[1] + up * size[1],
            middle[2] + x * sin + away * cos,
        )

    side = 1.0 if yaw < 0 else -1.0
    front = [corner(-1, 0, -1), corner(1, 0, -1), corner(1, 1, -1), corner(-1, 1, -1)]
    flank = [corner(side, 0, -1), corner(side, 0, 1), corner(side, 1, 1), corner(side, 1, -1)]
    top = [corner(-1, 1, -1), corner(1, 1, -1), corner(1, 1, 1), corner(-1, 1, 1)]
    layers = [
        face(frame, flank, (side * cos, 0.0, side * sin), material),
        face(frame, front, (sin, 0.0, -cos), material),
        face(frame, top, (0.0, 1.0, 0.0), material),
    ]
    edges = [[front[3], front[2]], [flank[3], flank[2]], [flank[0], flank[3]]]
    thin = 0.9 / frame.scale
    return layers + [tube(frame, edge, max(thin, 0.0035), material) for edge in edges]
