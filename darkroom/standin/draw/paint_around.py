"""Inpainting and outpainting: a new place around what is kept."""

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, grain, resize
from darkroom.standin.draw.palette import to_image
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.scene import scene


def _kept_box(kept: Field) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is kept, None if it is (nearly) nothing."""
    solid = kept > 0.5
    columns, rows = np.flatnonzero(solid.any(axis=0)), np.flatnonzero(solid.any(axis=1))
    if not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _horizon(box: tuple[int, int, int, int] | None, height: int) -> float:
    """Where the ground should end, 0..1 from the top: behind the foot of what is kept."""
    if box is None:
        return 0.60
    _, top, _, bottom = box
    if bottom >= height - 1:
        # It runs out of the picture: its foot is not seen, so the ground lies low behind it.
        return 0.64
    foot, tall = bottom / height, (bottom - top) / height
    return float(np.clip(foot - max(0.10, 0.24 * tall), 0.12, 0.80))


def _shade(kept: Field, box: tuple[int, int, int, int]) -> Field:
    """Light left on the ground by what is kept, 0..1, at the resolution of `kept`."""
    high, wide = kept.shape
    left, top, right, bottom = box
    tall = bottom - top
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32)
    if bottom >= high - 1:
        # No foot in sight: only a soft darkening around it.
        return 1 - 0.22 * np.clip(blur(kept, max(2.0, wide * 0.05), 3), 0, 1)
    low = kept[max(top, round(bottom - 0.10 * tall)) : bottom]
    under = np.flatnonzero((low > 0.5).any(axis=0))
    x0, x1 = (float(under[0]), float(under[-1])) if len(under) else (float(left), float(right))
    middle, half = (x0 + x1) / 2, max((x1 - x0) / 2, 2.0)
    deep = max(0.17 * half, 0.03 * tall)
    near = np.exp(
        -(
            (((columns - middle) / (half * 1.08)) ** 2 + ((rows - bottom + deep * 0.5) / deep) ** 2)
            ** 1.5
        )
    )
    halo = np.exp(
        -(((columns - middle - half * 0.3) / (half * 1.7)) ** 2)
        - ((rows - bottom + deep * 0.4) / (deep * 2.3)) ** 2
    )
    # Its outline, laid down to the right and back.
    base = bottom - deep * 0.6
    lift = (base - rows) / 0.24
    from_x = np.clip(columns - lift * 0.6, 0, wide - 1).astype(np.intp)
    from_y = np.clip(base - lift, 0, high - 1).astype(np.intp)
    laid = np.where((lift > 0) & (base - lift >= top), kept[from_y, from_x], 0)
    cast = blur(laid.astype(np.float32), max(1.5, wide * 0.022), 3)
    drop = max(1, round(tall * 0.018))
    hug = np.zeros_like(kept)
    hug[drop:] = kept[:-drop] * np.clip((rows[drop:] - (bottom - 0.28 * tall)) / (0.2 * tall), 0, 1)
    hug = blur(hug, max(1.0, tall * 0.025), 3)
    light: Field = (
        (1 - 0.68 * near)
        * (1 - 0.28 * halo)
        * (1 - 0.38 * np.clip(cast, 0, 1))
        * (1 - 0.30 * np.clip(hug, 0, 1))
    )
    return light


def _clean_edge(image: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture with the colors of what is surely kept carried into the blended edge.

    A soft edge still holds the old background; blended as it is, it would leave a halo.
    """
    sure = mask.point([255] + [0] * 255)
    weight = sure.filter(ImageFilter.BoxBlur(3))
    black = Image.new("RGB", image.size)
    carried = Image.composite(image, black, sure).filter(ImageFilter.BoxBlur(3))
    share = np.asarray(weight, np.float32)[..., None]
    color = np.asarray(carried, np.float32) * 255 / np.maximum(share, 1)
    reached = weight.point([0] * 24 + [255] * 232)
    reached = ImageChops.subtract(reached, sure)
    inward = Image.fromarray(np.clip(color, 0, 255).astype(np.uint8))
    return Image.composite(inward, image, reached)


def paint_around(image: Image.Image, mask: Image.Image, prompt: str, *, seed: int) -> Image.Image:
    """Repaint part of a picture with a place drawn from the prompt.

    Args:
        image: What is repainted in part; transparency is first flattened on mid grey.
        mask: Mode "L", same size: 255 is repainted, 0 kept exactly, grey blended.
        prompt: Names ground, light and background: "on an oak table in autumn light".
        seed: Moves light and details.

    Returns:
        RGB, same size. The ground lies under what is kept, which casts a soft shadow on it.
    """
    image, mask = flat(image), mask.convert("L")
    width, height = image.size
    step = max(1, round(max(width, height) / 256))
    small = (max(8, width // step), max(8, height // step))
    kept = 1 - np.asarray(mask.resize(small, Image.Resampling.BOX), np.float32) / 255
    box = _kept_box(kept)
    painted = scene(prompt, seed=seed, size=image.size, horizon=_horizon(box, small[1]))
    if box is not None and (kept < 0.5).any():
        painted *= resize(_shade(kept, box), image.size, Image.Resampling.BILINEAR)[..., None]
    fresh = to_image(painted, grain(chance("grain", seed), image.size, 1.3))
    blended = Image.composite(fresh, _clean_edge(image, mask), mask)
    # What is kept stays as it was, to the last bit.
    blended.paste(image, (0, 0), mask.point([255] + [0] * 255))
    return blended
