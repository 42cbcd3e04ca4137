"""Virtual try-on: a garment cut out of its picture and put on the figure of another."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops

from darkroom.standin.draw.body import body_of
from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.dressing import cut_out, dressed, shod
from darkroom.standin.draw.field import Field, blur, grain, resize, smoothstep
from darkroom.standin.draw.flood import Flags, grow, regions
from darkroom.standin.draw.palette import luminance
from darkroom.standin.draw.remove_background import flat, subject_alpha
from darkroom.standin.draw.undressing import Sitter

_TORSO, _WIDE, _ARMS, _FEET = "torso", "wide", "arms", "feet"
# Top and bottom of each garment as a share of a standing figure's height, and how wide it goes:
# the whole figure, all but what is beyond the elbows, or the trunk alone.
_BANDS: dict[str, tuple[float, float, str]] = {
    "UPPER_BODY": (0.14, 0.53, _WIDE),
    "LONG_SLEEVE_SHIRT": (0.14, 0.53, _WIDE),
    "SHORT_SLEEVE_SHIRT": (0.14, 0.52, _ARMS),
    "NO_SLEEVE_SHIRT": (0.15, 0.52, _TORSO),
    "OTHER_UPPER_BODY": (0.14, 0.53, _WIDE),
    "LOWER_BODY": (0.45, 0.95, _TORSO),
    "LONG_PANTS": (0.45, 0.95, _TORSO),
    "SHORT_PANTS": (0.45, 0.71, _TORSO),
    "OTHER_LOWER_BODY": (0.45, 0.95, _TORSO),
    "FULL_BODY": (0.14, 0.95, _WIDE),
    "LONG_DRESS": (0.15, 0.92, _ARMS),
    "SHORT_DRESS": (0.15, 0.70, _ARMS),
    "FULL_BODY_OUTFIT": (0.14, 0.95, _WIDE),
    "OTHER_FULL_BODY": (0.14, 0.95, _WIDE),
    "FOOTWEAR": (0.92, 1.0, _FEET),
    "SHOES": (0.93, 1.0, _FEET),
    "BOOTS": (0.78, 1.0, _FEET),
    "OTHER_FOOTWEAR": (0.92, 1.0, _FEET),
}
_FLARED = {
    *("LOWER_BODY", "OTHER_LOWER_BODY", "FULL_BODY", "LONG_DRESS", "SHORT_DRESS"),
    "OTHER_FULL_BODY",
}
"""Classes that may be a skirt or a dress."""
_SIDE = 320
"""Longer side of the copy, in pixels, on which regions are laid out."""


def _figure(image: Image.Image) -> Flags:
    """The largest thing in the picture at working size, all True if nothing stands out."""
    scale = min(1.0, _SIDE / max(image.size))
    size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
    found = np.asarray(subject_alpha(image).resize(size, Image.Resampling.BOX)) > 127
    if not found.any():
        return np.ones_like(found)
    numbers = regions(grow(found, 2))
    areas = np.bincount(numbers.ravel(), found.ravel())
    areas[0] = 0
    largest: Flags = (numbers == int(areas.argmax())) & found
    return largest


def _extent(flags: Flags) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is flagged; (0, 0, 0, 0) if nothing is."""
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _shoulders(figure: Flags, top: int, whole: float) -> float:
    """Row on which the neck widens into the shoulders, or where it commonly does."""
    usual = top + 0.155 * whole
    first, last = round(top + 0.06 * whole), round(top + 0.26 * whole)
    widths = figure[first:last].sum(axis=1)
    if len(widths) < 6:
        return usual
    neck = int(widths[: max(2, round(len(widths) * 0.7))].argmin())
    broad = float(widths[neck:].max())
    if broad < 1.6 * max(1.0, float(widths[neck])):
        return usual
    jump = np.flatnonzero(widths[neck:] > 0.45 * broad + 0.55 * widths[neck])
    return float(first + neck + jump[0]) - 0.006 * whole


def _bridged(flags: Flags) -> Flags:
    """The flags with each row's gap in the middle closed, as a skirt spans the legs."""
    left, _, right, _ = _extent(flags)
    middle = (left + right) // 2
    count = np.cumsum(flags, axis=1, dtype=np.int32)
    before, total = count[:, max(0, middle - 1)][:, None], count[:, -1][:, None]
    # The gap at the middle: as many flags to its left as there are left of the middle, not none.
    gap: Flags = ~flags & (count == before) & (before > 0) & (before < total)
    return flags | gap


def _band(figure: Flags, garment_class: str) -> Flags:
    """The part of the figure where the garment sits, shape (h, w)."""
    left, top, right, bottom = _extent(figure)
    start, end, reach = _BANDS[garment_class]
    wide, tall = right - left, bottom - top
    if wide > 1.15 * tall:
        # No standing figure but a close-up, of shoes perhaps.
        return figure
    whole = float(tall)
    if bottom >= len(figure) - 1:
        # The picture ends before the figure does; it is about four times as tall as wide.
        whole = max(whole, min(3.6 * wide, 2.6 * tall))
    first, last = top + start * whole, top + end * whole
    if start < 0.3:
        first = _shoulders(figure, top, whole)
    if first > bottom - 0.03 * tall:
        # Out of the picture: the nearest to it that can be seen.
        first = bottom - 0.25 * tall
    rows = np.arange(len(figure), dtype=np.float32)[:, None] + np.float32(0.5)
    columns = np.arange(figure.shape[1], dtype=np.float32)[None, :] + np.float32(0.5)
    part = figure & (rows >= first) & (rows < last)
    if reach in (_TORSO, _ARMS):
        # The trunk's middle and width, from where the legs begin: there are no arms below.
        hips = figure[min(len(figure) - 1, round(top + 0.60 * whole)) :][
            : max(1, round(tall * 0.1))
        ]
        legs = np.flatnonzero(hips.any(axis=0))
        if len(legs) < 2:
            legs = np.arange(left, right)
        middle, half = (legs[0] + legs[-1] + 1) / 2, (legs[-1] + 1 - legs[0]) / 2
        half = float(np.clip(half * 1.12, 0.24 * wide, 0.5 * wide))
        trunk = np.abs(columns - middle) <= half
        elbow = rows < top + 0.30 * whole
        skirt = np.abs(columns - middle) <= np.maximum(
            half, half * (1 + 0.8 * (rows - top - 0.5 * whole) / whole)
        )
        part &= (trunk | elbow | (skirt & (rows > top + 0.5 * whole))) if reach == _ARMS else trunk
    if end > 0.6 and start < 0.3:
        part = _bridged(part)
    if garment_class in _FLARED and whole < 3.4 * tall:
        # A skirt may be wider than the legs.
        legs = figure[min(len(figure) - 1, round(top + 0.62 * whole))]
        spots = np.flatnonzero(legs)
        middle = float(spots.mean()) + 0.5 if len(spots) else (left + right) / 2
        down = (rows - top) / np.float32(whole)
        flare = 0.115 + 0.23 * np.clip(down - 0.5, 0, 0.32)
        skirt = (np.abs(columns - middle) < flare * whole) & (down > 0.46) & (down < end)
        part = part | (skirt & (rows >= first) & (rows < min(last, bottom)))
    if reach == _FEET:
        # Other shoes may be longer than those there.
        part = grow(part, max(1, round(0.022 * whole))) & (rows >= first)
    return part if part.any() else figure


def _sitter(image: Image.Image) -> Sitter | None:
    """The standing figure of a picture with its measures; None if there is none."""
    figure = _figure(image)
    _, top, _, bottom = _extent(figure)
    if figure.all() or bottom - top < 60:
        return None
    whole = float(bottom - top)
    body = body_of(figure, top, whole, _shoulders(figure, top, whole))
    if body is None:
        return None
    return Sitter(image, subject_alpha(image), body, figure)


def body_region(image: Image.Image, garment_class: str, shape: str) -> Image.Image:
    """Where a garment sits on the figure of a picture.

    The figure is what stands out against the backdrop, taken to be a standing person; if the
    picture's lower border cuts it, what is below is reckoned with too.

    Args:
        image: Any mode; transparency is first flattened on mid grey.
        garment_class: One of Nova Canvas's `garmentClass` words, such as UPPER_BODY or BOOTS.
        shape: CONTOUR follows the figure's outline, BOUNDING_BOX is the box around that; DEFAULT
            is as CONTOUR.

    Returns:
        Mode "L", same size: 255 is to be changed, 0 not.

    Raises:
        ValueError: For a class or a shape that is not known.
    """
    if garment_class not in _BANDS:
        raise ValueError(f"garment class {garment_class!r} is not one of {', '.join(_BANDS)}")
    if shape not in ("CONTOUR", "BOUNDING_BOX", "DEFAULT"):
        raise ValueError(f"mask shape {shape!r} is not CONTOUR, BOUNDING_BOX or DEFAULT")
    image = flat(image)
    figure = _figure(image)
    part = _band(figure, garment_class)
    room = max(1, round(0.012 * max(figure.shape)))
    if shape == "BOUNDING_BOX":
        left, top, right, bottom = _extent(grow(part, room))
        boxed = np.zeros_like(part)
        boxed[top:bottom, left:right] = True
        full = resize(boxed.astype(np.float32), image.size, Image.Resampling.NEAREST)
        return Image.fromarray((full * 255).astype(np.uint8))
    soft = resize(blur(grow(part, room).astype(np.float32), 1.0, 1), image.size)
    steep = np.float32(max(1.0, image.width / figure.shape[1] / 2))
    full = np.clip((soft - 0.5) * steep + 0.5, 0, 1)
    return Image.fromarray((full * 255).round().astype(np.uint8))


def _edges(cover: Field) -> tuple[Field, Field]:
    """Left and right end of what is covered, for each row in pixels, smoothed; shape (h,) each."""
    solid = cover > 0.5
    wide = cover.shape[1]
    filled = solid.any(axis=1)
    if not filled.any():
        return np.zeros(len(cover), np.float32), np.full(len(cover), wide, np.float32)
    rows = np.flatnonzero(filled)
    at = np.arange(len(cover))
    left = np.interp(at, rows, solid.argmax(axis=1)[rows]).astype(np.float32)
    right = np.interp(at, rows, wide - solid[:, ::-1].argmax(axis=1)[rows]).astype(np.float32)
    reach = len(cover) * 0.012
    ends = blur(np.stack([left, right], 1)[:, None], reach, 1)
    return ends[:, 0, 0], ends[:, 0, 1]


def _covering(garment: Field, room: Field, body: Field) -> Field:
    """The garment without gaps through which the old one would show, but for its neckline."""
    step = 4 if min(room.shape) >= 64 else 1
    size = (room.shape[1], room.shape[0])
    little = (size[0] // step, size[1] // step)
    small = [resize(garment[..., c], little, Image.Resampling.BOX) for c in range(4)]
    reach = max(1.0, 0.06 * max(little))
    soft = resize(blur(np.stack(small, -1), reach, 2)[..., :3], size, Image.Resampling.BILINEAR)
    share = _slow(garment[..., 3], reach * step, step) / np.float32(255)
    down = np.linspace(0, 1, len(room), dtype=np.float32)[:, None]
    lining = smoothstep(0.12, 0.4, share) * smoothstep(0.10, 0.2, down) * room * body
    missing = np.maximum(lining - garment[..., 3] / np.float32(255), 0)
    added = np.empty_like(garment)
    added[..., :3] = soft / np.maximum(share, 0.05)[..., None] * missing[..., None]
    added[..., 3] = missing * np.float32(255)
    # Nothing hangs in the air beside the body.
    whole: Field = (garment + added) * smoothstep(0.0, 0.6, room)[..., None]
    return whole


def _fitted(cut: Image.Image, room: Field) -> Field:
    """The garment stretched to fill a region, shape (h, w, 4), 0..255, colors times coverage.

    Each row of the garment is stretched to the region's row, so that it follows the body.

    Args:
        cut: RGBA.
        room: The region, shape (h, w), 0..1.
    """
    high, wide = room.shape
    # Premultiplied, or the cut-away backdrop would bleed into the rim.
    red, green, blue, alpha = cut.split()
    colors = [ImageChops.multiply(channel, alpha) for channel in (red, green, blue)]
    scaled = Image.merge("RGBA", (*colors, alpha)).resize((wide, high), Image.Resampling.BOX)
    if cut.width < wide or cut.height < high:
        scaled = Image.merge("RGBA", (*colors, alpha)).resize((wide, high))
    pixels = np.asarray(scaled, np.float32)
    from_left, from_right = _edges(pixels[..., 3] / np.float32(255))
    to_left, to_right = _edges(room)
    to_left, to_right = to_left - 1, to_right + 1
    x = np.arange(wide, dtype=np.float32)[None, :] + np.float32(0.5)
    share = (x - to_left[:, None]) / np.maximum(to_right - to_left, 1)[:, None]
    source = from_left[:, None] + share * (from_right - from_left)[:, None] - np.float32(0.5)
    inside = (source > -1) & (source < wide)
    source = np.clip(source, 0, wide - 1)
    low = np.minimum(source.astype(np.intp), max(0, wide - 2))
    part = (source - low)[..., None]
    rows = np.arange(high)[:, None]
    a, b = pixels[rows, low], pixels[rows, np.minimum(low + 1, wide - 1)]
    fitted: Field = (a + (b - a) * part) * inside[..., None]
    return fitted


def _slow(field: Field, radius: float, step: int) -> Field:
    """The field blurred on a copy of one pixel in `step` each way, shape (h, w)."""
    size = (field.shape[1], field.shape[0])
    little = (max(2, size[0] // step), max(2, size[1] // step))
    small = resize(field, little, Image.Resampling.BOX)
    return resize(blur(small, radius / step, 2), size, Image.Resampling.BILINEAR)


def _light(under: Field, sure: Field, cover: Field, side: int, blend: float) -> Field:
    """Light on the garment: folds and shading of what it covers, but neither print nor color.

    Args:
        under: What was there, shape (h, w, 3), 0..255.
        sure: Where that was the body, shape (h, w), 0..1.
        cover: Where the garment is, shape (h, w), 0..1.
        side: Longer side of the picture, in pixels.
        blend: 0 takes on little of the light, 1 most.

    Returns:
        Factor, shape (h, w).
    """
    step = 4 if min(cover.shape) >= 64 else 1
    size = (cover.shape[1], cover.shape[0])
    little = (size[0] // step, size[1] // step)
    weight = resize((sure * sure).astype(np.float32), little, Image.Resampling.BOX)
    lit = resize(luminance(under), little, Image.Resampling.BOX) * weight
    mean = float(lit.sum() / max(float(weight.sum()), 1e-3))
    near, far = side * 0.008 / step, side * 0.05 / step
    bright = (blur(lit, near) + 0.02 * mean) / (blur(weight, near) + 0.02)
    wide = (blur(lit, far) + 0.02 * mean) / (blur(weight, far) + 0.02)
    folds = np.clip((bright + 12) / (wide + 12), 0.5, 1.5) ** np.float32(0.4 + 0.6 * blend)
    broad = np.clip((wide + 24) / (mean + 24), 0.5, 1.5) ** np.float32(0.1 + 0.5 * blend)
    # A garment lies around the body: its sides turn away from the light.
    inner = blur(resize(cover, little, Image.Resampling.BOX), max(2.0, 0.06 * little[0]), 3)
    turned = 1 - np.float32(0.12 + 0.22 * blend) * smoothstep(0.95, 0.45, inner)
    return resize((folds * broad * turned).astype(np.float32), size, Image.Resampling.BILINEAR)


def _worn(
    image: Image.Image, cut: Image.Image, mask: Image.Image, figure: Image.Image, blend: float
) -> Image.Image:
    """The picture with the garment in one connected region, given as a mask of its own."""
    box = mask.point([0] * 64 + [255] * 192).getbbox() or mask.getbbox()
    if box is None:
        return image
    under = np.asarray(image.crop(box), np.float32)
    room = np.asarray(mask.crop(box), np.float32) / np.float32(255)
    seen = np.asarray(figure.crop(box), np.float32) / np.float32(255)
    # A generous mask reaches beyond the body; the garment does not, but for skirts.
    body = np.maximum(seen, _bridged(seen > 0.5))
    worn = room * body
    if worn.sum() < 0.25 * room.sum():
        worn = room
    garment = _covering(_fitted(cut, worn), worn, seen)
    cover = garment[..., 3] / np.float32(255)
    garment[..., :3] *= _light(under, worn * seen, cover, max(image.size), blend)[..., None]
    # What is beside it on the body gets its shadow.
    near = _slow(cover, max(image.size) * 0.012, 4)
    dark = np.float32(0.30) * np.clip(near - cover, 0, 1) * body
    ground = under * (1 - dark)[..., None]
    mixed = ground * (1 - cover)[..., None] + garment[..., :3]
    fresh = Image.fromarray(np.clip(mixed + np.float32(0.5), 0, 255).astype(np.uint8))
    result = image.copy()
    result.paste(fresh, (box[0], box[1]), mask.crop(box))
    return result


def try_on(
    image: Image.Image, garment: Image.Image, mask: Image.Image, *, seed: int, blend: float = 0.5
) -> Image.Image:
    """Put a garment on where the mask is white.

    Args:
        image: Who wears it; transparency is first flattened on mid grey.
        garment: Picture of the garment: before a plain backdrop, or cut out already.
        mask: Mode "L", size of `image`: 255 is changed, 0 stays exactly as it is, grey is blended.
            Separate regions, such as two feet, get a garment each.
        seed: Chooses the grain.
        blend: 0 keeps the garment's own light and detail, 1 takes on most of the picture's light.

    Returns:
        RGB, size of `image`.
    """
    image, mask = flat(image), mask.convert("L")
    if mask.getbbox() is None:
        return image.copy()
    scale = min(1.0, _SIDE / max(image.size))
    size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
    figure = subject_alpha(image, side=_SIDE)
    small = np.asarray(mask.resize(size, Image.Resampling.BOX)) > 100
    body = small & (np.asarray(figure.resize(size, Image.Resampling.BOX)) > 127)
    small = body if body.sum() > 0.25 * small.sum() else small
    numbers = regions(small)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    cut = cut_out(garment)
    shade = float(np.clip(blend, 0, 1))
    sitter = _sitter(image)
    result = dressed(sitter, cut, mask, _light, shade) if sitter else None
    if sitter and result is None:
        result = shod(sitter, cut, mask)
    if result is not None:
        return _grained(image, result, mask, seed)
    result = image
    parts = [i for i in np.argsort(-areas, kind="stable") if areas[i] >= max(1, 0.4 * areas.max())]
    for turn, number in enumerate(parts or [0]):
        own = mask
        if len(parts) > 1:
            near = grow(numbers == number, 4).astype(np.uint8) * np.uint8(255)
            where = Image.fromarray(near).resize(image.size, Image.Resampling.NEAREST)
            own = ImageChops.darker(mask, where)
        # The second shoe of a pair is the first one's mirror image.
        piece = cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if turn % 2 else cut
        result = _worn(result, piece, own, figure, shade)
    return _grained(image, result, mask, seed)


def _grained(image: Image.Image, result: Image.Image, mask: Image.Image, seed: int) -> Image.Image:
    """The result with a camera's grain where the mask is, the image elsewhere."""
    box = mask.getbbox() or (0, 0, 1, 1)
    noise = grain(chance("try on", seed), (box[2] - box[0], box[3] - box[1]), 0.8)
    noise = noise * np.asarray(mask.crop(box), np.float32) * np.float32(1 / 255)
    pixels = np.asarray(result.crop(box), np.float32) + noise[..., None] + np.float32(0.5)
    noisy = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    result = image.copy()
    result.paste(noisy, (box[0], box[1]), mask.crop(box).point([0] + [255] * 255))
    return result
