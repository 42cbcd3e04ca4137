"""What stands in a room: chairs, boxes, books, plants."""

import math

import numpy as np

from darkroom.standin.draw import finish
from darkroom.standin.draw.flatwork import box, curve, cushion, face, tube
from darkroom.standin.draw.lathe import hollow, turn
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import from_hex
from darkroom.standin.draw.words import Look

Chance = np.random.Generator


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

    back = [
        at(-0.25, 0.98, 0.26),
        at(0.25, 0.98, 0.26),
        at(0.24, 0.66, 0.25),
        at(-0.24, 0.66, 0.25),
    ]
    seat = box(frame, (0.0, 0.4, 0.0), (0.54, 0.075, 0.52), yaw, soft)
    return [
        leg(-0.22, 0.22, 0.95),
        leg(0.22, 0.22, 0.95),
        cushion(frame, curve(back), soft, bevel=0.06, lean=(-0.5 * sin, 0.1)),
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
    top = [
        at(-half, high, -0.35),
        at(half, high, -0.35),
        at(half, high, 0.35),
        at(-half, high, 0.35),
    ]
    front = [
        at(-half, high * 0.0, -0.35),
        at(half, 0.0, -0.35),
        at(half, high, -0.35),
        at(-half, high, -0.35),
    ]
    layers += [face(frame, top, (0.0, 1.0, 0.0), band), face(frame, front, (sin, 0.0, -cos), band)]
    label = [
        at(0.14, high * 0.35, -0.351),
        at(0.34, high * 0.35, -0.351),
        at(0.34, high * 0.62, -0.351),
        at(0.14, high * 0.62, -0.351),
    ]
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
        layers.append(
            face(frame, plate, (sin, 0.0, -cos), finish.BRASS if low > 0.5 else finish.other(look))
        )
    return layers


def plant(frame: Frame, look: Look, rng: Chance) -> list[Layer]:
    """A leafy plant in a pot."""
    clay = (
        finish.main(look)
        if look.named or look.material
        else Material(from_hex("b9603c"), rough=0.85)
    )
    pot = turn(
        frame,
        [
            (0.0, 0.0),
            (0.17, 0.0),
            (0.18, 0.0),
            (0.25, 0.34),
            (0.25, 0.34),
            (0.275, 0.34),
            (0.275, 0.34),
            (0.285, 0.42),
            (0.285, 0.42),
        ],
        clay,
    )
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
        outline = curve(
            [
                (middle[0] * 0.8, 0.42 + (middle[1] - 0.42) * 0.8),
                (middle[0] + side[0], middle[1] + side[1]),
                ((middle[0] + tip[0]) / 2 + side[0], (middle[1] + tip[1]) / 2 + side[1]),
                tip,
                ((middle[0] + tip[0]) / 2 - side[0], (middle[1] + tip[1]) / 2 - side[1]),
                (middle[0] - side[0], middle[1] - side[1]),
            ]
        )
        tone = float(rng.uniform(0.75, 1.35))
        green = Material(finish.LEAF.color * np.float32(tone), rough=0.4)
        stems.append(
            tube(
                frame,
                curve(
                    [(spread * 0.06, 0.38), (middle[0] * 0.6, (middle[1] + 0.4) / 2), middle],
                    closed=False,
                    rounds=2,
                ),
                0.009,
                finish.LEAF,
            )
        )
        lean = (math.sin(angle) * 0.5, 0.5)
        leaves.append((float(rng.random()), cushion(frame, outline, green, bevel=0.05, lean=lean)))
        leaves.append(
            (
                leaves[-1][0] + 1e-6,
                tube(
                    frame,
                    [middle, ((middle[0] + tip[0] * 2) / 3, (middle[1] + tip[1] * 2) / 3)],
                    0.005,
                    finish.shaded(green, 1.4),
                ),
            )
        )
    leaves.sort(key=lambda pair: pair[0])
    return layers + stems + [leaf for _, leaf in leaves]
