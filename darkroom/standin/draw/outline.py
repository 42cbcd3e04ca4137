"""What the ways of finding a subject have in common: edges, regions, and where its outline lies."""

from dataclasses import dataclass

import numpy as np

from darkroom.standin.draw.field import Field, dot, smoothstep
from darkroom.standin.draw.flood import Flags, grow, reach, regions
from darkroom.standin.draw.paper import spread_out


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


def steps_of(colors: Field) -> Field:
    """How much a pixel differs from its neighbors, shape (h, w), in levels per pixel."""
    across = np.zeros(colors.shape[:2], np.float32)
    down = np.zeros_like(across)
    for channel in range(3):
        plane = np.ascontiguousarray(colors[..., channel])
        across[:, 1:-1] = np.maximum(across[:, 1:-1], np.abs(plane[:, 2:] - plane[:, :-2]))
        down[1:-1] = np.maximum(down[1:-1], np.abs(plane[2:] - plane[:-2]))
    return np.sqrt(across * across + down * down) * np.float32(0.5)


def against(colors: Field, paper: Field) -> tuple[Field, Field]:
    """Brightness relative to the paper, and what color remains after that, in levels."""
    both, square = dot(colors, paper), np.maximum(dot(paper, paper), 1)
    rest = np.sqrt(np.maximum(dot(colors, colors) - both * both / square, 0))
    share: Field = both / square
    remainder: Field = rest.astype(np.float32)
    return share, remainder


def thick(flags: Flags) -> Flags:
    """What remains of the flags without threads thinner than 3 pixels."""
    return grow(~grow(~flags)) & flags


def without_leaks(open_: Flags, start: Flags) -> Flags:
    """What can be reached over open ground at least 3 pixels wide: an outline may have pinholes."""
    wide = ~grow(~open_)
    # The rim has no pixels beyond it that could close it.
    return grow(reach(wide, start & wide)) & open_


def large(subject: Flags) -> Flags:
    """The main region and every other one of at least a twenty-fifth of its area."""
    numbers = regions(subject)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    if areas.max(initial=0) == 0:
        return subject
    kept: Flags = (areas >= max(6, areas.max() * 0.04))[numbers] & subject
    return kept


def windows(subject: Flags, alike: Flags, off: Field, usual: Field) -> Flags:
    """Backdrop seen through the subject, such as inside a handle.

    What happens to have the backdrop's color is no window: it shades off into other colors, while
    a window ends at an outline all around, and varies no more than the backdrop.

    Args:
        subject: Where it may be, shape (h, w).
        alike: Where colors are those of the backdrop, perhaps in shadow, and no edge is.
        off: How much lighter than the backdrop each pixel is, in levels, shape (h, w).
        usual: How much (standard deviation) the backdrop itself varies there.
    """
    numbers = regions(subject & alike)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    seen = np.zeros_like(subject)
    large_enough = (areas >= max(10, 0.0004 * subject.size)) & (areas < 0.3 * subject.sum())
    for number in np.flatnonzero(large_enough):
        window = numbers == number
        own = float(usual[window].mean())
        ring = grow(window, 4) & ~grow(window, 2)
        middle = float(np.median(off[window]))
        if abs(middle) > 2 * own + 22 or float(off[window].std()) > 1.5 * own + 9:
            continue
        clear = np.abs(off[ring] - middle) > 20 + 2 * own
        if (clear | ~subject[ring]).mean() > 0.8:
            seen |= window
    return seen


def between(colors: Field, back: Field, front: Field) -> Field:
    """How much of each pixel is front: 0 where it is like the back, 1 like the front.

    The back may lie in deeper shadow than it is said to: where the two differ in hue, the
    brightness of the mixture says nothing.

    Args:
        colors: Shape (..., 3), 0..255.
        back: The backdrop's colors, same shape.
        front: The subject's colors, same shape.

    Returns:
        Shape (...); somewhat beyond 0..1 in places.
    """
    axis = front - back
    along = dot(colors - back, axis) / np.maximum(dot(axis, axis), 1)
    # colors = u * back + v * front, solved for u and v.
    bb, ff, bf = dot(back, back), dot(front, front), dot(back, front)
    cb, cf = dot(colors, back), dot(colors, front)
    wedge = np.maximum(bb * ff - bf * bf, 1)
    u = np.maximum((cb * ff - cf * bf) / wedge, 0)
    v = np.maximum((cf * bb - cb * bf) / wedge, 0)
    apart = wedge / np.maximum(bb * ff, 1)
    hue = smoothstep(0.006, 0.03, apart) * (cb < 0.985 * bb)
    mixed: Field = along + (v / np.maximum(u + v, 0.02) - along) * hue
    return mixed


def settled(colors: Field, subject: Flags) -> Found:
    """The subject with its outermost pixels decided by which side they resemble.

    Args:
        colors: Shape (h, w, 3), 0..255.
        subject: Where it is, to a pixel or two.
    """
    back = spread_out(colors, (~grow(subject, 1)).astype(np.float32), (4, 16, 60))
    off = dot(colors - back, colors - back)
    weight = np.where(subject, np.clip(off / 900, 0.01, 1), 0).astype(np.float32)
    front = spread_out(colors, weight, (4, 16, 60))
    # Decide the outermost pixels by which side they resemble.
    axis = front - back
    apart = dot(axis, axis)
    along = between(colors, back, front)
    clear = apart > 15**2
    inner = subject & ~grow(~subject, 2)
    outer = grow(subject, 1)
    subject = np.where(clear & outer & ~inner, along > 0.5, subject)
    subject = large(subject)
    return Found(subject, front, back)
