"""Nova Canvas, from Nova's pages on image generation: request and response, access, errors.

AWS retired it on 2026-09-30; the stand-in keeps it, unless it is told to answer as of a later day.
The request page wants fewer than 4,194,304 pixels, the overview page lists 2048x2048 and
2816x1536, which have that many and more: the stand-in goes by the smaller number. The request
page has no `quality` for IMAGE_VARIATION and no sides for INPAINTING, OUTPAINTING
and VIRTUAL_TRY_ON.
"""

from __future__ import annotations

from darkroom.standin.amazon import Amazon, Line
from darkroom.standin.amazon_edits import inpainting, outpainting
from darkroom.standin.amazon_tasks import (
    background_removal,
    color_guided,
    image_variation,
    text_image,
)
from darkroom.standin.amazon_try_on import virtual_try_on
from darkroom.standin.images import Limits
from darkroom.standin.model import Model
from darkroom.standin.rules import choice, number, text, whole

ID = "amazon.nova-canvas-v1:0"
REGIONS = frozenset({"us-east-1", "eu-west-1", "ap-northeast-1"})
# The page says "less than 4,194,304".
MOST_PIXELS = 4_194_303
EDITING = ("quality", "cfgScale", "numberOfImages", "seed")
VARYING = ("width", "height", "cfgScale", "numberOfImages", "seed")
STYLE = choice(
    *("3D_ANIMATED_FAMILY_FILM", "DESIGN_SKETCH", "FLAT_VECTOR_ILLUSTRATION"),
    *("GRAPHIC_NOVEL_ILLUSTRATION", "MAXIMALISM", "MIDCENTURY_RETRO", "PHOTOREALISM"),
    "SOFT_DIGITAL_PAINTING",
)


def refuse_size(width: int, height: int) -> str | None:
    """Say what the sides are together that they may not be."""
    if max(width, height) > 4 * min(width, height):
        return f"aspect ratio of {width}x{height} must be between 1:4 and 4:1"
    if width * height > MOST_PIXELS:
        return f"{width}x{height} has {width * height} pixels, must be less than 4194304"
    return None


LINE = Line(
    model=ID,
    text=text(1, 1024),
    config={
        "width": whole(320, 4096, step=16),
        "height": whole(320, 4096, step=16),
        "quality": choice("standard", "premium"),
        "cfgScale": number(1.1, 10),
        "numberOfImages": whole(1, 5),
        "seed": whole(0, 2_147_483_646),
    },
    size=(1024, 1024),
    seed=12,
    refuse_size=refuse_size,
    image=Limits(
        formats=("png", "jpeg"),
        min_side=320,
        max_side=4096,
        max_pixels=MOST_PIXELS,
        ratio=4,
        opaque=True,
        eight_bit=True,
    ),
)
VENDOR = Amazon(
    blocked_prompt=(
        "This request has been blocked by our content filters. "
        "Please adjust your text prompt to submit a new request."
    ),
    empties=True,
)

MODELS = [Model(ID, VENDOR, REGIONS)]
MODES = [
    text_image(LINE, extra={"style": STYLE}),
    color_guided(LINE),
    image_variation(LINE, config=VARYING),
    inpainting(LINE, config=EDITING, extra={}),
    outpainting(LINE, config=EDITING, extra={}),
    background_removal(LINE),
    virtual_try_on(LINE, config=EDITING),
]
