"""A place drawn from words: a ground in perspective before a background out of focus."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from darkroom.standin.draw import wall
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, resize, smoothstep
from darkroom.standin.draw.palette import from_hex, linear
from darkroom.standin.draw.texture import texture
from darkroom.standin.draw.words import COLORS, tokens

_GROUNDS = {
    "marble": "marble countertop counter worktop",
    "walnut": "walnut mahogany",
    "oak": "oak table tabletop wood wooden desk plank planks timber deck floorboards bench",
    "pale wood": "shelf shelves birch pine ash cabinet",
    "concrete": "concrete cement loft terrace garage floor",
    "asphalt": "street road asphalt pavement sidewalk neon rooftop",
    "sand": "sand sandy beach desert dune dunes",
    "moss": "moss mossy forest woodland woods jungle undergrowth",
    "grass": "grass meadow lawn garden field park picnic flowers",
    "stone": "stone rock rocks rocky slate cliff mountain mountains boulder",
    "snow": "snow snowy ice icy winter christmas",
    "linen": "linen fabric cloth bed bedding sheet sofa cotton wool silk",
    "water": "water sea ocean lake pool river pond",
    "plain": "studio backdrop seamless paper pedestal podium",
}
_WALLS = {
    "autumn": "autumn autumnal fall october leaves harvest",
    "sunset": "sunset sunrise dawn dusk evening golden",
    "night": "night neon club bar cyberpunk midnight dark",
    "forest": "forest woodland woods jungle moss mossy trees tree",
    "kitchen": "kitchen cafe countertop counter worktop breakfast",
    "city": "city street urban skyline town rooftop road",
    "window": "window morning sunlight sunlit daylight sunny light bedroom bathroom",
    "sea": "beach sea ocean coast harbor shore",
    "winter": "snow snowy winter ice icy christmas",
    "meadow": "meadow grass garden lawn park field picnic spring summer",
    "sky": "sky clouds cloud mountain mountains desert lake cliff dune dunes",
    "plain": "studio backdrop seamless paper pedestal podium wall minimal minimalist shelf loft",
    "room": "room table living home cozy desk office restaurant sofa library interior",
}
_OPEN = {"sand", "grass", "moss", "snow", "water", "stone", "asphalt"}
_WEAK = {
    "light",
    "dark",
    "golden",
    "moss",
    "mossy",
    "sunny",
    "sunlit",
    "sunlight",
    "daylight",
    "counter",
}
"""Words that tell a background only when nothing else does."""
_GLOSS = {
    "marble": 0.22,
    "oak": 0.10,
    "walnut": 0.12,
    "pale wood": 0.07,
    "water": 0.55,
    "asphalt": 0.30,
    "concrete": 0.06,
}


@dataclass(frozen=True)
class Place:
    """What a prompt says about a place: keys of the grounds and walls, and colors it names."""

    ground: str
    wall: str
    colors: tuple[str, ...]


def _first(words: list[str], meanings: dict[str, str]) -> str:
    """What the earliest known word means; "" if none is known."""
    for word in words:
        for name, known in meanings.items():
            if word in known.split():
                return name
    return ""


def understand(prompt: str) -> Place:
    """Ground, wall and colors that a prompt names; its words decide what it leaves open."""
    words = tokens(prompt)
    rng = chance("place", " ".join(words))
    ground = _first(words, _GROUNDS)
    behind = _first([word for word in words if word not in _WEAK], _WALLS) or _first(words, _WALLS)
    if "dark" in words and ground == "oak":
        ground = "walnut"
    # A mood beats a room: "on a table at sunset".
    for word in words:
        for mood in ("autumn", "sunset", "night", "kitchen", "forest", "window"):
            if word in _WALLS[mood].split() and word not in _WEAK:
                behind = mood
                break
        else:
            continue
        break
    if not ground:
        by_wall = {
            "autumn": "oak",
            "sunset": "sand",
            "night": "asphalt",
            "forest": "moss",
            "kitchen": "marble",
            "city": "concrete",
            "window": "linen",
            "sea": "sand",
            "winter": "snow",
            "meadow": "grass",
            "sky": "stone",
            "room": "oak",
        }
        ground = by_wall.get(
            behind, ("plain", "pale wood", "concrete", "linen")[int(rng.integers(4))]
        )
    if not behind:
        by_ground = {
            "sand": "sea",
            "moss": "forest",
            "grass": "meadow",
            "snow": "winter",
            "water": "sky",
            "stone": "sky",
            "oak": "room",
            "asphalt": "city",
        }
        behind = by_ground.get(ground, "plain")
    return Place(
        ground,
        behind,
        tuple(word for word in words if word in COLORS and word not in ("golden", "amber")),
    )


def _floor(name: str, seed: int, size: tuple[int, int]) -> Image.Image:
    """A texture laid down in perspective, RGB of that size, its far edge at the top."""
    width, height = size
    image = texture(name)
    tile = Image.new("RGB", (1536, 1536))
    rng = chance("floor", name, seed)
    turned = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left, right = (image, turned) if rng.random() < 0.5 else (turned, image)
    for y, flip in ((0, False), (768, True)):
        for x, part in ((0, left), (768, right)):
            tile.paste(part.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if flip else part, (x, y))
    # Far things are small: the share of the near width that is left at the far edge.
    far = 0.38 if name in _OPEN else 0.85
    lift = far * height
    across = 1500 * lift / width
    steep = min(2.4 if name not in _OPEN else 3.0, 1500 / (1500 * height / width))
    down = steep * across * (height + lift)
    steep = min(3.0 if name in _OPEN else 2.4, width / height)
    down = steep * across * (height + lift)
    # On row y, with w = y + lift:
    # u = 768 + across * (x - width / 2) / w;  v = 4 + down / lift - down / w.
    u = (across / lift, 768 / lift, 768 - across * width / 2 / lift)
    v = (0.0, (4 + down / lift) / lift, 4.0)
    return tile.transform(
        size, Image.Transform.PERSPECTIVE, (*u, *v, 0.0, 1 / lift), Image.Resampling.BILINEAR
    )


def scene(prompt: str, *, seed: int, size: tuple[int, int], horizon: float) -> Field:
    """Draw a place.

    Args:
        prompt: Names the ground, the light, the background, perhaps colors.
        seed: Moves light and details.
        size: Width and height in pixels.
        horizon: Where the ground ends, 0..1 from the top.

    Returns:
        Linear light, shape (h, w, 3).
    """
    place = understand(prompt)
    width, height = size
    rng = chance("scene", prompt, seed)
    step = max(1, round(width / 256))
    small = (max(16, width // step), max(16, height // step))
    far = getattr(wall, place.wall)(rng, small, horizon)
    light = far.light
    if place.wall == "plain" and place.colors:
        hue = from_hex(COLORS[place.colors[-1]])
        light = light / max(float(light.max()), 1e-3) * hue
    canvas = resize(light, size)
    edge = round(horizon * height)
    deep = height - edge
    if deep < 4:
        return canvas
    floor = _floor(place.ground, seed, (width, deep))
    soft = np.asarray(floor.filter(ImageFilter.GaussianBlur(max(1.5, width / 180))), np.float32)
    down = ((np.arange(deep, dtype=np.float32) + 0.5) / deep)[:, None, None]
    # Out of focus toward the far edge, in focus where the subject stands.
    blurred = np.float32(1) - smoothstep(0.0, 0.42, down)
    ground = np.asarray(floor, np.float32)
    ground = linear((ground + (soft - ground) * blurred) * np.float32(1 / 255))
    if place.ground in ("plain", "linen") and place.colors:
        ground *= from_hex(COLORS[place.colors[0]]) * np.float32(1.3)
    x = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :, None]
    pool = 0.74 + 0.36 * np.exp(-(((x - 0.36) / 0.55) ** 2)) - 0.10 * (down - 0.5)
    ground *= far.tint * pool
    gloss = _GLOSS.get(place.ground, 0.0)
    if gloss:
        # The background mirrored in the ground, weaker toward the camera.
        mirrored = light[: max(2, round(horizon * small[1]))][::-1]
        mirrored = resize(np.ascontiguousarray(mirrored), (width, deep))
        ground += (mirrored - ground * 0.6) * (gloss * (1 - 0.75 * down))
    seam = max(1, round(height * (0.012 if place.ground in _OPEN else 0.004)))
    band = smoothstep(0, 1, np.clip((np.arange(deep, dtype=np.float32) + 0.5) / seam, 0, 1))[
        :, None, None
    ]
    canvas[edge:] += (ground - canvas[edge:]) * band
    return np.clip(canvas, 0, None)
