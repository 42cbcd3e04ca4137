"""SDXL 0.8: a prompt to a picture.

From the page "Stability.ai Diffusion 0.8", which has four fields. It names neither regions (here
those of SDXL 1.0) nor the picture's size (here the 512 x 512 pixels of the lowest price) nor
limits of prompt, weight and seed (here those of SDXL 1.0). AWS retired the model on 2024-04-30;
the stand-in keeps it.
"""

from __future__ import annotations

from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.model import Mode, Model, Order
from darkroom.standin.rules import Body, fields, number
from darkroom.standin.sdxl import EAST_AND_WEST, SEED, STEPS, TEXT_PROMPTS, Sdxl, prompts, seed

ID = "stability.stable-diffusion-xl-v0"
SIZE = (512, 512)


def prepare(body: Body) -> Order:
    """Order a picture of the prompts."""
    wanted, unwanted = prompts(body)
    return Order(
        prompt=" ".join(entry["text"] for entry in body["text_prompts"]),
        seed=seed(body),
        paint=lambda start: text_to_image(wanted, seed=start, size=SIZE, negative_prompt=unwanted),
    )


MODELS = [Model(ID, Sdxl(SIZE), EAST_AND_WEST)]
MODES = [
    Mode(
        model=ID,
        name="text-to-image",
        meant=lambda _body: True,
        schema=fields(
            {"text_prompts": TEXT_PROMPTS},
            {"cfg_scale": number(0, 30), "steps": STEPS, "seed": SEED},
        ),
        prepare=prepare,
    )
]
