"""Variations: the source in another light, hue and framing, as far away as its similarity says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageOps

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, grid
from darkroom.standin.draw.remove_background import flat, subject_alpha
from darkroom.standin.draw.text_to_image import text_to_image

_TRIAL = 112
"""Longer side of the copy on which the strength of a change is measured."""


@dataclass(frozen=True)
class _Palette:
    """Mean colors, 0..255, of the backdrop and of the subject: shape (2, 3)."""

    mean: Field


@dataclass(frozen=True)
class _Change:
    """All that can change, at full strength; a strength of 0..1 does a share of it."""

    palette: _Palette
    toward: _Palette
    zoom: float
    turn: float
    shift: tuple[float, float]
    bend: Field
    light: tuple[float, float]
    warmth: float


def _subject(image: Image.Image) -> Image.Image:
    """Coverage of the subject, mode "L", at half the size of a large picture; empty if unsure."""
    step = 2 if max(image.size) > 400 else 1
    half = image.reduce(step) if step > 1 else image
    cover = subject_alpha(half, side=220)
    # What runs along the rim is no subject but a busy place: it is then varied as a whole.
    little = np.asarray(cover.resize((64, 64), Image.Resampling.BOX))
    rim = np.concatenate([little[0], little[:, 0], little[:, -1], little[-1]])
    return cover if float((rim > 128).mean()) < 0.08 else Image.new("L", half.size)


def _palette(image: Image.Image, subject: Image.Image) -> _Palette:
    size = (96, 96)
    colors = np.asarray(image.resize(size, Image.Resampling.BOX), np.float32)
    cover = np.asarray(subject.resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
    means = []
    for weight in (1 - cover, cover if cover.any() else np.ones_like(cover)):
        total = max(float(weight.sum()), 1e-3)
        means.append((colors * weight[..., None]).sum((0, 1)) / total)
    return _Palette(np.stack(means))


def _mixed(palettes: list[_Palette], weights: list[float]) -> _Palette:
    total = sum(weights)
    mean = sum(p.mean * np.float32(w / total) for p, w in zip(palettes, weights, strict=True))
    return _Palette(np.asarray(mean, np.float32))


def _reframe(image: Image.Image, change: _Change, strength: float) -> Image.Image:
    """Zoom, turn, shift and bend the picture a little, never looking past its borders."""
    width, height = image.size
    cells = change.bend.shape[1] - 1
    at = np.linspace(0, 1, cells + 1)
    x, y = np.meshgrid(at, at)
    zoom = 1 + (change.zoom - 1) * strength
    angle = change.turn * strength
    cx, cy = (x - 0.5) / zoom, (y - 0.5) / zoom
    ratio = height / width
    sx = 0.5 + cx * np.cos(angle) - cy * ratio * np.sin(angle) + change.shift[0] * strength
    sy = 0.5 + cx / ratio * np.sin(angle) + cy * np.cos(angle) + change.shift[1] * strength
    sx, sy = sx + change.bend[0] * strength, sy + change.bend[1] * strength
    sx, sy = np.clip(sx, 0, 1) * width, np.clip(sy, 0, 1) * height
    mesh = []
    for row in range(cells):
        for column in range(cells):
            box = (
                round(column * width / cells),
                round(row * height / cells),
                round((column + 1) * width / cells),
                round((row + 1) * height / cells),
            )
            corners = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
            mesh.append((box, tuple(float(v) for r, c in corners for v in (sx[r, c], sy[r, c]))))
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _recolor(
    image: Image.Image, subject: Image.Image, change: _Change, strength: float
) -> Image.Image:
    """Move backdrop and subject toward the other palette, each on its own, and change the light."""
    x, y = grid((48, 48))
    light = 1 + strength * (change.light[0] * (x - 0.5) + change.light[1] * (y - 0.5))
    brightest = float(light.max())
    levels = np.arange(256, dtype=np.float32)
    parts = []
    for part in (0, 1):
        table: list[int] = []
        for channel, warm in enumerate((1.0, 0.0, -1.0)):
            mean = float(np.clip(change.palette.mean[part, channel], 8, 247))
            goal = mean + (float(change.toward.mean[part, channel]) - mean) * strength
            # A curve through black, the mean and white: a plain shift would lay haze over it all.
            bend = np.log(np.clip(goal, 8, 247) / 255) / np.log(mean / 255)
            new = 255 * (levels / 255) ** np.clip(bend, 0.25, 4)
            new = new * brightest * (1 + warm * change.warmth * strength)
            table += np.clip(np.round(new), 0, 255).astype(int).tolist()
        parts.append(image.point(table))
    colored = Image.composite(parts[1], parts[0], subject)
    lamp = Image.fromarray((light / brightest * 255).astype(np.uint8)).resize(
        image.size, Image.Resampling.BICUBIC
    )
    return ImageChops.multiply(colored, Image.merge("RGB", (lamp, lamp, lamp)))


def _apply(
    image: Image.Image, subject: Image.Image, change: _Change, strength: float
) -> Image.Image:
    cover = _reframe(subject.resize(image.size, Image.Resampling.BILINEAR), change, strength)
    return _recolor(_reframe(image, change, strength), cover, change, strength)


def _difference(a: Image.Image, b: Image.Image) -> float:
    return float(np.abs(np.asarray(a, np.float32) - np.asarray(b, np.float32)).mean())


def _change(
    source: Image.Image, subject: Image.Image, toward: _Palette, prompt: str, seed: int
) -> _Change:
    rng = chance("vary", prompt, seed)
    bend = np.zeros((2, 7, 7))
    bend[:, 1:-1, 1:-1] = rng.uniform(-0.010, 0.010, (2, 5, 5))
    return _Change(
        palette=_palette(source, subject),
        toward=toward,
        zoom=float(rng.uniform(1.12, 1.22)),
        turn=float(rng.uniform(-0.05, 0.05)),
        shift=(float(rng.uniform(-0.04, 0.04)), float(rng.uniform(-0.02, 0.02))),
        bend=bend.astype(np.float32),
        light=(float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.35)), float(rng.uniform(-0.1, 0.1))),
        warmth=float(rng.choice([-1, 1]) * rng.uniform(0.04, 0.09)),
    )


def vary(
    images: Sequence[Image.Image],
    *,
    similarity: float,
    prompt: str,
    seed: int,
    size: tuple[int, int] | None = None,
) -> Image.Image:
    """A variation of the first picture.

    How much to change is found by trying on a small copy: the mean difference to the source is to
    be (1 - similarity) of the difference that a picture of the prompt alone would have.

    Args:
        images: Sources; the first is varied, the colors of the others are mixed in.
        similarity: 1 returns the source as it is, 0 a picture of the prompt alone.
        prompt: What the variation should tend to.
        seed: Chooses among variations.
        size: Width and height wanted; None keeps the first source's.

    Returns:
        RGB of that size; a source of another shape is cropped in the middle.
    """
    size = size or images[0].size
    source = ImageOps.fit(flat(images[0]), size, Image.Resampling.LANCZOS)
    share = float(np.clip(1 - similarity, 0, 1))
    # Not the seed itself: the source may have been drawn with it, and would come back unchanged.
    other = int(chance("another", seed).integers(2**31))
    if share >= 1:
        return text_to_image(prompt, seed=other, size=size)
    if share <= 0:
        return source
    ratio = _TRIAL * 2 / max(size)
    little = (max(16, round(size[0] * ratio)), max(16, round(size[1] * ratio)))
    drawn = text_to_image(prompt, seed=other, size=little)
    palettes, weights = [_palette(drawn, _subject(drawn))], [1.0]
    for extra in images[1:]:
        plain = flat(extra)
        palettes.append(_palette(plain, _subject(plain)))
        weights.append(2.0)
    subject = _subject(source)
    change = _change(source, subject, _mixed(palettes, weights), prompt, seed)
    trial_cover = subject.resize((little[0] // 2, little[1] // 2), Image.Resampling.BOX)
    trial = source.resize((little[0] // 2, little[1] // 2), Image.Resampling.BOX)
    unlike = _difference(trial, drawn.resize(trial.size, Image.Resampling.BOX))
    full = _difference(trial, _apply(trial, trial_cover, change, 1.0))
    goal = share * min(unlike, full)
    low, high = 0.0, 1.0
    for _ in range(6):
        strength = (low + high) / 2
        if _difference(trial, _apply(trial, trial_cover, change, strength)) < goal:
            low = strength
        else:
            high = strength
    return _apply(source, subject, change, (low + high) / 2)
