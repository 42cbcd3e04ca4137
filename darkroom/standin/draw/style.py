"""Style: the palette and the grain of one picture in another."""

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, resize
from darkroom.standin.draw.palette import luminance
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.words import read

_SAMPLE = 128
"""Longer side, in pixels, of the copies on which palettes are measured."""
_PATCH = 192
"""Side, in pixels, of the piece of the style that its grain is taken from."""


def _colors(image: Image.Image) -> Field:
    """A picture's colors, shape (n, 3), display values 0..255, every part counting alike."""
    little = image.copy()
    little.thumbnail((_SAMPLE, _SAMPLE), Image.Resampling.BOX)
    colors = np.asarray(little, np.float64).reshape(-1, 3)
    # Of a single pixel no spread can be told.
    return np.repeat(colors, 2, axis=0) if len(colors) == 1 else colors


def _root(matrix: Field, power: float) -> Field:
    values, vectors = np.linalg.eigh(matrix)
    powered: Field = (vectors * np.maximum(values, 1e-6) ** power) @ vectors.T
    return powered


def _palette_map(colors: Field, style: Field) -> tuple[Field, Field]:
    """Matrix and shift that give the colors the style's mean and covariance.

    Of all linear maps that do so it is the one that moves colors least (Monge and Kantorovich),
    so what is light stays light and what differs stays different.
    """
    # A picture of one color has no spread to scale: a little noise keeps the map tame.
    own = np.cov(colors.T) + np.eye(3) * 12
    goal = np.cov(style.T) + np.eye(3) * 12
    root, back = _root(own, 0.5), _root(own, -0.5)
    matrix = back @ _root(root @ goal @ root, 0.5) @ back
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.clip(values, 0.15, 2.6)) @ vectors.T
    return matrix, style.mean(0) - matrix @ colors.mean(0)


def _tones(values: Field, goal: Field) -> Field:
    """A curve, shape (256,), that gives the first brightness the distribution of the second."""
    at = np.linspace(0, 100, 33)
    start = np.percentile(values, at) + np.arange(33) * 1e-3
    curve: Field = np.interp(np.arange(256), start, np.percentile(goal, at))
    # Steep pieces of the curve would show as bands.
    soft = np.convolve(np.pad(curve, 12, mode="edge"), np.ones(25) / 25, mode="valid")
    return np.asarray(soft, np.float64)


def _repainted(image: Image.Image, style: Field, share: float) -> Image.Image:
    """The picture in the style's palette, as far as the share 0..1 says."""
    colors = _colors(image)
    matrix, shift = _palette_map(colors, style)
    matrix = np.eye(3) + (matrix - np.eye(3)) * share
    shift = shift * share
    rows = np.concatenate([matrix, shift[:, None]], axis=1)
    moved = image.convert("RGB", tuple(float(v) for v in rows.ravel()))
    # What the map leaves undone, because colors end at 0 and 255, a curve per channel does.
    now = np.clip(colors @ matrix.T + shift, 0, 255)
    table: list[int] = []
    for channel in range(3):
        wanted = _tones(now[:, channel], style[:, channel])
        curve = np.arange(256) + (wanted - np.arange(256)) * 0.5 * share
        table += np.clip(np.round(curve), 0, 255).astype(int).tolist()
    return moved.point(table)


def _fine(image: Image.Image) -> Field:
    """Detail finer than about 6 pixels, in levels around 0, shape (h, w)."""
    grey = image.convert("L")
    soft = grey.filter(ImageFilter.BoxBlur(3))
    return np.asarray(grey, np.float32) - np.asarray(soft, np.float32)


def _grain(style: Image.Image, size: tuple[int, int], seed: int) -> Field:
    """The style's own grain, in levels around 0, shape (h, w).

    It comes from the piece of the style with the most even texture, which leaves out contours, and
    is laid out in mirrored tiles. So canvas, brush strokes and paper come along, but no things.
    """
    scale = max(size) / max(style.size)
    near = style.resize(
        (max(16, round(style.width * scale)), max(16, round(style.height * scale))),
        Image.Resampling.BICUBIC,
    )
    fine = _fine(near)
    side = max(8, min(_PATCH, fine.shape[0] // 2, fine.shape[1] // 2))
    best, least = fine[:side, :side], np.inf
    for top in np.linspace(0, fine.shape[0] - side, 5).astype(int):
        for left in np.linspace(0, fine.shape[1] - side, 5).astype(int):
            patch = fine[top : top + side, left : left + side]
            power = float(patch.std()) + 0.3
            # Texture is everywhere alike; a contour is a peak.
            uneven = float(np.percentile(np.abs(patch[::3, ::3]), 99)) / power - 0.12 * power
            if uneven < least:
                best, least = patch, uneven
    limit = 2 * float(best.std()) + 0.5
    tile = np.clip(best - best.mean(), -limit, limit)
    tile = np.concatenate([tile, tile[:, ::-1]], axis=1)
    tile = np.concatenate([tile, tile[::-1]], axis=0)
    start = chance("style", seed).integers(0, 2 * side, 2)
    tile = np.roll(tile, tuple(int(n) for n in start), (0, 1))
    times = (-(-size[1] // tile.shape[0]), -(-size[0] // tile.shape[1]))
    return np.tile(tile, times)[: size[1], : size[0]].astype(np.float32)


def _finished(image: Image.Image, style: Image.Image, share: float, seed: int) -> Image.Image:
    """The picture with the style's grain, as far as the share 0..1 says."""
    if share <= 0:
        return image
    added = _grain(style, image.size, seed) * np.float32(share)
    levels = np.asarray(image, np.float32) + added[..., None] + np.float32(0.5)
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def style_guide(
    style: Image.Image,
    prompt: str,
    *,
    fidelity: float,
    seed: int,
    size: tuple[int, int],
    negative_prompt: str = "",
) -> Image.Image:
    """A picture of a prompt in the style of another picture.

    Args:
        style: Gives palette and grain, any mode and size.
        prompt: What is wanted; what it shows comes from here alone.
        fidelity: 0 is the prompt's picture in its own colors, 1 has the style's palette in full.
        seed: Changes angle, proportions and light a little.
        size: Width and height in pixels.
        negative_prompt: What is not wanted, as in `text_to_image`.

    Returns:
        An RGB image of exactly that size.
    """
    share = float(np.clip(fidelity, 0, 1))
    drawn = text_to_image(prompt, seed=seed, size=size, negative_prompt=negative_prompt)
    if share <= 0:
        return drawn
    plain = flat(style)
    return _finished(_repainted(drawn, _colors(plain), share), plain, share, seed)


def _loosened(image: Image.Image, style: Image.Image, share: float) -> Image.Image:
    """The picture with less detail of its own, lit as the style is lit.

    At a share of 1 only the large shapes are left, in broad strokes, and light and dark are spread
    over the picture as in the style.
    """
    if share <= 0:
        return image
    longer = max(image.size)
    # Broad strokes: each becomes the middle color of its neighborhood, so contours stay sharp.
    wide = round(longer / (1 + longer / 110 * share)) if share > 0.02 else longer
    ratio = max(24, wide) / longer
    little = (max(2, round(image.width * ratio)), max(2, round(image.height * ratio)))
    strokes = image.resize(little, Image.Resampling.BOX).filter(ImageFilter.MedianFilter(3))
    strokes = strokes.resize(image.size, Image.Resampling.BICUBIC)
    loose = Image.blend(image, strokes, min(1.0, 0.35 + share))
    place = ImageOps.fit(style, (48, 48), Image.Resampling.BOX)
    light = blur(luminance(np.asarray(place, np.float32)), 9.0, 3)
    light = light / max(float(light.mean()), 4.0)
    light = 1 + (np.clip(light, 0.4, 1.7) - 1) * np.float32(0.8 * share)
    levels = np.asarray(loose, np.float32) * resize(light, image.size)[..., None]
    return Image.fromarray(np.clip(levels + 0.5, 0, 255).astype(np.uint8))


def style_transfer(
    image: Image.Image,
    style: Image.Image,
    *,
    prompt: str = "",
    style_strength: float,
    composition_fidelity: float,
    change_strength: float,
    seed: int,
) -> Image.Image:
    """A picture in the style of another one.

    Args:
        image: What is shown, any mode and size.
        style: Gives palette and grain, any mode and size.
        prompt: A color that it names tints the palette.
        style_strength: 0 keeps the picture's own palette, 1 takes the style's.
        composition_fidelity: 1 keeps every shape; toward 0 detail gives way to broad strokes, and
            light and dark are spread as in the style.
        change_strength: How much may change at all: 0 gives the picture back.
        seed: Moves the grain.

    Returns:
        RGB of the picture's size.
    """
    source, plain = flat(image), flat(style)
    change = float(np.clip(change_strength, 0, 1))
    share = float(np.clip(style_strength, 0, 1)) * change
    loose = float(np.clip(1 - composition_fidelity, 0, 1)) * change
    goal = _colors(plain)
    look = read(prompt)
    if prompt and look.named:
        tint = np.sqrt(look.color) * 255
        goal = np.clip(goal + (tint - goal.mean(0)) * 0.2, 0, 255)
    result = _loosened(source, plain, loose)
    if share <= 0:
        return result.copy() if result is source else result
    return _finished(_repainted(result, goal, share), plain, share, seed)
