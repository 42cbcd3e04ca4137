"""What the backdrop would look like without the subject: smooth light on paper."""

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import Field, resize
from darkroom.standin.draw.flood import Flags


def _powers(degree: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]


def fit(colors: Field, trusted: Flags, degree: int = 2) -> tuple[Field, float]:
    """A low-order surface per channel through the trusted pixels, outliers disregarded.

    Args:
        colors: Shape (h, w, 3), 0..255.
        trusted: Where the backdrop is believed to be; up to a third of it may be wrong.
        degree: Of the polynomial in x and y.

    Returns:
        The surface, shape (h, w, 3), and how far trusted pixels lie from it (robust deviation).
    """
    high, wide = trusted.shape
    x, y = np.linspace(-1, 1, wide, dtype=np.float32), np.linspace(-1, 1, high, dtype=np.float32)
    spots = np.flatnonzero(trusted)
    spots = spots[:: max(1, len(spots) // 3000)]
    a = np.stack([x[spots % wide] ** i * y[spots // wide] ** j for i, j in _powers(degree)], -1)
    b = colors.reshape(-1, 3)[spots]
    away = np.abs(b - np.median(b, axis=0)).sum(axis=1)
    weight = 1 / (1 + (away / (np.median(away) + 2)) ** 2)
    spread = 1.0
    for _ in range(7):
        scaled = a * weight[:, None]
        found = np.linalg.solve(
            scaled.T @ a + 1e-3 * np.eye(a.shape[1], dtype=np.float32), scaled.T @ b
        )
        off = np.sqrt(((b - a @ found) ** 2).sum(axis=1))
        spread = max(0.7, float(np.median(off)))
        weight = np.clip(1 - (off / (5 * spread)) ** 2, 0, 1) ** 2 + np.float32(1e-4)
    surface = np.zeros(colors.shape, np.float32)
    for (i, j), color in zip(_powers(degree), found.astype(np.float32), strict=True):
        surface += (y**j)[:, None, None] * ((x**i)[:, None] * color)
    return surface, spread


def spread_out(colors: Field, weight: Field, cells: tuple[int, ...]) -> Field:
    """Colors carried smoothly from where they have weight to where they have none.

    Args:
        colors: Shape (h, w, 3).
        weight: How much each pixel counts, shape (h, w), 0..1.
        cells: Widths of the neighborhoods asked, in pixels; wider ones only where nearer are empty.
    """
    high, wide = weight.shape
    # At half the size from the start: what comes out is smooth.
    half = (max(1, wide // 2), max(1, high // 2))
    weight = weight + np.float32(1e-6)
    both = [
        resize(np.ascontiguousarray(colors[..., c]) * weight, half, Image.Resampling.BOX)
        for c in range(3)
    ]
    both.append(resize(weight, half, Image.Resampling.BOX))
    result = [
        np.full(both[3].shape, plane.mean() / both[3].mean(), np.float32) for plane in both[:3]
    ]
    tiny = np.float32(0.03)
    for cell in reversed(cells):
        small = (max(1, wide // cell), max(1, high // cell))
        part = [
            resize(resize(plane, small, Image.Resampling.HAMMING), half, Image.Resampling.BILINEAR)
            for plane in both
        ]
        result = [(part[c] + tiny * result[c]) / (part[3] + tiny) for c in range(3)]
    return resize(np.stack(result, -1), (wide, high), Image.Resampling.BILINEAR)
