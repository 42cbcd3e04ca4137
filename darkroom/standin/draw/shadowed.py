"""What goes with a thing when it goes: its rim, and the shadow at its foot."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter


def with_its_shadow(mask: Image.Image) -> Image.Image:
    """Widen the mask of a thing so that it takes its rim and the shadow at its foot along.

    Args:
        mask: An "L" picture, white where the thing is.

    Returns:
        An "L" picture of the same size, with a soft edge.
    """
    reach = max(mask.size) / 50 + 1
    wide = mask.filter(ImageFilter.BoxBlur(reach)).point([0] * 4 + [255] * 252)
    low = Image.new("L", mask.size)
    low.paste(wide, (0, round(reach * 0.8)))
    return ImageChops.lighter(wide, low).filter(ImageFilter.GaussianBlur(reach / 6))
