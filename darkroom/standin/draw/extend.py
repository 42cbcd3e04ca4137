"""Outpainting by extension: what is at a picture's borders goes on beyond them."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, noise, resize, smoothstep
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.room import calm, horizon, sharpness
from darkroom.standin.draw.scene import scene
from darkroom.standin.draw.segment import find, working_copy

_SMALL = 256
"""Longer side of the copy, in pixels, on which the picture is looked at."""


@dataclass(frozen=True)
class _Seen:
    """What the picture is like, as far as it matters for going on.

    Attributes:
        free: How much of its width or height is free of the subject at the left, right, top and
            bottom, 0..1.
        horizon: The row of the picture on which the table begins, or None.
        wall: 0 for borders as smooth as studio paper, 1 for borders full of detail.
        table: The same below the horizon.
    """

    free: tuple[float, float, float, float]
    horizon: int | None
    wall: float
    table: float


def _look(image: Image.Image) -> _Seen:
    small = working_copy(image, _SMALL)
    high, wide = small.shape[:2]
    row = horizon(calm(small)) if min(high, wide) >= 48 else None
    found = find(small) if min(high, wide) >= 24 else None
    free = (1.0, 1.0, 1.0, 1.0)
    if found is not None and found.subject.any():
        rows = np.flatnonzero(found.subject.any(axis=1))
        columns = np.flatnonzero(found.subject.any(axis=0))
        free = (
            columns[0] / wide,
            1 - (columns[-1] + 1) / wide,
            rows[0] / high,
            1 - (rows[-1] + 1) / high,
        )
    light = small / np.float32(255)
    if row is None:
        rough = _roughness(light)
        return _Seen(free, None, rough, rough)
    exact = _exact(image, row / high, 4 / high)
    return _Seen(free, exact, _roughness(light[: row - 2]), _roughness(light[row + 2 :]))


def _exact(image: Image.Image, about: float, within: float) -> int:
    """The row near the place told, 0..1, across which the side borders change most."""
    width, height = image.size
    apart = max(2, round(height / 100))
    first = max(0, int((about - within) * height) - apart)
    last = min(height, int((about + within) * height) + apart)
    band = np.asarray(image.crop((0, first, width, last)), np.float32)
    strip = max(1, width // 12)
    sides = np.concatenate([band[:, :strip], band[:, -strip:]], axis=1)
    change = sharpness(sides, apart)
    return first + apart + int(change[apart:-apart].argmax()) + 1


def _distance(size: tuple[int, int], box: tuple[float, float, float, float]) -> Field:
    """How far each pixel lies outside the box, in pixels, shape (h, w)."""
    x = np.arange(size[0], dtype=np.float32)[None, :] + 0.5
    y = np.arange(size[1], dtype=np.float32)[:, None] + 0.5
    across = np.maximum(np.maximum(box[0] - x, x - box[2]), 0)
    down = np.maximum(np.maximum(box[1] - y, y - box[3]), 0)
    far: Field = np.hypot(across, down).astype(np.float32)
    return far


def _roughness(small: Field) -> float:
    """0 for borders as smooth as studio paper, 1 for borders full of detail."""
    fine = np.abs(small - blur(small, 3.0)).max(axis=-1)
    band = max(2, min(small.shape[:2]) // 10)
    rim = np.concatenate(
        [fine[:band].ravel(), fine[-band:].ravel(), fine[:, :band].ravel(), fine[:, -band:].ravel()]
    )
    return float(np.clip((np.percentile(rim, 75) - 0.006) / 0.012, 0, 1))


def _level(strip: Field, last: int, soft: float) -> Field:
    """Mean of the strip's last columns, row by row, softened down the rows; shape (h, 1, 3)."""
    rows = strip[:, -last:].mean(axis=1, keepdims=True)
    return blur(rows, min(soft, len(rows) / 2))


def _patched(detail: Field, length: int, free: bool, rng: np.random.Generator) -> Field:
    """Patches of the detail side by side, each from another place, faded into each other.

    Args:
        detail: Shape (h, w, 3), about 0 in the mean.
        length: How many columns are wanted.
        free: Whether patches may be moved up and down too, or belong to their rows.
        rng: Chooses the places.
    """
    high, deep = detail.shape[:2]
    wide = max(1, round(0.7 * deep))
    fade = max(1, wide // 3)
    ramp = np.minimum(1, (np.arange(wide, dtype=np.float32) + 0.5) / fade)
    ramp = np.minimum(ramp, ramp[::-1])[:, None]
    total = np.zeros((high, length + wide, 3), np.float32)
    power = np.zeros((length + wide, 1), np.float32)
    rows = np.arange(high)
    for start in range(-fade, length, max(1, wide - fade)):
        at, skip = int(rng.integers(deep - wide + 1)), max(0, -start)
        here = slice(start + skip, start + wide)
        patch = detail[:, at + skip : at + wide]
        if free:
            # Back and forth, so that no row of the patch meets one that is no neighbor.
            moved = (rows + int(rng.integers(2 * high))) % (2 * high)
            patch = patch[np.where(moved < high, moved, 2 * high - 1 - moved)]
        total[:, here] += patch * ramp[skip:]
        power[here] += ramp[skip:] ** 2
    return total[:, :length] / np.sqrt(np.maximum(power[:length], 1e-3))


def _continued(
    strip: Field, length: int, rough: float, free: bool, rng: np.random.Generator
) -> Field:
    """What comes right of a strip of the picture: its rows go on, its texture anew.

    Args:
        strip: The border, little of the subject in it, shape (h, w, 3).
        length: How many columns to add.
        rough: 0 lets nothing but grain go on, 1 all detail.
        free: Whether texture may move from row to row.
        rng: Chooses the patches.
    """
    high, deep = strip.shape[:2]
    near = _level(strip, max(1, deep // 24), 1.5)
    middle = _level(strip, max(1, deep // 4), 0.02 * high)
    far = _level(strip, deep, 0.06 * high)
    away = np.arange(length, dtype=np.float32)[None, :, None] + 0.5
    out = near + (middle - near) * smoothstep(0, 0.4 * deep, away)
    out = out + (far - out) * smoothstep(0.3 * deep, 1.5 * deep, away)
    base = far * np.float32(rough) + blur(strip, 3 + rough * deep / 8) * np.float32(1 - rough)
    detail = strip - base
    if rough < 0.5:
        # Of smooth borders only what is common there goes on: no shadow's end, no speck.
        usual = 2.5 * float(np.percentile(np.abs(detail[::3, ::3]), 80)) + 0.5
        detail = np.clip(detail, -usual, usual)
    patches = _patched(detail, length, free, rng)
    return out + patches * smoothstep(-4, 4 + 16 * rough, away)


def _beside(
    strip: Field, length: int, seen: _Seen, cut: int | None, rng: np.random.Generator
) -> Field:
    """What comes right of the strip, wall and table each for themselves."""
    if cut is None or not 0 < cut < len(strip):
        return _continued(strip, length, seen.wall, False, rng)
    above = _continued(strip[:cut], length, seen.wall, True, rng)
    return np.concatenate([above, _continued(strip[cut:], length, seen.table, False, rng)])


def _wider(
    pixels: Field,
    pads: tuple[int, int],
    seen: _Seen,
    cut: int | None,
    rng: np.random.Generator,
) -> Field:
    """The pixels with columns added at the left and at the right."""
    parts = [pixels]
    for pad, right in zip(pads, (False, True), strict=True):
        deep = _deep(pixels.shape[1], seen.free[int(right)])
        if pad and right:
            parts.append(_beside(pixels[:, -deep:], pad, seen, cut, rng))
        elif pad:
            parts.insert(0, _beside(pixels[:, deep - 1 :: -1], pad, seen, cut, rng)[:, ::-1])
    return np.concatenate(parts, axis=1)


def _taller(pixels: Field, pads: tuple[int, int], seen: _Seen, rng: np.random.Generator) -> Field:
    """The pixels with rows added above and below."""
    turned, parts = pixels.swapaxes(0, 1), [pixels]
    up, down = pads
    if up:
        strip = turned[:, _deep(len(pixels), seen.free[2]) - 1 :: -1]
        more = _continued(strip, up, seen.wall, seen.wall > 0.5, rng)
        parts.insert(0, more[:, ::-1].swapaxes(0, 1))
    if down:
        strip = turned[:, -_deep(len(pixels), seen.free[3]) :]
        parts.append(_continued(strip, down, seen.table, False, rng).swapaxes(0, 1))
    return np.ascontiguousarray(np.concatenate(parts))


def _deep(length: int, free: float) -> int:
    """How many pixels of a border tell how it goes on: as many as are free of the subject."""
    return max(1, round(length * min(0.3, max(0.12, 0.94 * free))))


def _place(slow: Field, prompt: str, seed: int, size: tuple[int, int], horizon: float) -> Field:
    """The prompt's place in the tones of the picture, display values 0..255, at that size."""
    half = (max(8, size[0] // 2), max(8, size[1] // 2))
    place = np.sqrt(np.clip(scene(prompt, seed=seed, size=half, horizon=horizon), 0, 1))
    coarse = resize(place, (slow.shape[1], slow.shape[0]), Image.Resampling.BOX)
    reach = slow.shape[1] * 0.10
    tones = blur(slow, reach) / np.maximum(blur(coarse, reach), 0.04)
    fit = resize(
        np.clip(0.4 + 0.6 * tones, 0.4, 1.8).astype(np.float32), half, Image.Resampling.BILINEAR
    )
    return resize(np.clip(place * fit, 0, 1) * np.float32(255), size, Image.Resampling.BILINEAR)


def _wish(
    full: Field,
    box: tuple[int, int, int, int],
    prompt: str,
    seed: int,
    creativity: float,
    seen: _Seen,
) -> None:
    """Let the prompt's place in, the nearer to the picture the more creative; changes `full`."""
    high, wide = full.shape[:2]
    scale = min(1.0, _SMALL / max(high, wide))
    small = (max(2, round(wide * scale)), max(2, round(high * scale)))
    slow = resize(full * np.float32(1 / 255), small, Image.Resampling.BOX)
    left, top, right, bottom = (edge * scale for edge in box)
    far: Field = _distance(small, (left, top, right, bottom))
    far = far / max(float(far.max()), 1.0)
    start = 0.85 * (1 - creativity)
    drift = noise(chance("wish", prompt, seed), small, (5, 5), 2)
    share: Field = smoothstep(start, start + 0.35, far + 0.06 * drift) * smoothstep(0, 0.12, far)
    share = resize(share, (wide, high), Image.Resampling.BILINEAR)[..., None]
    row = 0.62 * (box[3] - box[1]) if seen.horizon is None else seen.horizon
    ground = (box[1] + row) / high
    full += (_place(slow, prompt, seed, (wide, high), ground) - full) * share


def extend(
    image: Image.Image,
    *,
    left: int,
    right: int,
    up: int,
    down: int,
    prompt: str = "",
    seed: int,
    creativity: float = 0.5,
) -> Image.Image:
    """Grow a picture's canvas and continue what is at its borders.

    Args:
        image: What is extended; transparency is first flattened on mid grey.
        left: Pixels to add at the left.
        right: Pixels to add at the right.
        up: Pixels to add above.
        down: Pixels to add below.
        prompt: What the surroundings should become, in the tones of the picture.
        seed: Moves details of what is added.
        creativity: 0 continues the borders only, 1 lets the prompt in most.

    Returns:
        RGB, larger by what was added; the original's pixels are exactly where they belong.
    """
    image = flat(image)
    width, height = image.size
    size = (width + left + right, height + up + down)
    if size == image.size:
        return image.copy()
    seen, rng = _look(image), chance("extend", prompt, seed)
    full = _wider(np.asarray(image, np.float32), (left, right), seen, seen.horizon, rng)
    full = _taller(full, (up, down), seen, rng)
    if prompt and creativity > 0:
        _wish(full, (left, up, left + width, up + height), prompt, seed, creativity, seen)
    full += np.float32(0.5)
    np.clip(full, 0, 255, out=full)
    grown = Image.fromarray(full.astype(np.uint8))
    grown.paste(image, (left, up))
    return grown
