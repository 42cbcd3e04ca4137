"""Outpainting by extension: what is at a picture's borders goes on beyond them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, noise, resize, smoothstep
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.scene import scene

_SMALL = 288
"""Longer side of the canvas, in pixels, at which slow changes are worked out."""


def _distance(size: tuple[int, int], box: tuple[float, float, float, float]) -> Field:
    """How far each pixel lies outside the box, in pixels, shape (h, w)."""
    x = np.arange(size[0], dtype=np.float32)[None, :] + 0.5
    y = np.arange(size[1], dtype=np.float32)[:, None] + 0.5
    across = np.maximum(np.maximum(box[0] - x, x - box[2]), 0)
    down = np.maximum(np.maximum(box[1] - y, y - box[3]), 0)
    far: Field = np.hypot(across, down).astype(np.float32)
    return far


def _horizon(small: Field) -> float:
    """Where the picture's side borders change most from top to bottom, 0..1: its ground line."""
    sides = np.concatenate([small[:, :3], small[:, -3:]], axis=1).mean(axis=1)
    reach = max(1, len(sides) // 24)
    if len(sides) < 4 * reach + 2:
        return 0.6
    change = np.abs(sides[2 * reach :] - sides[: -2 * reach]).sum(axis=1)
    change[: len(change) // 4] = 0
    if float(change.max()) < 0.06:
        return 0.62
    return float(np.argmax(change) + reach) / len(sides)


def _roughness(small: Field) -> float:
    """0 for borders as smooth as studio paper, 1 for borders full of detail."""
    fine = np.abs(small - blur(small, 3.0)).max(axis=-1)
    band = max(2, min(small.shape[:2]) // 10)
    rim = np.concatenate(
        [fine[:band].ravel(), fine[-band:].ravel(), fine[:, :band].ravel(), fine[:, -band:].ravel()]
    )
    return float(np.clip((np.percentile(rim, 75) - 0.006) / 0.012, 0, 1))


def _folded(length: int, before: int, after: int, strip: float) -> NDArray[np.intp]:
    """Where to look for each pixel of a longer line: the strip at its end, back and forth."""
    deep = max(1, min(length // 2, round(length * strip)))
    at = np.arange(-before, length + after)

    def fold(out: NDArray[np.intp]) -> NDArray[np.intp]:
        turn = out % (2 * deep)
        return np.where(turn < deep, turn, 2 * deep - 1 - turn)

    inside = np.clip(at, 0, length - 1)
    folded = np.where(
        at < 0, fold(-at - 1), np.where(at >= length, length - 1 - fold(at - length), inside)
    )
    return folded.astype(np.intp)


def _mirrored(pixels: NDArray[np.generic], pads: tuple[int, int, int, int]) -> NDArray[np.generic]:
    """The picture with its border strips mirrored outward, so that no subject doubles."""
    left, right, up, down = pads
    rows = _folded(pixels.shape[0], up, down, 0.14)
    columns = _folded(pixels.shape[1], left, right, 0.14)
    return np.take(np.take(pixels, rows, axis=0), columns, axis=1)


def _slow(small: Field, pads: tuple[int, int, int, int], far: Field, rough: float) -> Field:
    """The borders' colors carried outward, the farther the softer, shape of the small canvas."""
    left, right, up, down = pads
    base = np.pad(small, ((up, down), (left, right), (0, 0)), mode="edge")
    if rough > 0:
        base = base + (_mirrored(small, pads).astype(np.float32) - base) * np.float32(rough)
    result = base
    for radius in (2.0, 5.0, 12.0):
        soft = blur(base, radius, 2)
        start = radius * (0.8 + 1.6 * rough)
        result = result + (soft - result) * smoothstep(start, start * 3.5, far)[..., None]
    return result


def _place(slow: Field, prompt: str, seed: int, size: tuple[int, int], horizon: float) -> Field:
    """The prompt's place in the tones of the picture, display values 0..255, at that size."""
    half = (max(8, size[0] // 2), max(8, size[1] // 2))
    place = np.sqrt(np.clip(scene(prompt, seed=seed, size=half, horizon=horizon), 0, 1))
    coarse = resize(place, (slow.shape[1], slow.shape[0]), Image.Resampling.BOX)
    reach = slow.shape[1] * 0.10
    tones = blur(slow, reach) / np.maximum(blur(coarse, reach), 0.04)
    fit = resize(
        np.clip(0.65 + 0.35 * tones, 0.4, 1.8).astype(np.float32), half, Image.Resampling.BILINEAR
    )
    return resize(np.clip(place * fit, 0, 1) * np.float32(255), size, Image.Resampling.BILINEAR)


def _texture(image: Image.Image, pads: tuple[int, int, int, int]) -> Field:
    """Fine detail mirrored outward, held to the strength of what is common at the border.

    So grain and grass go on, while a mirrored edge of some object is clipped to nothing much.
    """
    left, right, up, down = pads
    pixels = np.asarray(image, np.int16)
    soft = np.asarray(image.filter(ImageFilter.BoxBlur(3)), np.int16)
    fine = (pixels - soft).astype(np.int8, casting="unsafe")
    band = max(2, min(fine.shape[:2]) // 16)
    rims = [fine[:band], fine[-band:], fine[:, :band], fine[:, -band:]]
    usual = np.percentile(np.concatenate([np.abs(rim[::3, ::3]).ravel() for rim in rims]), 80)
    limit = int(max(1, min(40, 2.2 * float(usual))))
    fine = np.clip(fine, -limit, limit)
    return np.pad(fine, ((up, down), (left, right), (0, 0)), mode="symmetric").astype(np.float32)


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
    scale = min(1.0, _SMALL / max(size))
    pads = (round(left * scale), round(right * scale), round(up * scale), round(down * scale))
    little = (max(2, round(width * scale)), max(2, round(height * scale)))
    inner = np.asarray(image.resize(little, Image.Resampling.BOX), np.float32) / np.float32(255)
    canvas = (little[0] + pads[0] + pads[1], little[1] + pads[2] + pads[3])
    far = _distance(canvas, (pads[0], pads[2], pads[0] + little[0], pads[2] + little[1]))
    rough = _roughness(inner)
    slow = _slow(inner, pads, far, rough)
    hills = noise(chance("extend", prompt, seed), canvas, (4, 4), 2)
    drift = smoothstep(0.05, 0.9, far / max(float(far.max()), 1.0)) * np.float32(creativity)
    slow = np.clip(slow * (1 + 0.10 * hills * drift)[..., None], 0, 1)
    full = resize(slow * np.float32(255), size, Image.Resampling.BICUBIC)

    # Close to the seam the border itself goes on, freed of its grain if it is smooth.
    outward = (left, right, up, down)
    sides = ((up, down), (left, right), (0, 0))
    if rough > 0.5:
        near = _mirrored(np.asarray(image), outward)
    else:
        near = np.pad(np.asarray(image.filter(ImageFilter.BoxBlur(1))), sides, mode="edge")
    away = _distance(size, (left, up, left + width, up + height))
    reach = np.float32(max(6.0, (0.02 + 0.14 * rough) * max(size)))
    share = np.exp(-((away / reach) ** (1.0 + rough)))[..., None]
    full += (near.astype(np.float32) - full) * share
    if prompt and creativity > 0:
        horizon = (up + _horizon(inner) * height) / size[1]
        wish = smoothstep(0.06, 0.75, far / max(float(far.max()), 1.0)) * np.float32(
            min(1.0, creativity * 1.25)
        )
        wish = resize(wish, size, Image.Resampling.BILINEAR)[..., None]
        full += (_place(slow, prompt, seed, size, horizon) - full) * wish
    detail = _texture(image, outward)
    full += detail * (1 - share) if rough > 0.5 else detail
    full += np.float32(0.5)
    np.clip(full, 0, 255, out=full)
    grown = Image.fromarray(full.astype(np.uint8))
    grown.paste(image, (left, up))
    return grown
