"""Find the subject of a picture: what stands out against its backdrop, without its shadow."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import Field, dot
from darkroom.standin.draw.flood import Flags, edge_pixels, grow, reach, regions
from darkroom.standin.draw.paper import fit, spread_out


@dataclass(frozen=True)
class Found:
    """A subject at working size.

    Attributes:
        subject: Where it is, shape (h, w).
        front: Its colors, carried a little beyond its edge, shape (h, w, 3), 0..255.
        back: The backdrop's colors, shadow included, carried under it, same shape.
    """

    subject: Flags
    front: Field
    back: Field


def working_copy(image: Image.Image, side: int) -> Field:
    """The picture with its longer side at most `side` pixels: shape (h, w, 3), 0..255."""
    width, height = image.size
    longer = max(width, height)
    if longer > side:
        size = (max(8, round(width * side / longer)), max(8, round(height * side / longer)))
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image, np.float32)


def _steps(colors: Field) -> Field:
    """How much a pixel differs from its neighbors, shape (h, w), in levels per pixel."""
    across = np.zeros(colors.shape[:2], np.float32)
    down = np.zeros_like(across)
    for channel in range(3):
        plane = np.ascontiguousarray(colors[..., channel])
        across[:, 1:-1] = np.maximum(across[:, 1:-1], np.abs(plane[:, 2:] - plane[:, :-2]))
        down[1:-1] = np.maximum(down[1:-1], np.abs(plane[2:] - plane[:-2]))
    return np.sqrt(across * across + down * down) * np.float32(0.5)


def _against(colors: Field, paper: Field) -> tuple[Field, Field]:
    """Brightness relative to the paper, and what color remains after that, in levels."""
    both, square = dot(colors, paper), np.maximum(dot(paper, paper), 1)
    rest = np.sqrt(np.maximum(dot(colors, colors) - both * both / square, 0))
    share: Field = both / square
    remainder: Field = rest.astype(np.float32)
    return share, remainder


def _thick(flags: Flags) -> Flags:
    """What remains of the flags without threads thinner than 3 pixels."""
    return grow(~grow(~flags)) & flags


def _without_leaks(open_: Flags, start: Flags) -> Flags:
    """What can be reached over open ground at least 3 pixels wide: an outline may have pinholes."""
    wide = ~grow(~open_)
    # The rim has no pixels beyond it that could close it.
    return grow(reach(wide, start & wide)) & open_


def _large(subject: Flags) -> Flags:
    """The main region and every other one of at least a twenty-fifth of its area."""
    numbers = regions(subject)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    if areas.max(initial=0) == 0:
        return subject
    kept: Flags = (areas >= max(6, areas.max() * 0.04))[numbers] & subject
    return kept


def _windows(subject: Flags, calm: Flags, same: Flags, dim: Flags) -> Flags:
    """Backdrop seen through the subject, such as inside a handle.

    A calm area counts only if all of it is of the paper's color: a label that resembles the paper
    in one corner is no window. Up to half of it may lie in shadow (`dim`).
    """
    numbers = regions(subject & calm)
    areas = np.bincount(numbers.ravel())
    alike = np.bincount(numbers.ravel(), weights=same.ravel())
    paper = np.bincount(numbers.ravel(), weights=(same | dim).ravel())
    areas[0] = 0
    window: Flags = (
        (areas >= max(10, subject.size * 0.0004)) & (alike > 0.5 * areas) & (paper > 0.85 * areas)
    )[numbers]
    return window


def find(colors: Field) -> Found | None:
    """Find the subject at working size; None if nothing stands out.

    The backdrop is all that can be reached from the rim without crossing an edge, over pixels
    whose color is that of the paper, perhaps darker: paper bends, shades and takes shadows
    slowly, while a subject begins at a step.

    Args:
        colors: Shape (h, w, 3), 0..255.
    """
    shape = colors.shape[:2]
    band = max(2, round(0.03 * min(shape)))
    rim = np.ones(shape, np.bool_)
    rim[band:-band, band:-band] = False
    paper, spread = fit(colors, rim)
    steps = _steps(colors)
    share, rest = _against(colors, paper)
    noise = float(np.median(steps[rim]))
    level = float(np.median(paper))
    gentle = max(3.0, 3.0 * noise)
    alike = max(9.0, 5.0 * spread)
    paperlike = (rest < alike) & (share > 0.30) & (share < 1 + 30 / max(level, 30))
    start = (
        edge_pixels(shape) & (rest < alike) & (np.abs(share - 1) * level < max(22.0, 6 * spread))
    )
    backdrop = _without_leaks(paperlike & (steps < gentle), start)
    # Once more with a surface that knows the paper near the subject, shadow and all.
    known = backdrop & ~grow(~backdrop, 1)
    if known.sum() < 0.02 * known.size:
        return None
    near = spread_out(colors, known.astype(np.float32), (6, 24, 80))
    share_near, rest_near = _against(colors, near)
    tint = max(5.0, 3.0 * noise + 2)
    # The edge ring itself: blocked for its step, though still of the paper's very color.
    paper_ring = (rest_near < tint) & (np.abs(share_near - 1) * level < max(5.0, 3 * noise))
    backdrop = reach(paper_ring | backdrop, backdrop)
    # Shadow at the foot: same tint, darker, steeper than paper but no step like an outline.
    foot = np.zeros(shape, np.bool_)
    rows = np.flatnonzero((~backdrop).any(axis=1))
    if len(rows):
        foot[round(rows[0] + 0.55 * (rows[-1] - rows[0])) :] = True
    lit = (rest < max(6.0, 2 * spread)) & (np.abs(share - 1) * level < 16) & (steps < gentle)
    tinted = foot & (rest_near < tint) & (share_near < 1.02) & (share > 0.2)
    beyond = lit & ~backdrop & _thick(lit & ~backdrop)
    off = np.sqrt(dot(colors - paper, colors - paper))
    # A faint outline must not be taken for the steep side of a shadow.
    outline = steps[grow(backdrop) & ~backdrop & ~foot]
    limit = 0.35 * float(np.median(outline)) if outline.size else np.inf
    for steep in (4.5, 3.0, 2.0, 1.4):
        taken = reach((tinted & (steps < min(steep * gentle, limit))) | beyond | backdrop, backdrop)
        # What is left must be most of what stood out, or stand out strongly: else it was no
        # shadow that was taken but a subject of the paper's color, and only its rims are left.
        left = off[~taken]
        kept = left.size / max(1, int((~backdrop).sum()))
        if kept > 0.7 or (kept > 0.2 and float(np.median(left)) > 70):
            backdrop = taken
            break
    subject = _large(~backdrop)
    if subject.sum() < 0.002 * subject.size:
        return None

    known = ~grow(subject, 2)
    if known.sum() < 0.02 * known.size:
        return None
    back = spread_out(colors, known.astype(np.float32), (5, 16, 60))
    share_back, rest_back = _against(colors, back)
    same = (rest_back < max(4.0, 2.5 * noise)) & (np.abs(share_back - 1) * level < 12)
    seen = _windows(subject, steps < 1.6 * gentle, same | lit, tinted & (share_near > 0.75))
    if seen.sum() < 0.45 * subject.sum():
        subject &= ~seen
    back = spread_out(colors, (~grow(subject, 1)).astype(np.float32), (4, 16, 60))
    off = dot(colors - back, colors - back)
    weight = np.where(subject, np.clip(off / 900, 0.01, 1), 0).astype(np.float32)
    front = spread_out(colors, weight, (4, 16, 60))
    # Decide the outermost pixels by which side they resemble.
    axis = front - back
    apart = dot(axis, axis)
    along = dot(colors - back, axis) / np.maximum(apart, 1)
    clear = apart > 15**2
    inner = subject & ~grow(~subject, 2)
    outer = grow(subject, 1)
    subject = np.where(clear & outer & ~inner, along > 0.5, subject)
    subject = _large(subject)
    return Found(subject, front, back)
