"""Slim upright things: phones, loudspeakers, tubes."""

import math

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.flatwork import box, curve, cushion, disc, rounded
from darkroom.standin.draw.lathe import turn
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look

Chance = np.random.Generator


def phone(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A phone standing upright, its screen alight."""
    case = finish.main(look, "plastic") if look.named or look.material else finish.DARK
    screen = Material(from_hex("14161c"), rough=0.08)
    hue = look.accent
    layers = [
        cushion(
            frame, rounded(-0.265, 0.265, 0.0, 1.0, 0.07), finish.shaded(case, 0.7), bevel=0.03
        ),
        cushion(frame, rounded(-0.25, 0.25, 0.015, 0.985, 0.06), case, bevel=0.02),
        cushion(frame, rounded(-0.232, 0.232, 0.03, 0.97, 0.05), screen, bevel=0.01, puff=0.2),
    ]
    tile = Material(np.clip(hue * 1.1, 0, 0.9), rough=0.3, glow=0.35)
    layers.append(
        cushion(frame, rounded(-0.205, 0.205, 0.55, 0.86, 0.03), tile, bevel=0.2, puff=0.5)
    )
    for row in range(3):
        for column in range(4):
            x, y = -0.205 + column * 0.108, 0.42 - row * 0.115
            tone = Material(
                from_hex(
                    ["e0574f", "e9b44c", "58a4b0", "7a9e5f", "b48ec4", "e6e1d6"][
                        int(rng.integers(6))
                    ]
                ),
                glow=0.3,
            )
            layers.append(
                cushion(
                    frame, rounded(x, x + 0.086, y, y + 0.086, 0.022), tone, bevel=0.01, puff=0.3
                )
            )
    layers.append(
        cushion(frame, rounded(-0.05, 0.05, 0.925, 0.942, 0.008), finish.DARK, bevel=0.005)
    )
    layers.append(
        cushion(frame, rounded(-0.08, 0.08, 0.05, 0.058, 0.004), finish.WHITE, bevel=0.003)
    )
    return layers


def speaker(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A bookshelf loudspeaker with two cones."""
    yaw = float(rng.uniform(0.15, 0.3)) * (1 if rng.random() < 0.5 else -1)
    cabinet = finish.main(look, "wood")
    layers = box(frame, (0.0, 0.0, 0.0), (0.56, 0.98, 0.5), yaw, cabinet)
    cos, sin = math.cos(yaw), math.sin(yaw)
    lean = (sin * 0.6, 0.0)
    for up, radius in ((0.32, 0.21), (0.74, 0.11)):
        x, y = frame.project(0.25 * sin, up, -0.25 * cos)
        for share, material, puff in (
            (1.0, finish.STEEL, 0.8),
            (0.9, finish.DARK, -0.8),
            (0.42, finish.shaded(finish.DARK, 1.8), 1.2),
        ):
            layers.append(
                cushion(
                    frame,
                    disc(x, y, radius * share * cos, radius * share),
                    material,
                    bevel=radius * 0.4 * share,
                    puff=puff,
                    lean=lean,
                )
            )
    return layers


def squeeze_tube(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A cosmetics tube standing on its cap."""
    wide = float(rng.uniform(0.24, 0.28))
    skin = finish.main(look, "plastic")
    cap = turn(
        frame,
        [
            (0.0, 0.0),
            (0.17, 0.0),
            (0.18, 0.0),
            (0.18, 0.02),
            (0.18, 0.16),
            (0.18, 0.17),
            (0.16, 0.175),
            (0.0, 0.175),
        ],
        finish.BRASS if look.material != "metal" else finish.DARK,
    )
    body = curve(
        [
            (-0.17, 0.165),
            (-0.19, 0.2),
            (-wide, 0.94),
            (-wide, 1.0),
            (-wide, 1.0),
            (wide, 1.0),
            (wide, 1.0),
            (wide, 0.94),
            (0.19, 0.2),
            (0.17, 0.165),
        ],
        rounds=2,
    )
    return [
        cap.body,
        cushion(frame, body, skin, bevel=0.14),
        cushion(
            frame,
            [(-wide, 0.95), (-wide, 1.0), (wide, 1.0), (wide, 0.95)],
            finish.shaded(skin, 0.85),
            bevel=0.01,
            puff=0.4,
        ),
        cushion(
            frame, rounded(-0.13, 0.13, 0.6, 0.74, 0.01), finish.other(look), bevel=0.01, puff=0.1
        ),
        cushion(
            frame, rounded(-0.09, 0.09, 0.5, 0.52, 0.005), finish.other(look), bevel=0.01, puff=0.1
        ),
    ]
