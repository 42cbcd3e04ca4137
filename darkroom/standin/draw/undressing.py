"""Taking old clothes away: skin and backdrop where they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from darkroom.standin.draw.body import Body
from darkroom.standin.draw.field import Field, smoothstep
from darkroom.standin.draw.fitting import (
    leg_of,
)
from darkroom.standin.draw.flood import Flags, grow
from darkroom.standin.draw.paper import spread_out


@dataclass(frozen=True)
class Sitter:
    """Who is to be dressed.

    Attributes:
        image: RGB.
        figure: Mode "L", same size: 255 where the person is.
        body: Measures on a copy.
        flags: Where the person is on that copy.
    """

    image: Image.Image
    figure: Image.Image
    body: Body
    flags: Flags

    @property
    def ratio(self) -> float:
        """Pixels of the picture in one of the copy."""
        return self.image.width / int(self.flags.shape[1])


def skin_of(sitter: Sitter) -> Field | None:
    """The color of a face, shape (3,), 0..255; None if there is none of a skin's color."""
    body, ratio = sitter.body, sitter.ratio
    reach = 0.028 * body.whole
    box = (body.middle - reach, body.at(0.045), body.middle + reach, body.at(0.135))
    face = sitter.image.crop(tuple(round(v * ratio) for v in box))  # type: ignore[arg-type]
    colors = np.asarray(face, np.float32).reshape(-1, 3)
    red, green, blue = colors.T
    like = (red > green * 1.06) & (green > blue * 1.02) & (red > 40) & (red - blue > 0.16 * red)
    if like.mean() < 0.25:
        return None
    color: Field = np.median(colors[like], axis=0)
    return color


def _skinlike(colors: Field, skin: Field, old: Field) -> Field:
    """Where there is skin rather than the old garment, 0..1, shape (h, w)."""
    total = np.maximum(colors.sum(-1), 12)
    off = colors / total[..., None] - skin / skin.sum()
    away = np.sqrt((off * off).sum(-1))
    bright = total / float(skin.sum())
    like = (away < 0.055) & (bright > 0.3) & (bright < 1.5)
    to_skin = np.abs(colors - skin).sum(-1)
    to_old = np.abs(colors - old).sum(-1)
    flags = like & (to_skin < to_old * 1.3)
    found: Field = flags.astype(np.float32)
    return found


def old_color(sitter: Sitter, first: float, last: float) -> Field:
    """The color of what is worn between two rows, shape (3,), 0..255."""
    body, ratio = sitter.body, sitter.ratio
    reach = 0.7 * body.chest
    box = (body.middle - reach, first, body.middle + reach, max(first + 1, last))
    part = sitter.image.crop(tuple(round(v * ratio) for v in box))  # type: ignore[arg-type]
    color: Field = np.median(np.asarray(part, np.float32).reshape(-1, 3), axis=0)
    return color


def _limbs(
    sitter: Sitter, box: tuple[int, int, int, int], lower: bool, upper: bool, legs: bool
) -> tuple[Field, Field, Field]:
    """Where the body is bare once the old clothes are off, how it is lit, and what to clear.

    Returns:
        Skin 0..1, light on it as a factor, and where nothing of the old may stay, shape (h, w).
    """
    body, ratio = sitter.body, sitter.ratio
    y = (np.arange(box[1], box[3], dtype=np.float32)[:, None] + 0.5) / np.float32(ratio)
    x = (np.arange(box[0], box[2], dtype=np.float32)[None, :] + 0.5) / np.float32(ratio)
    skin = np.zeros((box[3] - box[1], box[2] - box[0]), np.float32)
    light, clear = np.ones_like(skin), np.zeros_like(skin)

    def limb(center: Field, half: Field, where: Field) -> None:
        off = x - center
        cover = np.clip((half - np.abs(off)) * np.float32(ratio) + 0.5, 0, 1) * where
        turn = np.clip(off / np.maximum(half, 1e-3), -1, 1)
        shade = 1.04 - 0.30 * turn * turn - 0.07 * turn
        light[...] = np.where(cover > 0, shade, light)
        np.maximum(skin, cover, out=skin)

    if upper:
        over = y < body.armpit
        reach = abs(body.tip(1)[0] - body.tip(0)[0]) / 2
        under_arm = body.shoulder + 0.105 * body.whole
        slope = np.interp(
            y[:, 0],
            [body.shoulder, under_arm, under_arm + 0.01 * body.whole],
            [reach, body.chest, 0.8 * body.chest],
        )[:, None]
        inner = (y < max(body.armpit, body.at(0.33))) & (np.abs(x - body.middle) < slope)
        clear[inner] = 1
        skin[inner] = 1
        clear[np.broadcast_to(over, clear.shape)] = 1
        rows = y[:, 0]
        for side, arm in enumerate(body.arms):
            tip = body.tip(side)
            arm_rows = np.concatenate([[tip[1] - 0.03 * body.whole, tip[1]], arm[:, 0]])
            arm_columns = np.concatenate([[tip[0], tip[0]], arm[:, 1]])
            center = np.interp(rows, arm_rows, arm_columns)[:, None].astype(np.float32)
            past = np.maximum(y - arm[-1, 0], 0)
            lean = (arm[-1, 1] - arm[0, 1]) / max(1.0, float(arm[-1, 0] - arm[0, 0]))
            center = center + past * np.float32(lean)
            # Sleeves are wider than the arm within.
            usual = float(np.percentile(arm[:, 2], 40)) * 0.9
            half = np.interp(
                rows,
                [tip[1] - usual, tip[1] - 0.7 * usual, tip[1], body.armpit, body.at(0.50)],
                [0.3 * usual, 0.8 * usual, 1.1 * usual, 1.1 * usual, 0.76 * usual],
            )[:, None].astype(np.float32)
            own = (y < body.at(0.545)) & (np.abs(x - center) < half + 0.025 * body.whole)
            edge = np.interp(rows, np.arange(len(body.trunk)), body.trunk[:, side])[:, None]
            beyond = (x > edge) if side else (x < edge)
            limb(center, half, (own & (beyond | over)).astype(np.float32))
            np.maximum(clear, (own & beyond).astype(np.float32), out=clear)
        # Beside the new garment's trunk there is nothing.
        ends = [
            np.interp(rows, np.arange(len(body.trunk)), body.trunk[:, i])[:, None] for i in (0, 1)
        ]
        rim = 0.12 * (ends[1] - ends[0])
        side_of = (x < ends[0] + rim) | (x > ends[1] - rim)
        above = (y >= body.armpit) & (y < body.at(0.50))
        trunk = side_of & above & (x > ends[0] - 2) & (x < ends[1] + 2)
        np.maximum(clear, trunk.astype(np.float32), out=clear)
    if lower:
        below = (y > body.at(0.50)) & (
            np.abs(x - body.middle) < 1.5 * body.hips + 0.02 * body.whole
        )
        np.maximum(clear, below.astype(np.float32), out=clear)
        if legs:
            measures = [leg_of(body, float(row)) for row in y[:, 0]]
            half = np.array([m[1] for m in measures], np.float32)[:, None]
            where = (y > body.at(0.5)).astype(np.float32)
            for sign in (-1, 1):
                limb(np.float32(body.middle + sign * body.leg) + 0 * y, half, where)
    return skin, light, clear


def backdrop_of(sitter: Sitter, box: tuple[int, int, int, int]) -> Field:
    """What is behind the figure, carried in from around it, shape (h, w, 3), 0..255."""
    size = sitter.flags.shape[::-1]
    small = np.asarray(sitter.image.resize(size, Image.Resampling.BOX), np.float32)
    free = (~grow(sitter.flags, 3)).astype(np.float32)
    plate = spread_out(small, free, (4, 12, 40))
    full = (box[2] - box[0], box[3] - box[1])
    ratio = sitter.ratio
    source = (box[0] / ratio, box[1] / ratio, box[2] / ratio, box[3] / ratio)
    out = np.empty((full[1], full[0], 3), np.float32)
    for channel in range(3):
        plane = Image.fromarray(np.ascontiguousarray(plate[..., channel]))
        part = plane.resize(full, Image.Resampling.BILINEAR, box=source)
        out[..., channel] = np.asarray(part)
    return out


def hair_over(sitter: Sitter, box: tuple[int, int, int, int]) -> Field:
    """Where hair hangs over the shoulders, 0..1, shape (h, w)."""
    body, ratio = sitter.body, sitter.ratio
    y = (np.arange(box[1], box[3], dtype=np.float32)[:, None] + 0.5) / np.float32(ratio)
    x = (np.arange(box[0], box[2], dtype=np.float32)[None, :] + 0.5) / np.float32(ratio)
    reach = 0.02 * body.whole
    crown = (body.middle - reach, body.at(0.008), body.middle + reach, body.at(0.024))
    part = sitter.image.crop(tuple(round(v * ratio) for v in crown))  # type: ignore[arg-type]
    color = np.median(np.asarray(part, np.float32).reshape(-1, 3), axis=0)
    under = np.asarray(sitter.image.crop(box), np.float32)
    old = old_color(sitter, body.at(0.28), body.at(0.42))
    skin = skin_of(sitter)
    away = np.abs(under - color).sum(-1)
    like = (away < 130) & (away < 0.7 * np.abs(under - old).sum(-1))
    if skin is not None:
        like &= away < 0.9 * np.abs(under - skin).sum(-1)
    like &= (y < body.at(0.215)) & (np.abs(x - body.middle) < 0.075 * body.whole)
    flags = Image.fromarray(like.astype(np.uint8) * np.uint8(255))
    flags = flags.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.BoxBlur(1))
    over: Field = np.asarray(flags, np.float32) / np.float32(255)
    return over


def undressed(
    sitter: Sitter,
    box: tuple[int, int, int, int],
    under: Field,
    hair: Field,
    parts: tuple[bool, bool, bool, bool],
) -> Field:
    """What is beneath the new garment: the old one gives way to skin and backdrop.

    Args:
        sitter: Whose clothes they are.
        box: The part of the picture.
        under: What is there, shape (h, w, 3), 0..255.
        hair: What lies over everything, 0..1, shape (h, w).
        parts: Whether chest and legs are undressed, whether the legs are then bare, and whether
            the new sleeves are long, so that the arms are not.
    """
    upper, lower, legs, long = parts
    skin = skin_of(sitter)
    body = sitter.body
    spread = max(3, round(0.004 * max(sitter.image.size)) * 2 + 1)
    near = sitter.figure.crop(box).filter(ImageFilter.MaxFilter(spread))
    bare, lit, clear = _limbs(sitter, box, lower, upper, legs)
    clear = clear * np.asarray(near, np.float32) / np.float32(255)
    clear = clear * (1 - hair)
    plate = backdrop_of(sitter, box)
    fresh = plate
    if skin is not None:
        worn = old_color(sitter, body.at(0.28), body.at(0.42)) if upper else None
        if worn is None:
            worn = old_color(sitter, body.at(0.55), body.at(0.60))
        kept = _skinlike(under, skin, worn)
        kept = np.asarray(
            Image.fromarray((kept * 255).astype(np.uint8))
            .filter(ImageFilter.MedianFilter(3))
            .filter(ImageFilter.MaxFilter(3)),
            np.float32,
        ) / np.float32(255)
        if long:
            ratio = sitter.ratio
            y = (np.arange(box[1], box[3], dtype=np.float32)[:, None] + 0.5) / np.float32(ratio)
            x = (np.arange(box[0], box[2], dtype=np.float32)[None, :] + 0.5) / np.float32(ratio)
            arms = (np.abs(x - body.middle) > 1.02 * body.chest) & (y < body.at(0.485))
            arms &= y > body.shoulder + 0.03 * body.whole
            bare, kept = np.where(arms, 0, bare), np.where(arms, 0, kept)
        clear = clear * (1 - kept)
        seen = np.asarray(sitter.figure.crop(box), np.float32) / np.float32(255)
        flesh = (skin * np.float32(0.97)) * lit[..., None]
        fresh = plate + (flesh - plate) * (bare * smoothstep(0.2, 0.8, seen))[..., None]
    elif upper and not lower:
        # Nobody's skin is to be seen: what is there stays.
        clear = clear * 0
    ground: Field = under + (fresh - under) * clear[..., None]
    return ground
