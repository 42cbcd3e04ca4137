"""Titan Image Generator G1 v2, from the user guide's page of that name.

AWS retired it on 2026-06-30; the stand-in keeps it, unless it is told to answer as of a later day.
The page's default size, 1408x1408, is not in its own table of permitted sizes: it is what comes
when no size is given, and is refused when it is asked for.
"""

from __future__ import annotations

from darkroom.standin.amazon import Amazon, Line
from darkroom.standin.amazon_edits import RETURN_MASK, inpainting, outpainting
from darkroom.standin.amazon_tasks import (
    ALL_CONFIG,
    background_removal,
    color_guided,
    image_variation,
    text_image,
)
from darkroom.standin.images import Limits
from darkroom.standin.model import Model
from darkroom.standin.rules import choice, number, text, whole

ID = "amazon.titan-image-generator-v2:0"
REGIONS = frozenset({"us-east-1", "us-west-2"})

SQUARES = {(1024, 1024), (768, 768), (512, 512)}
PORTRAITS = {
    *{(768, 1152), (384, 576), (768, 1280), (384, 640), (896, 1152), (448, 576)},
    *{(768, 1408), (384, 704), (640, 1408), (320, 704)},
}
LANDSCAPES = {
    *{(1152, 768), (576, 384), (1280, 768), (640, 384), (1152, 896), (576, 448)},
    *{(1408, 768), (704, 384), (1408, 640), (704, 320), (1152, 640), (1173, 640)},
}
SIZES = SQUARES | PORTRAITS | LANDSCAPES


def refuse_size(width: int, height: int) -> str | None:
    """Say that a size is not in the page's table."""
    if (width, height) in SIZES:
        return None
    return f"image size {width}x{height} is not supported"


LINE = Line(
    model=ID,
    # The page gives 512 as the most. It gives no least; an empty text is refused, as Nova does.
    text=text(1, 512),
    config={
        "width": whole(1, 1408),
        "height": whole(1, 1408),
        "quality": choice("standard", "premium"),
        "cfgScale": number(1.1, 10.0),
        "numberOfImages": whole(1, 5),
        "seed": whole(0, 2_147_483_646),
    },
    size=(1408, 1408),
    seed=42,
    refuse_size=refuse_size,
    # The overview page: 5 MB, longer side up to 1408.
    image=Limits(formats=("png", "jpeg"), max_side=1408, max_bytes=5_000_000),
)
VENDOR = Amazon(
    blocked_prompt=(
        "This request has been blocked by our content filters. Our filters automatically flagged "
        "this prompt because it may conflict our AUP or AWS Responsible AI Policy. "
        "Please adjust your text prompt to submit a new request."
    ),
    empties=False,
)

MODELS = [Model(ID, VENDOR, REGIONS)]
MODES = [
    text_image(LINE),
    color_guided(LINE),
    image_variation(LINE),
    inpainting(LINE, config=ALL_CONFIG, extra=RETURN_MASK),
    outpainting(LINE, config=ALL_CONFIG, extra=RETURN_MASK),
    background_removal(LINE),
]
