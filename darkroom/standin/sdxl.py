"""What the SDXL models ask for, refuse and answer: Stability AI's first API, as Bedrock has it.

Written from the user guide's pages "Stability.ai Diffusion 1.0 text to image", "... image to
image", "... image to image (masking)" and "Stability.ai Diffusion 0.8"; `step_schedule_*`, which
they name and do not explain, is that of Stability AI's own reference of its version 1.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image
from PIL.ImageFilter import GaussianBlur

from darkroom.standin import images
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.model import Mode, Order, Reason
from darkroom.standin.refusal import Refusal, invalid
from darkroom.standin.rules import (
    Body,
    Schema,
    Violation,
    choice,
    fields,
    number,
    text,
    whole,
)
from darkroom.standin.stability import STYLE_PRESET

EAST_AND_WEST: frozenset[str] = frozenset({"us-east-1", "us-west-2"})
MAX_SEED = 4_294_967_295
SEED = whole(0, MAX_SEED)
STEPS = whole(10, 150)
TEXT_PROMPTS: Schema = {
    "type": "array",
    "items": fields({"text": text(longest=2000)}, {"weight": {"type": "number"}}),
    "minItems": 1,
}
GUIDANCE = choice("FAST_BLUE", "FAST_GREEN", "NONE", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
ANCESTRAL = ("K_DPMPP_2S_ANCESTRAL", "K_DPM_2_ANCESTRAL", "K_EULER_ANCESTRAL")
SAMPLER = choice(
    *("DDIM", "DDPM", "K_DPMPP_2M", "K_DPM_2", "K_EULER", "K_HEUN", "K_LMS"), *ANCESTRAL
)
SIZES = (
    *((1024, 1024), (1152, 896), (1216, 832), (1344, 768), (1536, 640)),
    *((640, 1536), (768, 1344), (832, 1216), (896, 1152)),
)
# The pages give no limit for an input; the answer is as large, sizes come in steps of 64, and none
# has more pixels.
IMAGE = images.Limits(min_side=64, max_pixels=1_048_576)

DIFFUSION: dict[str, Schema] = {
    "cfg_scale": number(0, 35),
    "clip_guidance_preset": GUIDANCE,
    "sampler": SAMPLER,
    "samples": whole(1, 1),
    "seed": SEED,
    "steps": STEPS,
    # One page spells "animé", the others "anime".
    "style_preset": STYLE_PRESET,
    "extras": {"type": "object"},
}
"""The optional fields that all modes of SDXL 1.0 have."""


@dataclass(frozen=True)
class Sdxl:
    """How the SDXL models refuse and answer.

    Bodies are checked by Bedrock, so those texts are the ones users report of other models too.
    The refusal of a prompt is as users report it from SDXL: the model's own error with its name.

    Attributes:
        size: Width and height of the picture that stands for a filtered one.
        response_cap: The size limit of InvokeModel itself; no smaller one is documented.
    """

    size: tuple[int, int] = (1024, 1024)
    response_cap: int = 25_000_000

    def unmatched(self, modes: Sequence[Mode], body: Body) -> Refusal:
        """Refuse a body that is none of the modes; there is none, as each could mean text."""
        return malformed("#: required key [text_prompts] not found")

    def malformed(self, mode: Mode, found: Sequence[Violation]) -> Refusal:
        """Refuse a body: one violation is told, several are only counted, as AWS does."""
        if len(found) > 1:
            return malformed(f"{len(found)} schema violations found")
        return malformed(f"{found[0].pointer}: {found[0].text}")

    def too_large(self, size: int) -> Refusal:
        """Refuse to send an answer above the cap; no report of AWS's text was found."""
        return invalid(
            f"Response payload size {size} bytes exceeds the maximum allowed size of "
            f"{self.response_cap} bytes"
        )

    def blocked(self, reason: Reason) -> dict[str, Any]:
        """Answer a filtered call: with a blurred picture, or with none when inference failed.

        Raises:
            Refusal: The prompt was filtered.
        """
        if reason == "prompt":
            raise failed("invalid_prompts", "One or more prompts contains filtered words.")
        if reason == "inference error":
            return _artifact(random.randint(1, MAX_SEED), "", "ERROR")
        return _artifact(random.randint(1, MAX_SEED), _blurred(self.size), "CONTENT_FILTERED")

    def answer(self, order: Order, pictures: Sequence[str], extras: Body) -> dict[str, Any]:
        """Wrap the picture and the seed that it was made with."""
        if not pictures:
            return self.blocked("output image")
        return _artifact(order.seed, pictures[0], "SUCCESS")


def _artifact(seed: int, encoded: str, reason: str) -> dict[str, Any]:
    artifact = {"seed": seed, "base64": encoded, "finishReason": reason}
    return {"result": "success", "artifacts": [artifact]}


@functools.cache
def _blurred(size: tuple[int, int]) -> str:
    little = (size[0] // 8, size[1] // 8)
    vague = text_to_image("a vase", seed=0, size=little).filter(GaussianBlur(little[0] / 12))
    return images.write(vague.resize(size), "png")


def malformed(told: str) -> Refusal:
    """Make the refusal of a body that Bedrock's check of it finds at fault."""
    return invalid(f"Malformed input request: {told}, please reformat your input and try again.")


def failed(name: str, message: str) -> Refusal:
    """Make the refusal of a body that the model finds at fault, under the name of its error."""
    error = f"sagemaker_inference.errors.BaseInferenceToolkitError: (400, '{name}', '{message}')"
    return invalid(f"{name}\n{error}")


def picture(body: Body, field: str) -> Image:
    """Decode a field's picture, or refuse it; AWS's texts about pictures were not found."""
    try:
        return images.read(body[field], IMAGE)
    except images.Flaw as flaw:
        raise malformed(f"#/{field}: {flaw}") from flaw


def refuse_sampler(body: Body) -> None:
    """Hold a body to CLIP guidance's rule: it works with an ancestral sampler only.

    A sampler that is not given is chosen by the model, which chooses an appropriate one.

    Raises:
        Refusal: There is guidance, and another sampler.
    """
    guided = body.get("clip_guidance_preset", "NONE") != "NONE"
    if guided and body.get("sampler", ANCESTRAL[0]) not in ANCESTRAL:
        told = f"clip guidance requires an ancestral sampler: {', '.join(ANCESTRAL)}"
        raise malformed(f"#/sampler: {told}, but we received {body['sampler']}")


def size_of(body: Body) -> tuple[int, int]:
    """Read width and height, 1024 each if not given, and hold them to the page's table.

    Raises:
        Refusal: The two are not in it.
    """
    size = (body.get("width", 1024), body.get("height", 1024))
    if size not in SIZES:
        allowed = ", ".join("{}x{}".format(*each) for each in SIZES)
        told = "the allowed dimensions are {}, but we received {}x{}".format(allowed, *size)
        raise failed("invalid_sdxl_v1_dimensions", told)
    return size


def prompts(body: Body) -> tuple[str, str]:
    """Read the prompts, the heaviest first, and what is not wanted: those that weigh below zero.

    A prompt without a weight weighs 1; one that weighs 0 does nothing.
    """
    weighed = sorted(
        ((entry.get("weight", 1), entry["text"]) for entry in body["text_prompts"]),
        key=lambda pair: -abs(pair[0]),
    )
    wanted = ", ".join(words for weight, words in weighed if weight > 0)
    return wanted, ", ".join(words for weight, words in weighed if weight < 0)


def seed(body: Body) -> int:
    """Choose the seed: the one asked for, or a random one for 0 or none, as the pages say."""
    return body.get("seed") or random.randint(1, MAX_SEED)
