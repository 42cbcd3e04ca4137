"""Text to image: a product photograph of what the prompt names."""

import math
from dataclasses import replace

import numpy as np
from PIL import Image

from darkroom.standin.draw import backdrop
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, grain, resize
from darkroom.standin.draw.layer import paint
from darkroom.standin.draw.light import Studio
from darkroom.standin.draw.palette import to_image
from darkroom.standin.draw.subject import Standing, stand
from darkroom.standin.draw.words import read

_GRAIN = 1.1
"""Noise of the imagined camera, in 8-bit steps."""


def _foot(standing: Standing) -> tuple[float, float, float]:
    """Left, right and lowest edge of the subject's lowest eighth, in pixels."""
    width, height = standing.frame.size
    _, _, low, high = standing.bounds
    bottom = standing.frame.origin[1] - low * standing.frame.scale
    above = bottom - (high - low) * standing.frame.scale * 0.12
    left, right = float(width), 0.0
    for layer in standing.layers:
        start = max(0, int(above) - layer.window.y0)
        columns = np.flatnonzero((layer.cover[start:] > 0.5).any(axis=0))
        if len(columns):
            left = min(left, layer.window.x0 + float(columns[0]))
            right = max(right, layer.window.x0 + float(columns[-1]))
    return (left, right, bottom) if right > left else (width * 0.4, width * 0.6, height * 0.8)


def _silhouette(standing: Standing, step: int) -> Field:
    width, height = standing.frame.size
    cover = np.zeros((-(-height // step), -(-width // step)), np.float32)
    for layer in standing.layers:
        window = layer.window
        x, y = -(-window.x0 // step), -(-window.y0 // step)
        part = layer.cover[y * step - window.y0 :: step, x * step - window.x0 :: step]
        place = cover[y : y + part.shape[0], x : x + part.shape[1]]
        np.maximum(place, part, out=place)
    return cover


def draw(
    prompt: str, *, seed: int, size: tuple[int, int], negative_prompt: str = ""
) -> tuple[Image.Image, Field]:
    """The picture of a prompt, and where its subject truly is.

    Args:
        prompt: What is wanted.
        seed: Changes angle, proportions, light and tint a little.
        size: Width and height in pixels.
        negative_prompt: What is not wanted: its colors are avoided; "shadow" drops the shadow.

    Returns:
        An RGB image, and the subject's coverage 0..1 of shape (h, w).
    """
    look = read(prompt, negative_prompt)
    rng = chance("studio", prompt, seed)
    angle = math.radians(float(rng.uniform(10, 17)))
    tilt = (math.sin(angle), math.cos(angle))
    side = -1.0 if rng.random() < 0.75 else 1.0
    warmth = float(rng.uniform(-0.03, 0.05))
    paper = backdrop.choose(look, prompt, seed)
    key = np.array([1.0 + warmth, 1.0, 1.0 - warmth], np.float32) * np.float32(
        rng.uniform(0.98, 1.12)
    )
    # White on white: a touch less white, and black cards at the sides, as in a real studio.
    alike = float(np.abs(np.sqrt(paper) - np.sqrt(look.color)).max()) < 0.16
    if alike:
        look = replace(look, color=look.color * np.float32(0.78))
    studio = Studio(side, key, paper * np.float32(0.8), tilt, 0.6 if alike else 0.0)
    standing = stand(look, prompt, seed, size, tilt)
    foot = _foot(standing)
    # Paper and shadow are smooth: a quarter of the pixels each way is plenty.
    step = 4 if min(size) >= 256 else 1
    small = (max(8, size[0] // step), max(8, size[1] // step))
    ratio = (small[0] / size[0], small[1] / size[1])
    horizon = (foot[2] / size[1]) - 0.13
    ground = backdrop.sweep(paper, seed, small, horizon, side)
    if "shadow" not in negative_prompt and "shadows" not in negative_prompt:
        _, _, low, high = standing.bounds
        tall = (high - low) * standing.frame.scale * ratio[1]
        scaled = (foot[0] * ratio[0], foot[1] * ratio[0], foot[2] * ratio[1])
        ground *= backdrop.shadow(
            small, scaled, tall, side, _silhouette(standing, max(1, step * 2))
        )[..., None]
    canvas = resize(ground, size)
    truth = paint(canvas, standing.layers, studio)
    return to_image(canvas, grain(chance("grain", seed), size, _GRAIN)), truth


def text_to_image(
    prompt: str, *, seed: int, size: tuple[int, int], negative_prompt: str = ""
) -> Image.Image:
    """A studio photograph of what the prompt names.

    Args:
        prompt: What is wanted: a thing, its color and material, the backdrop's color. A prompt
            that names nothing known gets a plain form, a sphere on a plinth, in its colors.
        seed: Changes angle, proportions, light and tint a little; the thing stays the same.
        size: Width and height in pixels.
        negative_prompt: What is not wanted: its colors are avoided; "shadow" drops the shadow.

    Returns:
        An RGB image of exactly that size.
    """
    return draw(prompt, seed=seed, size=size, negative_prompt=negative_prompt)[0]
