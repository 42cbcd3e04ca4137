"""Things that no lathe makes: shoes, chairs, phones, bags, watches."""

import math

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.flatwork import Points, box, curve, cushion, disc, face, rounded, tube
from darkroom.standin.draw.lathe import hollow, turn
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

    def part(points: Points, material: Material, bevel: float = 0.05, puff: float = 1.0, round_: int = 3) -> Layer:
        return cushion(frame, _flip(curve(points, rounds=round_), side), material, bevel=bevel, puff=puff)

    shoe: Points = [(-0.78, 0.1), (-0.84, 0.34), (-0.82, 0.6), (-0.8, 0.74), (-0.68, 0.74), (-0.5, 0.62), (-0.36, 0.62), (-0.24, 0.76),
                    (-0.12, 0.8), (-0.04, 0.74), (0.14, 0.55), (0.4, 0.42), (0.66, 0.36), (0.82, 0.26), (0.84, 0.1)]  # fmt: skip
    collar: Points = [(-0.7, 0.73), (-0.5, 0.65), (-0.34, 0.65), (-0.2, 0.77), (-0.36, 0.8), (-0.58, 0.79)]
    sole: Points = [(-0.86, 0.02), (-0.9, 0.1), (-0.86, 0.2), (-0.5, 0.17), (0.0, 0.13), (0.5, 0.13), (0.84, 0.2), (0.92, 0.16), (0.88, 0.05), (0.7, 0.0), (-0.76, 0.0)]
    toe: Points = [(0.5, 0.13), (0.5, 0.3), (0.62, 0.35), (0.8, 0.27), (0.86, 0.16), (0.84, 0.12)]
    heel: Points = [(-0.86, 0.17), (-0.85, 0.5), (-0.78, 0.56), (-0.66, 0.42), (-0.6, 0.17)]
    stripe: Points = [(-0.5, 0.26), (-0.3, 0.2), (-0.02, 0.26), (0.2, 0.46), (0.12, 0.52), (-0.08, 0.36), (-0.3, 0.32)]
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
    band: Points = curve([(-0.15, mid), (-0.14, 1.0), (-0.1, 1.06), (0.1, 1.06), (0.14, 1.0), (0.15, mid), (0.14, 0.06), (0.1, 0.0), (-0.1, 0.0), (-0.14, 0.06)], rounds=2)
    layers = [
        cushion(frame, band, strap, bevel=0.06),
        cushion(frame, rounded(0.26, 0.32, mid - 0.035, mid + 0.035, 0.012), steel, bevel=0.02),
        cushion(frame, curve([(-0.18, mid), (-0.17, mid + 0.31), (0.17, mid + 0.31), (0.18, mid), (0.17, mid - 0.31), (-0.17, mid - 0.31)], rounds=2), steel, bevel=0.04),
        cushion(frame, disc(0, mid, 0.28), steel, bevel=0.05, puff=1.4),
        cushion(frame, disc(0, mid, 0.235), finish.shaded(steel, 0.5), bevel=0.02, puff=0.5),
        cushion(frame, disc(0, mid, 0.225), dial, bevel=0.02, puff=0.15),
    ]
    for hour in range(12):
        sin, cos = math.sin(hour * math.pi / 6), math.cos(hour * math.pi / 6)
        start = 0.175 if hour % 3 else 0.16
        layers.append(tube(frame, [(sin * start, mid + cos * start), (sin * 0.205, mid + cos * 0.205)], 0.007, mark))
    minute = float(rng.uniform(0.15, 0.3))
    for angle, length, thick in ((-0.95, 0.11, 0.012), (1.05 + minute, 0.165, 0.009)):
        layers.append(tube(frame, [(0, mid), (math.sin(angle) * length, mid + math.cos(angle) * length)], thick, mark))
    layers.append(cushion(frame, disc(0, mid, 0.016), finish.BRASS, bevel=0.01))
    return layers


def chair(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A four-legged chair, a little turned."""
    wood = finish.main(look, "wood") if look.material in ("wood", "metal") else finish.WOOD
    soft = Material(look.color, rough=0.9, pattern="leather") if look.material != "wood" else wood
    yaw = float(rng.uniform(0.3, 0.55)) * (1 if rng.random() < 0.5 else -1)
    cos, sin = math.cos(yaw), math.sin(yaw)

    def at(x: float, up: float, away: float) -> tuple[float, float]:
        return frame.project(x * cos - away * sin, up, x * sin + away * cos)

    def leg(x: float, away: float, top: float, lean: float = 0.03) -> Layer:
        foot = at(x * (1 + lean), 0.02, away * (1 + lean))
        return tube(frame, [foot, at(x, top, away)], 0.024, wood)

    back = [at(-0.25, 0.98, 0.26), at(0.25, 0.98, 0.26), at(0.24, 0.66, 0.25), at(-0.24, 0.66, 0.25)]
    seat = box(frame, (0.0, 0.4, 0.0), (0.54, 0.075, 0.52), yaw, soft)
    return [
        leg(-0.22, 0.22, 0.95),
        leg(0.22, 0.22, 0.95),
        cushion(frame, curve(back, rounds=2), soft, bevel=0.06, lean=(-0.5 * sin, 0.1)),
        leg(-0.23, -0.22, 0.42),
        leg(0.23, -0.22, 0.42),
        *seat,
    ]


def parcel(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A closed box with tape or a ribbon."""
    board = Material(look.color if look.named else from_hex("b88a5a"), rough=0.85)
    yaw = float(rng.uniform(0.35, 0.75)) * (1 if rng.random() < 0.5 else -1)
    high = float(rng.uniform(0.55, 0.75))
    layers = box(frame, (0.0, 0.0, 0.0), (0.8, high, 0.7), yaw, board)
    band = finish.other(look, 0.5) if look.named else Material(from_hex("d9c08f"), rough=0.4)
    cos, sin = math.cos(yaw), math.sin(yaw)

    def at(x: float, up: float, away: float) -> tuple[float, float]:
        return frame.project(x * cos - away * sin, up, x * sin + away * cos)

    half = 0.07
    top = [at(-half, high, -0.35), at(half, high, -0.35), at(half, high, 0.35), at(-half, high, 0.35)]
    front = [at(-half, high * 0.0, -0.35), at(half, 0.0, -0.35), at(half, high, -0.35), at(-half, high, -0.35)]
    layers += [face(frame, top, (0.0, 1.0, 0.0), band), face(frame, front, (sin, 0.0, -cos), band)]
    label = [at(0.14, high * 0.35, -0.351), at(0.34, high * 0.35, -0.351), at(0.34, high * 0.62, -0.351), at(0.14, high * 0.62, -0.351)]
    layers.append(face(frame, label, (sin, 0.0, -cos), finish.PAPER))
    return layers


def book(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A hardcover book, standing."""
    yaw = float(rng.uniform(0.3, 0.5)) * (1 if rng.random() < 0.5 else -1)
    cloth = Material(look.color, rough=0.8, pattern="leather")
    cos, sin = math.cos(yaw), math.sin(yaw)

    def at(x: float, up: float, away: float = -0.091) -> tuple[float, float]:
        return frame.project(x * cos - away * sin, up, x * sin + away * cos)

    layers = box(frame, (0.0, 0.0, 0.0), (0.7, 0.98, 0.18), yaw, cloth)
    pages = box(frame, (0.0, 0.02, 0.0), (0.69, 0.962, 0.12), yaw, finish.PAPER)
    layers = [*layers[:3], pages[2], *layers[3:]]
    for low, high, wide in ((0.62, 0.8, 0.24), (0.18, 0.21, 0.16)):
        plate = [at(-wide, low), at(wide, low), at(wide, high), at(-wide, high)]
        layers.append(face(frame, plate, (sin, 0.0, -cos), finish.BRASS if low > 0.5 else finish.other(look)))
    return layers


def bag(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A handbag with two handles and a clasp."""
    hide = finish.main(look, "leather")
    if not look.named and not look.material:
        hide = Material(from_hex("8a5230"), rough=0.45, pattern="leather")
    flare = float(rng.uniform(0.0, 0.07))
    body = curve([(-0.48 - flare, 0.02), (-0.42, 0.62), (-0.36, 0.64), (0.36, 0.64), (0.42, 0.62), (0.48 + flare, 0.02), (0.44, 0.0), (-0.44, 0.0)], rounds=2)
    flap = curve([(-0.43, 0.66), (-0.45, 0.36), (-0.25, 0.3), (0.25, 0.3), (0.45, 0.36), (0.43, 0.66)], rounds=2)
    seam = [(x * 0.93, (y - 0.48) * 0.86 + 0.48) for x, y in flap]
    rise = float(rng.uniform(0.96, 1.06))
    grip = curve([(-0.24, 0.6), (-0.23, rise * 0.9), (-0.1, rise), (0.1, rise), (0.23, rise * 0.9), (0.24, 0.6)], closed=False)
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


def plant(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A leafy plant in a pot."""
    clay = finish.main(look) if look.named or look.material else Material(from_hex("b9603c"), rough=0.85)
    pot = turn(frame, [(0.0, 0.0), (0.17, 0.0), (0.18, 0.0), (0.25, 0.34), (0.25, 0.34), (0.275, 0.34), (0.275, 0.34), (0.285, 0.42), (0.285, 0.42)], clay)
    layers = [pot.body, *hollow(pot, 0.02, 0.39, clay, finish.SOIL)]
    leaves: list[tuple[float, Layer]] = []
    stems: list[Layer] = []
    count = 13
    for i in range(count):
        spread = (i - (count - 1) / 2) / (count / 2)
        angle = spread * 1.25 + float(rng.uniform(-0.12, 0.12))
        reach = float(rng.uniform(0.36, 0.62)) * (1.1 - 0.35 * abs(spread))
        tip = (math.sin(angle) * reach, 0.42 + math.cos(angle) * reach * 1.02)
        middle = (tip[0] * 0.45, 0.42 + (tip[1] - 0.42) * 0.6)
        side = (math.cos(angle) * 0.075, -math.sin(angle) * 0.075)
        outline = curve([
            (middle[0] * 0.8, 0.42 + (middle[1] - 0.42) * 0.8), (middle[0] + side[0], middle[1] + side[1]),
            ((middle[0] + tip[0]) / 2 + side[0], (middle[1] + tip[1]) / 2 + side[1]), tip,
            ((middle[0] + tip[0]) / 2 - side[0], (middle[1] + tip[1]) / 2 - side[1]), (middle[0] - side[0], middle[1] - side[1]),
        ])  # fmt: skip
        tone = float(rng.uniform(0.75, 1.35))
        green = Material(finish.LEAF.color * np.float32(tone), rough=0.4)
        stems.append(tube(frame, curve([(spread * 0.06, 0.38), (middle[0] * 0.6, (middle[1] + 0.4) / 2), middle], closed=False, rounds=2), 0.009, finish.LEAF))
        lean = (math.sin(angle) * 0.5, 0.5)
        leaves.append((float(rng.random()), cushion(frame, outline, green, bevel=0.05, lean=lean)))
        leaves.append((leaves[-1][0] + 1e-6, tube(frame, [middle, ((middle[0] + tip[0] * 2) / 3, (middle[1] + tip[1] * 2) / 3)], 0.005, finish.shaded(green, 1.4))))
    leaves.sort(key=lambda pair: pair[0])
    return layers + stems + [leaf for _, leaf in leaves]


def phone(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A phone standing upright, its screen alight."""
    case = finish.main(look, "plastic") if look.named or look.material else finish.DARK
    screen = Material(from_hex("14161c"), rough=0.08)
    hue = look.accent
    layers = [
        cushion(frame, rounded(-0.265, 0.265, 0.0, 1.0, 0.07), finish.shaded(case, 0.7), bevel=0.03),
        cushion(frame, rounded(-0.25, 0.25, 0.015, 0.985, 0.06), case, bevel=0.02),
        cushion(frame, rounded(-0.232, 0.232, 0.03, 0.97, 0.05), screen, bevel=0.01, puff=0.2),
    ]
    tile = Material(np.clip(hue * 1.1, 0, 0.9), rough=0.3, glow=0.35)
    layers.append(cushion(frame, rounded(-0.205, 0.205, 0.55, 0.86, 0.03), tile, bevel=0.2, puff=0.5))
    for row in range(3):
        for column in range(4):
            x, y = -0.205 + column * 0.108, 0.42 - row * 0.115
            tone = Material(from_hex(["e0574f", "e9b44c", "58a4b0", "7a9e5f", "b48ec4", "e6e1d6"][int(rng.integers(6))]), glow=0.3)
            layers.append(cushion(frame, rounded(x, x + 0.086, y, y + 0.086, 0.022), tone, bevel=0.01, puff=0.3))
    layers.append(cushion(frame, rounded(-0.05, 0.05, 0.925, 0.942, 0.008), finish.DARK, bevel=0.005))
    layers.append(cushion(frame, rounded(-0.08, 0.08, 0.05, 0.058, 0.004), finish.WHITE, bevel=0.003))
    return layers


def headphones(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """Over-ear headphones, seen from the front."""
    shell = finish.main(look, "plastic")
    pad = Material(from_hex("2c2a2c"), rough=0.7, pattern="leather")
    wide = float(rng.uniform(0.4, 0.45))
    arc: Points = [(-math.cos(t) * wide, 0.42 + math.sin(t) * 0.5) for t in np.linspace(-0.1, math.pi + 0.1, 28)]
    inner: Points = [(-math.cos(t) * wide * 0.9, 0.42 + math.sin(t) * 0.44) for t in np.linspace(0.7, math.pi - 0.7, 20)]
    layers = [tube(frame, inner, 0.035, pad), tube(frame, arc, 0.034, shell)]
    for side in (-1, 1):
        yoke = [(side * (wide + 0.0), 0.46), (side * (wide + 0.015), 0.3)]
        layers.append(tube(frame, yoke, 0.03, finish.STEEL))
        layers.append(cushion(frame, disc(side * (wide - 0.065), 0.25, 0.085, 0.235), pad, bevel=0.07))
        layers.append(cushion(frame, disc(side * (wide + 0.03), 0.25, 0.1, 0.245), shell, bevel=0.09, lean=(side * 0.5, 0.0)))
        layers.append(cushion(frame, disc(side * (wide + 0.055), 0.25, 0.05, 0.15), finish.STEEL, bevel=0.03, puff=0.6, lean=(side * 0.4, 0.0)))
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
        for share, material, puff in ((1.0, finish.STEEL, 0.8), (0.9, finish.DARK, -0.8), (0.42, finish.shaded(finish.DARK, 1.8), 1.2)):
            layers.append(cushion(frame, disc(x, y, radius * share * cos, radius * share), material, bevel=radius * 0.4 * share, puff=puff, lean=lean))
    return layers


def squeeze_tube(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A cosmetics tube standing on its cap."""
    wide = float(rng.uniform(0.24, 0.28))
    skin = finish.main(look, "plastic")
    cap = turn(frame, [(0.0, 0.0), (0.17, 0.0), (0.18, 0.0), (0.18, 0.02), (0.18, 0.16), (0.18, 0.17), (0.16, 0.175), (0.0, 0.175)], finish.BRASS if look.material != "metal" else finish.DARK)
    body = curve([(-0.17, 0.165), (-0.19, 0.2), (-wide, 0.94), (-wide, 1.0), (-wide, 1.0), (wide, 1.0), (wide, 1.0), (wide, 0.94), (0.19, 0.2), (0.17, 0.165)], rounds=2)
    return [
        cap.body,
        cushion(frame, body, skin, bevel=0.14),
        cushion(frame, [(-wide, 0.95), (-wide, 1.0), (wide, 1.0), (wide, 0.95)], finish.shaded(skin, 0.85), bevel=0.01, puff=0.4),
        cushion(frame, rounded(-0.13, 0.13, 0.6, 0.74, 0.01), finish.other(look), bevel=0.01, puff=0.1),
        cushion(frame, rounded(-0.09, 0.09, 0.5, 0.52, 0.005), finish.other(look), bevel=0.01, puff=0.1),
    ]
