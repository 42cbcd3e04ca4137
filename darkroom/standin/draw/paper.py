"""What the backdrop would look like without the subject: smooth light on paper."""

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import Field, resize
from darkroom.standin.draw.flood import Flags


def _basis(shape: tuple[int, int], degree: int) -> Field:
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    terms = [x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack(terms, -1).reshape(-1, len(terms))


def fit(colors: Field, trusted: Flags, degree: int = 2) -> tuple[Field, float]:
    """A low-order surface per channel through the trusted pixels, outliers disregarded.

    Args:
        colors: Shape (h, w, 3), 0..255.
        trusted: Where the backdrop is believed to be; up to a third of it may be wrong.
        degree: Of the polynomial in x and y.

    Returns:
        The surface, shape (h, w, 3), and how far trusted pixels lie from it (robust deviation).
    """
    basis = _basis(colors.shape[:2], degree)
    spots = np.flatnonzero(trusted)
    spots = spots[:: max(1, len(spots) // 3000)]
    a, b = basis[spots], colors.reshape(-1, 3)[spots]
    away = np.abs(b - np.median(b, axis=0)).sum(axis=1)
    weight = 1 / (1 + (away / (np.median(away) + 2)) ** 2)
    spread = 1.0
    for _ in range(7):
        scaled = a * weight[:, None]
        found = np.linalg.solve(scaled.T @ a + 1e-3 * np.eye(a.shape[1], dtype=np.float32), scaled.T @ b)
        off = np.sqrt(((b - a @ found) ** 2).sum(axis=1))
        spread = max(0.7, float(np.median(off)))
        weight = np.clip(1 - (off / (5 * spread)) ** 2, 0, 1) ** 2 + np.float32(1e-4)
    surface: Field = (basis @ found).reshape(colors.shape).astype(np.float32)
    return surface, spread


def spread_out(colors: Field, weight: Field, cells: tuple[int, ...]) -> Field:
    """Colors carried smoothly from where they have weight to where they have none.

    Args:
        colors: Shape (h, w, 3).
        weight: How much each pixel counts, shape (h, w), 0..1.
        cells: Widths of the neighborhoods asked, in pixels; wider ones only where nearer are empty.
    """
    high, wide = weight.shape
    total = max(float(weight.sum()), 1e-6)
    result = np.broadcast_to((colors * weight[..., None]).sum((0, 1)) / total, colors.shape).astype(np.float32)
    both = np.concatenate([colors * weight[..., None], weight[..., None]], -1)
    for cell in reversed(cells):
        small = (max(1, wide // cell), max(1, high // cell))
        part = np.stack(
            [
                resize(resize(np.ascontiguousarray(both[..., c]), small, Image.Resampling.HAMMING), (wide, high), Image.Resampling.BILINEAR)
                for c in range(4)
            ],
            -1,
        )
        tiny = np.float32(0.03)
        result = (part[..., :3] + tiny * result) / (part[..., 3:] + tiny)
    return result
