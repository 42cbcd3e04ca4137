"""Clothes for the legs, as on an invisible mannequin: skirts, trousers, shorts."""

from __future__ import annotations

from darkroom.standin.draw import finish
from darkroom.standin.draw.cloth import Chance, Fold, both, cloth, fabric, mirrored, seam
from darkroom.standin.draw.flatwork import Points, cushion, disc, tube
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look


def pair(frame: Frame, line: Points, material: Material) -> list[Layer]:
    """A seam and its mirror image."""
    return [seam(frame, [(side * x, y) for x, y in line], material) for side in (-1, 1)]


def skirt(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A pleated skirt with a waistband."""
    stuff = fabric(look)
    wide = float(rng.uniform(0.48, 0.58))
    half: Points = [
        *((0.0, 0.93), (0.25, 0.945), (0.25, 0.945), (0.34, 0.7), (wide * 0.9, 0.25)),
        *((wide, 0.03), (wide, 0.03), (wide * 0.55, -0.015), (0.0, -0.025)),
    ]
    pleats: list[Fold] = [
        (share * 0.25, 0.9 - 0.03 * (i % 2), share * wide, -0.1, 0.032, 0.022 - 0.003 * (i % 2))
        for i, share in enumerate((0.92, 0.72, 0.52, 0.31, 0.1))
    ]
    band: Points = [
        *((0.0, 0.99), (0.245, 1.0), (0.245, 1.0), (0.252, 0.93), (0.252, 0.93), (0.0, 0.915)),
    ]
    return [
        cushion(
            frame,
            disc(0.0, 0.992, 0.24, 0.022),
            finish.shaded(stuff, 0.4),
            bevel=0.02,
            puff=0.3,
        ),
        cloth(frame, mirrored(half, rng), stuff, rng, folds=both(pleats, rng), belly=0.12),
        cloth(frame, mirrored(band), finish.shaded(stuff, 0.95), rng, bevel=0.025, rumple=0.3),
        seam(frame, [(-wide * 0.98, 0.06), (0.0, 0.01), (wide * 0.98, 0.06)], stuff),
    ]


def _legs(
    frame: Frame, stuff: Material, rng: Chance, legs: Points, folds: list[Fold], jeans: bool
) -> list[Layer]:
    """Trousers or shorts: waistband, fly, pockets and two legs of that outline."""
    thread = Material(from_hex("b98a4e"), rough=0.9) if jeans else stuff
    back = disc(0.0, 0.99, 0.232, 0.024)
    band: Points = [
        *((0.0, 0.972), (0.2, 0.985), (0.242, 1.0), (0.242, 1.0), (0.25, 0.935), (0.25, 0.935)),
        *((0.2, 0.92), (0.0, 0.905)),
    ]
    loops = [
        tube(frame, [(x, y + 0.026), (x, y - 0.03)], 0.009, finish.shaded(stuff, 0.9))
        for x, y in ((-0.16, 0.95), (0.16, 0.95), (-0.235, 0.967), (0.235, 0.967))
    ]
    return [
        cushion(frame, back, finish.shaded(stuff, 0.35), bevel=0.02, puff=0.3),
        cloth(frame, mirrored(legs, rng, 0.004), stuff, rng, folds=both(folds, rng), belly=0.1),
        cloth(frame, mirrored(band), stuff, rng, bevel=0.022, rumple=0.3),
        *pair(frame, [(0.165, 0.92), (0.185, 0.85), (0.265, 0.81)], thread),
        seam(frame, [(0.0, 0.905), (0.0, 0.62)], stuff),
        seam(frame, [(0.045, 0.905), (0.045, 0.75), (0.0, 0.69)], thread),
        *loops,
        cushion(frame, disc(0.0, 0.94, 0.014), finish.BRASS, bevel=0.01),
    ]


def trousers(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """Trousers with two long legs."""
    stuff = fabric(look)
    cuff = float(rng.uniform(0.0, 0.025))
    legs: Points = [
        *((0.0, 0.94), (0.247, 0.96), (0.247, 0.96), (0.29, 0.78), (0.3, 0.6), (0.29, 0.2)),
        *((0.285 + cuff, -0.32), (0.285 + cuff, -0.32), (0.2, -0.338)),
        *((0.115 - cuff, -0.33), (0.115 - cuff, -0.33), (0.08, 0.1), (0.03, 0.52), (0.012, 0.6)),
    ]
    creases: list[Fold] = [
        *((0.03, 0.62, 0.2, 0.7, 0.018, 0.011), (0.05, 0.58, 0.23, 0.6, 0.02, 0.011)),
        *((0.06, 0.52, 0.2, 0.47, 0.018, 0.009), (0.1, 0.12, 0.24, 0.17, 0.02, 0.009)),
        *((0.11, 0.06, 0.27, 0.04, 0.02, 0.010), (0.12, -0.24, 0.26, -0.2, 0.016, 0.011)),
        *((0.13, -0.3, 0.27, -0.27, 0.014, 0.010), (0.2, 0.5, 0.2, -0.2, 0.045, 0.012)),
    ]
    jeans = bool(float(stuff.color[2]) > 1.15 * float(stuff.color[0]))
    hems = pair(frame, [(0.28 + cuff, -0.285), (0.2, -0.3), (0.118 - cuff, -0.293)], stuff)
    return [*_legs(frame, stuff, rng, legs, creases, jeans), *hems]


def shorts(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """Shorts."""
    stuff = fabric(look)
    low = float(rng.uniform(0.34, 0.4))
    legs: Points = [
        *((0.0, 0.94), (0.247, 0.96), (0.247, 0.96), (0.3, 0.78), (0.34, low + 0.1)),
        *((0.355, low), (0.355, low), (0.2, low - 0.03), (0.05, low - 0.02), (0.05, low - 0.02)),
        *((0.03, low + 0.12), (0.012, 0.6)),
    ]
    creases: list[Fold] = [
        *((0.03, 0.62, 0.2, 0.7, 0.02, 0.012), (0.05, 0.57, 0.26, 0.62, 0.02, 0.011)),
        *((0.12, 0.66, 0.14, 0.36, 0.03, 0.011), (0.25, 0.72, 0.28, 0.38, 0.03, 0.010)),
    ]
    hems = pair(frame, [(0.348, low + 0.045), (0.2, low + 0.015), (0.05, low + 0.022)], stuff)
    return [*_legs(frame, stuff, rng, legs, creases, False), *hems]
