"""Background removal: a soft outline around the subject, at full resolution."""

import numpy as np
from PIL import Image

from darkroom.standin.draw.field import dot, smoothstep
from darkroom.standin.draw.flood import grow
from darkroom.standin.draw.outline import between
from darkroom.standin.draw.segment import find, working_copy


def flat(image: Image.Image) -> Image.Image:
    """The image in RGB; what is transparent lies on mid grey."""
    if image.mode == "RGB":
        return image
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (128, 128, 128, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    return image.convert("RGB")


def subject_alpha(image: Image.Image, *, side: int = 340) -> Image.Image:
    """Where the subject is, for a subject in front of a fairly plain backdrop.

    Args:
        image: Any mode; transparency is first flattened on mid grey.
        side: Longer side, in pixels, of the copy on which the subject is looked for: smaller is
            faster and misses thin parts. The outline is refined at full size in any case.

    Returns:
        Mode "L", same size: 0 outside, 255 inside, 1-3 pixels of transition; cast shadows count as
        outside. If nothing stands out, as in a plain picture, 255 everywhere: all is subject.
    """
    image = flat(image)
    found = find(working_copy(image, side))
    if found is None:
        return Image.new("L", image.size, 255)
    width, height = image.size
    high, wide = found.subject.shape
    band = grow(found.subject) & grow(~found.subject)
    coarse = Image.fromarray(found.subject.astype(np.uint8) * np.uint8(255))
    alpha = np.array(coarse.resize(image.size, Image.Resampling.NEAREST))
    unsure = Image.fromarray(band.astype(np.uint8)).resize(image.size, Image.Resampling.NEAREST)
    rows, columns = np.nonzero(np.asarray(unsure))
    low_rows, low_columns = rows * high // height, columns * wide // width
    # Between the two sides' colors, how far along is this pixel?
    back = found.back[low_rows, low_columns]
    front = found.front[low_rows, low_columns]
    here = np.asarray(image)[rows, columns].astype(np.float32)
    contrast = np.sqrt(dot(front - back, front - back))
    along = np.clip((between(here, back, front) - 0.14) / 0.72, 0, 1)
    # Where the sides look alike the coarse outline, smoothed, is the better guide.
    smooth = np.asarray(coarse.resize(image.size, Image.Resampling.BICUBIC))[rows, columns]
    steep = max(1.0, width / wide / 2)
    drawn = np.clip((smooth.astype(np.float32) / 255 - 0.5) * steep + 0.5, 0, 1)
    trust = smoothstep(10, 34, contrast)
    alpha[rows, columns] = np.round(255 * (along * trust + drawn * (1 - trust))).astype(np.uint8)
    return Image.fromarray(alpha)


def remove_background(image: Image.Image) -> Image.Image:
    """The picture with its background made transparent.

    Args:
        image: Any mode; transparency is first flattened on mid grey.

    Returns:
        RGBA, same size; colors are untouched.
    """
    cut = flat(image).convert("RGBA")
    cut.putalpha(subject_alpha(image))
    return cut
