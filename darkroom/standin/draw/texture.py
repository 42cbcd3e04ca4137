"""Textures of grounds, seen from straight above: wood, marble, sand, grass and the like."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from PIL import Image, ImageDraw

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, blur, noise, smoothstep
from darkroom.standin.draw.palette import Color, from_hex, to_image

_SIDE = 768
_SIZE = (_SIDE, _SIDE)


def _mix(low: str | Color, high: str | Color, share: Field) -> Field:
    a = from_hex(low) if isinstance(low, str) else low
    b = from_hex(high) if isinstance(high, str) else high
    mixed: Field = a + (b - a) * np.clip(share, 0, 1)[..., None]
    return mixed.astype(np.float32)


def wood(rng: np.random.Generator, low: str = "7d5230", high: str = "c08e58") -> Field:
    """Planks that run away from the camera, each with its own grain and tone."""
    across = np.arange(_SIDE, dtype=np.float32)[None, :] / _SIDE
    planks = 5
    plank = (across * planks).astype(np.intp)
    hills = noise(rng, _SIZE, (9, 2), 2)
    shift = rng.uniform(0, 9, planks).astype(np.float32)[plank]
    rings = np.sin(hills * 6 + across * 95 + shift * 7)
    streaks = noise(rng, _SIZE, (150, 4), 2)
    fibers = noise(rng, _SIZE, (380, 14), 1)
    tone = rng.uniform(-0.16, 0.16, planks).astype(np.float32)[plank]
    share = 0.55 + 0.17 * rings + 0.16 * streaks + 0.10 * fibers + tone
    gap = np.abs((across * planks) % 1 - 0.5) > 0.492
    return _mix(low, high, share) * np.where(gap, np.float32(0.42), np.float32(1))[..., None]


def marble(rng: np.random.Generator) -> Field:
    """White stone with grey veins."""
    warp = noise(rng, _SIZE, (3, 3), 4)
    veins = np.abs(noise(rng, _SIZE, (3.3, 2.6), 4) + 0.35 * warp)
    fine = np.abs(noise(rng, _SIZE, (7, 6), 3))
    share = 0.80 - 0.55 * np.exp(-veins * 17) - 0.20 * np.exp(-fine * 26) + 0.10 * warp
    return _mix("8b8d92", "f3f1ee", share)


def concrete(rng: np.random.Generator, low: str = "77777a", high: str = "b3b1ac") -> Field:
    """Poured concrete: clouds, pores, faint stains."""
    clouds = noise(rng, _SIZE, (4, 4), 5)
    pores = noise(rng, _SIZE, (240, 240), 1)
    share = 0.55 + 0.28 * clouds + 0.08 * pores
    return _mix(low, high, share) * (1 - 0.35 * smoothstep(0.93, 1.1, pores))[..., None]


def sand(rng: np.random.Generator) -> Field:
    """Sand with wind ripples."""
    y = np.arange(_SIDE, dtype=np.float32)[:, None] / _SIDE
    ripples = np.sin(y * 120 + 5 * noise(rng, _SIZE, (4, 3), 3))
    grains = rng.standard_normal(_SIZE, dtype=np.float32)
    share = 0.55 + 0.16 * ripples + 0.12 * noise(rng, _SIZE, (5, 5), 3) + 0.10 * grains
    return _mix("b08d5f", "ecd6ae", share)


def blades(
    rng: np.random.Generator, low: str = "23401a", high: str = "8fb14f", count: int = 9000
) -> Field:
    """Grass: thousands of short strokes, the late ones brighter."""
    image = Image.new("L", _SIZE, 20)
    pen = ImageDraw.Draw(image)
    foot = rng.uniform(0, _SIDE, (count, 2))
    lean = rng.normal(0, 7, count)
    tall = rng.uniform(10, 34, count)
    tone = np.clip(np.linspace(30, 190, count) + rng.normal(0, 35, count), 0, 255).astype(int)
    for (x, y), dx, dy, light in zip(
        foot.tolist(), lean.tolist(), tall.tolist(), tone.tolist(), strict=True
    ):
        pen.line((x, y, x + dx, y - dy), fill=light, width=2)
    share = np.asarray(image, np.float32) / 255 + 0.22 * noise(rng, _SIZE, (5, 5), 3)
    return _mix(low, high, share)


def moss(rng: np.random.Generator) -> Field:
    """Forest floor: cushions of moss, brown between, fallen leaves."""
    cushions = noise(rng, _SIZE, (26, 26), 3)
    tufts = noise(rng, _SIZE, (170, 170), 2)
    green = _mix("1d2c10", "86a03f", 0.45 + 0.35 * cushions + 0.28 * tufts)
    brown = _mix("22170d", "6d4d2a", 0.5 + 0.5 * tufts)
    bare = smoothstep(0.35, 0.65, noise(rng, _SIZE, (6, 6), 3))[..., None]
    return green * (1 - bare) + brown * bare


def stone(rng: np.random.Generator) -> Field:
    """Slate: layered, rough, with a few cracks."""
    layers = noise(rng, _SIZE, (5, 14), 5)
    cracks = np.abs(noise(rng, _SIZE, (4, 5), 3))
    rough = noise(rng, _SIZE, (200, 200), 1)
    share = 0.5 + 0.34 * layers + 0.12 * rough - 0.45 * np.exp(-cracks * 60)
    return _mix("3b3e42", "8f9190", share)


def snow(rng: np.random.Generator) -> Field:
    """Snow: soft hollows in blue, crystals that glint."""
    hollows = noise(rng, _SIZE, (7, 7), 3)
    grains = rng.standard_normal(_SIZE, dtype=np.float32)
    share = 0.62 + 0.34 * hollows + 0.06 * grains
    glint = (grains > 3.1).astype(np.float32)[..., None] * np.float32(0.5)
    return _mix("a9bfd8", "f8fbff", share) + glint


def linen(rng: np.random.Generator, low: str = "b9ad98", high: str = "efe8da") -> Field:
    """Woven cloth with soft folds."""
    x = np.arange(_SIDE, dtype=np.float32)
    thread = np.sin(x * 2 * np.pi / 6)
    weave = thread[None, :] * 0.06 + thread[:, None] * 0.06
    slubs = 0.08 * noise(rng, _SIZE, (200, 6), 1) + 0.08 * noise(rng, _SIZE, (6, 200), 1)
    folds = noise(rng, _SIZE, (3.5, 1.6), 2)
    slope = blur(np.gradient(folds, axis=1).astype(np.float32), 4) * 38
    return _mix(low, high, 0.62 + weave + slubs + 0.42 * slope)


def water(rng: np.random.Generator, low: str = "0f3a4d", high: str = "9fd0dc") -> Field:
    """Ripples: crests catch the sky."""
    waves = noise(rng, _SIZE, (14, 40), 3) + 0.5 * noise(rng, _SIZE, (40, 110), 2)
    crests = smoothstep(0.2, 1.3, waves)
    return _mix(low, high, 0.22 + 0.22 * waves + 0.55 * crests)


def plain(rng: np.random.Generator, low: str = "cfc7bb", high: str = "e7e0d5") -> Field:
    """Smooth matte board."""
    return _mix(
        low,
        high,
        0.5 + 0.2 * noise(rng, _SIZE, (3, 3), 2) + 0.05 * noise(rng, _SIZE, (200, 200), 1),
    )


DRAWN: dict[str, Callable[[np.random.Generator], Field]] = {
    "oak": partial(wood, low="7a4f2b", high="c99a62"),
    "walnut": partial(wood, low="3a2416", high="7a5133"),
    "pale wood": partial(wood, low="b08d62", high="e6cda4"),
    "marble": marble,
    "concrete": concrete,
    "asphalt": partial(concrete, low="26272c", high="5a5b62"),
    "sand": sand,
    "grass": blades,
    "moss": moss,
    "stone": stone,
    "snow": snow,
    "linen": linen,
    "water": water,
    "plain": plain,
}
"""What a ground can be made of."""


@cache
def texture(name: str) -> Image.Image:
    """A ground's texture, 768 x 768, RGB; drawn once per process, never changed.

    Args:
        name: A key of `DRAWN`.
    """
    return to_image(DRAWN[name](chance("texture", name)))
