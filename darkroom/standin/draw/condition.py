"""Conditioned pictures: what a prompt names, in the contours or areas of another picture."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from darkroom.standin.draw import backdrop
from darkroom.standin.draw.areas import SIDE, Areas, divide
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, grain, noise, resize
from darkroom.standin.draw.finish import main
from darkroom.standin.draw.light import Material, Studio, shade
from darkroom.standin.draw.palette import Color, from_hex, luminance, to_image
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.text_to_image import draw
from darkroom.standin.draw.words import Look, read, tokens

Kind = Literal["canny", "segmentation", "sketch", "structure"]

_GRAIN = 1.1
"""Noise of the imagined camera, in 8-bit steps."""
_PLACED = 0.36
"""Strength from which the prompt's thing stands where the source's stands."""
_TRACED = 0.44
"""Strength from which the source's outlines are those of the result."""


@dataclass(frozen=True)
class _Set:
    """The studio that a prompt and a seed stand for: as `text_to_image` would set it up."""

    look: Look
    paper: Color
    studio: Studio
    side: float


def _set_up(prompt: str, seed: int, negative_prompt: str) -> _Set:
    look = read(prompt, negative_prompt)
    rng = chance("studio", prompt, seed)
    angle = math.radians(float(rng.uniform(10, 17)))
    side = -1.0 if rng.random() < 0.75 else 1.0
    warmth = float(rng.uniform(-0.03, 0.05))
    paper = backdrop.choose(look, prompt, seed)
    key = np.array([1 + warmth, 1, 1 - warmth], np.float32) * np.float32(rng.uniform(0.98, 1.12))
    tilt = (math.sin(angle), math.cos(angle))
    return _Set(look, paper, Studio(side, key, paper * np.float32(0.8), tilt), side)


def _tone(color: Color) -> float:
    """Brightness of a color in linear light as a display value, 0..255."""
    return 255 * math.sqrt(float(luminance(np.clip(color, 0, 1))))


def colored(areas: Areas, look: Look, paper: Color) -> Field:
    """A color for each area, linear light, shape (areas, 3).

    The subject's main area gets the prompt's color, the others its second color, neutrals, tints
    and shades, whichever is as much lighter or darker as the source's area is. The backdrop's
    largest area gets the paper, the others tints and shades of it.

    Args:
        areas: Which areas there are.
        look: What the prompt asks for.
        paper: Color of the backdrop.
    """
    color = look.color
    pale = from_hex("e9e2d2")
    thing = [look.accent, pale, color * 0.42, color + (0.9 - color) * 0.45, look.accent * 0.45]
    ground = [paper * 0.72, paper * 0.5, paper + (0.95 - paper) * 0.5, paper * 0.86]
    chosen = np.zeros((len(areas.subject), 3), np.float32)
    for own, most, others in ((True, color, thing), (False, paper, ground)):
        numbers = [n for n in np.argsort(-areas.share) if bool(areas.subject[n]) == own]
        used = np.zeros(len(others))
        for place, number in enumerate(numbers):
            if place == 0:
                chosen[number] = most
                continue
            goal = _tone(most) + 0.8 * float(areas.bright[number] - areas.bright[numbers[0]])
            away = [abs(_tone(other) - goal) for other in others] + used
            best = int(np.argmin(away))
            used[best] += 90
            chosen[number] = others[best]
    return chosen


def _normals(areas: Areas, cover: Field, tilt: tuple[float, float]) -> Field:
    """Normals of the subject's outline, blown up like a cushion: at the working copy's size."""
    high, wide = cover.shape
    reach = max(2.0, 0.045 * max(high, wide))
    height: Field = np.zeros_like(cover)
    for size, weight in ((0.35, 0.15), (1.0, 0.35), (2.4, 0.5)):
        height += blur(cover, reach * size, 3) * np.float32(weight)
    # What is round in front is steep at the rim: a square root makes a ball of a bell.
    height = np.sqrt(np.clip(height * 2 - 0.9, 0, 1.1)) * np.float32(reach * 2.0) * cover
    parts: Field = np.zeros_like(cover)
    for number in np.flatnonzero(areas.subject):
        own = (areas.coarse == number).astype(np.float32)
        parts += blur(own, reach * 0.35, 2) * own
    height = blur(height + parts * np.float32(reach * 0.35), max(2.0, reach * 0.35), 3)
    down, across = np.gradient(height)
    length = np.sqrt(across * across + down * down + 1)
    x, y, out = -across / length, down / length, 1 / length
    sin, cos = tilt
    return np.stack([x, y * cos + out * sin, y * sin - out * cos], -1).astype(np.float32)


def _calm(light: Field, size: tuple[int, int], texture: float) -> Field:
    """Brightness without what is weaker than `texture` levels, steps kept sharp (guided filter)."""
    step = max(1, max(size) // 340)
    small = (max(4, size[0] // step), max(4, size[1] // step))
    low = resize(light, small, Image.Resampling.BOX)
    mean = blur(low, 3.0, 1)
    spread = np.maximum(blur(low * low, 3.0, 1) - mean * mean, 0)
    gain: Field = spread / (spread + np.float32(texture * texture))
    shift: Field = mean - gain * mean
    gain = resize(blur(gain, 3.0, 1), size, Image.Resampling.BILINEAR)
    shift = resize(blur(shift, 3.0, 1), size, Image.Resampling.BILINEAR)
    calm: Field = gain * light + shift
    return calm


def _traced(areas: Areas, kind: Kind, strength: float, size: tuple[int, int]) -> Field | None:
    """What the source's contours (or all its light) add to the picture, in levels, (h, w)."""
    if kind == "segmentation" or areas.lines:
        return None
    if kind == "structure":
        light = _calm(areas.light, size, 3 + 12 * (1 - strength))
        tones: Field = (light - areas.paint(areas.bright)) * np.float32(0.25 + 0.5 * strength)
        return tones
    rest: Field = areas.light - areas.paint(areas.bright)
    rest = _calm(rest, size, 5 + 22 * (1 - strength))
    # Contours only: where light is soft the picture has a light of its own. Subject and backdrop
    # are freed of theirs apart, or each would leave a halo around the other.
    high, wide = areas.coarse.shape
    low = resize(rest, (wide, high), Image.Resampling.BOX)
    own = np.take(areas.subject.astype(np.float32), areas.coarse)
    reach = 0.03 * max(high, wide)
    soft: Field = np.zeros_like(low)
    for part in (own, 1 - own):
        soft += part * blur(low * part, reach) / np.maximum(blur(part, reach), 0.02)
    rest = rest - resize(soft, size, Image.Resampling.BILINEAR)
    contours: Field = rest * np.float32(0.4 + 0.5 * strength)
    return contours


def _marks(pattern: str, size: tuple[int, int]) -> Field | None:
    """What a material's pattern leaves of the light, about 1, shape (h, w); None without one."""
    rng = chance("marks", pattern)
    across, down = size[0] / max(size), size[1] / max(size)
    marks: Field | None = None
    if pattern == "wood":
        hills = noise(rng, size, (across * 3, down * 7), 2)
        rings = np.sin(hills * 6 + np.linspace(0, down * 30, size[1], dtype=np.float32)[:, None])
        marks = 1 + 0.10 * rings + 0.12 * noise(rng, size, (across * 4, down * 90))
    elif pattern == "leather":
        marks = 1 + 0.08 * noise(rng, size, (across * 90, down * 90))
    elif pattern == "speckle":
        dots = noise(rng, size, (across * 150, down * 150))
        marks = 1 - 0.45 * np.clip((dots - 0.75) * 5, 0, 1)
    return marks


def _ground(areas: Areas, place: _Set, cover: Field, lit: bool, shadowed: bool) -> Field:
    """The paper and the subject's shadow on it, linear light, at the working copy's size.

    Args:
        areas: The source's areas.
        place: The studio.
        cover: The subject's coverage at the working copy's size.
        lit: Whether the paper has a light of its own; else it is even, for the source's light.
        shadowed: Whether the subject throws a shadow.
    """
    high, wide = cover.shape
    size = (wide, high)
    rows = np.flatnonzero((cover > 0.5).any(axis=1))
    if not lit or not len(rows) or float(cover.mean()) > 0.75:
        return np.ones((high, wide, 3), np.float32)
    top, bottom = float(rows[0]), float(rows[-1] + 1)
    white = np.ones(3, np.float32)
    ground = backdrop.sweep(white, 0, size, min(bottom / high - 0.13, 0.9), place.side)
    if shadowed and bottom < high - 1:
        low = cover[int(bottom - (bottom - top) * 0.12) : int(bottom)]
        columns = np.flatnonzero((low > 0.5).any(axis=0))
        foot = (float(columns[0]), float(columns[-1]) + 1, bottom)
        ground *= backdrop.shadow(size, foot, bottom - top, place.side, cover)[..., None]
    return ground


def _rebuilt(
    areas: Areas, place: _Set, kind: Kind, strength: float, seed: int, shadowed: bool
) -> Image.Image:
    """The areas in the prompt's colors and materials.

    The studio lights them; for "structure" it is the source's own light that does.
    """
    size = (areas.labels.shape[1], areas.labels.shape[0])
    colors = colored(areas, place.look, place.paper)
    own = areas.subject.astype(np.float32)
    small = np.take(own, areas.coarse)
    lit = kind != "structure" or areas.lines
    canvas = resize(_ground(areas, place, small, lit, shadowed), size, Image.Resampling.BILINEAR)
    canvas *= areas.paint(colors * (1 - own[:, None]))
    if own.any():
        material = main(place.look)
        normal = _normals(areas, small, place.studio.tilt)
        # Light is linear in the color: what black sends back, and what white does more.
        shine, white = (
            shade(normal, _of_color(material, tone), place.studio) for tone in (0.0, 1.0)
        )
        if not lit:
            shine, white = shine * np.float32(0.3), white * np.float32(0.3) + np.float32(0.7)
        marks = _marks(material.pattern, size)
        albedo = areas.paint(colors * own[:, None])
        if marks is not None:
            albedo *= marks[..., None]
        albedo *= resize(white - shine, size, Image.Resampling.BILINEAR)
        canvas += albedo
        canvas += resize(shine, size, Image.Resampling.BILINEAR) * areas.paint(own)[..., None]
    if areas.lines and kind != "segmentation":
        # Lines become creases: a darker shade of what they cross.
        dark = np.clip(1 - areas.light / np.maximum(areas.paint(areas.bright), 1), 0, 1)
        canvas *= (1 - dark * np.float32(0.5 + 0.38 * strength))[..., None]
    # A soft shoulder keeps highlights from burning out to flat white.
    np.minimum(canvas, 0.7 + (np.maximum(canvas, 0.7) - 0.7) * np.float32(0.45), out=canvas)
    added = grain(chance("grain", seed), size, _GRAIN)
    traced = _traced(areas, kind, strength, size)
    if traced is not None:
        added = added + traced
    if lit:
        seam = areas.along * (1 - areas.along)
        added[areas.rows, areas.columns] -= seam * np.float32(70 * strength)
    return to_image(canvas, added)


def _of_color(material: Material, tone: float) -> Material:
    return replace(material, color=np.full(3, tone, np.float32), glow=0.0, opacity=1.0)


def _box(cover: Field) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is covered, 0..1; None if that is nothing."""
    rows = np.flatnonzero((cover > 0.5).any(axis=1))
    columns = np.flatnonzero((cover > 0.5).any(axis=0))
    if not len(rows):
        return None
    high, wide = cover.shape
    return (
        float(columns[0]) / wide,
        float(rows[0]) / high,
        float(columns[-1] + 1) / wide,
        float(rows[-1] + 1) / high,
    )


def _moved(image: Image.Image, truth: Field, areas: Areas, share: float) -> Image.Image:
    """The prompt's own picture, its subject moved toward the box of the source's."""
    goal = _box(np.take(areas.subject.astype(np.float32), areas.coarse))
    start = _box(truth)
    if goal is None or start is None or share <= 0:
        return image
    width, height = image.size
    mixed = [min(max(a + (b - a) * share, 0.02), 0.98) for a, b in zip(start, goal, strict=True)]
    # Three by three pieces: the border stays where it is, the middle one moves.
    xs, ys = ([0.0, mixed[n], mixed[n + 2], 1.0] for n in (0, 1))
    from_x, from_y = ([0.0, start[n], start[n + 2], 1.0] for n in (0, 1))
    mesh = []
    for row in range(3):
        for column in range(3):
            left, right = (round(xs[column + n] * width) for n in (0, 1))
            top, bottom = (round(ys[row + n] * height) for n in (0, 1))
            if right <= left or bottom <= top:
                continue
            a, c = (from_x[column + n] * width for n in (0, 1))
            b, d = (from_y[row + n] * height for n in (0, 1))
            mesh.append(((left, top, right, bottom), (a, b, a, d, c, d, c, b)))
    return image.transform(
        image.size, Image.Transform.MESH, mesh, resample=Image.Resampling.BILINEAR
    )


def trace(
    image: Image.Image,
    prompt: str,
    *,
    kind: Kind,
    strength: float,
    seed: int,
    size: tuple[int, int],
    negative_prompt: str = "",
) -> tuple[Image.Image, Areas]:
    """What `condition` does, and the areas of the source that it went by.

    Args:
        image: See `condition`.
        prompt: See `condition`.
        kind: See `condition`.
        strength: See `condition`.
        seed: See `condition`.
        size: See `condition`.
        negative_prompt: See `condition`.
    """
    source = ImageOps.fit(flat(image), size, Image.Resampling.BICUBIC)
    strength = float(np.clip(strength, 0, 1))
    enlarged = max(size[0] / image.width, size[1] / image.height, 1.0)
    side = int(np.clip(max(size) / enlarged, 48, SIDE))
    areas = divide(source, detail=1 + 1.5 * (1 - strength), side=side)
    if strength < _TRACED:
        drawn, truth = draw(prompt, seed=seed, size=size, negative_prompt=negative_prompt)
        near = min(1.0, strength / _PLACED)
        drawn = _moved(drawn, truth, areas, near * near * (3 - 2 * near))
        if strength <= _PLACED:
            return drawn, areas
    place = _set_up(prompt, seed, negative_prompt)
    shadowed = not {"shadow", "shadows"} & set(tokens(negative_prompt))
    result = _rebuilt(areas, place, kind, strength, seed, shadowed)
    if strength < _TRACED:
        result = Image.blend(drawn, result, (strength - _PLACED) / (_TRACED - _PLACED))
    return result, areas


def condition(
    image: Image.Image,
    prompt: str,
    *,
    kind: Kind,
    strength: float,
    seed: int,
    size: tuple[int, int],
    negative_prompt: str = "",
) -> Image.Image:
    """A new picture of the prompt that follows another picture.

    Args:
        image: What is followed, any mode and size: a photograph or a line drawing (dark on light
            or light on dark). It is scaled to cover `size`; what juts out is cropped evenly.
        prompt: What is wanted. Colors, material and backdrop come from it, none from the source.
        kind: What is followed: "canny" and "sketch" the contours, "segmentation" the areas,
            "structure" the areas and their light and shadow.
        strength: 0 is `text_to_image`; up to 0.36 the prompt's own thing moves to where
            the source's stands; from 0.44 on the source's outlines are drawn, and up to 1 ever
            more of its detail.
        seed: Changes light and tint a little.
        size: Width and height in pixels.
        negative_prompt: What is not wanted: its colors are avoided; "shadow" drops the shadow.

    Returns:
        An RGB image of exactly that size.
    """
    return trace(
        image,
        prompt,
        kind=kind,
        strength=strength,
        seed=seed,
        size=size,
        negative_prompt=negative_prompt,
    )[0]
