"""A warp that takes points to points and bends smoothly in between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from darkroom.standin.draw.body import Point
from darkroom.standin.draw.field import Field, resize
from darkroom.standin.draw.fitting import Pairs


def warped(cut: NDArray[np.float32], pairs: Pairs, size: tuple[int, int], corner: Point) -> Field:
    """A garment bent so that its points come to lie on those of a body (thin plate spline).

    Args:
        cut: The garment, shape (h, w, 4), colors times coverage.
        pairs: Points in the picture and in the garment, both in full pixels.
        size: Width and height of the part of the picture that is wanted.
        corner: Its left upper corner.

    Returns:
        Shape (h, w, 4).
    """
    goal = np.array([pair[0] for pair in pairs], np.float64)
    source = np.array([pair[1] for pair in pairs], np.float64)
    unit = float(np.ptp(goal, axis=0).max()) or 1.0
    center = goal.mean(axis=0)
    goal = (goal - center) / unit
    count = len(goal)

    def kernel(square: NDArray[np.float64]) -> NDArray[np.float64]:
        bent: NDArray[np.float64] = square * np.log(np.maximum(square, 1e-12))
        return bent

    apart = goal[:, None] - goal[None]
    system = np.zeros((count + 3, count + 3))
    # A little slack: points that contradict each other must not tear the cloth.
    system[:count, :count] = kernel((apart**2).sum(-1)) + np.eye(count) * 2e-4
    system[:count, count:] = np.concatenate([np.ones((count, 1)), goal], 1)
    system[count:, :count] = system[:count, count:].T
    right = np.zeros((count + 3, 2))
    right[:count] = source
    weights = np.linalg.solve(system, right)
    step = 6
    little = (size[0] // step + 2, size[1] // step + 2)
    x = (corner[0] + (np.arange(little[0]) + 0.5) * size[0] / little[0] - center[0]) / unit
    y = (corner[1] + (np.arange(little[1]) + 0.5) * size[1] / little[1] - center[1]) / unit
    grid = np.stack(np.meshgrid(x, y), -1)
    square = ((grid[:, :, None] - goal) ** 2).sum(-1)
    found = kernel(square) @ weights[:count] + weights[count] + grid @ weights[count + 1 :]
    at_x, at_y = (
        resize(found[..., i].astype(np.float32), size, Image.Resampling.BILINEAR) for i in (0, 1)
    )
    high, wide = cut.shape[:2]
    inside = (at_x > -1) & (at_x < wide) & (at_y > -1) & (at_y < high)
    at_x, at_y = np.clip(at_x - 0.5, 0, wide - 1.001), np.clip(at_y - 0.5, 0, high - 1.001)
    column, row = at_x.astype(np.intp), at_y.astype(np.intp)
    px, py = (at_x - column)[..., None], (at_y - row)[..., None]
    below, beside = np.minimum(row + 1, high - 1), np.minimum(column + 1, wide - 1)
    upper = cut[row, column] * (1 - px) + cut[row, beside] * px
    lower = cut[below, column] * (1 - px) + cut[below, beside] * px
    bent: Field = (upper * (1 - py) + lower * py) * inside[..., None]
    return bent.astype(np.float32)
