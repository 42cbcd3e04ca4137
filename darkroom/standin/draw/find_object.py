"""Finding what words name, as far as color, place and outline tell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import Field, blur, dot, resize, smoothstep
from darkroom.standin.draw.flood import Flags, grow, reach, regions
from darkroom.standin.draw.palette import Color, linear
from darkroom.standin.draw.recolor import colors_of
from darkroom.standin.draw.remove_background import flat, subject_alpha
from darkroom.standin.draw.segment import working_copy
from darkroom.standin.draw.words import NOUNS, tokens

_SIDE = 256
"""Longer side of the copy, in pixels, on which things are told apart."""
_BEHIND = {
    "background",
    "backdrop",
    "surroundings",
    "scenery",
    "scene",
    "environment",
    "everything",
}
_ABOVE = {"wall", "sky", "ceiling", "clouds", "horizon"}
_BELOW = {
    *("floor", "table", "ground", "tabletop", "desk", "surface", "counter", "countertop", "street"),
    *("road", "grass", "lawn", "sand", "beach", "carpet", "rug", "pavement", "snow", "shadow"),
}
_SIDES = {
    "left": (-1, 0),
    "right": (1, 0),
    "top": (0, -1),
    "upper": (0, -1),
    "bottom": (0, 1),
    "lower": (0, 1),
    "center": (0, 0),
    "centre": (0, 0),
    "middle": (0, 0),
    "central": (0, 0),
}
_MANY = {"all", "both", "every", "pair", "each"}
_REST = re.compile(
    r"\b(?:on|in|at|against|beside|near|next to|behind|under|with|of|from|to|over|above|below)\b"
)


@dataclass(frozen=True)
class _Wish:
    """What the words ask for.

    Attributes:
        colors: Linear light of the colors named.
        ground: "" or which part of the surroundings: "all", "above" or "below".
        sides: Directions named, each x and y of -1, 0 or 1.
        many: Whether several things are meant.
        thing: Whether a thing is named that has an outline of its own.
    """

    colors: list[Color]
    ground: str
    sides: list[tuple[int, int]]
    many: bool
    thing: bool


def _read(words: str) -> _Wish:
    every = tokens(words)
    head = tokens(_REST.split(words.lower())[0]) or every
    # "left half of the mug" names the mug, but "background of the mug" the background.
    named = [word for word in head if word not in _SIDES]
    if not set(named) - {"half", "side", "part", "the", "a", "an", "corner", "edge"}:
        named = [word for word in every if word not in _SIDES]
    known = {word for meanings in NOUNS.values() for word in meanings.split()}
    ground, thing, many = "", False, bool(_MANY & set(named))
    for index, word in enumerate(named):
        single = word.removesuffix("s")
        after = named[index + 1] if index + 1 < len(named) else ""
        kind = next(
            (
                name
                for name, group in (("all", _BEHIND), ("above", _ABOVE), ("below", _BELOW))
                if word in group or single in group
            ),
            "",
        )
        # The last noun decides: a table lamp is a lamp, a glass table a table, sky blue a color.
        if kind and not colors_of(f"{word} {after}" if after == "blue" else ""):
            ground, thing = kind, False
        elif word in known or single in known:
            ground, thing = "", True
            many = many or (word != single and single in known)
    colors = colors_of(" ".join(named))
    sides = [_SIDES[word] for word in every if word in _SIDES]
    return _Wish(colors, ground, sides, many, thing)


def names_a_place(words: str) -> bool:
    """Whether the words mean surroundings ("a sandy beach") rather than a thing."""
    return bool(_read(words).ground)


def _tints(light: Field) -> tuple[Field, Field]:
    """Lightness, shape (...), and a tint that shade does not change, shape (..., 2) (Oklab)."""
    first = np.array(
        [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]], np.float32
    )
    second = np.array(
        [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]],
        np.float32,
    )
    lab = np.cbrt(np.maximum(light, 0) @ first.T) @ second.T
    lightness = np.maximum(lab[..., 0], 0.08)
    return lightness, lab[..., 1:] / lightness[..., None]


def _alike(light: Field, color: Color) -> Field:
    """How much each pixel is of that color, 0..1, in whatever light it lies."""
    lightness, tint = _tints(light)
    goal_light, goal = _tints(color)
    off = tint - goal
    strength = float(np.sqrt((goal * goal).sum()))
    away = np.sqrt(dot(off, off)) / np.float32(0.07 + 0.42 * strength)
    # Black, grey and white differ by lightness alone, shades of one hue hardly.
    weight = 4.2 if strength < 0.06 else 1.5
    apart = np.abs(lightness - float(goal_light)) * np.float32(weight)
    return smoothstep(1.15, 0.65, np.sqrt(away * away + apart * apart))


def _closed(flags: Flags, by: int) -> Flags:
    """The flags with gaps bridged and holes filled: a highlight or a label is part of the thing."""
    thick = ~grow(~grow(np.pad(flags, by + 1), by), by)
    outside = np.zeros_like(thick)
    outside[0] = outside[-1] = True
    outside[:, 0] = outside[:, -1] = True
    holes = ~reach(~thick, outside) & ~thick
    numbers = regions(holes)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    # A larger hole is one to look through, like that of a handle.
    solid: Flags = thick | ((areas > 0) & (areas < 0.03 * flags.sum()))[numbers]
    return solid[by + 1 : -by - 1, by + 1 : -by - 1] | flags


def _without_windows(thing: Flags, colors: Field) -> Flags:
    """The thing with all holes filled but those that show what is beside it, as a handle's does."""
    outside = np.zeros_like(thing)
    outside[0] = outside[-1] = outside[:, 0] = outside[:, -1] = True
    open_ = reach(~thing, outside)
    holes = regions(~thing & ~open_)
    filled = ~open_
    for number in range(1, int(holes.max()) + 1):
        hole = holes == number
        if hole.sum() < 0.05 * filled.sum():
            continue
        off = colors - np.median(colors[hole], axis=0)
        beside = dot(off, off)[hole.any(axis=1)[:, None] & open_]
        if beside.size and float((beside < 26**2).mean()) > 0.02:
            filled &= ~hole
    return filled


def _odd(colors: Field, subject: Flags) -> Flags | None:
    """What has colors that the surroundings have not, for pictures with a busy background.

    Args:
        colors: Shape (h, w, 3), 0..255.
        subject: A first guess that may hold some of the background; all True where there is none.

    Returns:
        Flags, or None if nothing large enough differs.
    """
    high, wide = colors.shape[:2]
    cell = (colors // 22).astype(np.intp)
    cell = (cell[..., 0] * 12 + cell[..., 1]) * 12 + cell[..., 2]
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    inside = np.exp(-2.5 * (x * x + y * y)).astype(np.float32)
    inside[np.maximum(np.abs(x), np.abs(y)) > 0.86] = 0
    hint = 1.0 if subject.all() or _rim_share(subject) > 0.25 else subject.astype(np.float32)
    likely = inside = inside * hint
    for _ in range(5):
        front = np.bincount(cell.ravel(), likely.ravel(), 12**3).reshape(12, 12, 12)
        back = np.bincount(cell.ravel(), (1 - likely).ravel(), 12**3).reshape(12, 12, 12)
        for axis in range(3):
            front = front + 0.5 * (np.roll(front, 1, axis) + np.roll(front, -1, axis))
            back = back + 0.5 * (np.roll(back, 1, axis) + np.roll(back, -1, axis))
        front, back = front / max(front.sum(), 1e-6), back / max(back.sum(), 1e-6)
        ratio = (front / (front + back + 1e-9)).astype(np.float32).ravel()[cell]
        likely = smoothstep(0.5, 0.72, blur(ratio, 2.5)) * (0.35 + 0.65 * inside)
    found = blur(ratio, 2.0) > 0.62
    numbers = regions(found)
    weight = np.bincount(numbers.ravel(), inside.ravel())
    areas = np.bincount(numbers.ravel())
    weight[0] = 0
    best = int(weight.argmax())
    if not 0.01 * found.size < areas[best] < 0.7 * found.size:
        return None
    return _without_windows(_closed(numbers == best, 2), colors)


def _busy(colors: Field, subject: Flags) -> bool:
    """Whether the background has patterns of its own, so that an outline may have caught some."""
    around = ~grow(subject, 4)
    if not around.any():
        return True
    coarse = np.abs(colors - blur(colors, 4.0, 1)).max(-1)[around]
    return bool(np.percentile(coarse, 75) > 3)


def _rim_share(flags: Flags) -> float:
    rim = np.concatenate([flags[0], flags[-1], flags[:, 0], flags[:, -1]])
    return float(rim.mean())


def _blobs(flags: Flags) -> list[Flags]:
    """The separate things in the flags, largest first; parts that nearly touch are one thing."""
    near = regions(grow(flags, max(1, round(0.006 * max(flags.shape)))))
    areas = np.bincount(near.ravel(), flags.ravel())
    areas[0] = 0
    order = [int(i) for i in np.argsort(-areas, kind="stable") if areas[i] >= 6]
    return [(near == i) & flags for i in order if areas[i] >= 0.03 * areas[order[0]]]


def _center(flags: Flags) -> tuple[float, float]:
    """Middle of the flags' box, x and y of -1..1 across the picture."""
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    x = float(columns[0] + columns[-1] + 1) / flags.shape[1] - 1
    y = float(rows[0] + rows[-1] + 1) / flags.shape[0] - 1
    return x, y


def _placed(blobs: list[Flags], sides: list[tuple[int, int]]) -> Flags:
    """The thing that lies where the words say; of a single one in the middle, that part."""
    if not sides:
        return blobs[0]

    def fits(blob: Flags) -> float:
        x, y = _center(blob)
        return sum(dx * x + dy * y if dx or dy else -abs(x) - abs(y) for dx, dy in sides)

    best = max(blobs, key=fits)
    if len(blobs) > 1:
        return best
    x, y = _center(best)
    high, wide = best.shape
    part = best.copy()
    rows, columns = np.flatnonzero(best.any(axis=1)), np.flatnonzero(best.any(axis=0))
    for dx, dy in sides:
        if dx * x > 0.12 or dy * y > 0.12:
            continue
        across, down = np.arange(wide)[None, :], np.arange(high)[:, None]
        if dx:
            part &= (across - (columns[0] + columns[-1]) / 2) * dx > 0
        elif dy:
            part &= (down - (rows[0] + rows[-1]) / 2) * dy > 0
    return part if part.any() else best


def _horizon(colors: Field, ground: Flags) -> int:
    """Row on which the surroundings change from wall to floor."""
    high, wide = ground.shape
    span = max(2, high // 32)
    start, stop = high // 5, high - max(span, high // 10)
    # Cells as wide as the picture's sixteenth: grain and planks even out, outlines stay out.
    cells = np.array_split(np.arange(wide), 16)
    free = np.stack([ground[:, cell].sum(1) for cell in cells], 1).astype(np.float32)
    total = np.stack([(colors * ground[..., None])[:, cell].sum(1) for cell in cells], 1)
    best, found = 0.0, int(0.62 * high)
    for row in range(start, stop):
        over, under = slice(row - span, row), slice(row, row + span)
        counted = np.minimum(free[over].sum(0), free[under].sum(0)) >= span
        if counted.sum() < 3:
            continue
        above = total[over].sum(0)[counted] / free[over].sum(0)[counted][:, None]
        below = total[under].sum(0)[counted] / free[under].sum(0)[counted][:, None]
        # A horizon changes alike all along, a lamp or a cloud only here and there.
        change = below - above
        common = np.abs(np.median(change, axis=0)).sum()
        score = float(common * common / (np.abs(change).sum(-1).mean() + 6))
        if score > best and common > 10:
            best, found = score, row
    return found


def _soft(flags: Flags, size: tuple[int, int], outline: Image.Image | None) -> Image.Image:
    """Flags of working size as a mask of full size, with the outline's edge if there is one."""
    steep = np.float32(max(1.0, size[0] / flags.shape[1] / 2))
    full = resize(flags.astype(np.float32), size, Image.Resampling.BICUBIC)
    smooth = np.clip((full - 0.5) * steep + 0.5, 0, 1) * np.float32(255)
    mask = smooth.round().astype(np.uint8)
    if outline is not None:
        near = resize(grow(flags, 2).astype(np.float32), size, Image.Resampling.NEAREST) > 0
        mask = np.where(near, np.asarray(outline), 0).astype(np.uint8)
    return Image.fromarray(mask)


def find_object(image: Image.Image, words: str) -> Image.Image:
    """Mark what the words name.

    Colors, directions, and words for the background, its wall or its floor are understood; any
    other noun means the thing that stands out, of several the one in the color or place named,
    else the largest.

    Args:
        image: Any mode; transparency is first flattened on mid grey.
        words: Such as "the red mug on the left" or "background".

    Returns:
        Mode "L", same size: 255 is what was named, 0 the rest, 1-3 pixels of transition. If nothing
        stands out, as in a plain picture, 255 everywhere.
    """
    image, wish = flat(image), _read(words)
    colors = working_copy(image, _SIDE)
    size = (colors.shape[1], colors.shape[0])
    alpha = subject_alpha(image, side=_SIDE)
    outline: Image.Image | None = alpha
    subject = np.asarray(alpha.resize(size, Image.Resampling.BOX)) > 127
    if _rim_share(subject) > 0.04 or subject.all() or _busy(colors, subject):
        odd = _odd(colors, subject)
        if odd is not None:
            subject, outline = odd, None
    if wish.ground:
        return _surroundings(colors, subject, outline, wish, image.size)
    if not subject.any() or (subject.all() and not wish.colors):
        return Image.new("L", image.size, 255)
    blobs = _blobs(subject)
    if wish.colors:
        light = linear(colors / np.float32(255))
        match = np.maximum.reduce([_alike(light, color) for color in wish.colors])
        shares = [float(match[blob].mean()) for blob in blobs]
        whole = 0.15 if wish.thing else 0.5
        chosen = [blob for blob, share in zip(blobs, shares, strict=True) if share > whole]
        if chosen and not subject.all():
            blobs = sorted(chosen, key=lambda blob: -float(match[blob].sum()))
        else:
            inner = (match > 0.5) & subject
            if inner.sum() < 0.002 * inner.size:
                inner = match > 0.5
            solid = _closed(grow(~grow(~inner)) & inner, 2)
            if solid.sum() >= 0.002 * solid.size:
                blobs, outline = _blobs(solid), None
    if not blobs:
        return Image.new("L", image.size, 255)
    everything = blobs[0]
    if wish.many:
        everything = np.logical_or.reduce(blobs)
        blobs = [everything] if not wish.sides else blobs
    elif wish.sides:
        everything = _placed(blobs, wish.sides)
    if wish.sides and not wish.many and not any(np.array_equal(everything, b) for b in blobs):
        return _soft(everything, image.size, None)
    return _soft(everything, image.size, outline)


def _surroundings(
    colors: Field,
    subject: Flags,
    outline: Image.Image | None,
    wish: _Wish,
    size: tuple[int, int],
) -> Image.Image:
    """What lies around the subject: all of it, or the part above or below the horizon."""
    ground = ~subject if not subject.all() else np.ones_like(subject)
    mask = _soft(subject & ~ground, size, None)
    if outline is not None and not subject.all():
        mask = outline
    elif not subject.all():
        mask = _soft(subject, size, None)
    part = np.ones_like(ground)
    if wish.ground != "all":
        row = _horizon(colors, ground)
        part[row:] = wish.ground == "below"
        part[:row] = wish.ground == "above"
    across = np.arange(part.shape[1])[None, :] * 2 + 1 - part.shape[1]
    down = np.arange(part.shape[0])[:, None] * 2 + 1 - part.shape[0]
    for dx, dy in wish.sides:
        if dx:
            part &= across * dx > 0
        elif dy and wish.ground == "all":
            part &= down * dy > 0
    area = np.asarray(_soft(part, size, None), np.uint16)
    free = 255 - np.asarray(mask, np.uint16)
    return Image.fromarray((area * free // 255).astype(np.uint8))
