"""A standing person, like a shop's mannequin: from head to feet, in plain clothes."""

from __future__ import annotations

from dataclasses import dataclass

from darkroom.standin.draw import finish
from darkroom.standin.draw.cloth import Chance, Fold, cloth, mirrored, seam, seam_bar
from darkroom.standin.draw.flatwork import Points, curve, cushion, disc
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import Color, from_hex, luminance
from darkroom.standin.draw.words import Look

_SKIN = ("e8b896", "d9a27c", "c48a62", "a26b47", "7d4f34", "5d3a28")
_HAIR = ("2a211d", "3d2a20", "5e4029", "8a6238", "b58c55", "77716c", "6e3520")
_BELOW = ("3c4252", "35363b", "4a4f47", "8d8371", "5b5149")
_SHOES = ("2f2d2e", "e2ded6", "6b4630", "7c7f86")


@dataclass(frozen=True)
class _Build:
    """Half widths of a body, in its own height."""

    shoulder: float
    chest: float
    waist: float
    hip: float
    head: float
    neck: float
    arm: float


_BUILDS = {
    "man": _Build(0.128, 0.099, 0.086, 0.089, 0.047, 0.029, 0.0255),
    "woman": _Build(0.110, 0.086, 0.069, 0.093, 0.045, 0.0235, 0.0215),
    "person": _Build(0.119, 0.092, 0.078, 0.090, 0.046, 0.026, 0.0235),
}


def _limb(joints: list[tuple[float, float, float]]) -> Points:
    """Outline of a limb through joints of x, y and half width, on the figure's right."""
    outer: Points = []
    inner: Points = []
    for i, (x, y, wide) in enumerate(joints):
        before, after = joints[max(0, i - 1)], joints[min(len(joints) - 1, i + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        long = max(1e-6, (dx * dx + dy * dy) ** 0.5)
        outer.append((x - dy / long * wide, y + dx / long * wide))
        inner.append((x + dy / long * wide, y - dx / long * wide))
    return outer + inner[::-1]


def _two(points: Points) -> list[Points]:
    return [points, [(-x, y) for x, y in points]]


def _arm(build: _Build) -> list[tuple[float, float, float]]:
    """The joints of an arm, from the shoulder to the wrist."""
    out, wide = build.shoulder - build.arm, build.arm
    return [
        (out - 0.012, 0.815, wide * 0.95),
        (out + 0.012, 0.765, wide * 1.06),
        (out + 0.034, 0.69, wide * 0.96),
        (out + 0.052, 0.63, wide * 0.86),
        (out + 0.066, 0.575, wide * 0.88),
        (out + 0.084, 0.49, wide * 0.6),
    ]


def _skin_parts(frame: Frame, build: _Build, skin: Material, bare: bool) -> list[Layer]:
    """Arms, hands and neck; legs too where they are bare."""
    parts = []
    joints = _arm(build)
    wx, wy, _ = joints[-1]
    hand: Points = [
        *((wx - 0.011, wy + 0.01), (wx + 0.015, wy + 0.008), (wx + 0.026, wy - 0.03)),
        *((wx + 0.027, wy - 0.075), (wx + 0.016, wy - 0.1), (wx + 0.003, wy - 0.095)),
        *((wx - 0.006, wy - 0.06), (wx - 0.014, wy - 0.066), (wx - 0.021, wy - 0.055)),
        (wx - 0.019, wy - 0.025),
    ]
    for points in _two(hand):
        parts += [cushion(frame, curve(points), skin, bevel=0.014)]
    for points in _two(_limb(joints)):
        parts += [cushion(frame, curve(points), skin, bevel=0.022, puff=1.1)]
    if bare:
        leg = [
            *((0.053, 0.50, 0.052), (0.053, 0.42, 0.046), (0.053, 0.32, 0.036)),
            *((0.053, 0.275, 0.032), (0.054, 0.2, 0.034), (0.055, 0.12, 0.025)),
            *((0.056, 0.05, 0.0185), (0.057, 0.02, 0.02)),
        ]
        for points in _two(_limb(leg)):
            parts += [cushion(frame, curve(points), skin, bevel=0.03, puff=1.1)]
    chest: Points = [
        *((0.0, 0.875), (build.neck, 0.875), (build.neck, 0.875), (build.neck * 1.02, 0.85)),
        *((build.neck * 1.5, 0.833), (build.shoulder * 0.75, 0.82), (build.shoulder * 0.8, 0.79)),
        *((build.chest, 0.7), (0.0, 0.68)),
    ]
    parts += [cushion(frame, curve(mirrored(chest)), skin, bevel=0.03, puff=0.9)]
    return parts


def _head(frame: Frame, build: _Build, skin: Material, hair: Material, long: int) -> list[Layer]:
    """A head without a face; hair of 0 cropped, 1 chin-long, 2 over the shoulders."""
    wide, lean = build.head, finish.shaded(skin, 0.97)
    skull: Points = [
        *((0.0, 0.993), (wide * 0.62, 0.985), (wide * 0.99, 0.955), (wide, 0.92)),
        *((wide * 0.86, 0.888), (wide * 0.48, 0.866), (0.0, 0.859)),
    ]
    shadow: Points = [
        *((0.0, 0.872), (build.neck * 1.02, 0.872), (build.neck, 0.853), (0.0, 0.845)),
    ]
    cap: Points = [
        *((0.0, 1.0), (wide * 0.7, 0.996), (wide * 1.08, 0.965), (wide * 1.09, 0.925)),
        *((wide * 1.0, 0.915), (wide * 0.94, 0.94), (wide * 0.6, 0.966), (0.0, 0.97)),
    ]
    parts = [
        cushion(frame, curve(mirrored(shadow)), finish.shaded(skin, 0.6), bevel=0.012, puff=0.5),
    ]
    if not long:
        for points in _two(disc(wide * 1.0, 0.92, 0.008, 0.015)):
            parts += [cushion(frame, points, lean, bevel=0.006)]
    parts += [cushion(frame, curve(mirrored(skull)), skin, bevel=0.034, puff=1.1)]
    # The nose's ridge and the eyes' hollows, no more than a sculptor's first strokes.
    parts.append(
        cushion(
            frame,
            curve([(0.0, 0.925), (0.0065, 0.902), (0.0, 0.896), (-0.0065, 0.902)]),
            finish.shaded(skin, 0.93),
            bevel=0.006,
            puff=1.3,
        )
    )
    if long:
        side: Points = [
            *((wide * 0.35, 0.972), (wide * 0.85, 0.955), (wide * 1.0, 0.91)),
            *(
                (wide * 0.98, 0.862 if long == 1 else 0.80),
                (wide * 1.3, 0.855 - 0.055 * (long - 1)),
            ),
            *((wide * 1.34, 0.9), (wide * 1.12, 0.97), (wide * 0.6, 0.995)),
        ]
        for points in _two(side):
            parts += [cushion(frame, curve(points), hair, bevel=0.016)]
    parts += [cushion(frame, curve(mirrored(cap)), hair, bevel=0.02)]
    return parts


def _feet(frame: Frame, shoe: Material) -> list[Layer]:
    """Two shoes, their toes turned out a little."""
    upper: Points = [
        *((0.034, 0.05), (0.076, 0.052), (0.083, 0.04), (0.103, 0.018), (0.101, 0.004)),
        *((0.07, -0.004), (0.036, -0.002), (0.03, 0.012), (0.033, 0.03)),
    ]
    sole: Points = [
        *((0.029, 0.008), (0.068, 0.002), (0.104, 0.009), (0.105, -0.002), (0.07, -0.009)),
        (0.033, -0.006),
    ]
    pale = Material(from_hex("d8d4cb"), rough=0.7)
    dark = float(luminance(shoe.color)) > 0.5
    parts = []
    for points in _two(sole):
        tread = finish.shaded(shoe, 0.6) if dark else pale
        parts += [cushion(frame, curve(points), tread, bevel=0.008)]
    for points in _two(upper):
        parts += [cushion(frame, curve(points), shoe, bevel=0.018)]
    return parts


def _bottom(frame: Frame, build: _Build, name: str, stuff: Material, rng: Chance) -> list[Layer]:
    """Trousers, shorts or a skirt."""
    hip, waist = build.hip, build.waist
    upper: Points = [(0.0, 0.62), (waist, 0.62), (waist, 0.62), (hip * 1.02, 0.53)]
    folds: list[Fold] = [
        *((0.012, 0.475, 0.07, 0.5, 0.007, 0.0042), (0.02, 0.45, 0.08, 0.46, 0.008, 0.004)),
        *((0.032, 0.27, 0.08, 0.29, 0.008, 0.0036), (0.035, 0.24, 0.085, 0.235, 0.008, 0.004)),
        *((0.036, 0.08, 0.08, 0.1, 0.006, 0.004), (0.036, 0.055, 0.082, 0.07, 0.006, 0.0042)),
    ]
    if name == "skirt":
        half = [*upper, (hip * 1.25, 0.4), (0.14, 0.3), (0.14, 0.3), (0.07, 0.29), (0.0, 0.287)]
        folds = [
            (share * hip, 0.58, share * 0.14, 0.27, 0.011, 0.006) for share in (0.85, 0.5, 0.15)
        ]
    elif name == "shorts":
        half = [*upper, (0.108, 0.4), (0.111, 0.32), (0.111, 0.32), (0.06, 0.31)]
        half += [(0.011, 0.315), (0.011, 0.315), (0.008, 0.4), (0.003, 0.462)]
        folds = folds[:2]
    else:
        half = [*upper, (0.104, 0.42), (0.096, 0.29), (0.089, 0.15), (0.086, 0.035)]
        half += [(0.086, 0.035), (0.058, 0.026), (0.031, 0.034), (0.031, 0.034), (0.021, 0.16)]
        half += [(0.014, 0.29), (0.009, 0.4), (0.003, 0.462)]
    return [
        cloth(
            frame,
            mirrored(half),
            stuff,
            rng,
            folds=_sided(folds, rng),
            bevel=0.026,
            rumple=0.3,
        )
    ]


def _top(frame: Frame, build: _Build, name: str, stuff: Material, rng: Chance) -> list[Layer]:
    """What is worn above: its sleeves, its length and its neck go by its name."""
    ease = (
        1.05 if name in ("tank", "dress") else 1.16 if name in ("jacket", "coat", "hoodie") else 1.1
    )
    if name == "dress":
        hem, spread = 0.24, 0.155
    elif name == "coat":
        hem, spread = 0.3, build.hip * 1.3
    else:
        hem, spread = 0.498, build.hip * (1.05 + (ease - 1) * 0.6)
    joints = [(x, y, wide * (1.12 + ease * 0.12)) for x, y, wide in _arm(build)]
    waist, chest = build.waist * ease * 1.03, build.chest * ease
    inner_neck = build.neck * 1.25
    neck: Points = [(0.0, 0.812), (inner_neck * 0.75, 0.819), (inner_neck * 1.15, 0.84)]
    neck += [neck[-1]]
    bare = name in ("tank", "dress")
    if bare:
        neck = [
            (0.0, 0.785),
            (inner_neck, 0.79),
            (build.shoulder * 0.5, 0.836),
            (build.shoulder * 0.5, 0.836),
        ]
        half = [
            *neck,
            *((build.shoulder * 0.74, 0.827), (build.shoulder * 0.74, 0.827)),
            *((chest * 0.86, 0.775), (chest * 0.98, 0.735), (chest * 0.98, 0.735)),
        ]
    else:
        half = [*neck, (build.shoulder * 0.86, 0.828)]
        half += [(build.shoulder * 0.99, 0.808), (chest * 1.03, 0.735)]
    half += [(chest * 0.98, 0.69), (waist, 0.615), (build.hip * ease, 0.535)]
    half += [(spread, hem + 0.004), (spread, hem + 0.004), (spread * 0.5, hem - 0.006)]
    half.append((0.0, hem - 0.008))
    folds: list[Fold] = [
        *(
            (chest * 0.95, 0.735, 0.035, 0.69, 0.008, 0.0038),
            (chest, 0.72, 0.05, 0.65, 0.009, 0.0042),
        ),
        *((waist, 0.62, 0.03, 0.59, 0.008, 0.0036), (waist, 0.6, 0.04, 0.545, 0.008, 0.0034)),
        (0.05, 0.6, 0.06, 0.5, 0.01, 0.003),
    ]
    if name in ("dress", "coat"):
        folds = folds[:3] + [
            (share * waist, 0.6, share * spread, hem - 0.02, 0.012, 0.006)
            for share in (0.85, 0.5, 0.15)
        ]
    parts = []
    end = 2 if name == "tshirt" else 5
    if not bare:
        sleeve = joints[: end + 1]
        if name == "tshirt":
            sleeve = [*joints[:2], (joints[2][0], joints[2][1] - 0.004, joints[2][2] * 1.16)]
        line = _limb(sleeve)
        # The end of a sleeve is cut straight.
        line = [p for i, p in enumerate(line) for _ in range(2 if i in (end, end + 1) else 1)]
        creases: list[Fold] = [
            (x - wide, y + 0.012, x + wide, y - 0.008, 0.007, 0.0036)
            for x, y, wide in sleeve[2:end]
        ]
        for side, points in zip((1, -1), _two(line), strict=True):
            turned = [(side * a, b, side * c, d, w, h) for a, b, c, d, w, h in creases]
            parts.append(cloth(frame, points, stuff, rng, folds=turned, bevel=0.02, rumple=0.25))
            if name != "tshirt":
                (ax, ay), (bx, by) = line[end + 1], line[end + 2]
                cuff = [(side * ax, ay + 0.016), (side * bx, by + 0.016)]
                parts.append(seam(frame, cuff, stuff, rounds=0))
    parts.append(
        cloth(
            frame,
            mirrored(half, rng, 0.0015),
            stuff,
            rng,
            folds=_sided(folds, rng),
            bevel=0.03,
            belly=0.03,
            rumple=0.3,
        )
    )
    rib = [(-x, y) for x, y in reversed(neck[1:-1])] + neck[:-1]
    parts.append(seam_bar(frame, rib, 0.0045, finish.shaded(stuff, 0.88)))
    if name in ("jacket", "coat", "shirt"):
        parts.append(seam(frame, [(0.0, 0.81), (0.0, hem - 0.004)], finish.shaded(stuff, 0.8)))
        for turn in (-1, 1):
            leaf: Points = [
                *((0.002, 0.808), (0.002, 0.808), (0.026, 0.782), (0.026, 0.782)),
                *((inner_neck * 1.55, 0.835), (inner_neck * 1.1, 0.853), (inner_neck * 0.9, 0.846)),
            ]
            parts.append(
                cloth(frame, [(turn * x, y) for x, y in leaf], stuff, rng, bevel=0.008, rumple=0.2)
            )
    return parts


def _sided(folds: list[Fold], rng: Chance) -> list[Fold]:
    """Folds on both sides, moved a little, at the scale of a whole person."""
    every: list[Fold] = []
    for x, y, to_x, to_y, wide, high in folds:
        for side in (-1, 1):
            a, b = float(rng.uniform(-0.008, 0.008)), float(rng.uniform(-0.01, 0.01))
            more = float(rng.uniform(0.6, 1.3))
            every.append((side * x, y + b, side * (to_x + a), to_y + b, wide, high * more))
    return every


def _cloth_of(color: Color) -> Material:
    return Material(color, rough=0.94)


def _standing(kind: str, frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    build = _BUILDS[kind]
    skin = Material(from_hex(_SKIN[int(rng.integers(len(_SKIN)))]), rough=0.62)
    hair = Material(from_hex(_HAIR[int(rng.integers(len(_HAIR)))]), rough=0.55)
    long = int(rng.integers(1, 3)) if kind == "woman" else int(rng.random() < 0.2) * (kind != "man")
    below = from_hex(_BELOW[int(rng.integers(len(_BELOW)))])
    shoe = from_hex(_SHOES[int(rng.integers(len(_SHOES)))])
    top, bottom = "tshirt", "trousers"
    for name, color in look.wears:
        if name in ("trousers", "shorts", "skirt"):
            bottom, below = name, below if color is None else color
        elif name == "sneaker":
            shoe = shoe if color is None else color
        else:
            top = name
    # Clothes of one tone would look like one.
    if abs(float(luminance(below)) - float(luminance(look.color))) < 0.03 and not any(
        name == bottom and color is not None for name, color in look.wears
    ):
        below = from_hex("c2b59a") if float(luminance(look.color)) < 0.12 else from_hex("35363b")
    bare = bottom in ("shorts", "skirt") or top in ("dress", "coat")
    layers: list[Layer] = []
    if long == 2:
        back = [(0.0, 0.97), (build.head * 1.2, 0.95), (build.head * 1.3, 0.8), (0.0, 0.79)]
        layers.append(cushion(frame, curve(mirrored(back)), finish.shaded(hair, 0.6), bevel=0.02))
    layers += _skin_parts(frame, build, skin, bare)
    layers += _feet(frame, Material(shoe, rough=0.6))
    if top != "dress":
        layers += _bottom(frame, build, bottom, _cloth_of(below), rng)
    layers += _top(frame, build, top, _cloth_of(look.color), rng)
    return layers + _head(frame, build, skin, hair, long)


def woman(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A woman, standing."""
    return _standing("woman", frame, look, rng)


def man(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A man, standing."""
    return _standing("man", frame, look, rng)


def person(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """Somebody, standing."""
    return _standing("person", frame, look, rng)
