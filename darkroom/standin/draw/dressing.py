"""Dressing a standing figure: the garment bent to its body, the old clothes taken away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from darkroom.standin.draw.field import Field, blur, resize, smoothstep
from darkroom.standin.draw.fitting import (
    Pairs,
    Piece,
    lower_pairs,
    piece_of,
    sleeve_of,
    upper_pairs,
)
from darkroom.standin.draw.palette import luminance
from darkroom.standin.draw.remove_background import flat, subject_alpha
from darkroom.standin.draw.undressing import (
    Sitter,
    backdrop_of,
    hair_over,
    old_color,
    undressed,
)
from darkroom.standin.draw.warp import warped

_MEASURED = 256


"""Longer side of the copy, in pixels, on which a garment is measured."""


Light = Callable[[Field, Field, Field, int, float], Field]


def _zones(sitter: Sitter, mask: Image.Image) -> tuple[bool, bool, float, float]:
    """Whether a mask covers chest and legs, and its first and last row there, on the copy."""
    flags, body = sitter.flags, sitter.body
    small = np.asarray(mask.resize(flags.shape[::-1], Image.Resampling.BOX)) > 127

    def covered(start: float, end: float) -> bool:
        rows = slice(round(body.at(start)), max(round(body.at(start)) + 1, round(body.at(end))))
        half = body.hips
        columns = slice(max(0, round(body.middle - half)), round(body.middle + half) + 1)
        there = flags[rows, columns]
        return bool(there.any()) and float(small[rows, columns][there].mean()) > 0.75

    near = slice(max(0, round(body.middle - body.hips)), round(body.middle + body.hips) + 1)
    rows = np.flatnonzero(small[:, near].any(axis=1))
    if not len(rows):
        return False, False, 0.0, 0.0
    return covered(0.26, 0.42), covered(0.57, 0.68), float(rows[0]), float(rows[-1] + 1)


def _without_lining(cut: NDArray[np.float32], piece: Piece, ratio: float) -> None:
    """Clear the inside of the back that shows in a neck opening: on a body the neck is there."""
    high = cut.shape[0]
    half, row = piece.neck
    half *= 1.0 if piece.armpit else 0.62
    first, last = round(row * ratio), min(high, round((row + 0.26 * len(piece.solid)) * ratio))
    center = piece.middle * ratio
    left, right = round(center - half * ratio), round(center + half * ratio)
    left, right = max(0, left), min(cut.shape[1], right)
    alpha = cut[..., 3] / np.float32(255)
    light = luminance(cut[..., :3]) / np.maximum(alpha, 0.05)
    keep = max(3, round(0.022 * high))
    if right - left < 8 or last - first < 3 * keep:
        return
    front = slice(round(high * 0.4), round(high * 0.6))
    solid = alpha[front, left:right] > 0.9
    usual = float(np.median(light[front, left:right][solid])) if solid.any() else 0.0
    # In each column the front begins at the last sharp step from dark to light; a label in the
    # neck is no brighter than that.
    light = np.minimum(light, 1.15 * usual)
    total = np.cumsum(np.pad(light[first:last, left:right], ((1, 0), (0, 0))), axis=0)
    mean = (total[keep:] - total[:-keep]) / keep
    before, after = mean[:-keep], mean[keep:]
    step = (after - before) / np.maximum(after + before, 6)
    step[alpha[first : first + len(step), left:right] < 0.5] = 0
    step[(before > 0.76 * usual) & (before < 1.6 * usual)] = 0
    sharp = step >= 0.8 * step.max(axis=0)
    lowest = (len(step) - 1 - sharp[::-1].argmax(axis=0)).astype(np.float32) + keep
    found = step.max(axis=0) > 0.11
    if float(found.mean()) < 0.35:
        return
    at = np.flatnonzero(found)
    lowest = np.interp(np.arange(len(lowest)), at, lowest[at]).astype(np.float32)
    lowest[: at[0]] = lowest[at[-1] + 1 :] = 0
    # A neckline only descends toward the middle.
    turn = int(np.clip(round(center) - left, 1, len(lowest) - 1))
    lowest = np.minimum(lowest, 1.08 * np.percentile(lowest, 80))
    lowest[:turn] = np.minimum.accumulate(lowest[:turn][::-1])[::-1]
    lowest[turn:] = np.minimum.accumulate(lowest[turn:])
    # One smooth line along the collar.
    width = max(3, (right - left) // 14 * 2 + 1)
    padded = np.pad(lowest, width // 2, mode="edge")
    lowest = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    line = first + lowest
    rows = np.arange(high, dtype=np.float32)[:, None] + 0.5
    kept = np.clip(rows - line[None, :] + 0.5, 0, 1)
    cut[:, left:right] *= kept[..., None].astype(np.float32)


def _joined(
    sitter: Sitter, piece: Piece, mask: Image.Image
) -> tuple[Pairs, bool, bool, bool] | None:
    """Which points belong together; whether chest and legs are dressed; whether legs are bare."""
    body = sitter.body
    chest, thighs, first, last = _zones(sitter, mask)
    if piece.crotch is not None or (thighs and not chest):
        if not thighs:
            return None
        start = max(first + 0.012 * body.whole, body.at(0.455))
        pairs = lower_pairs(body, piece, start, last)
        hem = max(goal[1] for goal, _ in pairs)
        return pairs, False, True, hem < body.at(0.9)
    if not chest:
        return None
    pairs = upper_pairs(body, piece, last)
    hem = max(goal[1] for goal, source in pairs if source[1] > 0.9 * len(piece.solid))
    below = hem > body.at(0.6)
    return pairs, True, below, below and hem < body.at(0.9)


def dressed(
    sitter: Sitter, cut: Image.Image, mask: Image.Image, light: Light, blend: float
) -> Image.Image | None:
    """The picture with the garment on the body; None if mask, body and garment do not go together.

    Args:
        sitter: Who wears it.
        cut: The garment alone, RGBA, cropped to it.
        mask: Mode "L", size of the picture: what may change.
        light: Tells the light on the garment from what was there before.
        blend: 0 takes on little of that light, 1 most.
    """
    box = mask.getbbox()
    if box is None or min(cut.size) < 24:
        return None
    grain = max(1.0, max(cut.size) / _MEASURED)
    little = (max(8, round(cut.width / grain)), max(8, round(cut.height / grain)))
    alpha = cut.getchannel("A")
    piece = piece_of(np.asarray(alpha.resize(little, Image.Resampling.BOX)) > 127)
    joined = _joined(sitter, piece, mask)
    if joined is None:
        return None
    pairs, upper, lower, legs = joined
    pixels = np.array(cut, np.float32)
    pixels[..., :3] *= pixels[..., 3:] / np.float32(255)
    across, down = cut.width / little[0], cut.height / little[1]
    if upper:
        _without_lining(pixels, piece, (across + down) / 2)
    ratio = sitter.ratio
    full = [((gx * ratio, gy * ratio), (sx * across, sy * down)) for (gx, gy), (sx, sy) in pairs]
    # Shrinking by points alone would alias.
    shrink = _shrink(full)
    if shrink > 1.6:
        size = (max(8, round(cut.width / shrink)), max(8, round(cut.height / shrink)))
        fx, fy = size[0] / cut.width, size[1] / cut.height
        pixels = np.stack(
            [
                resize(np.ascontiguousarray(pixels[..., c]), size, Image.Resampling.BOX)
                for c in range(4)
            ],
            -1,
        )
        full = [(goal, (sx * fx, sy * fy)) for goal, (sx, sy) in full]
    extent = (box[2] - box[0], box[3] - box[1])
    garment = warped(pixels, full, extent, (box[0], box[1]))
    garment *= _allowed(sitter, box, full, (upper, lower))[..., None]
    if piece.armpit and upper:
        garment = _closed_shoulders(sitter, box, garment)
    hair = hair_over(sitter, box) if upper else np.zeros(garment.shape[:2], np.float32)
    garment *= (1 - hair)[..., None]
    cover = garment[..., 3] / np.float32(255)
    under = np.asarray(sitter.image.crop(box), np.float32)
    room = np.asarray(mask.crop(box), np.float32) / np.float32(255)
    figure = sitter.figure.crop(box)
    seen = np.asarray(figure, np.float32) / np.float32(255)
    sure = room * _like_old(sitter, under, figure, upper)
    long = upper and piece.armpit is not None
    long = long and sleeve_of(piece, 0)[0] > 0.68 * (len(piece.solid) - piece.neck[1])
    ground = undressed(sitter, box, under, hair, (upper, lower, legs, long))
    side = max(sitter.image.size)
    garment[..., :3] *= np.clip(light(under, sure, cover, side, blend), 0.6, 1.1)[..., None]
    # What is beside it on the body gets its shadow.
    soft = _soft(cover, side * 0.010)
    dark = np.float32(0.34) * np.clip(soft - cover, 0, 1) * _soft(seen, side * 0.002)
    ground = ground * (1 - dark)[..., None]
    mixed = ground * (1 - cover)[..., None] + garment[..., :3]
    fresh = Image.fromarray(np.clip(mixed + np.float32(0.5), 0, 255).astype(np.uint8))
    result = sitter.image.copy()
    result.paste(fresh, (box[0], box[1]), mask.crop(box))
    return result


def _allowed(
    sitter: Sitter, box: tuple[int, int, int, int], pairs: Pairs, parts: tuple[bool, bool]
) -> Field:
    """Where a garment may be, 0..1, shape (h, w): beyond its ends a warp repeats parts of it."""
    body, ratio = sitter.body, sitter.ratio
    y = (np.arange(box[1], box[3], dtype=np.float32)[:, None] + 0.5) / np.float32(ratio)
    x = (np.arange(box[0], box[2], dtype=np.float32)[None, :] + 0.5) / np.float32(ratio)
    upper, lower = parts
    if not upper:
        far = max(abs(goal[0] / ratio - body.middle) for goal, _ in pairs)
        near: Field = (np.abs(x - body.middle) < far + 0.03 * body.whole) + np.float32(0) * y
        return near
    ok = np.ones((len(y), x.shape[1]), np.bool_)
    for side in (0, 1):
        sign = 1 if side else -1
        rows = y[:, 0]
        arm = body.arms[side]
        edge = np.interp(rows, np.arange(len(body.trunk)), body.trunk[:, side])
        inner = np.interp(rows, arm[:, 0], arm[:, 1] - sign * arm[:, 2])
        between = ((edge + inner) / 2)[:, None]
        outside = ((x - between) * sign > 0) & (y >= body.armpit)
        outside &= y < body.at(0.50 if lower else 0.56)
        ends = [g for g, _ in pairs if (g[0] / ratio - body.middle) * sign > 0]
        cut = [
            (gx / ratio, gy / ratio)
            for gx, gy in ends
            if (gx / ratio - float(np.interp(gy / ratio, rows, between[:, 0]))) * sign > 0
            and gy / ratio < body.at(0.53)
        ]
        sleeved = [point for point in cut if point[1] > body.armpit - 0.03 * body.whole]
        if not sleeved:
            ok &= ~outside
            continue
        tip = body.tip(side)
        lowest = max(sleeved, key=lambda point: point[1])
        dx, dy = float(arm[-1, 1] - tip[0]), float(arm[-1, 0] - tip[1])
        long = float(np.hypot(dx, dy))
        dx, dy = dx / long, dy / long
        reach = (lowest[0] - tip[0]) * dx + (lowest[1] - tip[1]) * dy + 0.02 * body.whole
        ok &= ~(outside & ((x - tip[0]) * dx + (y - tip[1]) * dy > reach))
    return ok.astype(np.float32)


def _like_old(sitter: Sitter, under: Field, figure: Image.Image, upper: bool) -> Field:
    """Where the old garment lies, whose folds tell of the light, 0..1, shape (h, w)."""
    body = sitter.body
    start, end = (0.28, 0.42) if upper else (0.55, 0.60)
    old = old_color(sitter, body.at(start), body.at(end))
    rim = max(3, round(0.005 * max(sitter.image.size)) * 2 + 1)
    inner = np.asarray(figure.filter(ImageFilter.MinFilter(rim)), np.float32) / np.float32(255)
    total = np.maximum(under.sum(-1), 12)
    off = under / total[..., None] - old / max(float(old.sum()), 12)
    bright = total / max(float(old.sum()), 12)
    alike = (np.sqrt((off * off).sum(-1)) < 0.07) & (bright > 0.3) & (bright < 2.6)
    sure: Field = inner * alike
    return sure


def _closed_shoulders(sitter: Sitter, box: tuple[int, int, int, int], garment: Field) -> Field:
    """The garment without gaps between neck and armpits, where sleeves are set in."""
    body, ratio = sitter.body, sitter.ratio
    y = (np.arange(box[1], box[3], dtype=np.float32)[:, None] + 0.5) / np.float32(ratio)
    x = (np.arange(box[0], box[2], dtype=np.float32)[None, :] + 0.5) / np.float32(ratio)
    seen = np.asarray(sitter.figure.crop(box), np.float32) / np.float32(255)
    cover = garment[..., 3] / np.float32(255)
    radius = 0.03 * max(sitter.image.size)
    share = _soft(cover, radius)
    slope = (y - body.shoulder) / max(1.0, body.armpit - body.shoulder)
    away = smoothstep(1.5, 2.1, np.abs(x - body.middle) / np.float32(max(body.neck, 1)))
    near = smoothstep(0.8, 0.5, slope) * away * seen * smoothstep(0.15, 0.45, share)
    missing = np.maximum(near - cover, 0)
    added = [
        _soft(np.ascontiguousarray(garment[..., c]), radius) / np.maximum(share, 0.05) * missing
        for c in range(3)
    ]
    closed: Field = garment + np.stack([*added, missing * np.float32(255)], -1)
    return closed


def shod(sitter: Sitter, cut: Image.Image, mask: Image.Image) -> Image.Image | None:
    """The picture with a shoe on each foot; None if the mask is not of the feet alone.

    Args:
        sitter: Who wears them.
        cut: One shoe from the side, RGBA, cropped to it.
        mask: Mode "L", size of the picture: what may change.
    """
    box, body, ratio = mask.getbbox(), sitter.body, sitter.ratio
    if box is None or box[1] < body.at(0.74) * ratio or cut.width < 1.1 * cut.height:
        return None
    under = np.asarray(sitter.image.crop(box), np.float32)
    wide = max(3, round(0.006 * max(sitter.image.size)) * 2 + 1)
    seen = sitter.figure.filter(ImageFilter.MaxFilter(wide)).crop(box)
    rows = (np.arange(box[1], box[3], dtype=np.float32)[:, None] + 0.5) / np.float32(ratio)
    old = np.asarray(seen, np.float32) / np.float32(255) * (rows > body.at(0.955))
    ground = under + (backdrop_of(sitter, box) - under) * old[..., None]
    result = sitter.image.copy()
    fresh = Image.fromarray(np.clip(ground + np.float32(0.5), 0, 255).astype(np.uint8))
    # A shoe is lower at its toe.
    solid = np.asarray(cut.getchannel("A")) > 127
    quarter = max(1, cut.width // 4)
    toe_left = solid[:, :quarter].sum() < solid[:, -quarter:].sum()
    long = max(2, round(0.115 * body.whole * ratio))
    shape = (long, max(2, round(long * cut.height / cut.width)))
    for sign in (-1, 1):
        shoe = cut if toe_left == (sign < 0) else cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        shoe = shoe.resize(shape)
        center = (body.middle + sign * (body.leg + 0.022 * body.whole)) * ratio
        left = round(center - shape[0] / 2) - box[0]
        top = round((body.top + 1.004 * body.whole) * ratio) - shape[1] - box[1]
        fresh.paste(shoe, (left, top), shoe)
    result.paste(fresh, (box[0], box[1]), mask.crop(box))
    return result


def _soft(field: Field, radius: float) -> Field:
    """The field blurred on a copy of a quarter of its size."""
    size = (field.shape[1], field.shape[0])
    little = (max(2, size[0] // 4), max(2, size[1] // 4))
    small = blur(resize(field, little, Image.Resampling.BOX), radius / 4, 2)
    return resize(small, size, Image.Resampling.BILINEAR)


def _shrink(pairs: Pairs) -> float:
    """How many pixels of the garment come to lie on one of the picture."""
    goal = np.array([pair[0] for pair in pairs])
    source = np.array([pair[1] for pair in pairs])
    return float(np.ptp(source, axis=0).max() / max(1.0, float(np.ptp(goal, axis=0).max())))


def cut_out(garment: Image.Image) -> Image.Image:
    """The garment alone, RGBA, cropped to it."""
    if garment.has_transparency_data:
        alpha = garment.convert("RGBA").getchannel("A")
        if int(np.asarray(alpha).min()) < 250:
            clear = garment.convert("RGBA")
            return clear.crop(alpha.getbbox() or (0, 0, garment.width, garment.height))
    plain = flat(garment)
    alpha = subject_alpha(plain)
    # The outermost pixels still hold some of the garment's own backdrop.
    alpha = alpha.filter(ImageFilter.MinFilter(3))
    box = alpha.point([0] * 128 + [255] * 128).getbbox()
    if box is None:
        alpha, box = Image.new("L", plain.size, 255), (0, 0, plain.width, plain.height)
    cut = plain.convert("RGBA")
    cut.putalpha(alpha)
    return cut.crop(box)
