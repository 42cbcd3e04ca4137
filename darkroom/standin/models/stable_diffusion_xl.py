"""SDXL 1.0: a prompt to a picture, also with a picture, also with a mask.

From the pages "Stability.ai Diffusion 1.0 text to image", "... image to image" and "... image to
image (masking)". AWS retired the model on 2025-05-20; the stand-in keeps it. What a body has tells
which of them it asks for. The page on text to image has up to 150 steps, the others have up to 50.
That on masking wants `mask_image` even where the alpha channel is the mask; so does the stand-in.
"""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageChops

from darkroom.standin.draw.paint_in import paint_in
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.vary import vary
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, choice, fields, number, text, whole
from darkroom.standin.sdxl import (
    DIFFUSION,
    EAST_AND_WEST,
    TEXT_PROMPTS,
    Sdxl,
    malformed,
    picture,
    prompts,
    refuse_sampler,
    seed,
    size_of,
)
from darkroom.standin.stability_styles import styled

ID = "stability.stable-diffusion-xl-v1"
# Of the two equivalents that Stability AI's reference names as defaults: 0.35 of the picture.
IMAGE_STRENGTH, STEP_SCHEDULE_START = 0.35, 0.65
WHITE, BLACK, ALPHA = "MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK", "INIT_IMAGE_ALPHA"
SIDE = whole(640, 1536, step=64)


def order(body: Body, paint: Callable[[int], Image.Image]) -> Order:
    """Make the order of one png, in the style that is asked for."""
    refuse_sampler(body)
    return Order(
        prompt=" ".join(entry["text"] for entry in body["text_prompts"]),
        seed=seed(body),
        paint=lambda number: styled(paint(number), body.get("style_preset")),
    )


def draw(body: Body) -> Order:
    """Order a picture of the prompts alone."""
    size, (wanted, unwanted) = size_of(body), prompts(body)
    return order(
        body, lambda seed: text_to_image(wanted, seed=seed, size=size, negative_prompt=unwanted)
    )


def change(body: Body) -> Order:
    """Order a picture that keeps as much of the input as is asked for, in the input's size."""
    image, (wanted, _) = flat(picture(body, "init_image")), prompts(body)
    return order(
        body,
        lambda seed: vary([image], similarity=similarity(body), prompt=wanted, seed=seed),
    )


def similarity(body: Body) -> float:
    """Say how much of the input is kept, 0..1.

    A schedule that skips the first 65 % of the steps is a strength of 0.35, says Stability AI; what
    is skipped at the end keeps the rest nearer to the input, too.
    """
    strength: float = body.get("image_strength", IMAGE_STRENGTH)
    if body.get("init_image_mode") == "STEP_SCHEDULE":
        start = body.get("step_schedule_start", STEP_SCHEDULE_START)
        strength = 1 - start * (1 - body.get("step_schedule_end", 0))
    return strength


def repaint(body: Body) -> Order:
    """Order the input with what the mask shows painted anew."""
    source, (wanted, unwanted) = picture(body, "init_image"), prompts(body)
    mask, image = mask_of(body, source), flat(source)

    def paint(number: int) -> Image.Image:
        painted = paint_in(image, mask, wanted, seed=number, negative_prompt=unwanted)
        return Image.composite(styled(painted, body.get("style_preset")), painted, mask)

    # The style is for what is painted only.
    return order({**body, "style_preset": None}, paint)


def mask_of(body: Body, image: Image.Image) -> Image.Image:
    """Find what is to be painted, as a mask in which white is painted.

    Raises:
        Refusal: The mask is no picture or of another size.
    """
    given = picture(body, "mask_image")
    if given.size != image.size:
        sides = (*given.size, *image.size)
        told = "the mask measures {}x{} pixels, its image {}x{}".format(*sides)
        raise malformed(f"#/mask_image: {told}")
    if body["mask_source"] == ALPHA:
        return ImageChops.invert(image.convert("RGBA").getchannel("A"))
    mask = flat(given).convert("L")
    return mask if body["mask_source"] == WHITE else ImageChops.invert(mask)


MODELS = [Model(ID, Sdxl(), EAST_AND_WEST)]
MODES = [
    Mode(
        model=ID,
        name="image-to-image-mask",
        meant=lambda body: "mask_source" in body or "mask_image" in body,
        schema=fields(
            {
                "text_prompts": TEXT_PROMPTS,
                "init_image": text(),
                "mask_source": choice(WHITE, BLACK, ALPHA),
                "mask_image": text(),
            },
            {**DIFFUSION, "steps": whole(10, 50)},
        ),
        prepare=repaint,
    ),
    Mode(
        model=ID,
        name="image-to-image",
        meant=lambda body: "init_image" in body,
        schema=fields(
            {"text_prompts": TEXT_PROMPTS, "init_image": text()},
            {
                "init_image_mode": choice("IMAGE_STRENGTH", "STEP_SCHEDULE"),
                "image_strength": number(0, 1),
                "step_schedule_start": number(0, 1),
                "step_schedule_end": number(0, 1),
                **DIFFUSION,
                "steps": whole(10, 50),
            },
        ),
        prepare=change,
    ),
    Mode(
        model=ID,
        name="text-to-image",
        meant=lambda _body: True,
        schema=fields({"text_prompts": TEXT_PROMPTS}, {"width": SIDE, "height": SIDE, **DIFFUSION}),
        prepare=draw,
    ),
]
