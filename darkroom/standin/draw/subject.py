"""The subject of a prompt: which thing, how large, where it stands."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from darkroom.standin.draw import (
    bottles,
    devices,
    figure,
    furnishings,
    garments,
    lower_garments,
    turned,
    vessels,
    worn,
)
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.layer import Frame, Layer
from darkroom.standin.draw.words import GARMENTS, PEOPLE, Look

DRAWN: dict[str, Callable[[Frame, Look, np.random.Generator], list[Layer]]] = {
    "mug": vessels.mug,
    "wine": bottles.wine,
    "glass": bottles.glass,
    "perfume": bottles.perfume,
    "bottle": bottles.bottle,
    "vase": vessels.vase,
    "lamp": turned.lamp,
    "bowl": vessels.bowl,
    "candle": turned.candle,
    "jar": turned.jar,
    "ball": turned.ball,
    "apple": turned.apple,
    "can": bottles.can,
    "teapot": vessels.teapot,
    "sneaker": worn.sneaker,
    "watch": worn.watch,
    "chair": furnishings.chair,
    "box": furnishings.parcel,
    "book": furnishings.book,
    "bag": worn.bag,
    "plant": furnishings.plant,
    "phone": devices.phone,
    "headphones": worn.headphones,
    "speaker": devices.speaker,
    "tube": devices.squeeze_tube,
    "tshirt": garments.tshirt,
    "shirt": garments.shirt,
    "sweater": garments.sweater,
    "hoodie": garments.hoodie,
    "tank": garments.tank,
    "jacket": garments.jacket,
    "coat": garments.coat,
    "dress": garments.dress,
    "skirt": lower_garments.skirt,
    "trousers": lower_garments.trousers,
    "shorts": lower_garments.shorts,
    "woman": figure.woman,
    "man": figure.man,
    "person": figure.person,
}


@dataclass(frozen=True)
class Standing:
    """A subject in its place.

    Attributes:
        layers: Its parts, back to front.
        frame: Where it stands.
        bounds: Left, right, low and high on the screen plane, in units.
    """

    layers: list[Layer]
    frame: Frame
    bounds: tuple[float, float, float, float]


def _bounds(layers: list[Layer], frame: Frame) -> tuple[float, float, float, float]:
    left, right, low, high = np.inf, -np.inf, np.inf, -np.inf
    for layer in layers:
        rows, columns = np.nonzero(layer.cover > 0.5)
        if not len(rows):
            continue
        window = layer.window
        left = min(left, window.x0 + columns.min() - frame.origin[0])
        right = max(right, window.x0 + columns.max() + 1 - frame.origin[0])
        high = max(high, frame.origin[1] - window.y0 - rows.min())
        low = min(low, frame.origin[1] - window.y0 - rows.max() - 1)
    unit = frame.scale
    return left / unit, right / unit, low / unit, high / unit


def stand(
    look: Look, prompt: str, seed: int, size: tuple[int, int], tilt: tuple[float, float]
) -> Standing:
    """Build the subject of a prompt and place it: whole, centered, on the ground.

    Args:
        look: What the prompt asks for.
        prompt: Its words, which choose the place.
        seed: Changes proportions and pose a little.
        size: Width and height of the picture in pixels.
        tilt: Sine and cosine of the camera's angle.
    """
    width, height = size
    noun = look.noun
    # What cannot be drawn is not passed off as something else.
    build = DRAWN.get(noun, turned.form)
    pose = ("pose", noun, seed)
    # A first, tiny build tells how large the thing is.
    trial = Frame((220, 220), (110.0, 150.0), 72.0, tilt)
    left, right, low, high = _bounds(build(trial, look, chance(*pose)), trial)
    place = chance("place", prompt, seed)
    share = float(place.uniform(0.58, 0.66))
    # People and their clothes fill a picture as a photographer would frame them.
    share *= 1.36 if noun in PEOPLE else 1.15 if noun in GARMENTS else 1.0
    scale = min(share * height / (high - low), 0.68 * width / (right - left))
    center = width * (0.5 + float(place.uniform(-0.025, 0.025)))
    drop = height * 0.5 + (high - low) * scale * 0.5 + height * (0.022 if noun in PEOPLE else 0.055)
    origin = (center - (left + right) / 2 * scale, drop + low * scale)
    frame = Frame(size, origin, scale, tilt)
    layers = build(frame, look, chance(*pose))
    return Standing(layers, frame, (left, right, low, high))
