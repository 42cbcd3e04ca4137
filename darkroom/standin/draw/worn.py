"""What one wears: shoes, watches, bags, headphones."""

import math

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.flatwork import Points, curve, cushion, disc, rounded, tube
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look

Chance = np.random.Generator


def _flip(points: Points, side: float) -> Points:
    return [(x * side, y) for x, y in points]


def sneaker(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A running shoe from the side."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    upper = Material(look.color, rough=0.75, pattern="leather")
    trim = finish.other(look, 0.6)
    rubber = Material(from_hex("dcd8cf"), rough=0.6)

    def part(
        points: Points, material: Material, bevel: float = 0.05, puff: float = 1.0, round_: int = 3
    ) -> Layer:
        return cushion(
            frame, _flip(curve(points, rounds=round_), side), material, bevel=bevel, puff=puff
        )

    shoe: Points = [
        (-0.78, 0.1),
        (-0.84, 0.34),
        (-0.82, 0.6),
        (-0.8, 0.74),
        (-0.68, 0.74),
        (-0.5, 0.62),
        (-0.36, 0.62),
        (-0.24, 0.76),
        (-0.12, 0.8),
        (-0.04, 0.74),
        (0.14, 0.55),
        (0.4, 0.42),
        (0.66, 0.36),
        (0.82, 0.26),
        (0.84, 0.1),
    ]
    collar: Points = [
        (-0.7, 0.73),
        (-0.5, 0.65),
        (-0.34, 0.65),
        (-0.2, 0.77),
        (-0.36, 0.8),
        (-0.58, 0.79),
    ]
    sole: Points = [
        (-0.86, 0.02),
        (-0.9, 0.1),
        (-0.86, 0.2),
        (-0.5, 0.17),
        (0.0, 0.13),
        (0.5, 0.13),
        (0.84, 0.2),
        (0.92, 0.16),
        (0.88, 0.05),
        (0.7, 0.0),
        (-0.76, 0.0),
    ]
    toe: Points = [(0.5, 0.13), (0.5, 0.3), (0.62, 0.35), (0.8, 0.27), (0.86, 0.16), (0.84, 0.12)]
    heel: Points = [(-0.86, 0.17), (-0.85, 0.5), (-0.78, 0.56), (-0.66, 0.42), (-0.6, 0.17)]
    stripe: Points = [
        (-0.5, 0.26),
        (-0.3, 0.2),
        (-0.02, 0.26),
        (0.2, 0.46),
        (0.12, 0.52),
        (-0.08, 0.36),
        (-0.3, 0.32),
    ]
    layers = [
        part(collar, finish.shaded(trim, 0.5), 0.06),
        part(shoe, upper, 0.16, 1.1),
        part(heel, finish.shaded(trim, 0.9), 0.05, 0.5),
        part(toe, finish.shaded(upper, 0.8), 0.05, 0.5),
        part(stripe, trim, 0.02, 0.4),
        part(sole, rubber, 0.06),
        tube(frame, _flip([(-0.84, 0.055), (0.84, 0.06)], side), 0.012, finish.shaded(trim, 0.8)),
    ]
    for i in range(5):
        x, y = -0.02 + i * 0.085, 0.71 - i * 0.062
        lace = [(x, y + 0.01), (x - 0.07, y - 0.1)]
        layers.append(tube(frame, _flip(lace, side), 0.021, rubber))
    return layers


def watch(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A wristwatch standing upright, strap above and below."""
    strap = Material(look.color if look.named else from_hex("6b4027"), rough=0.5, pattern="leather")
    steel = finish.main(look) if look.material == "metal" else finish.STEEL
    if look.material == "metal":
        strap = Material(steel.color, rough=0.35, metal=1.0)
    dial = finish.DARK if rng.random() < 0.5 else Material(from_hex("e7e3d8"), rough=0.3)
    mark = finish.WHITE if dial is finish.DARK else finish.DARK
    mid = 0.54
    band: Points = curve(
        [
            (-0.15, mid),
            (-0.14, 1.0),
            (-0.1, 1.06),
            (0.1, 1.06),
            (0.14, 1.0),
            (0.15, mid),
            (0.14, 0.06),
            (0.1, 0.0),
            (-0.1, 0.0),
            (-0.14, 0.06),
        ],
        rounds=2,
    )
    layers = [
        cushion(frame, band, strap, bevel=0.06),
        cushion(frame, rounded(0.26, 0.32, mid - 0.035, mid + 0.035, 0.012), steel, bevel=0.02),
        cushion(
            frame,
            curve(
                [
                    (-0.18, mid),
                    (-0.17, mid + 0.31),
                    (0.17, mid + 0.31),
                    (0.18, mid),
                    (0.17, mid - 0.31),
                    (-0.17, mid - 0.31),
                ],
                rounds=2,
            ),
            steel,
            bevel=0.04,
        ),
        cushion(frame, disc(0, mid, 0.28), steel, bevel=0.05, puff=1.4),
        cushion(frame, disc(0, mid, 0.235), finish.shaded(steel, 0.5), bevel=0.02, puff=0.5),
        cushion(frame, disc(0, mid, 0.225), dial, bevel=0.02, puff=0.15),
    ]
    for hour in range(12):
        sin, cos = math.sin(hour * math.pi / 6), math.cos(hour * math.pi / 6)
        start = 0.175 if hour % 3 else 0.16
        layers.append(
            tube(
                frame,
                [(sin * start, mid + cos * start), (sin * 0.205, mid + cos * 0.205)],
                0.007,
                mark,
            )
        )
    minute = float(rng.uniform(0.15, 0.3))
    for angle, length, thick in ((-0.95, 0.11, 0.012), (1.05 + minute, 0.165, 0.009)):
        layers.append(
            tube(
                frame,
                [(0, mid), (math.sin(angle) * length, mid + math.cos(angle) * length)],
                thick,
                mark,
            )
        )
    layers.append(cushion(frame, disc(0, mid, 0.016), finish.BRASS, bevel=0.01))
    return layers


def bag(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A handbag with two handles and a clasp."""
    hide = finish.main(look, "leather")
    if not look.named and not look.material:
        hide = Material(from_hex("8a5230"), rough=0.45, pattern="leather")
    flare = float(rng.uniform(0.0, 0.07))
    body = curve(
        [
            (-0.48 - flare, 0.02),
            (-0.42, 0.62),
            (-0.36, 0.64),
            (0.36, 0.64),
            (0.42, 0.62),
            (0.48 + flare, 0.02),
            (0.44, 0.0),
            (-0.44, 0.0),
        ],
        rounds=2,
    )
    flap = curve(
        [(-0.43, 0.66), (-0.45, 0.36), (-0.25, 0.3), (0.25, 0.3), (0.45, 0.36), (0.43, 0.66)],
        rounds=2,
    )
    seam = [(x * 0.93, (y - 0.48) * 0.86 + 0.48) for x, y in flap]
    rise = float(rng.uniform(0.96, 1.06))
    grip = curve(
        [
            (-0.24, 0.6),
            (-0.23, rise * 0.9),
            (-0.1, rise),
            (0.1, rise),
            (0.23, rise * 0.9),
            (0.24, 0.6),
        ],
        closed=False,
    )
    behind = [(x * 0.92, y + 0.03) for x, y in grip]
    return [
        tube(frame, behind, 0.026, finish.shaded(hide, 0.55)),
        cushion(frame, body, hide, bevel=0.1),
        cushion(frame, flap, finish.shaded(hide, 0.92), bevel=0.035),
        tube(frame, [*seam, seam[0]], 0.004, finish.shaded(hide, 0.6)),
        tube(frame, grip, 0.028, hide),
        cushion(frame, disc(-0.24, 0.6, 0.04), finish.BRASS, bevel=0.02),
        cushion(frame, disc(0.24, 0.6, 0.04), finish.BRASS, bevel=0.02),
        cushion(frame, rounded(-0.07, 0.07, 0.27, 0.38, 0.02), finish.BRASS, bevel=0.025),
    ]


def headphones(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """Over-ear headphones, seen from the front."""
    shell = finish.main(look, "plastic")
    pad = Material(from_hex("2c2a2c"), rough=0.7, pattern="leather")
    wide = float(rng.uniform(0.4, 0.45))
    arc: Points = [
        (-math.cos(t) * wide, 0.42 + math.sin(t) * 0.5)
        for t in np.linspace(-0.1, math.pi + 0.1, 28)
    ]
    inner: Points = [
        (-math.cos(t) * wide * 0.9, 0.42 + math.sin(t) * 0.44)
        for t in np.linspace(0.7, math.pi - 0.7, 20)
    ]
    layers = [tube(frame, inner, 0.035, pad), tube(frame, arc, 0.034, shell)]
    for side in (-1, 1):
        yoke = [(side * (wide + 0.0), 0.46), (side * (wide + 0.015), 0.3)]
        layers.append(tube(frame, yoke, 0.03, finish.STEEL))
        layers.append(
            cushion(frame, disc(side * (wide - 0.065), 0.25, 0.085, 0.235), pad, bevel=0.07)
        )
        layers.append(
            cushion(
                frame,
                disc(side * (wide + 0.03), 0.25, 0.1, 0.245),
                shell,
                bevel=0.09,
                lean=(side * 0.5, 0.0),
            )
        )
        layers.append(
            cushion(
                frame,
                disc(side * (wide + 0.055), 0.25, 0.05, 0.15),
                finish.STEEL,
                bevel=0.03,
                puff=0.6,
                lean=(side * 0.4, 0.0),
            )
        )
    return layers
