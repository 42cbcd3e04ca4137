"""The studio behind a subject: a seamless paper sweep with a pool of light, and soft shadows."""

import numpy as np

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, grid, resize, smoothstep
from darkroom.standin.draw.palette import Color, from_hsv, luminance, to_hsv
from darkroom.standin.draw.words import Look


def choose(look: Look, prompt: str, seed: int) -> Color:
    """A backdrop color that lets the subject stand out, as linear light.

    Args:
        look: What the prompt asks for; its own backdrop color wins.
        prompt: Its words.
        seed: Changes the tint.
    """
    if look.backdrop is not None:
        return look.backdrop
    rng = chance("backdrop", prompt, seed)
    hue, saturation, _ = to_hsv(look.color)
    bright = float(luminance(look.color))
    styles = [
        (hue + 0.5 + float(rng.uniform(-0.06, 0.06)), 0.14),
        (hue + 0.08 + float(rng.uniform(-0.03, 0.03)), 0.10),
        (0.09 + float(rng.uniform(-0.02, 0.02)), 0.09),
        (0.58 + float(rng.uniform(-0.04, 0.04)), 0.10),
    ]
    turn, strength = styles[int(rng.integers(len(styles)))]
    value = float(rng.uniform(0.80, 0.90))
    if bright > 0.42 or look.noun == "wine":
        # A pale or clear thing needs a deeper backdrop than a dark one.
        value, strength = float(rng.uniform(0.46, 0.58)), strength + 0.20
    elif saturation < 0.15:
        strength += 0.08
    return from_hsv(turn, strength + float(rng.uniform(-0.02, 0.04)), value)


def sweep(color: Color, seed: int, size: tuple[int, int], horizon: float, side: float) -> Field:
    """Seamless paper: wall and floor of one color, lit from one side.

    Args:
        color: The paper, linear light.
        seed: Moves the pool of light a little.
        size: Width and height in pixels.
        horizon: Where the floor begins to curve up, 0..1 from the top.
        side: -1 if the key light is at the left, 1 at the right.

    Returns:
        Linear light, shape (h, w, 3).
    """
    rng = chance("sweep", seed)
    x, y = grid(size)
    pool_x = 0.5 + 0.10 * side + float(rng.uniform(-0.05, 0.05))
    pool = np.exp(-(((x - pool_x) / 0.62) ** 2) - ((y - 0.40) / 0.55) ** 2)
    light = 0.70 + 0.36 * pool
    floor = smoothstep(horizon - 0.09, horizon + 0.10, y)
    light = (
        light * (1 - floor)
        + (0.86 + 0.14 * np.exp(-(((x - pool_x) / 0.7) ** 2)) + 0.04 * y) * floor
    )
    light *= 1 - 0.07 * np.exp(-(((y - horizon + 0.02) / 0.06) ** 2))
    light *= 1 - 0.20 * np.clip((x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.16, 0, None)
    tint = np.array([1.0, 0.995, 0.985], np.float32)
    warm = np.array([0.97, 0.985, 1.01], np.float32)
    paper: Field = (
        light[..., None] * color * (tint * floor[..., None] + warm * (1 - floor[..., None]))
    )
    return paper.astype(np.float32)


def shadow(
    size: tuple[int, int], foot: tuple[float, float, float], tall: float, side: float, cover: Field
) -> Field:
    """How much light is left on the ground near a subject, 0..1, shape (h, w).

    Args:
        size: Width and height in pixels.
        foot: Left, right and lowest edge of what touches the ground, in pixels.
        tall: Height of the subject in pixels.
        side: -1 if the key light is at the left: the shadow falls to the right.
        cover: The subject's coverage at about this size or smaller; its own outline is cast.
    """
    left, right, low = foot
    x = np.arange(size[0], dtype=np.float32)[None, :] + 0.5
    y = np.arange(size[1], dtype=np.float32)[:, None] + 0.5
    wide = max(right - left, 2.0) / 2
    middle = (left + right) / 2
    deep = max(0.26 * wide, 0.035 * tall)
    # Contact: the dark line where no light gets under.
    near = np.exp(
        -(
            (((x - middle) / (wide * 1.06)) ** 2 + ((y - low + deep * 0.55) / (deep * 0.9)) ** 2)
            ** 1.6
        )
    )
    halo = np.exp(
        -(((x - middle + side * wide * 0.25) / (wide * 1.55)) ** 2)
        - ((y - low + deep * 0.5) / (deep * 2.0)) ** 2
    )
    # Cast: the outline laid down on the floor, away from the key light.
    small = max(1, size[0] // 128)
    little = (max(8, size[0] // small), max(8, size[1] // small))
    mask = resize(cover, little)
    rows, columns = np.mgrid[0 : little[1], 0 : little[0]].astype(np.float32)
    base = (low - deep * 0.55) / small
    lift = (base - rows) / 0.22
    source_x = np.clip(columns + side * lift * 0.55, 0, little[0] - 1).astype(np.intp)
    source_y = np.clip(base - lift, 0, little[1] - 1).astype(np.intp)
    laid = np.where((lift > 0) & (base - lift >= 0), mask[source_y, source_x], 0)
    cast = resize(blur(laid.astype(np.float32), max(1.5, little[0] * 0.035), 3), size)
    # The lower edge of the outline itself darkens the ground, whatever its shape.
    drop = max(1, round(tall * 0.02 / small))
    fade = np.clip((rows - (low - tall * 0.3) / small) / (tall * 0.2 / small), 0, 1)
    hug = np.roll(mask, drop, axis=0) * fade
    hug = resize(blur(hug.astype(np.float32), max(1.0, tall * 0.025 / small), 3), size)
    cast = np.clip(cast, 0, 1) + np.clip(hug, 0, 1) * 0.8
    return (1 - 0.60 * near) * (1 - 0.26 * halo) * (1 - 0.34 * cast)
