"""A standing figure's measures: where its joints are and how wide it is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from darkroom.standin.draw.field import Field
from darkroom.standin.draw.flood import Flags

Point = tuple[float, float]


Point3 = tuple[float, float, float]


def runs(row: NDArray[np.bool_], least: int = 1) -> list[tuple[int, int]]:
    """Start and end of each stretch of at least so many flags."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    found = [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]
    return [(a, b) for a, b in found if b - a >= least]


@dataclass(frozen=True)
class Cut:
    """A line across a limb: its outer and its inner end."""

    outer: Point
    inner: Point


@dataclass(frozen=True)
class Body:
    """A standing figure's measures, in pixels of the copy that it was read from.

    Attributes:
        top: Row of the crown.
        whole: Height from crown to soles.
        middle: Column of the trunk's middle.
        neck: Half the width of the neck.
        shoulder: Row of the shoulders.
        armpit: Row below which arms and trunk are apart.
        chest: Half the width of the trunk there.
        hips: Half the width of both legs together.
        leg: How far from the middle a leg's middle is.
        trunk: Left and right end of the trunk by row, shape (h, 2).
        arms: For each side (0 left, 1 right) rows, centers and half widths of the arm, shape
            (n, 3).
    """

    top: float
    whole: float
    middle: float
    neck: float
    shoulder: float
    armpit: float
    chest: float
    hips: float
    leg: float
    trunk: Field
    arms: tuple[Field, Field] = field(repr=False)

    def at(self, share: float) -> float:
        """The row at a share of the height, 0 at the crown."""
        return self.top + share * self.whole

    def tip(self, side: int) -> Point:
        """Where an arm begins: the middle of the shoulder joint."""
        arm = self.arms[side]
        sign = 1 if side else -1
        lean = (arm[-1, 1] - arm[0, 1]) / max(1.0, arm[-1, 0] - arm[0, 0])
        y = self.shoulder + 0.022 * self.whole
        x = float(arm[0, 1] + lean * (y - arm[0, 0]))
        return (x - sign * 0.004 * self.whole, y)

    def across(self, side: int, along: float, ease: float) -> Cut:
        """The line across an arm at a distance from the shoulder joint."""
        tip, arm = self.tip(side), self.arms[side]
        rows = np.concatenate([[tip[1]], arm[:, 0]])
        columns = np.concatenate([[tip[0]], arm[:, 1]])
        far = np.concatenate([[0], np.cumsum(np.hypot(np.diff(rows), np.diff(columns)))])
        y, x = float(np.interp(along, far, rows)), float(np.interp(along, far, columns))
        near = max(0.0, along - 0.05 * self.whole)
        dy = y - float(np.interp(near, far, rows))
        dx = x - float(np.interp(near, far, columns))
        if along <= 1e-6:
            dx, dy = float(columns[-1] - columns[0]), float(rows[-1] - rows[0])
        long = max(1e-6, float(np.hypot(dx, dy)))
        # Old sleeves are wider than the arm within; an arm grows thinner toward the wrist.
        slim = float(np.percentile(arm[:, 2], 30))
        half = slim * ease * float(np.interp(along / far[-1], [0, 1], [1.2, 0.85]))
        sign = 1 if side else -1
        outward = (dy / long * sign, -dx / long * sign)
        return Cut(
            (x + outward[0] * half, y + outward[1] * half),
            (x - outward[0] * half, y - outward[1] * half),
        )


def body_of(figure: Flags, top: int, whole: float, shoulder: float) -> Body | None:
    """Measure a standing figure; None if it has no arms or legs that could be told apart.

    Args:
        figure: Where it is, shape (h, w).
        top: Row of its crown.
        whole: Its height in pixels; more than can be seen if the picture cuts it.
        shoulder: Row of its shoulders.
    """
    high = len(figure)
    row = min(high - 1, round(top + 0.64 * whole))
    legs = np.flatnonzero(figure[max(0, row - round(0.04 * whole)) : row + 1].any(axis=0))
    if whole < 60 or len(legs) < 4:
        return None
    middle = float(legs[0] + legs[-1] + 1) / 2
    column = int(middle)
    spans: dict[int, tuple[int, int]] = {}
    arms: tuple[list[Point3], list[Point3]] = ([], [])
    for y in range(round(shoulder + 0.03 * whole), min(high, round(top + 0.495 * whole))):
        parts = runs(figure[y], 2)
        center = [(a, b) for a, b in parts if a <= column < b]
        if not center:
            continue
        left = [(a, b) for a, b in parts if b <= center[0][0]]
        right = [(a, b) for a, b in parts if a >= center[0][1]]
        if not left or not right:
            continue
        spans[y] = center[0]
        for side, (a, b) in ((0, left[-1]), (1, right[0])):
            arms[side].append((y + 0.5, (a + b) / 2, (b - a) / 2))
    if len(spans) < 0.08 * whole:
        return None
    rows = np.array(sorted(spans))
    armpit = float(rows[0])
    ends = np.array([spans[int(y)] for y in rows], np.float32)
    first = ends[: max(2, len(ends) // 6)].mean(axis=0)
    at = np.arange(high)
    trunk = np.stack([np.interp(at, rows, ends[:, i]) for i in (0, 1)], 1).astype(np.float32)
    trunk[: rows[0]] = first
    for y in range(int(rows[-1]) + 1, high):
        spread = np.flatnonzero(
            figure[y] & (np.abs(np.arange(figure.shape[1]) - middle) < 0.145 * whole)
        )
        trunk[y] = (spread[0], spread[-1] + 1) if len(spread) else trunk[y - 1]
    neck_rows = figure[round(top + 0.09 * whole) : max(round(shoulder), 1)]
    widths = neck_rows.sum(axis=1)
    neck = float(widths[widths > 0].min()) / 2 if (widths > 0).any() else 0.03 * whole
    read = [np.array(each, np.float32) for each in arms]
    for each in read:
        # Rows of a small copy jitter by half a pixel; an arm does not.
        bend = np.polyfit(each[:, 0], each[:, 1], 2 if len(each) > 20 else 1)
        each[:, 1] = np.polyval(bend, each[:, 0])
    return Body(
        float(top),
        whole,
        float(first.mean()),
        neck,
        shoulder,
        armpit,
        float(first[1] - first[0]) / 2,
        min((legs[-1] + 1 - legs[0]) / 2, 0.104 * whole),
        _leg(figure, round(top + 0.8 * whole), middle, whole),
        trunk,
        (read[0], read[1]),
    )


def _leg(figure: Flags, row: int, middle: float, whole: float) -> float:
    """How far from the middle a leg's middle is; usual for a figure of that height if unseen."""
    parts = runs(figure[row], 3) if row < len(figure) else []
    left = [(a + b) / 2 for a, b in parts if b <= middle + 1]
    right = [(a + b) / 2 for a, b in parts if a >= middle - 1]
    if not left or not right:
        return 0.055 * whole
    return float(np.clip((right[0] - left[-1]) / 2, 0.035 * whole, 0.09 * whole))
