"""Colors: sRGB for people, linear light for shading, hue turns for variations."""

import colorsys

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import Field

Color = Field
"""Red, green and blue in linear light, shape (3,), 0..1."""


def from_hex(text: str) -> Color:
    """Linear light of an sRGB color such as `c8552b`."""
    return linear(np.array([int(text[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255)


def from_hsv(hue: float, saturation: float, value: float) -> Color:
    """Linear light of hue, saturation and value (each 0..1, sRGB)."""
    return linear(np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value), np.float32))


def to_hsv(color: Color) -> tuple[float, float, float]:
    """Hue, saturation and value (each 0..1, sRGB) of a color in linear light."""
    red, green, blue = (float(c) for c in np.sqrt(np.clip(color, 0, 1)))
    return colorsys.rgb_to_hsv(red, green, blue)


def linear(display: Field) -> Field:
    """Linear light from display values 0..1 (a gamma of 2: close, and much faster than 2.2)."""
    return display * display


def luminance(color: Field) -> Field:
    """Brightness of colors on the last axis, in the unit they are in."""
    weighed: Field = color @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return weighed


def to_array(image: Image.Image) -> Field:
    """Display values 0..1, shape (h, w, 3), of any image."""
    return np.asarray(image.convert("RGB"), dtype=np.float32) * np.float32(1 / 255)


def to_image(light: Field, grain: Field | None = None) -> Image.Image:
    """An RGB image from linear light.

    Args:
        light: Shape (h, w, 3), linear; what is outside 0..1 is clipped.
        grain: Shape (h, w), in 8-bit steps, added last so that gradients do not band.
    """
    display = np.sqrt(np.maximum(light, 0)) * np.float32(255)
    display += np.float32(0.5)
    if grain is not None:
        display += grain[..., None]
    return Image.fromarray(np.clip(display, 0, 255).astype(np.uint8))
