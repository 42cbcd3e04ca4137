"""Fitting clothes: where a body's and a garment's joints are, and which belong together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darkroom.standin.draw.body import Body, Cut, Point, runs
from darkroom.standin.draw.flood import Flags

Pairs = list[tuple[Point, Point]]


"""Points of a body and the points of a garment that belong there, x and y in pixels."""


@dataclass(frozen=True)
class Piece:
    """A garment's measures, in pixels of the copy that it was read from.

    Attributes:
        solid: Where it is, shape (h, w).
        middle: Column of its middle.
        neck: Half the width of its neck opening, and its row.
        armpit: Row, left and right end of the trunk where the sleeves leave it; None without.
        crotch: Row below which there are two legs; None without.
    """

    solid: Flags
    middle: float
    neck: tuple[float, float]
    armpit: tuple[float, float, float] | None
    crotch: float | None

    def ends(self, y: float, inner: bool = True) -> tuple[float, float]:
        """Left and right end at a row, without sleeves if `inner`."""
        parts = runs(self.solid[int(np.clip(y, 0, len(self.solid) - 1))])
        if not parts:
            return self.middle - 1, self.middle + 1
        if inner and self.crotch is None:
            center = [part for part in parts if part[0] <= self.middle < part[1]]
            parts = center or parts
        return float(parts[0][0]), float(parts[-1][1])


def piece_of(solid: Flags) -> Piece:
    """Measure a garment that is seen from the front, upright, cropped to its bounds."""
    high, wide = solid.shape
    least = max(2, round(0.02 * wide))
    low = [runs(solid[round(share * high)], least) for share in (0.8, 0.88, 0.94)]
    middle = wide / 2
    crotch = None
    if all(len(parts) == 2 and parts[0][1] <= middle <= parts[1][0] for parts in low):
        rows = [y for y in range(high) if solid[y, int(middle)]]
        crotch = float(rows[-1]) if rows else 0.0
    armpit = None
    apart = []
    for y in range(round(0.12 * high), high):
        parts = runs(solid[y], least)
        center = [part for part in parts if part[0] <= middle < part[1]]
        if crotch is None and center and len(parts) >= 3:
            apart.append((y, *center[0]))
    if len(apart) >= 0.025 * high:
        some = np.array(apart[: max(2, len(apart) // 8)], np.float32).mean(axis=0)
        armpit = (float(apart[0][0]), float(some[1]), float(some[2]))
    if armpit:
        trunk = armpit[2] - armpit[1]
        middle = (armpit[1] + armpit[2]) / 2
    else:
        trunk = float(np.median(solid[round(0.3 * high) : round(0.5 * high) + 1].sum(axis=1)))
    widths = solid.sum(axis=1)
    broad = np.flatnonzero(widths > 0.7 * trunk)
    row = max(0.0, float(broad[0]) - 0.03 * high) if len(broad) else 0.0
    across = runs(solid[min(high - 1, round(row + 0.012 * high))])
    half = (across[-1][1] - across[0][0]) / 2 if across else 0.2 * trunk
    return Piece(solid, middle, (half, row), armpit, crotch)


def sleeve_of(piece: Piece, side: int) -> tuple[float, list[Cut]]:
    """A sleeve's length, and the lines across it at its joint, half way and its end."""
    assert piece.armpit
    row, left, right = piece.armpit
    sign = 1 if side else -1
    edge = right if side else left
    rest = piece.solid.copy()
    for line in range(int(row), len(rest)):
        # Below the arm the trunk may grow wider again: that is no sleeve.
        for start, end in runs(rest[line]):
            if start <= piece.middle < end:
                rest[line, start:end] = False
    ys, xs = (each.astype(np.float32) for each in np.nonzero(rest))
    keep = (xs - edge) * sign > 0
    ys, xs = ys[keep], xs[keep]
    tip = (edge + sign * 0.02 * piece.solid.shape[1], (piece.neck[1] + 2 * row) / 3)
    dx, dy = float(xs.mean() - tip[0]), float(ys.mean() - tip[1])
    for _ in range(3):
        long = max(1e-6, float(np.hypot(dx, dy)))
        dx, dy = dx / long, dy / long
        along = (xs - tip[0]) * dx + (ys - tip[1]) * dy
        reach = float(np.percentile(along, 99.5))
        last = along > 0.9 * reach
        dx, dy = float(xs[last].mean() - tip[0]), float(ys[last].mean() - tip[1])
    long = max(1e-6, float(np.hypot(dx, dy)))
    dx, dy = dx / long, dy / long
    along = (xs - tip[0]) * dx + (ys - tip[1]) * dy
    off = ((xs - tip[0]) * dy - (ys - tip[1]) * dx) * sign
    reach = float(np.percentile(along, 99.5))
    cuts = []
    for share in (0.5, 0.95):
        near = np.abs(along - share * reach) < max(1.0, 0.04 * reach)
        ends = np.percentile(off[near], [1, 99]) if near.any() else np.array([-2.0, 2.0])
        x, y = float(tip[0] + dx * share * reach), float(tip[1] + dy * share * reach)
        out, inn = float(ends[1]), float(ends[0])
        cuts.append(
            Cut(
                (x + dy * sign * out, y - dx * sign * out),
                (x + dy * sign * inn, y - dx * sign * inn),
            )
        )
    return reach, cuts


def upper_pairs(body: Body, piece: Piece, lowest: float) -> Pairs:
    """Pairs for a shirt, a jacket or a dress.

    Args:
        body: Who wears it.
        piece: What is worn.
        lowest: Row of the body beyond which nothing may hang.
    """
    high = len(piece.solid)
    half, row = piece.neck
    pairs: Pairs = []
    wide = body.chest * 1.04
    if piece.armpit:
        top, left, right = piece.armpit
        scale = 2 * wide / max(1.0, right - left)
    else:
        left, right = piece.ends(0.2 * high)
        top = row + 0.2 * high
        waist = min(piece.ends(y)[1] - piece.ends(y)[0] for y in (0.2 * high, 0.3 * high))
        scale = 2 * wide / max(1.0, waist)
        # Under the arm is where a bodice is first at its full width.
        for line in range(round(row), round(0.45 * high)):
            ends = piece.ends(line)
            if ends[1] - ends[0] > 0.97 * (right - left):
                top, (left, right) = float(line), ends
                break
    hem = body.shoulder + (high - row) * scale
    usual = body.at(0.535)
    # A shirt ends at the hips, a dress or a coat where its length takes it.
    hem = usual if hem < body.at(0.60) else min(hem, lowest)
    hem = min(hem, lowest) if hem > usual else max(hem, min(usual, lowest))
    armpit = min(body.armpit, body.shoulder + 0.105 * body.whole)
    for side, sign in ((0, -1), (1, 1)):
        edge = (left, right)[side]
        if piece.armpit:
            base = (body.middle + sign * body.neck * 1.5, body.shoulder - 0.004 * body.whole)
            pairs.append((base, (piece.middle + sign * half, row)))
        else:
            tip = body.tip(side)
            strap = body.middle + sign * max(0.72 * abs(tip[0] - body.middle), body.neck * 1.7)
            pairs.append(
                ((strap, body.shoulder + 0.004 * body.whole), (piece.middle + sign * half, row))
            )
        pairs.append(((body.middle + sign * wide, armpit), (edge, top)))
        for share in (0.35, 0.7, 1.0):
            y = top + (high - 1 - top) * share * 0.93
            goal = armpit + (hem - armpit) * share
            own = abs(piece.ends(y)[side] - piece.middle) * scale
            there = float(body.trunk[int(np.clip(goal, 0, len(body.trunk) - 1))][side])
            least = abs(there - body.middle) * (1.06 if goal < body.at(0.60) else 0.0)
            reach = max(own, least) if goal > body.at(0.5) or own > least else least
            drop = 0.045 * (high - 1 - top) if share == 1.0 else 0.0
            pairs.append(((body.middle + sign * reach, goal), (piece.ends(y)[side], y + drop)))
        if not piece.armpit:
            continue
        length, cuts = sleeve_of(piece, side)
        tip, arm = body.tip(side), body.arms[side]
        wrist = body.at(0.497) - tip[1]
        lean = np.hypot(1.0, (arm[-1, 1] - arm[0, 1]) / max(1.0, arm[-1, 0] - arm[0, 0]))
        whole_arm = wrist * float(lean)
        # Short or long goes by the garment's own trunk.
        share_of = length / max(1.0, high - row)
        reach = whole_arm if share_of > 0.68 else 0.31 * body.whole * share_of
        for share, cut in zip((0.5, 0.95), cuts, strict=True):
            ease = 1.28 if reach < 0.8 * whole_arm else 1.12
            there_cut = body.across(side, share * reach, ease)
            pairs.append((there_cut.outer, cut.outer))
            # Cloth under the arm stays outside of the trunk's.
            close = max((there_cut.inner[0] - body.middle) * sign, wide + 0.012 * body.whole)
            pairs.append(((body.middle + sign * close, there_cut.inner[1]), cut.inner))
        # The shoulder's slope.
        slope = body.across(side, 0.0, 1.0)
        x = tip[0] + sign * 0.6 * abs(slope.outer[0] - tip[0])
        edge_x = piece.armpit[1 + side] + sign * 0.03 * (right - left)
        column = piece.solid[:, int(np.clip(edge_x, 0, piece.solid.shape[1] - 1))]
        up = np.flatnonzero(column)
        if len(up):
            pairs.append(((x, body.shoulder + 0.012 * body.whole), (edge_x, float(up[0]))))
    return pairs


def lower_pairs(body: Body, piece: Piece, first: float, lowest: float) -> Pairs:
    """Pairs for trousers, shorts or a skirt, whose waist is at row `first` of the body."""
    high = len(piece.solid)
    wide = body.hips * 1.05
    at = piece.ends(0.25 * high, inner=False)
    scale = 2 * wide / max(1.0, at[1] - at[0])
    crotch = body.at(0.535)
    pairs: Pairs = []
    if piece.crotch is None:
        waist = piece.ends(0.04 * high)
        scale = 2 * wide / max(1.0, waist[1] - waist[0])
        hem = min(first + high * scale * 0.92, lowest)
        for share in (0.02, 0.3, 0.65, 0.99):
            left, right = piece.ends(share * high)
            y = first + (hem - first) * share
            for sign, x in ((-1, left), (1, right)):
                own = max(abs(x - piece.middle) * scale, wide * (0.98 if share < 0.5 else 0.0))
                pairs.append(((body.middle + sign * own, y), (x, share * high)))
        return pairs
    length = (high - piece.crotch) * scale
    hem = body.at(0.955) if length > 0.62 * (body.at(0.955) - crotch) else crotch + length
    hem = min(hem, lowest)
    for share in (0.14, 0.5, 1.0):
        y = share * piece.crotch
        left, right = piece.ends(y, inner=False)
        goal = first + (crotch - first) * share
        for sign, x in ((-1, left), (1, right)):
            # Below the waist nothing of the old may show, above it the shirt's hem is wider.
            pairs.append(((body.middle + sign * wide * (0.99 + 0.05 * share), goal), (x, y)))
    pairs.append(((body.middle, crotch), (piece.middle, piece.crotch)))
    for share in (0.25, 0.6, 1.0):
        y = min(high - 1.0, piece.crotch + (high - 1 - piece.crotch) * share)
        parts = runs(piece.solid[int(y)], 2)
        if len(parts) < 2:
            continue
        goal = crotch + (hem - crotch) * share
        for sign, (a, b) in ((-1, parts[0]), (1, parts[-1])):
            center, half = leg_of(body, goal)
            outer, inner = (a, b) if sign < 0 else (b, a)
            own = max(half * 1.1, (b - a) / 2 * scale * (1.0 if share < 0.9 else 0.9))
            pairs.append(((body.middle + sign * (center + own), goal), (float(outer), y)))
            gap = max(center - own, 0.003 * body.whole)
            pairs.append(((body.middle + sign * gap, goal), (float(inner), y)))
    return pairs


def leg_of(body: Body, row: float) -> tuple[float, float]:
    """How far from the middle a leg's middle is at a row, and half its width."""
    share = (row - body.top) / body.whole
    at = (0.50, 0.58, 0.68, 0.725, 0.80, 0.88, 0.95, 1.0)
    halves = (0.050, 0.046, 0.037, 0.032, 0.034, 0.026, 0.019, 0.02)
    return body.leg, float(np.interp(share, at, halves)) * body.whole
