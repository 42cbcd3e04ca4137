"""Color guided pictures: what a prompt names, in a palette of few given colors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from darkroom.standin.draw.areas import Areas, divide
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.condition import trace
from darkroom.standin.draw.field import Field, grid, resize, smoothstep
from darkroom.standin.draw.palette import luminance
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.words import Look, read

_LEVELS = 256
"""How many steps a ramp from shadow to light has."""
_STRENGTH = 0.85
"""How closely a reference's areas are followed."""


def _rgb(colors: Sequence[str]) -> Field:
    """The distinct colors, shape (n, 3), display values 0..255, dark to light.

    A lone color comes with a shade and a tint of itself: one flat color would show nothing.
    """
    parsed = list(dict.fromkeys(color.lower().lstrip("#") for color in colors))
    values = np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in parsed], np.float32)
    if len(values) == 1:
        own = values[0]
        values = np.stack([own * np.float32(0.45), own, own + (255 - own) * np.float32(0.6)])
    order = np.argsort(luminance(values), kind="stable")
    return np.asarray(values[order], np.float32)


def _saturation(color: Field) -> float:
    return float(color.max() - color.min())


def _ramp(palette: Field, main: int) -> Field:
    """From shadow to light through one color, all of it on lines between colors of the palette.

    The middle of the ramp is the color itself; shadows tend to the nearest darker one, lights to
    the nearest lighter one. Where there is none, a little black or white stands in.

    Returns:
        Shape (levels, 3), display values.
    """
    own = palette[main]
    bright = luminance(palette)

    def nearest(candidates: Field, spare: Field) -> Field:
        if not len(candidates):
            return spare
        away = np.abs(candidates - own).sum(-1)
        chosen: Field = candidates[int(away.argmin())]
        return chosen

    dark = nearest(palette[bright < bright[main] - 12], own * 0.80)
    light = nearest(palette[bright > bright[main] + 12], own + (255 - own) * 0.14)
    at = np.linspace(-1, 1, _LEVELS, dtype=np.float32)[:, None]
    # A neighbor far away in tone is approached less: shading is not to look like another thing.
    reach_down = min(1.0, 90 / max(float(np.abs(own - dark).max()), 1.0))
    reach_up = min(1.0, 90 / max(float(np.abs(light - own).max()), 1.0))
    shaded: Field = own + np.where(
        at < 0, -at * (dark - own) * reach_down, at * (light - own) * reach_up
    )
    return shaded


def _choice(palette: Field, look: Look) -> tuple[int, int]:
    """Which colors of the palette the subject and the backdrop get."""
    count = len(palette)
    wanted = np.sqrt(look.color) * 255
    if look.named:
        thing = int(np.abs(palette - wanted).sum(-1).argmin())
    else:
        thing = int(np.argmax([_saturation(color) for color in palette]))
    bright = luminance(palette)
    # The backdrop stands off from the subject, rather lighter than darker, rather calm than loud.
    worth = [
        abs(float(bright[n] - bright[thing]))
        + 0.25 * float(bright[n])
        - 0.15 * _saturation(palette[n])
        + 0.2 * float(np.abs(palette[n] - palette[thing]).max())
        - (1e6 if n == thing and count > 1 else 0)
        for n in range(count)
    ]
    return thing, int(np.argmax(worth))


def _assigned(areas: Areas, palette: Field, look: Look, seed: int) -> tuple[list[int], list[int]]:
    """The color of each area, and the colors that no area got."""
    thing, ground = _choice(palette, look)
    rest = [n for n in range(len(palette)) if n not in (thing, ground)]
    rest = [rest[n] for n in chance("palette", seed).permutation(len(rest))]
    spare = list(rest)
    chosen = [0] * len(areas.subject)
    for own, most in ((True, thing), (False, ground)):
        numbers = [int(n) for n in np.argsort(-areas.share) if bool(areas.subject[n]) == own]
        for place, number in enumerate(numbers):
            if place == 0:
                chosen[number] = most
                continue
            # Of those left, the one that is about as light as the area.
            among = spare or rest or [thing if not own else ground]
            goal = float(areas.bright[number])
            best = min(among, key=lambda n: abs(float(luminance(palette[n])) - goal))
            chosen[number] = best
            if best in spare:
                spare.remove(best)
    return chosen, spare


def _arcs(areas: Areas, count: int, size: tuple[int, int], seed: int) -> Field:
    """Bands behind the subject, numbered 0 (outermost, the backdrop itself) to `count`.

    They are arcs around its middle, as paper arches in a studio; between two bands the number
    passes quickly from one to the next. Shape (h, w).
    """
    small = np.take(areas.subject, areas.coarse)
    high, wide = small.shape
    rows, columns = np.flatnonzero(small.any(axis=1)), np.flatnonzero(small.any(axis=0))
    if len(rows):
        middle_x = float(columns[0] + columns[-1]) / 2 / wide
        foot, tall = float(rows[-1]) / high, float(rows[-1] - rows[0]) / high
    else:
        middle_x, foot, tall = 0.5, 0.8, 0.5
    x, y = grid(size)
    ratio = size[0] / size[1]
    center_y = foot - tall * 0.30
    # Upright below the middle: an arch, not a target.
    far = np.hypot((x - middle_x) * ratio, np.minimum(y - center_y, 0))
    outer = 0.5 * max(ratio, 1.0) * float(chance("arcs", seed).uniform(0.86, 0.94))
    band = outer / (count + 0.9)
    edge = 1.5 / size[1]
    number = np.zeros((size[1], size[0]), np.float32)
    for step in range(count):
        radius = outer - band * step
        number += smoothstep(radius + edge, radius - edge, far)
    # They end on the floor.
    floor = foot - 0.04
    number *= smoothstep(floor + edge, floor - edge, y)
    return number


def _means(light: Field, areas: Areas) -> Field:
    """Mean brightness of each area."""
    high, wide = areas.coarse.shape
    low = resize(light, (wide, high), Image.Resampling.BOX).ravel()
    count = len(areas.subject)
    sizes = np.bincount(areas.coarse.ravel(), minlength=count)
    total = np.bincount(areas.coarse.ravel(), weights=low, minlength=count)
    return (total / np.maximum(sizes, 1)).astype(np.float32)


def _through(ramps: Field, areas: Areas, level: NDArray[np.intp]) -> Field:
    """Each area in the colors of its ramp, shape (h, w, 3).

    Args:
        ramps: One per area, shape (areas, levels, 3).
        areas: The areas.
        level: Which step of its ramp each pixel has, shape (h, w).
    """
    table = ramps.reshape(-1, 3).astype(np.float32)
    canvas: Field = np.take(table, areas.labels * _LEVELS + level, axis=0)
    here, along = level[areas.rows, areas.columns], areas.along[:, None]
    one, other = (table[side * _LEVELS + here] for side in (areas.first, areas.second))
    canvas[areas.rows, areas.columns] = one + (other - one) * along
    return canvas


def _hang(canvas: Field, ramps: Field, areas: Areas, bands: Field, level: NDArray[np.intp]) -> None:
    """Hang arches over the largest area of the backdrop, in place.

    Args:
        canvas: Shape (h, w, 3), the backdrop in the first ramp's colors.
        ramps: The backdrop's own and one for each arch, shape (arches + 1, levels, 3).
        areas: The areas.
        bands: Which arch each pixel is on, 0 the backdrop itself; fractions lie between two.
        level: Which step of its ramp each pixel has, shape (h, w).
    """
    numbers = np.where(areas.subject, 0, areas.share)
    free = areas.paint((np.arange(len(numbers)) == int(numbers.argmax())).astype(np.float32))
    rows, columns = np.nonzero((bands > 0) & (free > 0))
    table = ramps.reshape(-1, 3).astype(np.float32)
    at, here = bands[rows, columns], level[rows, columns]
    low = np.minimum(at.astype(np.intp), len(ramps) - 1)
    high = np.minimum(low + 1, len(ramps) - 1)
    one = table[low * _LEVELS + here]
    color = one + (table[high * _LEVELS + here] - one) * (at - low)[:, None]
    canvas[rows, columns] += (color - table[here]) * free[rows, columns][:, None]


def color_guided(
    colors: Sequence[str],
    prompt: str,
    *,
    seed: int,
    size: tuple[int, int],
    reference: Image.Image | None = None,
    negative_prompt: str = "",
) -> Image.Image:
    """A picture of a prompt in the given colors.

    Every pixel is one of the colors or lies between two of them; the darkest and the lightest are
    shaded with a little black and white, and a lone color comes in shades and tints. Colors that
    the things in the picture leave over become arches behind the subject (with a reference, which
    has no room for them, they are left out).

    Args:
        colors: "#RRGGBB", at least one.
        prompt: What is wanted; a color that it names chooses among the given ones.
        seed: Changes angle, proportions, light and which part gets which color.
        size: Width and height in pixels.
        reference: If there is one, the picture is laid out like it: it is scaled to cover `size`,
            what juts out is cropped evenly, and its areas and their light are kept.
        negative_prompt: What is not wanted, as in `text_to_image`.

    Returns:
        An RGB image of exactly that size.
    """
    palette = _rgb(colors)
    look = read(prompt, negative_prompt)
    if reference is None:
        drawn = text_to_image(prompt, seed=seed, size=size, negative_prompt=negative_prompt)
        areas = divide(drawn)
        light = areas.light
        mean = areas.bright
    else:
        drawn, areas = trace(
            reference,
            prompt,
            kind="structure",
            strength=_STRENGTH,
            seed=seed,
            size=size,
            negative_prompt=negative_prompt,
        )
        light = np.asarray(drawn.convert("L"), np.float32)
        mean = _means(light, areas)
    chosen, spare = _assigned(areas, palette, look, seed)
    shade = light - areas.paint(mean)
    shade *= np.float32((_LEVELS - 1) / 2 / 90)
    shade += np.float32((_LEVELS - 1) / 2 + 0.5)
    level = np.clip(shade, 0, _LEVELS - 1).astype(np.intp)
    ramps = np.stack([_ramp(palette, n) for n in chosen])
    canvas = _through(ramps, areas, level)
    if spare and reference is None:
        own = chosen[int(np.where(areas.subject, 0, areas.share).argmax())]
        arches = np.stack([_ramp(palette, n) for n in (own, *spare)])
        _hang(canvas, arches, areas, _arcs(areas, len(spare), size, seed), level)
    return Image.fromarray(np.clip(canvas + np.float32(0.5), 0, 255).astype(np.uint8))
