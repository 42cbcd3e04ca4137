"""Inpainting: a thing drawn where the mask is, on the ground and in the light around it."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from darkroom.standin.draw import backdrop
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.erase import erase, fill
from darkroom.standin.draw.field import Field, blur, grain, resize, smoothstep
from darkroom.standin.draw.find_object import names_a_place
from darkroom.standin.draw.layer import paint
from darkroom.standin.draw.light import Studio
from darkroom.standin.draw.paint_around import paint_around
from darkroom.standin.draw.palette import linear, luminance, to_array, to_image
from darkroom.standin.draw.remove_background import flat
from darkroom.standin.draw.scene import scene
from darkroom.standin.draw.subject import Standing, stand
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.words import Look, read, tokens

_TRIAL = 96
"""Side in pixels of the copies on which a place for the subject is looked for."""
_NOTHING = {"nothing", "empty", "none", "blank", "remove", "removed", "erase"}


def _covers_the_rim(mask: Image.Image) -> bool:
    """Whether most of the picture's border is to be painted: then it is the background."""
    small = np.asarray(mask.resize((64, 64), Image.Resampling.BOX))
    rim = np.concatenate([small[0], small[-1], small[1:-1, 0], small[1:-1, -1]])
    return float((rim > 127).mean()) > 0.6


def _silhouette(standing: Standing) -> Field:
    """The subject's coverage, shape (h, w) of its frame."""
    width, height = standing.frame.size
    cover = np.zeros((height, width), np.float32)
    for layer in standing.layers:
        if not layer.ghost:
            window = layer.window
            place = cover[window.y0 : window.y1, window.x0 : window.x1]
            np.maximum(place, layer.cover, out=place)
    return cover


def _place(mask: Image.Image, shape: Image.Image) -> tuple[float, float, float]:
    """Where in the mask a subject fits best, as large as can be and rather low than high.

    Args:
        mask: Mode "L", the mask's box only.
        shape: Mode "L", the subject's outline, cropped to it.

    Returns:
        Width of the subject, and x and y of its middle, in pixels of the box.
    """
    ratio = min(1.0, _TRIAL / max(mask.size))
    small = (max(4, round(mask.width * ratio)), max(4, round(mask.height * ratio)))
    room = np.asarray(mask.resize(small, Image.Resampling.BOX), np.float32) / np.float32(255)
    high, wide = 2 * small[1], 2 * small[0]
    spectrum = np.fft.rfft2(room, (high, wide))
    largest = min(small[0] / shape.width, small[1] / shape.height)
    best = (-1.0, 0.9, small[0] / 2, small[1] / 2)
    for share in (0.92, 0.84, 0.76, 0.68, 0.6, 0.52, 0.44, 0.36):
        size = (
            max(1, round(shape.width * largest * share)),
            max(1, round(shape.height * largest * share)),
        )
        thing = np.asarray(shape.resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
        # For every place at once: how much of the subject lies in the mask.
        overlap = np.fft.irfft2(spectrum * np.fft.rfft2(thing, (high, wide)).conj(), (high, wide))
        overlap = overlap[: small[1] - size[1] + 1, : small[0] - size[0] + 1]
        inside = overlap / max(float(thing.sum()), 1e-6)
        y, x = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]].astype(np.float32)
        middle = (x + size[0] / 2) / small[0] - 0.5
        foot = (y + size[1]) / small[1]
        # A little ground below it, for its shadow.
        wish = -0.10 * np.abs(middle) - 0.25 * np.abs(foot - 0.95)
        score = np.minimum(inside, 0.999) * 16 + wish + 0.55 * share
        at = np.unravel_index(int(score.argmax()), score.shape)
        if float(score[at]) > best[0]:
            best = (
                float(score[at]),
                share,
                float(at[1]) + size[0] / 2,
                float(at[0]) + size[1] / 2,
            )
    return shape.width * largest * best[1] / ratio, best[2] / ratio, best[3] / ratio


def _light(image: Image.Image, mask: Image.Image, look: Look) -> tuple[float, Field, Field]:
    """The light of the surroundings: key side, key color and bounce, from a small copy."""
    size = (32, 32)
    colors = linear(to_array(image.resize(size, Image.Resampling.BOX)))
    seen = 1 - np.asarray(mask.resize(size, Image.Resampling.BOX), np.float32) / np.float32(255)
    total = max(float(seen.sum()), 1e-3)
    mean = (colors * seen[..., None]).sum((0, 1)) / total
    half = []
    for part in (slice(0, 16), slice(16, 32)):
        share = max(float(seen[:, part].sum()), 1e-3)
        half.append(float((luminance(colors[:, part]) * seen[:, part]).sum()) / share)
    bright = max(float(luminance(mean)), 0.01)
    # Daylight is not the color of the walls: the key takes a part of it only.
    tint = mean / bright
    power = float(np.clip(0.62 + 0.75 * math.sqrt(bright), 0.7, 1.2))
    key = (np.float32(0.75) + np.float32(0.25) * tint) * np.float32(power)
    alike = float(np.abs(np.sqrt(mean) - np.sqrt(look.color)).max()) < 0.16
    return (
        -1.0 if half[0] >= half[1] * 0.97 else 1.0,
        key.astype(np.float32),
        (mean * np.float32(0.6 if alike else 0.8)).astype(np.float32),
    )


def _set_down(
    image: Image.Image, mask: Image.Image, prompt: str, seed: int, negative_prompt: str
) -> Image.Image:
    """The subject of the prompt within the mask, on a ground made up from the surroundings."""
    ground = fill(image, mask, seed=seed)
    box = mask.point([0] * 128 + [255] * 128).getbbox() or mask.getbbox()
    if box is None:
        return ground
    look = read(prompt, negative_prompt)
    rng = chance("paint in", prompt, seed)
    angle = math.radians(float(rng.uniform(10, 15)))
    tilt = (math.sin(angle), math.cos(angle))
    trial = _silhouette(stand(look, prompt, seed, (_TRIAL * 2, _TRIAL * 2), tilt))
    outline = Image.fromarray((trial * 255).astype(np.uint8))
    edges = outline.point([0] * 60 + [255] * 196).getbbox()
    if edges is None:
        return ground
    wide, x, y = _place(mask.crop(box), outline.crop(edges))
    # A canvas of its own, in which the subject has the size and the place that were found.
    side = max(16, round(_TRIAL * 2 * wide / (edges[2] - edges[0])))
    standing = stand(look, prompt, seed, (side, side), tilt)
    cover = _silhouette(standing)
    rows, columns = np.flatnonzero(cover.max(1) > 0.3), np.flatnonzero(cover.max(0) > 0.3)
    if not len(rows):
        return ground
    left = round(box[0] + x - (columns[0] + columns[-1] + 1) / 2)
    top = round(box[1] + y - (rows[0] + rows[-1] + 1) / 2)
    # The canvas may reach beyond the picture: its rim then goes on.
    across = np.clip(np.arange(left, left + side), 0, image.width - 1)
    down = np.clip(np.arange(top, top + side), 0, image.height - 1)
    canvas = linear(
        np.asarray(ground)[down[:, None], across[None, :]].astype(np.float32) * np.float32(1 / 255)
    )
    key_side, key, bounce = _light(image, mask, look)
    if "shadow" not in tokens(negative_prompt):
        low = float(rows[-1] + 1)
        tall = float(rows[-1] - rows[0] + 1)
        feet = np.flatnonzero(cover[int(low - 0.12 * tall) :].max(0) > 0.5)
        feet = feet if len(feet) else columns
        step = max(1, side // 192)
        little = (max(8, side // step), max(8, side // step))
        ratio = little[0] / side
        foot = (float(feet[0]) * ratio, float(feet[-1]) * ratio, low * ratio)
        small = resize(cover, little, Image.Resampling.BOX)
        dark = resize(backdrop.shadow(little, foot, tall * ratio, key_side, small), (side, side))
        # The shadow ends where the mask does, and must not be seen to be cut.
        room = np.asarray(mask)[down[:, None], across[None, :]].astype(np.float32) / 255
        room = resize(
            blur(resize(room, little, Image.Resampling.BOX), little[0] * 0.08, 3), (side, side)
        )
        canvas *= (1 - (1 - dark) * smoothstep(0.5, 1.0, room))[..., None]
    studio = Studio(key_side, key, bounce, tilt, 0.3)
    truth = paint(canvas, standing.layers, studio)
    fresh = to_image(canvas, grain(chance("grain", seed), (side, side), 1.2))
    painted = ground.copy()
    painted.paste(fresh, (left, top))
    if float(truth.max()) < 0.5:
        return ground
    return painted


def _laid(image: Image.Image, mask: Image.Image, prompt: str, seed: int) -> Image.Image:
    """A place painted where the mask is, in the brightness of what is around it."""
    box = mask.getbbox() or (0, 0, *image.size)
    middle = (box[1] + box[3]) / 2 / image.height
    # What lies low is ground, what lies high is wall or sky.
    horizon = float(np.clip(box[1] / image.height - 0.02, 0.02, 0.9)) if middle > 0.5 else 0.62
    painted = scene(prompt, seed=seed, size=image.size, horizon=horizon)
    return to_image(painted, grain(chance("grain", seed), image.size, 1.2))


def paint_in(
    image: Image.Image, mask: Image.Image, prompt: str, *, seed: int, negative_prompt: str = ""
) -> Image.Image:
    """Draw what the prompt names where the mask is white.

    Args:
        image: Transparency is first flattened on mid grey.
        mask: Mode "L", same size: 255 is painted, 0 stays exactly as it is, grey is blended. A mask
            of most of the picture's border means the background, which becomes a place.
        prompt: Names a thing, or a place ("a sandy beach"); none, or "nothing", erases.
        seed: Changes pose, proportions and details.
        negative_prompt: What is not wanted: its colors are avoided; "shadow" drops the shadow.

    Returns:
        RGB, same size. A thing stands as large as the mask allows, with a soft shadow, on a ground
        that goes on from around the mask.
    """
    image, mask = flat(image), mask.convert("L")
    if mask.getbbox() is None:
        return image.copy()
    words = set(tokens(prompt))
    if not words or words & _NOTHING:
        return erase(image, mask, seed=seed)
    look = read(prompt, negative_prompt)
    if mask.getextrema()[0] == 255 and look.noun:
        return text_to_image(prompt, seed=seed, size=image.size, negative_prompt=negative_prompt)
    if _covers_the_rim(mask):
        return paint_around(image, mask, prompt, seed=seed)
    if not look.noun and names_a_place(prompt):
        painted = _laid(image, mask, prompt, seed)
    else:
        painted = _set_down(image, mask, prompt, seed, negative_prompt)
    return Image.composite(painted, image, mask)
