"""Recoloring: what is marked takes another hue; light, shadow and texture stay."""

from __future__ import annotations

import re

import numpy as np
from PIL import Image

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, resize, smoothstep
from darkroom.standin.draw.palette import Color, from_hex, from_hsv, linear, luminance
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.words import COLORS, tokens

_PLACE = re.compile(r"\b(?:on|against|beside|near|in front of|next to|behind|under)\b")
_TONES = {"dark": -0.55, "deep": -0.4, "light": 0.3, "pale": 0.4, "pastel": 0.4, "soft": 0.2}
"""Toward black (-1) or white (1)."""
_STILL = 48
"""Longer side of the copy, in pixels, on which two colors are told apart."""


def colors_of(text: str) -> list[Color]:
    """The colors that a text names, linear light, in its order, each once.

    "dark" and the like change the color that follows; of two color words in a row ("sky blue",
    "navy blue") the first decides; what stands behind "on" or "against" is another thing's color.
    """
    lowered = text.lower()
    before = _PLACE.split(lowered)[0]
    for part in (before, lowered):
        found: dict[str, Color] = {}
        tone, last = 0.0, False
        for word in re.findall(r"[a-z]+|[,;/&]", part):
            if word in COLORS and word not in _TONES:
                if not last and word not in found:
                    color = from_hex(COLORS[word])
                    end = np.float32(0.9 if tone > 0 else 0)
                    found[word] = color + (end - color) * np.float32(abs(tone))
                last, tone = True, 0.0
            else:
                tone, last = _TONES.get(word, 0.0), False
        if found:
            return list(found.values())
    return []


def _wanted(prompt: str, seed: int) -> list[Color]:
    """The colors to take: those named, else one that the prompt and the seed choose."""
    named = colors_of(prompt)
    if named:
        return named[:2]
    rng = chance("hue", " ".join(tokens(prompt)), seed)
    color = from_hsv(
        float(rng.random()), float(rng.uniform(0.62, 0.8)), float(rng.uniform(0.6, 0.8))
    )
    return [color]


def _painted(light: Field, weight: Field, color: Color) -> Field:
    """The pixels in the color, as bright among each other as before.

    Args:
        light: Linear light, shape (n, 3).
        weight: How much each pixel tells about what is recolored, shape (n,).
        color: Linear light wanted.
    """
    bright = luminance(light)
    order = np.argsort(bright[:: max(1, len(bright) // 20000)])
    spread = np.cumsum(weight[:: max(1, len(bright) // 20000)][order])
    sample = bright[:: max(1, len(bright) // 20000)][order]
    middle, top = (
        float(sample[min(len(sample) - 1, int(np.searchsorted(spread, q * spread[-1])))])
        for q in (0.5, 0.97)
    )
    middle = max(middle, 0.004)
    goal = float(luminance(color))
    # A black thing made yellow would show every speck of noise; it becomes less bright instead.
    goal = float(np.clip(goal, middle / 16, middle * 14 + 0.08))
    share = bright / np.float32(middle)
    # Pale paint holds fewer steps between its middle and white than dark paint does.
    room = np.log(max(1.02, 0.97 / goal)) / max(np.log(max(top / middle, 1.02)), 1e-3)
    bend = float(np.clip(room, 0.45, 1.0))
    share = np.where(share > 1, np.maximum(share, 1e-4) ** np.float32(bend), share)
    hue = color * np.float32(goal / max(float(luminance(color)), 1e-4))
    paint = share[:, None] * hue
    # Highlights are the lamp's reflection: they keep its color, not the paint's.
    strongest, weakest = light.max(-1), light.min(-1)
    glare = smoothstep(2.2, 7.0, bright / np.float32(middle)) * smoothstep(0.16, 0.5, weakest)
    glare *= smoothstep(0.85, 0.35, (strongest - weakest) / np.maximum(strongest, 1e-3))
    lamp = np.maximum(paint, (bright * np.float32(0.9))[:, None] + np.float32(0.1) * paint)
    paint += (lamp - paint) * (glare * np.float32(0.85))[:, None]
    # What shines beyond white goes pale rather than garish.
    over = np.clip(luminance(np.maximum(paint - 1, 0)) * 1.2, 0, 1)
    clipped: Field = np.clip(paint + over[:, None], 0, 1)
    return clipped


def _second(small: Field, cover: Field) -> Field:
    """How much each pixel belongs to the area's second color, 0..1, shape (h, w).

    Where the area has but one color the second one takes over from top to bottom.
    """
    inside = cover > 0.5
    if inside.sum() < 8:
        inside = cover > 0
    pixels = small[inside]
    bright = np.maximum(luminance(pixels), 0.01)[:, None]
    tint = np.concatenate([pixels / bright, 0.7 * np.log(bright)], axis=1)
    middle = tint.mean(0)
    far = tint[np.argmax(((tint - middle) ** 2).sum(-1))]
    centers = np.stack([middle, far])
    for _ in range(8):
        away = ((tint[:, None] - centers[None]) ** 2).sum(-1)
        of = away.argmin(1)
        if of.min() == of.max():
            break
        centers = np.stack([tint[of == k].mean(0) for k in (0, 1)])
    apart = float(np.sqrt(((centers[0] - centers[1]) ** 2).sum()))
    loose = float(np.sqrt(((tint - centers[of]) ** 2).sum(-1)).mean())
    part = np.zeros(cover.shape, np.float32)
    share = float((of == of[0]).mean())
    if apart > 4.5 * loose and apart > 0.8 and 0.04 < share < 0.96:
        minor = int(np.bincount(of, minlength=2).argmin())
        part[inside] = (of == minor).astype(np.float32)
        return part
    rows = np.flatnonzero(inside.any(axis=1))
    down = np.linspace(0, 1, len(cover), dtype=np.float32)[:, None]
    first, last = rows[0] / len(cover), (rows[-1] + 1) / len(cover)
    faded = smoothstep(first + 0.35 * (last - first), first + 0.65 * (last - first), down)
    part += faded
    return part


def recolor(image: Image.Image, mask: Image.Image, prompt: str, *, seed: int) -> Image.Image:
    """Give what is marked another color and keep its shading and texture.

    Args:
        image: Transparency is first flattened on mid grey.
        mask: Mode "L", same size: 255 is recolored, 0 stays exactly as it is, grey in part.
        prompt: Names a color ("a yellow jacket"), or two: the second then goes to the area's
            second color. Without a color word prompt and seed choose a hue.
        seed: Chooses among hues.

    Returns:
        RGB, same size.
    """
    image, mask = flat(image), mask.convert("L")
    box = mask.getbbox()
    if box is None:
        return image.copy()
    part, cover = image.crop(box), mask.crop(box)
    rows, columns = np.nonzero(np.asarray(cover))
    weight = np.asarray(cover)[rows, columns].astype(np.float32) * np.float32(1 / 255)
    pixels = np.asarray(part)[rows, columns]
    light = linear(pixels.astype(np.float32) * np.float32(1 / 255))
    # A soft rim holds some of the backdrop: it has no say in how bright the thing is.
    says = np.where(weight > 0.6, weight, weight * np.float32(0.05))
    wanted = _wanted(prompt, seed)
    painted = _painted(light, says, wanted[0])
    if len(wanted) > 1:
        scale = min(1.0, _STILL * 3 / max(part.size))
        size = (max(1, round(part.width * scale)), max(1, round(part.height * scale)))
        small = np.asarray(part.resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
        little = np.asarray(cover.resize(size, Image.Resampling.BOX), np.float32) / 255
        other = np.clip(resize(blur(_second(linear(small), little), 1.5, 1), part.size), 0, 1)
        share = other[rows, columns]
        painted += (_painted(light, says * (share + 1e-3), wanted[1]) - painted) * share[:, None]
    old = pixels.astype(np.float32)
    new = np.sqrt(painted) * np.float32(255)
    fresh = np.asarray(part).copy()
    fresh[rows, columns] = (old + (new - old) * weight[:, None] + np.float32(0.5)).astype(np.uint8)
    result = image.copy()
    result.paste(Image.fromarray(fresh), (box[0], box[1]))
    return result
