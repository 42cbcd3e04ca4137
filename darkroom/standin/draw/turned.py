"""Other round things: lamps, candles, jars, balls, apples."""

import math

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.flatwork import curve, cushion, tube
from darkroom.standin.draw.lathe import hollow, turn
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look

Chance = np.random.Generator


def lamp(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A table lamp, lit."""
    body = finish.main(look)
    foot = turn(
        frame,
        [
            (0.0, 0.0),
            (0.2, 0.0),
            (0.2, 0.0),
            (0.2, 0.03),
            (0.06, 0.06),
            (0.16, 0.16),
            (0.19, 0.28),
            (0.12, 0.42),
            (0.03, 0.5),
            (0.025, 0.6),
        ],
        body,
    )
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
    solid = turn(
        frame,
        [
            (0.0, 0.0),
            (wide - 0.03, 0.0),
            (wide, 0.0),
            (wide, 0.04),
            (wide, 0.62),
            (wide, 0.68),
            (wide, 0.68),
        ],
        finish.main(look),
    )
    wax = Material(from_hex("f3e3c0"), rough=0.5, glow=0.45)
    up = frame.tilt[1]
    base = 0.58 * up
    wick = tube(frame, [(0.0, base), (0.006, base + 0.09)], 0.009, finish.DARK)
    tip = curve(
        [
            (0.0, base + 0.33),
            (0.045, base + 0.17),
            (0.04, base + 0.09),
            (0.0, base + 0.06),
            (-0.04, base + 0.09),
            (-0.045, base + 0.17),
        ]
    )
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
    solid = turn(
        frame,
        [
            (0.0, 0.0),
            (wide - 0.04, 0.0),
            (wide, 0.0),
            (wide, 0.05),
            (wide, 0.38),
            (wide - 0.01, 0.42),
            (wide - 0.05, 0.43),
        ],
        finish.main(look),
    )
    lid = turn(
        frame,
        [
            (wide, 0.43),
            (wide, 0.43),
            (wide, 0.43),
            (wide, 0.64),
            (wide, 0.66),
            (wide - 0.03, 0.665),
            (0.0, 0.665),
        ],
        finish.BRASS if look.material != "metal" else finish.DARK,
    )
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
    solid = turn(
        frame,
        [
            (0.0, 0.0),
            (0.14, 0.0),
            (0.3, 0.08),
            (0.42, 0.3),
            (0.48, 0.56),
            (0.4, 0.78),
            (0.22, 0.83),
            (0.06, 0.8),
            (0.0, 0.8),
        ],
        Material(color, rough=0.25, pattern="speckle"),
    )
    lean = float(rng.uniform(-0.06, 0.06))
    top = 0.8
    stem = tube(
        frame,
        curve([(0.0, top), (lean * 0.4, top + 0.1), (lean, top + 0.2)], closed=False),
        0.016,
        Material(from_hex("4a3320"), rough=0.8),
    )
    leaf = curve(
        [
            (lean * 0.4, top + 0.1),
            (lean * 0.4, top + 0.1),
            (lean * 0.4, top + 0.1),
            (0.12, top + 0.22),
            (0.3, top + 0.2),
            (0.16, top + 0.09),
        ]
    )
    return [solid.body, stem, cushion(frame, leaf, finish.LEAF, bevel=0.05)]


def form(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A sphere on a plinth: what stands for things that cannot be drawn, and pretends nothing."""
    wide, low, round_ = 0.36, float(rng.uniform(0.22, 0.30)), float(rng.uniform(0.32, 0.35))
    plinth = turn(
        frame,
        [
            (0.0, 0.0),
            (wide - 0.01, 0.0),
            (wide, 0.01),
            (wide, low - 0.01),
            (wide - 0.01, low),
            (0.0, low),
        ],
        finish.main(look, "matte"),
    )
    arc = [
        (math.sin(t) * round_, low + round_ - math.cos(t) * round_)
        for t in np.linspace(0, math.pi, 40)
    ]
    return [plinth.body, turn(frame, arc, finish.main(look, "matte")).body]
