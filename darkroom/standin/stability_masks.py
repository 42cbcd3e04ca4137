"""Masks as the image services read them: white is painted, black is kept, grey is in part.

Written from the user guide's page "Stability AI Image Services" (inpaint, erase object, search
and replace, search and recolor).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from darkroom.standin.images import Limits, flat
from darkroom.standin.rules import Body, whole
from darkroom.standin.stability import flawed, picture

GROW = whole(0, 20)
GROWN_BY = 5
"""What `grow_mask` is when it is not given."""


def mask_of(body: Body, image: Image.Image) -> Image.Image:
    """Find what is to be painted: mode "L", in the image's size, white is painted.

    A mask of another size is resized, as the page says. An explicit mask wins over the image's
    alpha; without one, what is transparent is painted.

    Raises:
        Refusal: There is no mask and no transparency. The page does not say what happens then; a
            picture that comes back as it went would hide the mistake.
    """
    if "mask" in body:
        mask = flat(picture(body, "mask", Limits())).convert("L")
        return mask if mask.size == image.size else mask.resize(image.size)
    if not image.has_transparency_data:
        raise flawed("mask", "a mask is required for an image without an alpha channel")
    return ImageChops.invert(image.convert("RGBA").getchannel("A"))


def grown(mask: Image.Image, pixels: int) -> Image.Image:
    """Grow a mask by so many pixels in all directions; what is added has a soft edge.

    Nothing farther away than that becomes lighter.
    """
    if not pixels:
        return mask
    soft = pixels // 2
    wider = Image.fromarray(_spread(np.asarray(mask), pixels - soft))
    return ImageChops.lighter(mask, wider.filter(ImageFilter.BoxBlur(soft)))


def _spread(grey: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """The lightest within so many pixels, along both axes; shape (h, w)."""
    reach = 0
    while reach < by:
        # Steps of up to 2 * reach + 1 leave no gap, and soon cover any distance.
        step = min(by - reach, 2 * reach + 1)
        reach += step
        for axis in (0, 1):
            grey = _lightest(grey, step, axis)
    return grey


def _lightest(grey: NDArray[np.uint8], step: int, axis: int) -> NDArray[np.uint8]:
    width = [(0, 0), (0, 0)]
    width[axis] = (step, step)
    wide = np.pad(grey, width)
    length = grey.shape[axis]
    before, after = (
        np.take(wide, range(start, start + length), axis=axis) for start in (0, 2 * step)
    )
    return np.maximum(np.maximum(before, grey), after)
