"""Clothes, as on an invisible mannequin: shirts, jackets, dresses, skirts, trousers."""

from __future__ import annotations

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.cloth import Chance, Fold, both, cloth, fabric, mirrored, seam, seam_bar
from darkroom.standin.draw.flatwork import Points, cushion, disc, tube
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.lower_garments import pair
from darkroom.standin.draw.palette import luminance
from darkroom.standin.draw.words import Look

_CREW: Points = [(0.0, 0.868), (0.06, 0.878), (0.115, 0.92), (0.145, 0.985), (0.145, 0.985)]


_SHOULDER: Points = [(0.29, 0.945), (0.375, 0.912)]


_SIDE: Points = [(0.318, 0.42), (0.335, 0.16), (0.345, 0.03), (0.345, 0.03), (0.17, 0.006)]


_HEM: Points = [(0.0, 0.0)]


_SHORT: Points = [
    *((0.45, 0.85), (0.545, 0.665), (0.565, 0.61), (0.565, 0.61)),
    *((0.425, 0.545), (0.425, 0.545), (0.375, 0.645), (0.338, 0.69), (0.326, 0.66)),
]


_LONG: Points = [
    *((0.45, 0.84), (0.53, 0.6), (0.585, 0.36), (0.635, 0.1), (0.635, 0.1)),
    *((0.525, 0.075), (0.525, 0.075), (0.46, 0.34), (0.395, 0.58), (0.345, 0.69), (0.33, 0.64)),
]


_PULLS: list[Fold] = [
    # From the armpit across the chest, and from the waist down to the hem.
    (0.31, 0.68, 0.16, 0.56, 0.022, 0.010),
    (0.31, 0.64, 0.19, 0.42, 0.026, 0.011),
    (0.30, 0.36, 0.12, 0.25, 0.024, 0.010),
    (0.29, 0.22, 0.10, 0.16, 0.022, 0.008),
    (0.22, 0.30, 0.25, 0.02, 0.028, 0.010),
    (0.09, 0.24, 0.07, 0.01, 0.03, 0.008),
    (0.36, 0.88, 0.31, 0.68, 0.02, -0.009),
]


_SLEEVE: list[Fold] = [
    (0.40, 0.78, 0.50, 0.70, 0.018, 0.008),
    (0.39, 0.70, 0.49, 0.62, 0.02, 0.010),
]


_ARM: list[Fold] = [
    *((0.40, 0.66, 0.50, 0.60, 0.018, 0.010), (0.42, 0.55, 0.53, 0.52, 0.016, 0.010)),
    *((0.43, 0.50, 0.55, 0.44, 0.016, 0.011), (0.46, 0.40, 0.56, 0.38, 0.016, 0.009)),
    *((0.50, 0.22, 0.61, 0.24, 0.014, 0.010), (0.51, 0.15, 0.62, 0.19, 0.013, 0.010)),
]


def _inside(frame: Frame, material: Material, dip: float = 0.955) -> list[Layer]:
    """The back of the neck, seen from within, with its label."""
    back = mirrored([(0.0, dip), (0.08, dip + 0.012), (0.147, 0.99), (0.12, 0.9), (0.0, 0.84)])
    return [
        cushion(frame, back, finish.shaded(material, 0.42), bevel=0.03, puff=0.4),
        cushion(
            frame,
            [(-0.03, dip - 0.012), (0.03, dip - 0.012), (0.03, dip - 0.045), (-0.03, dip - 0.045)],
            finish.shaded(finish.WHITE, 0.7),
            bevel=0.01,
            puff=0.3,
        ),
    ]


def _neckline(frame: Frame, material: Material, neck: Points, thick: float) -> Layer:
    """The ribbed edge of a neck opening, of which the right half is given, middle first."""
    edge = [*neck[:-2], (neck[-1][0] - 0.002, neck[-1][1] - thick)]
    line = [(-x, y) for x, y in reversed(edge[1:])] + edge
    return seam_bar(frame, line, thick, material)


def tshirt(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A t-shirt with short sleeves and a round neck."""
    stuff = fabric(look)
    front = mirrored(_CREW + _SHOULDER + _SHORT + _SIDE + _HEM, rng)
    return [
        *_inside(frame, stuff),
        cloth(frame, front, stuff, rng, folds=both(_PULLS + _SLEEVE, rng), belly=0.16),
        _neckline(frame, finish.shaded(stuff, 0.93), _CREW, 0.013),
        *pair(frame, [(0.55, 0.635), (0.415, 0.572)], stuff),
        *pair(frame, [(0.37, 0.905), (0.325, 0.8), (0.325, 0.69)], stuff),
        seam(frame, [(-0.335, 0.062), (-0.16, 0.036), (0.16, 0.036), (0.335, 0.062)], stuff),
    ]


def tank(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A top without sleeves."""
    stuff = fabric(look)
    neck: Points = [(0.0, 0.77), (0.09, 0.785), (0.15, 0.86), (0.172, 0.985), (0.172, 0.985)]
    arm: Points = [
        *((0.262, 0.965), (0.262, 0.965), (0.258, 0.86), (0.275, 0.74), (0.325, 0.665)),
        (0.325, 0.665),
    ]
    front = mirrored(neck + arm + _SIDE + _HEM, rng)
    back = mirrored([(0.0, 0.89), (0.1, 0.905), (0.18, 0.985), (0.2, 0.8), (0.0, 0.74)])
    inner = finish.shaded(stuff, 0.42)
    return [
        cushion(frame, back, inner, bevel=0.03, puff=0.4),
        cloth(frame, front, stuff, rng, folds=both(_PULLS[1:6], rng), belly=0.16),
        _neckline(frame, finish.shaded(stuff, 0.9), neck, 0.011),
        *(
            seam_bar(frame, [(side * x, y) for x, y in arm[1:]], 0.011, finish.shaded(stuff, 0.9))
            for side in (-1, 1)
        ),
        seam(frame, [(-0.335, 0.062), (-0.16, 0.036), (0.16, 0.036), (0.335, 0.062)], stuff),
    ]


def _cuffs(frame: Frame, stuff: Material, rng: Chance, deep: float = 0.07) -> list[Layer]:
    """Ribbed ends of long sleeves."""
    cuffs = []
    for side in (-1, 1):
        end: Points = [(0.632, 0.1), (0.53, 0.075), (0.516, 0.075 + deep), (0.618, 0.1 + deep)]
        cuffs.append(
            cloth(
                frame,
                [(side * x, y) for x, y in end for _ in (0, 1)],
                finish.shaded(stuff, 0.92),
                rng,
                bevel=0.03,
                rumple=0.3,
            )
        )
    return cuffs


def _body(frame: Frame, stuff: Material, rng: Chance, neck: Points) -> Layer:
    """Front with long sleeves."""
    front = mirrored(neck + _SHOULDER + _LONG + _SIDE + _HEM, rng)
    return cloth(frame, front, stuff, rng, folds=both(_PULLS + _ARM, rng), belly=0.16)


def _armholes(frame: Frame, stuff: Material) -> list[Layer]:
    return pair(frame, [(0.37, 0.905), (0.325, 0.8), (0.33, 0.69)], stuff)


def _waistband(frame: Frame, stuff: Material, rng: Chance) -> Layer:
    """The ribbed hem of a sweater."""
    band: Points = [(0.0, 0.07), (0.18, 0.076), (0.338, 0.1), (0.338, 0.1)]
    low: Points = [(0.335, 0.03), (0.335, 0.03), (0.17, 0.004), (0.0, -0.002)]
    rib: list[Fold] = [(x, 0.09, x, 0.0, 0.006, 0.003) for x in np.linspace(0.03, 0.31, 10)]
    return cloth(
        frame,
        mirrored(band + low),
        finish.shaded(stuff, 0.94),
        rng,
        folds=both(rib, rng),
        bevel=0.03,
        rumple=0.3,
    )


def sweater(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A sweater with long sleeves, ribbed at neck, wrists and hem."""
    stuff = fabric(look)
    return [
        *_inside(frame, stuff),
        _body(frame, stuff, rng, _CREW),
        *_armholes(frame, stuff),
        _waistband(frame, stuff, rng),
        *_cuffs(frame, stuff, rng),
        _neckline(frame, finish.shaded(stuff, 0.9), _CREW, 0.02),
    ]


def hoodie(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A sweater with a hood, a pocket in front and a cord."""
    stuff = fabric(look)
    hood: Points = [(0.0, 1.13), (0.12, 1.12), (0.205, 1.04), (0.215, 0.94), (0.15, 0.88), (0, 0.8)]
    hole: Points = [
        (0.0, 1.085),
        (0.08, 1.07),
        (0.135, 1.0),
        (0.12, 0.92),
        (0.05, 0.865),
        (0, 0.84),
    ]
    pocket = [(0.0, 0.31), (0.15, 0.31), (0.15, 0.31), (0.25, 0.13), (0.25, 0.13)]
    pocket += [(0.25, 0.085), (0.25, 0.085), (0.0, 0.075)]
    cords = []
    for side in (-1, 1):
        drop = float(rng.uniform(0.56, 0.62))
        line = [(side * 0.055, 0.868), (side * 0.075, 0.78), (side * 0.068, drop)]
        cords.append(seam_bar(frame, line, 0.009, finish.WHITE))
        cords.append(tube(frame, [line[-1], (line[-1][0], drop - 0.035)], 0.011, finish.STEEL))
    return [
        _body(frame, stuff, rng, [(0.0, 0.9), (0.1, 0.96), (0.14, 0.985)]),
        *_armholes(frame, stuff),
        _waistband(frame, stuff, rng),
        *_cuffs(frame, stuff, rng),
        cloth(
            frame,
            mirrored(hood, rng),
            stuff,
            rng,
            folds=both([(0.19, 1.03, 0.1, 0.87, 0.02, 0.012)], rng),
            bevel=0.05,
        ),
        cushion(frame, mirrored(hole), finish.shaded(stuff, 0.35), bevel=0.05, puff=-0.7),
        cloth(frame, mirrored(pocket, rng, 0.003), stuff, rng, bevel=0.016, rumple=0.5, rounds=1),
        *pair(frame, [(0.14, 0.3), (0.235, 0.13)], stuff),
        *cords,
    ]


def _collar(
    frame: Frame, stuff: Material, low: float, rng: Chance, wide: float = 0.0
) -> list[Layer]:
    """Two turned-down leaves of a collar, meeting at height `low`."""
    leaves = []
    for side in (-1, 1):
        leaf: Points = [
            *((0.004, low), (0.004, low), (0.075, low - 0.075), (0.075, low - 0.075)),
            *((0.19 + wide, 0.905), (0.17 + wide, 0.97), (0.125, 1.01), (0.115, 1.0)),
        ]
        leaves.append(
            cloth(frame, [(side * x, y) for x, y in leaf], stuff, rng, bevel=0.022, rumple=0.4)
        )
    return leaves


def _buttons(frame: Frame, stuff: Material, high: float, low: float, count: int) -> list[Layer]:
    pale = float(luminance(stuff.color)) < 0.4
    button = finish.shaded(finish.WHITE, 0.85) if pale else finish.shaded(finish.DARK, 1.6)
    return [
        cushion(frame, disc(0.0, float(y), 0.0125), button, bevel=0.008)
        for y in np.linspace(high, low, count)
    ]


def shirt(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A shirt with long sleeves, a collar and buttons."""
    stuff = fabric(look)
    neck: Points = [(0.0, 0.86), (0.03, 0.87), (0.1, 0.94), (0.14, 0.99), (0.14, 0.99)]
    return [
        *_inside(frame, stuff, 0.965),
        _body(frame, stuff, rng, neck),
        *_armholes(frame, stuff),
        *(seam(frame, [(x, 0.86), (x, 0.012)], stuff) for x in (-0.032, 0.032)),
        *_buttons(frame, stuff, 0.78, 0.1, 6),
        *_cuffs(frame, stuff, rng, 0.085),
        *_collar(frame, stuff, 0.862, rng),
    ]


def jacket(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A jacket with a zip, a collar and two pockets."""
    stuff = fabric(look)
    neck: Points = [(0.0, 0.86), (0.03, 0.87), (0.1, 0.94), (0.14, 0.99), (0.14, 0.99)]
    zipper = finish.shaded(finish.STEEL, 0.8)
    pockets = []
    for side in (-1, 1):
        slit = [(side * 0.27, 0.33), (side * 0.2, 0.18)]
        pockets.append(tube(frame, slit, 0.013, finish.shaded(stuff, 0.55)))
        pockets.append(tube(frame, [(x + side * 0.008, y + 0.004) for x, y in slit], 0.006, stuff))
    return [
        *_inside(frame, finish.shaded(stuff, 0.8), 0.965),
        _body(frame, stuff, rng, neck),
        *_armholes(frame, stuff),
        *pair(frame, [(0.33, 0.76), (0.17, 0.74), (0.03, 0.745)], stuff),
        _waistband(frame, stuff, rng),
        *_cuffs(frame, stuff, rng),
        tube(frame, [(0.0, 0.85), (0.0, 0.01)], 0.017, finish.shaded(stuff, 0.6)),
        tube(frame, [(0.0, 0.85), (0.0, 0.01)], 0.007, zipper),
        *pockets,
        *_collar(frame, stuff, 0.862, rng),
        tube(frame, [(0.0, 0.8), (0.0, 0.76)], 0.012, zipper),
    ]


def coat(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A long coat with lapels, buttons and flapped pockets."""
    stuff = fabric(look)
    neck: Points = [(0.0, 0.72), (0.05, 0.76), (0.12, 0.94), (0.14, 0.99), (0.14, 0.99)]
    side: Points = [(0.315, 0.42), (0.345, 0.0), (0.385, -0.5), (0.385, -0.5), (0.19, -0.53)]
    front = mirrored(neck + _SHOULDER + _LONG + side + [(0.0, -0.535)], rng)
    drape: list[Fold] = [
        *((0.25, 0.2, 0.31, -0.5, 0.035, 0.013), (0.13, 0.12, 0.16, -0.5, 0.035, 0.011)),
        (0.3, 0.3, 0.15, 0.2, 0.024, 0.010),
    ]
    lapels, flaps = [], []
    for turn in (-1, 1):
        lapel: Points = [
            *((0.006, 0.6), (0.006, 0.6), (0.15, 0.79), (0.15, 0.79), (0.205, 0.83), (0.13, 0.86)),
            *((0.19, 0.91), (0.165, 0.98), (0.125, 1.015), (0.11, 0.99), (0.06, 0.78)),
        ]
        flap: Points = [(0.13, 0.06), (0.27, 0.075), (0.272, 0.025), (0.132, 0.01)]
        lapels.append(
            cloth(frame, [(turn * x, y) for x, y in lapel], stuff, rng, bevel=0.022, rumple=0.4)
        )
        flaps.append(
            cloth(
                frame,
                [(turn * x, y) for x, y in flap for _ in (0, 1)],
                stuff,
                rng,
                bevel=0.015,
                rumple=0.3,
            )
        )
    folds = both(_PULLS[:3] + _ARM + drape, rng)
    return [
        *_inside(frame, finish.shaded(stuff, 0.7), 0.965),
        cushion(
            frame,
            mirrored([(0.0, 0.95), (0.12, 0.95), (0.1, 0.8), (0.0, 0.66)]),
            finish.shaded(stuff, 0.3),
            bevel=0.03,
            puff=0.4,
        ),
        cloth(frame, front, stuff, rng, folds=folds, belly=0.16),
        *_armholes(frame, stuff),
        seam(frame, [(0.04, 0.62), (0.045, 0.0), (0.05, -0.53)], finish.shaded(stuff, 0.8)),
        *_buttons(frame, finish.shaded(stuff, 0.5), 0.55, -0.05, 4),
        *flaps,
        *lapels,
    ]


def dress(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A dress without sleeves, with a waist and a wide skirt."""
    stuff = fabric(look)
    wide = float(rng.uniform(0.38, 0.46))
    neck: Points = [(0.0, 0.86), (0.07, 0.875), (0.12, 0.93), (0.15, 1.0), (0.15, 1.0)]
    arm: Points = [
        *((0.225, 0.985), (0.225, 0.985), (0.205, 0.9), (0.212, 0.83), (0.255, 0.78)),
        (0.255, 0.78),
    ]
    side: Points = [
        *((0.235, 0.66), (0.195, 0.53), (0.195, 0.53), (0.26, 0.36), (wide * 0.82, 0.0)),
        *((wide, -0.4), (wide, -0.4), (wide * 0.6, -0.445), (wide * 0.25, -0.43)),
    ]
    drape: list[Fold] = [
        (share * 0.19, 0.53 - 0.02 * (i % 2), share * wide * 0.96, -0.46, 0.028, 0.017 - 0.004 * i)
        for i, share in enumerate((0.88, 0.6, 0.33, 0.08))
    ]
    bodice: list[Fold] = [
        *((0.24, 0.74, 0.12, 0.68, 0.02, 0.008), (0.19, 0.56, 0.1, 0.64, 0.016, 0.009)),
        (0.17, 0.53, 0.13, 0.72, 0.016, 0.007),
    ]
    back = mirrored([(0.0, 0.965), (0.08, 0.972), (0.152, 1.0), (0.13, 0.9), (0.0, 0.83)])
    front = mirrored(neck + arm + side + [(0.0, -0.45)], rng)
    return [
        cushion(frame, back, finish.shaded(stuff, 0.42), bevel=0.03, puff=0.4),
        cloth(frame, front, stuff, rng, folds=both(drape + bodice, rng), belly=0.14),
        seam(frame, [(-0.196, 0.535), (0.0, 0.522), (0.196, 0.535)], stuff),
        _neckline(frame, stuff, neck, 0.009),
        *pair(frame, arm[1:], stuff),
        seam(
            frame,
            [
                (-wide * 0.97, -0.375),
                (-wide * 0.5, -0.42),
                (wide * 0.5, -0.42),
                (wide * 0.97, -0.375),
            ],
            stuff,
        ),
    ]
