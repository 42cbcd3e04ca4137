"""Studio light: a big softbox at one side, a strip at the other, and the backdrop's bounce."""

from dataclasses import dataclass

import numpy as np

from darkroom.standin.draw.field import Field, smoothstep
from darkroom.standin.draw.palette import Color


@dataclass(frozen=True)
class Material:
    """What a surface is made of.

    Attributes:
        color: Linear light that it reflects.
        rough: 0 is a mirror, 1 is chalk.
        metal: 0 is paint, clay or plastic, 1 is bare metal (reflections take its color).
        glow: How much light of its own color it sends out.
        opacity: Below 1 the backdrop shows through where the surface faces the camera.
        pattern: "", "wood", "leather" or "speckle".
    """

    color: Color
    rough: float = 0.35
    metal: float = 0.0
    glow: float = 0.0
    opacity: float = 1.0
    pattern: str = ""


@dataclass(frozen=True)
class Studio:
    """The lights around a subject.

    Attributes:
        side: -1 puts the key light at the left, 1 at the right.
        key: Strength and color of the key light.
        bounce: Light that the backdrop throws back.
        tilt: Sine and cosine of the camera's angle above the horizon.
        flags: 0..1, black cards beside the subject that draw a dark edge around pale things.
    """

    side: float
    key: Color
    bounce: Color
    tilt: tuple[float, float]
    flags: float = 0.0


def _softboxes(x: Field, y: Field, soft: float) -> Field:
    """Light arriving from mirror directions; x toward the key light, y up, both -1..1."""
    key = smoothstep(0.30 - soft, 0.34 + soft, x) * smoothstep(0.86 + soft, 0.80 - soft, x)
    key *= smoothstep(-0.30 - soft, -0.18 + soft, y) * smoothstep(0.96 + soft, 0.86 - soft, y)
    strip = smoothstep(-0.72 - soft, -0.69 + soft, x) * smoothstep(-0.54 + soft, -0.58 - soft, x)
    strip *= smoothstep(-0.5, 0.0, y) * smoothstep(1.0, 0.7, y)
    return key * np.float32(1 - 0.45 * soft) + strip * np.float32(0.5)


def shade(normal: Field, material: Material, studio: Studio) -> Field:
    """Light that a surface sends to the camera.

    Args:
        normal: Unit normals, shape (h, w, 3): right, up, away from the camera.
        material: What the surface is made of.
        studio: The lights.

    Returns:
        Linear light, shape (h, w, 3).
    """
    sin, cos = np.float32(studio.tilt[0]), np.float32(studio.tilt[1])
    across, up, away = normal[..., 0], normal[..., 1], normal[..., 2]
    toward = studio.side * across
    facing = np.clip(up * sin - away * cos, 0, 1)
    # Wrapped Lambert: a softbox is large, so its light reaches round the edge.
    key = np.clip((0.62 * toward + 0.50 * up - 0.60 * away) * 0.72 + 0.28, 0, None)
    key = key * key * np.float32(0.35) + key * np.float32(0.65)
    fill = 0.16 + 0.10 * up - 0.06 * away
    below = np.clip(0.22 - 0.34 * up, 0, None) + 0.10 * (1 - facing)
    diffuse = key[..., None] * studio.key + fill[..., None] + below[..., None] * studio.bounce
    mirror_x = 2 * facing * across
    mirror_y = 2 * facing * up - sin
    boxes = _softboxes(studio.side * mirror_x, mirror_y, material.rough * 0.55)
    edge = (1 - facing) ** 4
    if material.metal:
        # Bare metal is a picture of the room: bright floor, dark middle, bright sky.
        room = (
            0.16 + 0.42 * smoothstep(-0.1, 0.9, mirror_y) + 0.38 * smoothstep(0.1, -0.8, mirror_y)
        )
        room *= np.float32(1) - np.float32(0.55) * smoothstep(0.45, 0.98, np.abs(mirror_x))
        shine = (room + 1.5 * boxes)[..., None] * (
            material.color + (1 - material.color) * (0.5 * edge[..., None])
        )
        bare: Field = diffuse * material.color * np.float32(0.25) + shine
        return bare
    strength = 0.05 + 0.30 * (1 - material.rough) ** 2
    shine = boxes * np.float32(strength) + edge * np.float32(0.30 * (1 - material.rough))
    sheen = edge[..., None] * studio.bounce * np.float32(0.2)
    lit: Field = diffuse * material.color * np.float32(0.92) + shine[..., None] + sheen
    # Clear glass is seen by its dark edges; pale things on pale paper need them too.
    flags = max(studio.flags, 0.55 if material.opacity < 0.9 else 0.0)
    if flags and not material.glow:
        lit *= (1 - np.float32(flags) * (1 - facing) ** 2)[..., None]
    if material.glow:
        lit = lit + material.color * np.float32(material.glow) * (0.35 + 0.65 * facing[..., None])
    return lit
