"""Pottery: mugs, vases, bowls, teapots."""

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.flatwork import curve, cushion, tube
from darkroom.standin.draw.lathe import Profile, hollow, turn
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look

Chance = np.random.Generator


def _wider(profile: Profile, by: float) -> Profile:
    return [(radius * by, height) for radius, height in profile]


def mug(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A mug with a handle, full of coffee."""
    wide = float(rng.uniform(0.92, 1.08))
    material = finish.main(look)
    belly = float(rng.uniform(0.36, 0.41))
    outline = _wider(
        [
            (0.0, 0.0),
            (0.28, 0.0),
            (0.33, 0.0),
            (belly, 0.09),
            (0.41, 0.4),
            (0.4, 0.7),
            (0.395, 0.9),
            (0.395, 0.9),
        ],
        wide,
    )
    solid = turn(frame, outline, material)
    side = 1 if rng.random() < 0.5 else -1
    x = 0.37 * wide
    up = frame.tilt[1]
    ring = curve(
        [
            (side * px, py * up)
            for px, py in [
                (x, 0.74),
                (x + 0.2, 0.76),
                (x + 0.3, 0.55),
                (x + 0.2, 0.28),
                (x - 0.01, 0.22),
            ]
        ],
        closed=False,
        rounds=4,
    )
    coffee = Material(from_hex("4a2a18"), rough=0.7)
    return [
        tube(frame, ring, 0.052, material),
        solid.body,
        *hollow(solid, 0.032, 0.8, finish.shaded(material, 0.8), coffee),
    ]


def vase(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A vase with a belly and a lip."""
    belly, neck = float(rng.uniform(0.3, 0.38)), float(rng.uniform(0.1, 0.15))
    at = float(rng.uniform(0.32, 0.45))
    material = finish.main(look)
    outline: Profile = [
        (0.0, 0.0),
        (0.15, 0.0),
        (0.18, 0.0),
        (belly * 0.85, at * 0.45),
        (belly, at),
        (belly * 0.86, at + 0.24),
        (neck, 0.8),
        (neck * 0.98, 0.9),
        (neck * 1.5, 1.0),
        (neck * 1.5, 1.0),
    ]
    solid = turn(frame, outline, material)
    parts = [solid.body]
    if look.material != "glass" and rng.random() < 0.5:
        parts.append(solid.band(at - 0.015, at + 0.015, finish.other(look)))
    return [
        *parts,
        *hollow(solid, 0.02, 0.7, finish.shaded(material, 0.5), finish.shaded(material, 0.08)),
    ]


def bowl(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A wide bowl."""
    wide = float(rng.uniform(0.62, 0.72))
    material = finish.main(look)
    solid = turn(
        frame,
        [
            (0.0, 0.0),
            (0.22, 0.0),
            (0.24, 0.0),
            (0.24, 0.05),
            (wide * 0.72, 0.14),
            (wide * 0.95, 0.34),
            (wide, 0.5),
            (wide, 0.5),
        ],
        material,
    )
    return [
        solid.body,
        *hollow(solid, 0.03, 0.12, finish.shaded(material, 0.8), finish.shaded(material, 0.72)),
    ]


def teapot(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A teapot with spout, handle and lid."""
    material = finish.main(look)
    side = 1 if rng.random() < 0.5 else -1
    fat = float(rng.uniform(0.43, 0.48))
    pot = turn(
        frame,
        [
            (0.0, 0.0),
            (0.24, 0.0),
            (0.26, 0.0),
            (fat * 0.9, 0.15),
            (fat, 0.34),
            (fat * 0.85, 0.56),
            (0.22, 0.66),
            (0.2, 0.67),
        ],
        material,
    )
    lid = turn(
        frame,
        [
            (0.21, 0.66),
            (0.21, 0.66),
            (0.2, 0.69),
            (0.1, 0.75),
            (0.03, 0.77),
            (0.03, 0.79),
            (0.06, 0.82),
            (0.05, 0.87),
            (0.0, 0.88),
        ],
        material,
    )
    spout = [
        (side * x, y)
        for x, y in curve(
            [
                (fat * 0.7, 0.17),
                (fat + 0.12, 0.24),
                (fat + 0.17, 0.5),
                (fat + 0.3, 0.66),
                (fat + 0.22, 0.68),
                (fat + 0.06, 0.5),
                (fat * 0.7, 0.44),
            ]
        )
    ]
    grip = curve(
        [
            (-side * x, y)
            for x, y in [
                (fat * 0.85, 0.56),
                (fat + 0.2, 0.62),
                (fat + 0.28, 0.4),
                (fat + 0.14, 0.18),
                (fat * 0.88, 0.2),
            ]
        ],
        closed=False,
    )
    return [
        cushion(frame, spout, material, bevel=0.06),
        tube(frame, grip, 0.035, material),
        pot.body,
        lid.body,
    ]
