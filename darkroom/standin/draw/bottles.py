"""Glasses, bottles and cans, and what is in them."""

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.lathe import Profile, hollow, turn
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look

Chance = np.random.Generator


def _wider(profile: Profile, by: float) -> Profile:
    return [(radius * by, height) for radius, height in profile]


def glass(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A tumbler with a drink."""
    wide = float(rng.uniform(0.9, 1.05))
    material = Material(look.color * 0.7 + 0.1, rough=0.03, opacity=0.5)
    solid = turn(
        frame,
        _wider([(0.0, 0.0), (0.24, 0.0), (0.28, 0.0), (0.3, 0.06), (0.36, 0.9), (0.36, 0.9)], wide),
        material,
    )
    drink = Material(from_hex("b5701f") if not look.named else look.color, rough=0.3, opacity=0.98)
    level = float(rng.uniform(0.45, 0.6))
    return [
        solid.body,
        *hollow(solid, 0.018, level, material, drink),
        solid.band(0.08, level, Material(drink.color, rough=0.2, opacity=0.93)),
        solid.body.made_of(Material(look.color * 0.8 + 0.15, rough=0.0, opacity=0.15)),
    ]


def wine(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A stemmed glass of wine."""
    wide = float(rng.uniform(0.92, 1.08))
    clear = Material(from_hex("9fb3b8"), rough=0.02, opacity=0.5)
    foot: Profile = [
        (0.0, 0.0),
        (0.25, 0.0),
        (0.25, 0.0),
        (0.25, 0.012),
        (0.03, 0.05),
        (0.02, 0.12),
        (0.02, 0.4),
        (0.03, 0.46),
    ]
    bowl: Profile = [
        (0.16, 0.49),
        (0.26, 0.58),
        (0.28, 0.72),
        (0.25, 0.88),
        (0.21, 1.02),
        (0.21, 1.02),
    ]
    solid = turn(frame, _wider(foot + bowl, wide), clear)
    red = Material(look.color if look.named else from_hex("7c1530"), rough=0.3, opacity=0.99)
    return [
        solid.body,
        *hollow(solid, 0.012, 0.74, clear, red),
        solid.band(0.475, 0.74, red),
        solid.band(0.74, 1.1, Material(from_hex("cfdcde"), rough=0.0, opacity=0.12)),
    ]


def bottle(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A bottle with a paper label and a cap."""
    neck = float(rng.uniform(0.62, 0.68))
    material = finish.main(look, "glass" if not look.named else "plastic")
    if material.opacity < 1:
        material = Material(look.color * 0.55, rough=0.03, opacity=0.88)
    outline: Profile = [
        (0.0, 0.0),
        (0.17, 0.0),
        (0.195, 0.0),
        (0.2, 0.04),
        (0.2, neck - 0.12),
        (0.2, neck - 0.02),
        (0.08, neck + 0.1),
        (0.068, neck + 0.14),
        (0.066, 0.9),
        (0.066, 0.9),
    ]
    wide = float(rng.uniform(0.95, 1.12))
    solid = turn(frame, _wider(outline, wide), material)
    cap = turn(
        frame,
        _wider([(0.078, 0.87), (0.078, 0.87), (0.078, 1.0), (0.078, 1.0), (0.0, 1.0)], wide),
        finish.BRASS,
    )
    low = 0.13
    return [
        solid.body,
        solid.band(low, low + 0.3, finish.PAPER, 0.86),
        solid.band(low + 0.04, low + 0.05, finish.other(look), 0.7),
        solid.band(low + 0.14, low + 0.2, finish.other(look), 0.42),
        solid.band(low + 0.25, low + 0.26, finish.other(look), 0.7),
        cap.body,
    ]


def perfume(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A round flacon of thick glass with a metal collar and a cap."""
    wide = float(rng.uniform(0.95, 1.1))
    body = Material(look.color * 0.75, rough=0.02, opacity=0.8)
    solid = turn(
        frame,
        _wider(
            [
                (0.0, 0.0),
                (0.28, 0.0),
                (0.33, 0.0),
                (0.35, 0.05),
                (0.36, 0.3),
                (0.34, 0.52),
                (0.26, 0.6),
                (0.1, 0.63),
                (0.1, 0.66),
            ],
            wide,
        ),
        body,
    )
    collar = turn(
        frame,
        [(0.115, 0.63), (0.115, 0.63), (0.115, 0.69), (0.115, 0.69), (0.0, 0.69)],
        finish.BRASS,
    )
    cap_color = finish.DARK if rng.random() < 0.6 else finish.BRASS
    cap = turn(
        frame,
        [(0.15, 0.69), (0.15, 0.69), (0.155, 0.93), (0.155, 0.95), (0.14, 0.96), (0.0, 0.96)],
        cap_color,
    )
    return [
        solid.body,
        solid.band(0.05, 0.42, Material(look.color * 0.9, rough=0.02, opacity=0.7)),
        solid.band(0.22, 0.4, finish.PAPER, 0.5),
        solid.band(0.29, 0.33, finish.DARK, 0.34),
        solid.body.made_of(Material(look.color * 0.6 + 0.25, rough=0.0, opacity=0.2)),
        collar.body,
        cap.body,
    ]


def can(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A drinks can."""
    wide = float(rng.uniform(0.26, 0.29))
    solid = turn(
        frame,
        [
            (0.0, 0.0),
            (wide * 0.8, 0.0),
            (wide * 0.84, 0.0),
            (wide, 0.06),
            (wide, 0.1),
            (wide, 0.86),
            (wide, 0.9),
            (wide * 0.84, 0.97),
            (wide * 0.84, 0.97),
        ],
        finish.STEEL,
    )
    return [
        solid.body,
        solid.band(0.06, 0.9, Material(look.color, rough=0.3)),
        solid.band(0.3, 0.66, finish.other(look), 0.5),
        solid.band(0.42, 0.54, Material(look.color, rough=0.3), 0.34),
        *hollow(solid, 0.02, 0.945, finish.STEEL, finish.shaded(finish.STEEL, 0.8)),
    ]
