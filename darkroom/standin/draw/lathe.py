"""Solids of revolution, seen from a little above: what a potter's wheel or a lathe makes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from darkroom.standin.draw.field import Field, resize
from darkroom.standin.draw.layer import Frame, Layer, Window
from darkroom.standin.draw.light import Material

Profile = list[tuple[float, float]]
"""Radius and height of an outline, bottom to top, in units; repeat a point for a sharp corner."""
_SLICES = 220


def _smooth(profile: Profile) -> NDArray[np.float32]:
    """The outline with its corners cut three times, at equal steps along it: shape (n, 2)."""
    points = np.array(profile, np.float64)
    for _ in range(3):
        cut = [points[:1]]
        for a, b in pairwise(points):
            cut.append(np.array([a * 0.75 + b * 0.25, a * 0.25 + b * 0.75]))
        points = np.concatenate([*cut, points[-1:]])
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], _SLICES)
    out = np.stack([np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])], -1)
    return out.astype(np.float32)


@dataclass(frozen=True)
class Turned:
    """A turned solid on its window.

    Attributes:
        body: The outer wall, and the flat top if it is closed.
        height: Height of the visible point, per pixel, in units.
        angle: Sideways position on the wall, -1..1 from edge to edge.
        outline: Radius and height along the wall, shape (n, 2).
        base: How high the solid is lifted off the ground.
    """

    body: Layer
    height: Field
    angle: Field
    outline: NDArray[np.float32]

    def band(self, low: float, high: float, material: Material, half: float = 2.0) -> Layer:
        """A ring, or a label if `half` < 1 (sideways reach), painted on the wall."""
        soft = np.float32(self.body.window.frame.scale)
        cover = np.clip((self.height - low) * soft + 0.5, 0, 1)
        cover *= np.clip((high - self.height) * soft + 0.5, 0, 1)
        if half < 1:
            cover *= np.clip((half - np.abs(self.angle)) * soft * 0.2 + 0.5, 0, 1)
        return self.body.made_of(material, cover)

    def top(self) -> tuple[float, float]:
        """Radius and height of the upper rim."""
        return float(self.outline[-1, 0]), float(self.outline[-1, 1])


def _ellipse(window: Window, radius: float, height: float) -> tuple[Field, Field, Field]:
    """Coverage of a level disc, and x and depth of its points."""
    sin, cos = window.frame.tilt
    x, y = window.units()
    away = (y - height * cos) / sin
    rho = np.maximum(np.hypot(x, away), 1e-6)
    slope = np.hypot(x, away / sin) / rho
    cover = np.clip(0.5 - (rho - radius) * window.frame.scale / slope, 0, 1)
    return cover.astype(np.float32), x, away.astype(np.float32)


def turn(frame: Frame, profile: Profile, material: Material) -> Turned:
    """Turn an outline into a closed solid.

    For each row of pixels, the highest slice (disc) that covers a pixel is what the camera sees:
    a slice higher up is always nearer. So a running maximum of the slices' half widths answers
    the whole row at once.

    Args:
        frame: Where the solid stands.
        profile: Its outline.
        material: What it is made of.
    """
    outline = _smooth(profile)
    radius, height = outline[::-1, 0], outline[::-1, 1]
    sin, cos = frame.tilt
    reach = float(radius.max())
    low = float((height * cos - radius * sin).min())
    high = float((height * cos + radius * sin).max())
    window = frame.window(-reach, reach, low, high)
    x, y = window.units(coarse=True)

    def widths(rows: Field) -> Field:
        inside = radius**2 - ((rows - height * np.float32(cos)) / np.float32(sin)) ** 2
        wide = np.where(inside > 0, np.sqrt(np.maximum(inside, 0)), np.float32(-1))
        return np.maximum.accumulate(wide, axis=1)

    across = np.abs(x[0])
    at = np.empty((y.shape[0], x.shape[1]), np.float32)
    index = np.arange(_SLICES, dtype=np.float32)
    for row, wide in enumerate(widths(y)):
        # Beside the solid its edge goes on, so that coarse light does not darken the outline.
        at[row] = np.interp(np.minimum(across, wide[-1] * 0.999), wide, index)
    normal, here_z, side = _surface(window, outline, at, x, y)
    body = Layer(window, _outline(window, radius, height), normal, material)
    return Turned(body, resize(here_z, window.size), resize(side, window.size), outline)


def _outline(window: Window, radius: Field, height: Field) -> Field:
    """Coverage of a turned solid, from the widest slice on four lines within each row."""
    frame = window.frame
    sin, cos = np.float32(frame.tilt[0]), np.float32(frame.tilt[1])
    x, y = window.units()
    cover = np.zeros((y.shape[0], x.shape[1]), np.float32)
    edge = np.abs(x) * np.float32(frame.scale) - np.float32(0.5)
    # Slices of a thin stem are further apart than they are deep: its own radius fills the gaps.
    stem = np.interp(y / cos, height[::-1], radius[::-1], left=0, right=0).astype(np.float32) ** 2
    for shift in (-0.375, -0.125, 0.125, 0.375):
        line = y + np.float32(shift / frame.scale)
        inside = (radius**2 - ((line - height * cos) / sin) ** 2).max(axis=1, keepdims=True)
        inside = np.maximum(inside, stem)
        wide = np.where(
            inside > 0, np.sqrt(np.maximum(inside, 0)) * np.float32(frame.scale), np.float32(-9)
        )
        cover += np.clip(wide - edge, 0, 1)
    return cover * np.float32(0.25)


def _surface(
    window: Window, outline: NDArray[np.float32], at: Field, x: Field, y: Field
) -> tuple[Field, Field, Field]:
    """Normals, heights and sideways positions of the visible points, given their slices."""
    sin, cos = window.frame.tilt
    radius, height = outline[::-1, 0], outline[::-1, 1]
    steps = np.gradient(outline[::-1].astype(np.float64), axis=0)
    # The cut corners are still a chain of straight pieces; their light must not show it.
    for _ in range(3):
        steps[1:-1] = (steps[:-2] + 2 * steps[1:-1] + steps[2:]) / 4
    length = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    whole = at.astype(np.intp).clip(0, _SLICES - 2)
    part = at - whole

    def look_up(values: NDArray[np.floating]) -> Field:
        table = values.astype(np.float32)
        found: Field = table[whole] + part * np.diff(table)[whole]
        return found

    here_r, here_z = look_up(radius), look_up(height)
    side = np.clip(x / np.maximum(here_r, 1e-4), -1, 1)
    depth = np.sign((y - here_z * cos) / sin) * np.sqrt(1 - side * side)
    # The flat top: the solid ends there, so its disc looks straight up.
    away = (y - height[0] * cos) / sin
    flat = np.hypot(x, away) < radius[0] * 0.985
    normal_r = np.where(flat, 0, look_up(-steps[:, 1] / length))
    normal_up = np.where(flat, 1, look_up(steps[:, 0] / length))
    normal = np.stack([side * normal_r, normal_up, depth * normal_r], -1)
    normal /= np.maximum(np.sqrt((normal * normal).sum(-1, keepdims=True)), 1e-6)
    return normal.astype(np.float32), here_z.astype(np.float32), side.astype(np.float32)


def hollow(
    solid: Turned, wall: float, fill: float, inside: Material, filling: Material | None
) -> list[Layer]:
    """The opening of a vessel: a rounded rim, the inner wall, and what it is filled with.

    Args:
        solid: The vessel.
        wall: Thickness of the wall, in units.
        fill: Height of the filling or of the inner floor, in units.
        inside: Material of the rim and the inner wall.
        filling: Material of the filling; None shows the inner floor.
    """
    frame = solid.body.window.frame
    sin, cos = frame.tilt
    top_r, top_z = solid.top()
    window = frame.window(-top_r, top_r, top_z * cos - top_r * sin, top_z * cos + top_r * sin)
    rim, x, away = _ellipse(window, top_r, top_z)
    rho = np.maximum(np.hypot(x, away), 1e-5)
    # The rim is a little torus: its normal turns from outward to inward across the wall.
    turnover = np.clip((rho - (top_r - wall / 2)) / (wall / 2), -1, 1)
    up = np.sqrt(np.maximum(1 - 0.8 * turnover**2, 0.05))
    normal = np.stack([x / rho * turnover, up, away / rho * turnover], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    layers = [Layer(window, rim, normal.astype(np.float32), inside)]

    hole, x, _ = _ellipse(window, top_r - wall, top_z)
    _, y = window.units()
    z = np.full(hole.shape, top_z, np.float32)
    inner_r = np.maximum(solid.outline[:, 0] - wall, 1e-3)
    for _ in range(4):
        radius = np.interp(z, solid.outline[:, 1], inner_r).astype(np.float32)
        depth = np.sqrt(np.maximum(radius**2 - x**2, 0))
        z = ((y - depth * sin) / cos).astype(np.float32)
    normal = np.stack(
        [-x / np.maximum(radius, 1e-3), np.full_like(z, 0.12), -depth / np.maximum(radius, 1e-3)],
        -1,
    )
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    layers.append(Layer(window, hole, normal.astype(np.float32), inside))

    floor_r = float(np.interp(fill, solid.outline[:, 1], inner_r))
    floor, fx, fa = _ellipse(window, floor_r, fill)
    dome = np.stack(np.broadcast_arrays(fx * 0.25, np.ones_like(fa), fa * 0.25), -1)
    dome = dome / np.linalg.norm(dome, axis=-1, keepdims=True)
    layers.append(Layer(window, floor * hole, dome.astype(np.float32), filling or inside))
    return layers
