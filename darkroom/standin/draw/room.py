"""A backdrop that is no plain paper: a wall and a table, each with light and texture of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from darkroom.standin.draw.field import Field, blur, grid, smoothstep
from darkroom.standin.draw.flood import Flags, edge_pixels, grow, reach, regions
from darkroom.standin.draw.outline import Found, against, settled, steps_of, windows, without_leaks
from darkroom.standin.draw.paper import fit, spread_out


def horizon(colors: Field) -> int | None:
    """Row on which the wall ends and the table begins; None if there is none.

    A horizon is sudden along all of both side borders, at one height. Paper that bends up from
    floor to wall changes as much, but slowly; a light out of focus is only here and there.

    Args:
        colors: Shape (h, w, 3), 0..255.
    """
    high, wide = colors.shape[:2]
    strip = max(3, wide // 7)
    found = sharpness(np.concatenate([colors[:, :strip], colors[:, -strip:]], axis=1))
    found[: high // 8] = 0
    found[len(found) - max(1, high // 12) :] = 0
    # The uppermost that is clear: below it boards may meet as clearly.
    clear = found > max(4.0, 0.4 * float(found.max(initial=0)))
    if not clear.any():
        return None
    first = int(clear.argmax())
    return first + int(found[first : first + 6].argmax()) + 1


def sharpness(sides: Field, apart: int = 3) -> Field:
    """How suddenly colors change from each row to the next, all along it, shape (h - 1).

    Args:
        sides: What lies along the picture's side borders, shape (h, w, 3).
        apart: How many rows away a change is compared to.
    """
    # Eight cells across: grain and planks even out, but what is only here and there shows.
    cells = np.stack([cell.mean(axis=1) for cell in np.array_split(sides, 8, axis=1)], 1)
    change = cells[1:] - cells[:-1]
    padded = np.pad(change, ((apart, apart), (0, 0), (0, 0)), mode="edge")
    sudden = change - (padded[: -2 * apart] + padded[2 * apart :]) / 2
    middle = np.median(sudden, axis=1)
    size = np.abs(middle).sum(-1)
    along = (sudden * np.sign(middle)[:, None]).sum(-1)
    common: Field = np.minimum(size, 1.6 * np.quantile(along, 0.2, axis=1)).astype(np.float32)
    return common


def _limit(values: Field, share: float, least: float, margin: float) -> float:
    return max(least, margin * float(np.quantile(values, share))) if values.size else least


def _parts(colors: Field) -> tuple[int | None, list[Flags]]:
    """The horizon's row, and the wall and the table, or all in one."""
    row = horizon(colors)
    whole = np.ones(colors.shape[:2], np.bool_)
    if row is None:
        return None, [whole]
    above = whole.copy()
    above[row:] = False
    return row, [above, ~above]


def _rim(part: Flags) -> Flags:
    """The part's share of a band along the picture's sides."""
    high, wide = part.shape
    across, down = max(2, round(0.06 * wide)), max(2, round(0.05 * high))
    inner = np.zeros_like(part)
    inner[down:-down, across:-across] = True
    return part & ~inner


def _away(colors: Field, back: Field, sure: Flags, shade: Field, share_of: float) -> Field:
    """How far each color is from the backdrop's, measured by what the sure pixels do.

    Up to 1 is common. Where `shade` is above 0 so much of the light may be lacking.
    """
    share, rest = against(colors, back)
    level = np.maximum(back.mean(-1), 20)
    off = (share - 1) * level
    most = _limit(rest[sure], share_of, 6.0, 1.3)
    bright = _limit(off[sure], share_of, 8.0, 1.25)
    dark = _limit(-off[sure], share_of, 8.0, 1.25)
    down = -off / np.maximum(shade * level, dark)
    away: Field = np.maximum(np.maximum(off / bright, down), rest / most)
    return away.astype(np.float32)


def _bridged(open_: Flags, row: int | None) -> Flags:
    """The open ground, with what lies between wall and table at a blurred horizon."""
    if row is None:
        return open_
    bridged, (high, _) = open_.copy(), open_.shape
    top, low = max(0, row - 5), min(high, row + 5)
    above = np.logical_or.accumulate(open_[max(0, top - 3) : row], axis=0)
    below = np.logical_or.accumulate(open_[row : low + 3][::-1], axis=0)
    between = above[-1] & below[-1]
    for at in range(top, low):
        over = open_[max(0, at - 5) : at].any(axis=0)
        under = open_[at + 1 : at + 6].any(axis=0)
        bridged[at] |= between & over & under
    return bridged


def _main(subject: Flags) -> Flags:
    """The largest thing, most of all near the middle, that does not span the picture."""
    numbers = regions(subject)
    high, wide = subject.shape
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    weight = np.bincount(numbers.ravel(), np.exp(-1.5 * (x * x + y * y)).ravel())
    weight[0] = 0
    weight[np.intersect1d(numbers[:, :2], numbers[:, -2:])] = 0
    best = int(weight.argmax())
    main: Flags = (numbers == best) & (weight[best] > 0)
    return main


def _thing(closed: Flags) -> Flags:
    """Of all that is closed to the backdrop the main thing, freed of threads and specks."""
    core = ~grow(~closed, 2)
    core = _main(grow(core))
    return reach(closed & grow(core, 2), core)


def _shade(colors: Field, row: int | None) -> Field:
    """How much of the light shadows may take: much on the table, little on a wall."""
    shade = np.zeros(colors.shape[:2], np.float32)
    if row is not None:
        shade[row:] = 0.65
    else:
        shade[:] = 0.2 + 0.45 * smoothstep(0.4, 0.6, grid((1, len(shade)))[1])
    return shade


@dataclass(frozen=True)
class _Ground:
    """The surroundings.

    Attributes:
        reached: What is connected to the picture's borders, shape (h, w).
        alike: All that has their colors and no edge.
        off: How much lighter than the backdrop pixels are, in levels.
        usual: How much the backdrop itself varies (standard deviation).
    """

    reached: Flags
    alike: Flags
    off: Field
    usual: Field


def _ground(picture: Field, colors: Field) -> _Ground:
    """The surroundings, first as the picture's borders tell, then as those near the subject do."""
    row, parts = _parts(colors)
    steps, shade = steps_of(colors), _shade(colors, row)
    energy = blur(steps_of(picture), 0.016 * max(shade.shape))
    away, limit, off, usual = (np.zeros_like(shade) for _ in range(4))
    bare = np.zeros(shade.shape, np.bool_)
    edge, reached = edge_pixels(shade.shape), bare
    for again in (False, True):
        for part in parts:
            sure = reached & part & ~grow(~reached, 2) if again else _rim(part)
            if sure.sum() < 0.05 * part.sum() and again:
                continue
            if again:
                back = spread_out(colors, sure.astype(np.float32), (10, 32, 100))
                # Much smoother than all of the backdrop: something lies on it.
                share = np.clip(against(colors, back)[0], 0, 1)
                bare |= part & (energy < 0.7 * share * np.quantile(energy[sure], 0.02))
            else:
                back = np.clip(fit(colors, sure)[0], 2, 255)
            off[part] = (colors - back).mean(-1)[part]
            usual[part] = off[sure].std()
            away[part] = _away(colors, back, sure, shade, 0.985)[part]
            limit[part] = _limit(steps[sure], 0.985, 3.5, 1.3)
        # The side of a shadow is steeper than its ground, though not as an outline is.
        dim = (shade > 0.5) & (off < 0)
        alike = (away < 1) & (steps < np.where(dim, np.maximum(limit, 14), limit)) & ~bare
        reached = without_leaks(_bridged(alike, row), edge)
    return _Ground(reached, alike, off, usual)


def _without_foreign(colors: Field, subject: Flags) -> Flags:
    """The subject without what hangs on to it but has colors that the surroundings have."""
    cell = (colors // 16).astype(np.intp)
    cell = (cell[..., 0] * 16 + cell[..., 1]) * 16 + cell[..., 2]
    high, wide = subject.shape
    y, x = np.mgrid[0:high, 0:wide]
    rows, columns = np.flatnonzero(subject.any(axis=1)), np.flatnonzero(subject.any(axis=0))
    off_x = (x - columns.mean()) / max(np.ptp(columns), 1)
    off_y = (y - rows.mean()) / max(np.ptp(rows), 1)
    inner = subject & ~grow(~subject, 3)
    weight = np.where(inner, np.exp(-6 * (off_x**2 + off_y**2)), 0)

    def common(amount: Field) -> Field:
        count = np.bincount(cell.ravel(), amount.ravel(), 16**3).reshape(16, 16, 16)
        for axis in range(3):
            count = count + 0.5 * (np.roll(count, 1, axis) + np.roll(count, -1, axis))
        rate: Field = (count / max(float(count.sum()), 1e-6)).ravel()[cell]
        return rate

    front, back = common(weight), common((~grow(subject, 2)).astype(np.float32))
    likely = blur((front / (front + back + 1e-9)).astype(np.float32), 2.0)
    foreign = reach((subject & (likely < 0.06)) | ~subject, ~subject) & subject
    return subject if foreign.sum() > 0.5 * subject.sum() else _thing(subject & ~foreign)


def find_in_room(picture: Field) -> Found | None:
    """Find the subject at working size; None if nothing stands out.

    Args:
        picture: Shape (h, w, 3), 0..255.
    """
    colors = calm(picture)
    ground = _ground(picture, colors)
    subject = _thing(~ground.reached)
    if subject.sum() < 0.002 * subject.size:
        return None
    subject = _without_foreign(colors, subject)
    subject &= ~windows(subject, ground.alike, ground.off, ground.usual)
    return settled(picture, subject)


def calm(picture: Field) -> Field:
    """The picture without grain, specks and threads, its edges in their places."""
    image = Image.fromarray(picture.round().astype(np.uint8))
    for _ in range(2):
        image = image.filter(ImageFilter.MedianFilter(3))
    return np.asarray(image, np.float32)
