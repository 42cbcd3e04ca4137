"""Turned things: mugs, bottles, vases, bowls, lamps, candles."""

import math

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
        [(0.0, 0.0), (0.28, 0.0), (0.33, 0.0), (belly, 0.09), (0.41, 0.4), (0.4, 0.7), (0.395, 0.9), (0.395, 0.9)],
        wide,
    )
    solid = turn(frame, outline, material)
    side = 1 if rng.random() < 0.5 else -1
    x = 0.37 * wide
    up = frame.tilt[1]
    ring = curve(
        [(side * px, py * up) for px, py in [(x, 0.74), (x + 0.2, 0.76), (x + 0.3, 0.55), (x + 0.2, 0.28), (x - 0.01, 0.22)]],
        closed=False,
    )
    coffee = Material(from_hex("4a2a18"), rough=0.7)
    return [
        tube(frame, ring, 0.052, material),
        solid.body,
        *hollow(solid, 0.032, 0.8, finish.shaded(material, 0.8), coffee),
    ]


def glass(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A tumbler with a drink."""
    wide = float(rng.uniform(0.9, 1.05))
    material = Material(look.color * 0.7 + 0.1, rough=0.03, opacity=0.5)
    solid = turn(frame, _wider([(0.0, 0.0), (0.24, 0.0), (0.28, 0.0), (0.3, 0.06), (0.36, 0.9), (0.36, 0.9)], wide), material)
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
    foot: Profile = [(0.0, 0.0), (0.25, 0.0), (0.25, 0.0), (0.25, 0.012), (0.03, 0.05), (0.02, 0.12), (0.02, 0.4), (0.03, 0.46)]
    bowl: Profile = [(0.16, 0.49), (0.26, 0.58), (0.28, 0.72), (0.25, 0.88), (0.21, 1.02), (0.21, 1.02)]
    solid = turn(frame, _wider(foot + bowl, wide), clear)
    red = Material(look.color if look.named else from_hex("7c1530"), rough=0.3, opacity=0.99)
    return [
        solid.body,
        *hollow(solid, 0.012, 0.74, clear, red),
        solid.band(0.475, 0.74, red),
        solid.body.made_of(Material(from_hex("cfdcde"), rough=0.0, opacity=0.12)),
    ]


def bottle(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A bottle with a paper label and a cap."""
    neck = float(rng.uniform(0.62, 0.68))
    material = finish.main(look, "glass" if not look.named else "plastic")
    if material.opacity < 1:
        material = Material(look.color * 0.55, rough=0.03, opacity=0.88)
    outline: Profile = [(0.0, 0.0), (0.17, 0.0), (0.195, 0.0), (0.2, 0.04), (0.2, neck - 0.12), (0.2, neck - 0.02), (0.08, neck + 0.1),
                        (0.068, neck + 0.14), (0.066, 0.9), (0.066, 0.9)]  # fmt: skip
    wide = float(rng.uniform(0.95, 1.12))
    solid = turn(frame, _wider(outline, wide), material)
    cap = turn(frame, _wider([(0.078, 0.87), (0.078, 0.87), (0.078, 1.0), (0.078, 1.0), (0.0, 1.0)], wide), finish.BRASS)
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
    solid = turn(frame, _wider([(0.0, 0.0), (0.28, 0.0), (0.33, 0.0), (0.35, 0.05), (0.36, 0.3), (0.34, 0.52), (0.26, 0.6), (0.1, 0.63), (0.1, 0.66)], wide), body)
    collar = turn(frame, [(0.115, 0.63), (0.115, 0.63), (0.115, 0.69), (0.115, 0.69), (0.0, 0.69)], finish.BRASS)
    cap_color = finish.DARK if rng.random() < 0.6 else finish.BRASS
    cap = turn(frame, [(0.15, 0.69), (0.15, 0.69), (0.155, 0.93), (0.155, 0.95), (0.14, 0.96), (0.0, 0.96)], cap_color)
    return [
        solid.body,
        solid.band(0.05, 0.42, Material(look.color * 0.9, rough=0.02, opacity=0.7)),
        solid.band(0.22, 0.4, finish.PAPER, 0.5),
        solid.band(0.29, 0.33, finish.DARK, 0.34),
        solid.body.made_of(Material(look.color * 0.6 + 0.25, rough=0.0, opacity=0.2)),
        collar.body,
        cap.body,
    ]


def vase(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A vase with a belly and a lip."""
    belly, neck = float(rng.uniform(0.3, 0.38)), float(rng.uniform(0.1, 0.15))
    at = float(rng.uniform(0.32, 0.45))
    material = finish.main(look)
    outline: Profile = [(0.0, 0.0), (0.15, 0.0), (0.18, 0.0), (belly * 0.85, at * 0.45), (belly, at), (belly * 0.86, at + 0.24),
                        (neck, 0.8), (neck * 0.98, 0.9), (neck * 1.5, 1.0), (neck * 1.5, 1.0)]  # fmt: skip
    solid = turn(frame, outline, material)
    parts = [solid.body]
    if look.material != "glass" and rng.random() < 0.5:
        parts.append(solid.band(at - 0.015, at + 0.015, finish.other(look)))
    return [*parts, *hollow(solid, 0.02, 0.7, finish.shaded(material, 0.5), finish.shaded(material, 0.08))]


def bowl(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A wide bowl."""
    wide = float(rng.uniform(0.62, 0.72))
    material = finish.main(look)
    solid = turn(frame, [(0.0, 0.0), (0.22, 0.0), (0.24, 0.0), (0.24, 0.05), (wide * 0.72, 0.14), (wide * 0.95, 0.34), (wide, 0.5), (wide, 0.5)], material)
    return [solid.body, *hollow(solid, 0.03, 0.12, finish.shaded(material, 0.8), finish.shaded(material, 0.72))]


def lamp(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A table lamp, lit."""
    body = finish.main(look)
    foot = turn(frame, [(0.0, 0.0), (0.2, 0.0), (0.2, 0.0), (0.2, 0.03), (0.06, 0.06), (0.16, 0.16), (0.19, 0.28), (0.12, 0.42), (0.03, 0.5), (0.025, 0.6)], body)
    wide = float(rng.uniform(0.33, 0.4))
    linen = Material(from_hex("f2d9a8"), rough=0.95, glow=0.75)
    shade = turn(frame, [(wide, 0.55), (wide, 0.55), (wide * 0.62, 1.0), (wide * 0.62, 1.0)], linen)
    glow = Material(from_hex("ffe2ad"), rough=1.0, glow=1.0)
    trim = Material(from_hex("d9b679"), rough=0.9, glow=0.4)
    return [
        foot.body,
        shade.body,
        shade.band(0.55, 0.565, trim),
        shade.band(0.985, 1.0, trim),
        *hollow(shade, 0.012, 0.8, glow, glow),
    ]


def candle(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A candle in a jar, burning."""
    wide = float(rng.uniform(0.31, 0.36))
    solid = turn(frame, [(0.0, 0.0), (wide - 0.03, 0.0), (wide, 0.0), (wide, 0.04), (wide, 0.62), (wide, 0.68), (wide, 0.68)], finish.main(look))
    wax = Material(from_hex("f3e3c0"), rough=0.5, glow=0.45)
    up = frame.tilt[1]
    base = 0.58 * up
    wick = tube(frame, [(0.0, base), (0.006, base + 0.09)], 0.009, finish.DARK)
    tip = curve([(0.0, base + 0.33), (0.045, base + 0.17), (0.04, base + 0.09), (0.0, base + 0.06), (-0.04, base + 0.09), (-0.045, base + 0.17)])
    heart = [(x * 0.5, base + 0.075 + (y - base - 0.06) * 0.5) for x, y in tip]
    flame = Material(from_hex("f59a2c"), rough=1.0, glow=1.1)
    core = Material(from_hex("fff0c4"), rough=1.0, glow=1.0)
    return [
        solid.body,
        solid.band(0.16, 0.46, finish.PAPER, 0.62),
        solid.band(0.27, 0.34, finish.other(look), 0.36),
        *hollow(solid, 0.022, 0.58, finish.main(look), wax),
        wick,
        cushion(frame, tip, flame, bevel=0.03, puff=0.4),
        cushion(frame, heart, core, bevel=0.02, puff=0.2),
    ]


def jar(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A low jar of cream with a lid."""
    wide = float(rng.uniform(0.42, 0.48))
    solid = turn(frame, [(0.0, 0.0), (wide - 0.04, 0.0), (wide, 0.0), (wide, 0.05), (wide, 0.38), (wide - 0.01, 0.42), (wide - 0.05, 0.43)], finish.main(look))
    lid = turn(frame, [(wide, 0.43), (wide, 0.43), (wide, 0.43), (wide, 0.64), (wide, 0.66), (wide - 0.03, 0.665), (0.0, 0.665)], finish.BRASS if look.material != "metal" else finish.DARK)
    return [
        solid.body,
        solid.band(0.1, 0.34, finish.PAPER, 0.55),
        solid.band(0.2, 0.25, finish.other(look), 0.36),
        lid.body,
    ]


def ball(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A ball."""
    arc = [(math.sin(t) * 0.5, 0.5 - math.cos(t) * 0.5) for t in np.linspace(0, math.pi, 40)]
    solid = turn(frame, arc, finish.main(look, "plastic"))
    parts = [solid.body]
    if rng.random() < 0.35 and not look.material:
        parts.append(solid.band(0.44, 0.56, finish.other(look, 0.15)))
    return parts


def apple(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """An apple with its stem and a leaf."""
    color = look.color if look.named else from_hex("b3261e")
    solid = turn(frame, [(0.0, 0.0), (0.14, 0.0), (0.3, 0.08), (0.42, 0.3), (0.48, 0.56), (0.4, 0.78), (0.22, 0.83), (0.06, 0.8), (0.0, 0.8)], Material(color, rough=0.25, pattern="speckle"))
    lean = float(rng.uniform(-0.06, 0.06))
    top = 0.8
    stem = tube(frame, curve([(0.0, top), (lean * 0.4, top + 0.1), (lean, top + 0.2)], closed=False), 0.016, Material(from_hex("4a3320"), rough=0.8))
    leaf = curve([(lean * 0.5, top + 0.11), (0.12, top + 0.22), (0.3, top + 0.2), (0.2, top + 0.09)])
    return [solid.body, stem, cushion(frame, leaf, finish.LEAF, bevel=0.05)]


def can(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A drinks can."""
    wide = float(rng.uniform(0.26, 0.29))
    solid = turn(frame, [(0.0, 0.0), (wide * 0.8, 0.0), (wide * 0.84, 0.0), (wide, 0.06), (wide, 0.1), (wide, 0.86), (wide, 0.9), (wide * 0.84, 0.97), (wide * 0.84, 0.97)], finish.STEEL)
    return [
        solid.body,
        solid.band(0.06, 0.9, Material(look.color, rough=0.3)),
        solid.band(0.3, 0.66, finish.other(look), 0.5),
        solid.band(0.42, 0.54, Material(look.color, rough=0.3), 0.34),
        *hollow(solid, 0.02, 0.945, finish.STEEL, finish.shaded(finish.STEEL, 0.8)),
    ]


def teapot(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A teapot with spout, handle and lid."""
    material = finish.main(look)
    side = 1 if rng.random() < 0.5 else -1
    fat = float(rng.uniform(0.43, 0.48))
    pot = turn(frame, [(0.0, 0.0), (0.24, 0.0), (0.26, 0.0), (fat * 0.9, 0.15), (fat, 0.34), (fat * 0.85, 0.56), (0.22, 0.66), (0.2, 0.67)], material)
    lid = turn(frame, [(0.21, 0.66), (0.21, 0.66), (0.2, 0.69), (0.1, 0.75), (0.03, 0.77), (0.03, 0.79), (0.06, 0.82), (0.05, 0.87), (0.0, 0.88)], material)
    spout = [(side * x, y) for x, y in curve([(fat * 0.7, 0.17), (fat + 0.12, 0.24), (fat + 0.17, 0.5), (fat + 0.3, 0.66), (fat + 0.22, 0.68), (fat + 0.06, 0.5), (fat * 0.7, 0.44)])]
    grip = curve([(-side * x, y) for x, y in [(fat * 0.85, 0.56), (fat + 0.2, 0.62), (fat + 0.28, 0.4), (fat + 0.14, 0.18), (fat * 0.88, 0.2)]], closed=False)
    return [cushion(frame, spout, material, bevel=0.06), tube(frame, grip, 0.035, material), pot.body, lid.body]
