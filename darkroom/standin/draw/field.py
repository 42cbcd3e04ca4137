"""Fields: float32 arrays over a picture's pixels, and how they are blurred, resized and made."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating[Any]]
"""An array of shape (height, width) or (height, width, 3); float32 wherever it is large."""


def smoothstep(low: float, high: float, x: Field) -> Field:
    """0 below `low`, 1 above `high`, and a smooth ramp between (`low` > `high` falls instead)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    ramp: Field = (t * t * (3 - 2 * t)).astype(np.float32)
    return ramp


def grid(size: tuple[int, int]) -> tuple[Field, Field]:
    """Pixel centers as a row of x and a column of y, both 0..1 across the picture.

    Args:
        size: Width and height in pixels.
    """
    width, height = size
    x = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :]
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
    return x, y


def dot(a: Field, b: Field) -> Field:
    """Sum over the channels of a * b, shape (h, w); faster than `.sum(-1)`."""
    total: Field = np.einsum("...c,...c->...", a, b)
    return total


def resize(
    field: Field, size: tuple[int, int], how: Image.Resampling = Image.Resampling.BICUBIC
) -> Field:
    """The field at another size, without rounding to 8 bits (which would show as bands).

    Args:
        field: Shape (h, w) or (h, w, 3), any range.
        size: Width and height wanted, in pixels.
        how: Pillow's filter.
    """
    if field.shape[1::-1] == size:
        return field
    if field.ndim == 2:
        return np.asarray(Image.fromarray(field).resize(size, how))
    out = np.empty((size[1], size[0], field.shape[2]), np.float32)
    for channel in range(field.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(field[..., channel]))
        out[..., channel] = np.asarray(plane.resize(size, how))
    return out


def _box(field: Field, radius: int, axis: int) -> Field:
    pad = [(0, 0)] * field.ndim
    pad[axis] = (radius + 1, radius)
    total = np.cumsum(np.pad(field, pad, mode="edge"), axis=axis, dtype=np.float64)
    span = 2 * radius + 1
    ends = np.arange(field.shape[axis])
    window = np.take(total, ends + span, axis) - np.take(total, ends, axis)
    mean: Field = (window / span).astype(np.float32)
    return mean


def blur(field: Field, radius: float, passes: int = 2) -> Field:
    """The field blurred by repeated box filters, edges continued.

    Args:
        field: Shape (h, w) or (h, w, 3).
        radius: Reach in pixels; below half a pixel nothing happens.
        passes: 1 is a box, 2 a tent, 3 close to a bell.
    """
    reach = round(radius / passes**0.5)
    if reach < 1:
        return field
    for _ in range(passes):
        field = _box(_box(field, reach, 0), reach, 1)
    return field


def noise(
    rng: np.random.Generator,
    size: tuple[int, int],
    cells: tuple[float, float],
    octaves: int = 1,
) -> Field:
    """Smooth random hills, about -1..1, each octave half as wide and half as high.

    Args:
        rng: Where chance comes from.
        size: Width and height in pixels.
        cells: How many hills across and down, in the first octave.
        octaves: How many layers of finer hills.
    """
    total = np.zeros((size[1], size[0]), np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        wide = min(size[0], max(2, round(cells[0] * 2**octave) + 1))
        high = min(size[1], max(2, round(cells[1] * 2**octave) + 1))
        small = rng.uniform(-1, 1, (high, wide)).astype(np.float32)
        total += weight * resize(small, size)
        weights += weight * weight
        weight *= 0.5
    return total / np.float32(weights**0.5) * np.float32(1.2)


def grain(rng: np.random.Generator, size: tuple[int, int], strength: float) -> Field:
    """Sensor noise of one channel; a tile repeats, because the eye cannot see it and it is cheap.

    Args:
        rng: Where chance comes from.
        size: Width and height in pixels.
        strength: Standard deviation, in the unit that the caller adds it to.
    """
    tile = rng.standard_normal((199, 211), dtype=np.float32) * np.float32(strength)
    down, across = -(-size[1] // 199), -(-size[0] // 211)
    return np.tile(tile, (down, across))[: size[1], : size[0]]
