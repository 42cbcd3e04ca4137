"""Find the subject of a picture: what stands out against its backdrop, without its shadow."""

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import Field, dot, smoothstep
from darkroom.standin.draw.flood import edge_pixels, grow, reach
from darkroom.standin.draw.outline import (
    Found,
    against,
    large,
    settled,
    steps_of,
    thick,
    windows,
    without_leaks,
)
from darkroom.standin.draw.paper import fit, spread_out
from darkroom.standin.draw.room import calm, find_in_room, horizon


def working_copy(image: Image.Image, side: int) -> Field:
    """The picture with its longer side at most `side` pixels: shape (h, w, 3), 0..255."""
    width, height = image.size
    longer = max(width, height)
    if longer > side:
        size = (max(8, round(width * side / longer)), max(8, round(height * side / longer)))
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return np.asarray(image, np.float32)


def dimmest(shape: tuple[int, int]) -> Field:
    """The share of the light that shadows leave: little on the ground, most on the wall."""
    down = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    return np.float32(0.72) - np.float32(0.42) * smoothstep(0.35, 0.6, down)


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
    if min(shape) >= 48 and (spread > 4.0 or horizon(calm(colors)) is not None):
        return find_in_room(colors)
    steps = steps_of(colors)
    share, rest = against(colors, paper)
    noise = float(np.median(steps[rim]))
    level = float(np.median(paper))
    gentle = max(3.0, 3.0 * noise)
    alike = min(14.0, max(9.0, 5.0 * spread))
    paperlike = (rest < alike) & (share > dimmest(shape)) & (share < 1 + 30 / max(level, 30))
    start = (
        edge_pixels(shape) & (rest < alike) & (np.abs(share - 1) * level < max(22.0, 6 * spread))
    )
    backdrop = without_leaks(paperlike & (steps < gentle), start)
    # Once more with a surface that knows the paper near the subject, shadow and all.
    known = backdrop & ~grow(~backdrop, 1)
    if known.sum() < 0.02 * known.size:
        return None
    near = spread_out(colors, known.astype(np.float32), (6, 24, 80))
    share_near, rest_near = against(colors, near)
    tint = max(5.0, 3.0 * noise + 2)
    # The edge ring itself: blocked for its step, though still of the paper's very color.
    paper_ring = (rest_near < tint) & (np.abs(share_near - 1) * level < max(5.0, 3 * noise))
    backdrop = reach((paper_ring & grow(backdrop, 2)) | backdrop, backdrop)
    # Shadow at the foot: same tint, darker, steeper than paper but no step like an outline.
    foot = np.zeros(shape, np.bool_)
    rows = np.flatnonzero((~backdrop).any(axis=1))
    if len(rows):
        foot[round(rows[0] + 0.55 * (rows[-1] - rows[0])) :] = True
    lit = (rest < max(6.0, 2 * spread)) & (np.abs(share - 1) * level < 16) & (steps < gentle)
    tinted = foot & (rest_near < tint) & (share_near < 1.02) & (share > 0.2)
    beyond = lit & ~backdrop & thick(lit & ~backdrop)
    off = np.sqrt(dot(colors - paper, colors - paper))
    # A faint outline must not be taken for the steep side of a shadow.
    outline = steps[grow(backdrop) & ~backdrop & ~foot]
    limit = 0.35 * float(np.median(outline)) if outline.size else np.inf
    for steep in (4.5, 3.0, 2.0, 1.4):
        taken = (
            without_leaks(
                (tinted & (steps < min(steep * gentle, limit))) | beyond | backdrop, backdrop
            )
            | backdrop
        )
        # What is left must be most of what stood out, or stand out strongly: else it was no
        # shadow that was taken but a subject of the paper's color, and only its rims are left.
        left = off[~taken]
        kept = left.size / max(1, int((~backdrop).sum()))
        if kept > 0.7 or (kept > 0.2 and float(np.median(left)) > 70):
            backdrop = taken
            break
    subject = large(~backdrop)
    if subject.sum() < 0.002 * subject.size:
        return None

    known = ~grow(subject, 2)
    if known.sum() < 0.02 * known.size:
        return None
    back = spread_out(colors, known.astype(np.float32), (5, 16, 60))
    share_back, rest_back = against(colors, back)
    same = (rest_back < max(4.0, 2.5 * noise)) & (np.abs(share_back - 1) * level < 12)
    plain = same | lit | (tinted & (share_near > 0.75))
    seen = windows(
        subject,
        plain & (steps < 1.6 * gentle),
        ((colors - back).mean(-1)),
        np.full(shape, spread, np.float32),
    )
    subject &= ~seen
    return settled(colors, subject)
