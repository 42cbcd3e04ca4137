"""Erasing: what is marked gives way to the surroundings, tone, texture and grain."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, grain, resize, smoothstep
from darkroom.standin.draw.paper import fit
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.segment import working_copy

_SIDE = 208
"""Longer side of the copy, in pixels, on which tones are carried into the hole."""
_LEVEL = 2.0
"""How much more readily tones spread sideways than up and down: horizons lie flat."""
_SLOW = 8.0
"""Levels by which the hole's rim may differ from what lies farther off and be no shadow."""


def _halved(colors: Field, known: Field) -> tuple[Field, Field]:
    """Both at half the size, known pixels alone counting; shapes (h, w, 3) and (h, w)."""
    high, wide = known.shape
    rows, columns = (high + 1) // 2, (wide + 1) // 2
    room = ((0, rows * 2 - high), (0, columns * 2 - wide))
    weight = np.pad(known, room).reshape(rows, 2, columns, 2).sum((1, 3))
    summed = np.pad(colors * known[..., None], (*room, (0, 0)))
    total = summed.reshape(rows, 2, columns, 2, 3).sum((1, 3))
    return total / np.maximum(weight, 1e-6)[..., None], (weight > 0).astype(np.float32)


def _settle(colors: Field, unknown: Field, rounds: int) -> Field:
    """Let the unknown pixels become the mean of their neighbors, again and again."""
    sideways, upright = _LEVEL / (2 * _LEVEL + 2), 1 / (2 * _LEVEL + 2)
    share = unknown[..., None]
    for _ in range(rounds):
        around = np.pad(colors, ((1, 1), (1, 1), (0, 0)), mode="edge")
        mean = np.float32(sideways) * (around[1:-1, :-2] + around[1:-1, 2:])
        mean += np.float32(upright) * (around[:-2, 1:-1] + around[2:, 1:-1])
        colors = colors + (mean - colors) * share
    return colors


def _membrane(colors: Field, known: Field) -> Field:
    """Colors of the known pixels, and between them the smoothest passage: shape (h, w, 3).

    A pyramid gives a first guess at every scale, each of which is then let settle.
    """
    if min(known.shape) <= 2 or known.all():
        mean = (colors * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1e-6)
        guess = np.broadcast_to(mean.astype(np.float32), colors.shape)
    else:
        coarse = _membrane(*_halved(colors, known))
        guess = resize(coarse, (known.shape[1], known.shape[0]), Image.Resampling.BILINEAR)
    start = guess + (colors - guess) * known[..., None]
    return _settle(start, 1 - known, 10 if max(known.shape) > 120 else 40)


def _layers(tones: Field, box: tuple[int, int, int, int]) -> Field:
    """What lies level on both sides of the hole, led across it row by row, shape (h, w, 3).

    Horizons, shelves and table edges stay sharp that way. All 0 where the sides do not agree.

    Args:
        tones: Colors with a first filling, shape (h, w, 3).
        box: Left, top, right and bottom of the hole.
    """
    left, top, right, bottom = box
    high, wide = tones.shape[:2]
    level = np.zeros_like(tones)
    reach = max(2, wide // 40)
    # A little away from the hole, whose very rim may hold some of the object.
    left, right = left - 1, right + 1
    if left < reach or right > wide - reach or bottom - top < 6:
        return level
    a = tones[:, left - reach : left].mean(1, keepdims=True)
    b = tones[:, right : right + reach].mean(1, keepdims=True)
    # Slow changes, such as light on paper, need no leading: steps tell.
    steps = [(side - blur(side, high * 0.05, 1))[top:bottom] for side in (a, b)]
    power = np.sqrt(float((steps[0] ** 2).sum()) * float((steps[1] ** 2).sum()))
    alike = float((steps[0] * steps[1]).sum()) / (power + 4.0 * (bottom - top))
    across = np.clip((np.arange(wide, dtype=np.float32) - left) / max(1, right - left), 0, 1)
    led = a + (b - a) * across[None, :, None]
    led *= smoothstep(0.45, 0.8, np.full((1, 1, 1), alike, np.float32))
    result: Field = led.astype(np.float32)
    return result


def _tones(colors: Field, known: Field, box: tuple[int, int, int, int]) -> Field:
    """The hole's slow colors from what lies around it, shape (h, w, 3), 0..255.

    What is nearest to the hole, often the object's shadow, counts only for the hole's rim.

    Args:
        colors: Shape (h, w, 3), 0..255; 0 where not known.
        known: 1 or 0, shape (h, w).
        box: Left, top, right and bottom of the hole.
    """
    reach = max(known.shape) * 0.05
    away = blur(1 - known, reach, 1) <= 0
    far = (known * away).astype(np.float32)
    if far.sum() < 0.02 * far.size:
        far = known
    guess = _membrane(colors * far[..., None], far)
    level = _layers(guess + (colors - guess) * known[..., None], box)
    if level.any():
        guess = level + _membrane((colors - level) * far[..., None], far)
    off = (colors - guess) * known[..., None]
    # On busy ground a difference is no shadow yet.
    busy = np.abs(colors - blur(colors, reach, 1))[away & (far > 0)]
    slow = _SLOW + 4 * float(busy.mean() if busy.size else 0)
    shared = np.clip(off, -slow, slow)
    guess = guess + _membrane(shared, known)
    rest = off - shared
    for radius in (reach * 0.6, 3.0, 1.5):
        share = blur(known, radius, 2)[..., None]
        soft = blur(rest, radius, 2) / np.maximum(share, 0.08) * smoothstep(0.0, 0.45, share)
        guess = guess + soft
        rest = (rest - soft) * known[..., None]
    return guess


def _fine(image: Image.Image, sure: Image.Image, size: tuple[int, int]) -> tuple[Field, Field]:
    """The picture's texture where it is sure, and how strong it commonly is around there.

    Args:
        image: Mode RGB.
        sure: 255 where the picture counts, else 0.
        size: Width and height of the copy for slow fields.

    Returns:
        Texture in levels of grey, shape (h, w), 0 where not sure; and its usual strength, at that
        size, carried into what is not sure.
    """
    radius = max(2, round(max(image.size) * 0.012))
    grey = image.convert("L")
    seen = Image.composite(grey, Image.new("L", image.size), sure)
    part = np.asarray(seen.filter(ImageFilter.BoxBlur(radius)), np.float32)
    share = np.asarray(sure.filter(ImageFilter.BoxBlur(radius)), np.float32)
    fine = np.asarray(grey, np.float32) - part * (255 / np.maximum(share, 1))
    fine *= np.asarray(sure) > 0
    weight = np.asarray(sure.resize(size, Image.Resampling.BOX), np.float32) / 255
    usual = resize(np.abs(fine), size, Image.Resampling.BOX) / np.maximum(weight, 0.05)
    known = (weight > 0.4).astype(np.float32)
    # The least nearby: an outline is no texture.
    least = np.where(known > 0, usual, 255)
    for axis in (0, 1):
        padded = np.pad(least, [(2, 2) if i == axis else (0, 0) for i in (0, 1)], mode="edge")
        views = [np.take(padded, np.arange(least.shape[axis]) + k, axis) for k in range(5)]
        least = np.minimum.reduce(views)
    strength = _membrane(np.repeat((least * known)[..., None], 3, 2), known)[..., 0]
    return fine, strength


def _texture(
    fine: Field, sure: Image.Image, strength: Field, box: tuple[int, int, int, int]
) -> Field:
    """Texture for the hole's box from beside it, shape of the box, in levels.

    Copied sideways, so that planks, waves and sand keep their direction and their distance; where
    two copies meet one fades into the other.

    Args:
        fine: Texture where it is sure, shape (h, w).
        sure: 255 where it is, else 0.
        strength: Its usual strength, at any size.
        box: Left, top, right and bottom of the hole.
    """
    left, top, right, bottom = box
    wide = fine.shape[1]
    soft = sure.filter(ImageFilter.BoxBlur(max(1, round(wide * 0.025))))
    # Not from the hole's very rim, where light and shadow of the object change fast.
    trust = smoothstep(110, 250, np.asarray(soft, np.float32)) * (np.asarray(sure) > 0)
    total = np.zeros((bottom - top, right - left), np.float32)
    power = np.full(total.shape[:2], 1e-3, np.float32)
    step = max(4, round(wide * 0.083))
    for turn in range(1, 2 * (wide // step) + 2):
        shift = step * ((turn + 1) // 2) * (1 if turn % 2 else -1)
        x0, x1 = max(0, left + shift), min(wide, right + shift)
        if x1 <= x0:
            continue
        to = slice(x0 - shift - left, x1 - shift - left)
        # Whatever came first keeps its place: farther copies fill what is still empty.
        weight = trust[top:bottom, x0:x1] * np.clip(1 - power[:, to] * 1.6, 0, 1)
        if not weight.any():
            continue
        total[:, to] += fine[top:bottom, x0:x1] * weight
        power[:, to] += weight * weight
        if float(power.min()) > 0.7:
            break
    total /= np.sqrt(np.maximum(power, 0.09))
    limit = resize(strength, (wide, fine.shape[0]), Image.Resampling.BILINEAR)
    limit = limit[top:bottom, left:right] * np.float32(2.4)
    return np.clip(total, -limit, limit)


def _blank(image: Image.Image, seed: int) -> Image.Image:
    """Smooth paper in the tones of the picture's rim, for when nothing is left to go by."""
    small = working_copy(image, 96)
    rim = np.ones(small.shape[:2], np.bool_)
    rim[3:-3, 3:-3] = False
    paper = resize(np.clip(fit(small, rim)[0], 0, 255), image.size)
    paper += grain(chance("erase", seed), image.size, 1.2)[..., None] + np.float32(0.5)
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


def _seam(image: Image.Image, smooth: Field, sure: Image.Image) -> Field:
    """What the slow colors lack beside the hole, carried a few pixels into it, shape (h, w, 3)."""
    off = np.clip(np.asarray(image, np.float32) - smooth, -127, 127) + np.float32(128)
    middle = Image.new("RGB", image.size, (128, 128, 128))
    shown = Image.composite(Image.fromarray(off.astype(np.uint8)), middle, sure)
    near = ImageFilter.BoxBlur(max(1, round(max(image.size) / 200)))
    soft = np.asarray(shown.filter(near), np.float32) - np.float32(128)
    share = np.asarray(sure.filter(near), np.float32) * np.float32(1 / 255)
    gain: Field = smoothstep(0.0, 0.35, share) / np.maximum(share, 0.05)
    return soft * gain[..., None]


def fill(image: Image.Image, hole: Image.Image, *, seed: int) -> Image.Image:
    """The picture with every pixel of the hole made up from what surrounds it.

    Args:
        image: Mode RGB.
        hole: Mode "L", same size: what is above 0 is not looked at and made up.
        seed: Chooses the grain where there is no texture to go on.

    Returns:
        RGB, same size; pixels out of the hole are those of the picture.
    """
    gone = hole.point([0] + [255] * 255)
    box = gone.getbbox()
    if box is None:
        return image.copy()
    width, height = image.size
    # The hole's rim may still hold some of what is erased: sharpened, blurred or compressed in.
    margin = max(1, round(max(image.size) / 340))
    sure = ImageChops.invert(gone.filter(ImageFilter.BoxBlur(margin)).point([0] + [255] * 255))
    if sure.getbbox() is None:
        sure = ImageChops.invert(gone)
        if sure.getbbox() is None:
            return _blank(image, seed)
    scale = min(1.0, _SIDE / max(image.size))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    share = np.asarray(sure.resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
    black = Image.new("RGB", image.size)
    seen = Image.composite(image, black, sure).resize(size, Image.Resampling.BOX)
    known = (share > min(0.45, float(share.max()) * 0.9)).astype(np.float32)
    colors = np.asarray(seen, np.float32) / np.maximum(share, 0.05)[..., None] * known[..., None]
    left, top, right, bottom = box
    little = (
        int(left * scale),
        int(top * scale),
        min(size[0], int(np.ceil(right * scale))),
        min(size[1], int(np.ceil(bottom * scale))),
    )
    smooth = resize(_tones(colors, known, little), image.size, Image.Resampling.BICUBIC)
    # The window reaches beyond the hole, to see what its seam must meet.
    room = max(image.size) // 40
    wider = (max(0, left - room), max(0, top - room), right + room, bottom + room)
    wider = (*wider[:2], min(width, wider[2]), min(height, wider[3]))
    slow = smooth[wider[1] : wider[3], wider[0] : wider[2]]
    slow = slow + _seam(image.crop(wider), slow, sure.crop(wider))
    patch = slow[top - wider[1] : bottom - wider[1], left - wider[0] : right - wider[0]]
    half = (max(1, size[0] // 2), max(1, size[1] // 2))
    fine, strength = _fine(image, sure, half)
    patch += _texture(fine, sure, strength, box)[..., None]
    noise = grain(chance("erase", seed), (right - left, bottom - top), 0.5)
    patch += noise[..., None] + np.float32(0.5)
    fresh = Image.fromarray(np.clip(patch, 0, 255).astype(np.uint8))
    filled = image.copy()
    filled.paste(fresh, (left, top), gone.crop(box))
    return filled


def erase(image: Image.Image, mask: Image.Image, *, seed: int) -> Image.Image:
    """Remove what is marked and let the surroundings go on in its place.

    Args:
        image: Transparency is first flattened on mid grey.
        mask: Mode "L", same size: 255 is filled, 0 stays exactly as it is; in between the fill is
            laid over, whole from mid grey up, so that no soft rim of the object is left.
        seed: Chooses the grain.

    Returns:
        RGB, same size.
    """
    image, mask = flat(image), mask.convert("L")
    filled = fill(image, mask, seed=seed)
    return Image.composite(filled, image, mask.point([min(255, 2 * i) for i in range(256)]))
