"""SDXL's dialect: one flat object with weighted texts in place of a prompt.

What its modes share is said here: the texts, the sampling, the seed. A filtered picture comes back
blurred, and says so in its `finishReason`.

Sources: "Stability.ai Diffusion 1.0 text to image", "image to image", "image to image (masking)".
"""

from __future__ import annotations

from typing import Protocol, cast

from darkroom.dialects.found import Found, listed
from darkroom.errors import BadAnswer, ContentFiltered, ModelFailed
from darkroom.fields import WeightedPrompt
from darkroom.modes.base import Request
from darkroom.wire import Body, Encoder


class _Speaks(Protocol):
    prompt: str | None
    negative_prompt: str | None
    weighted_prompts: tuple[WeightedPrompt, ...] | None

    def sdxl(self, encode: Encoder) -> Body: ...


def body(request: Request, encode: Encoder) -> Body:
    """The flat body of `request`: its own fields, and what all modes share."""
    spoken = cast(_Speaks, request)
    shared = {
        "samples": "count",
        "seed": "seed",
        "steps": "steps",
        "cfg_scale": "cfg_scale",
        "clip_guidance_preset": "clip_guidance_preset",
        "sampler": "sampler",
        "style_preset": "style_preset",
        "extras": "extras",
    }
    said = {
        "text_prompts": _texts(spoken),
        **spoken.sdxl(encode),
        **{theirs: getattr(request, ours, None) for theirs, ours in shared.items()},
    }
    return {field: value for field, value in said.items() if value is not None}


def read(answer: Body) -> Found:
    """The pictures of an answer.

    Raises:
        ContentFiltered: All are blurred by the filter.
        ModelFailed: The model gave up on all of them.
        BadAnswer: There is none, or it is not what the page documents.
    """
    found = [each for each in listed(answer, "artifacts") if isinstance(each, dict)]
    if not found:
        raise BadAnswer(f"no artifact in the answer (fields: {', '.join(answer)})")
    # The page's prose spells `finishedReason`, its schema `finishReason`.
    ended = [each.get("finishReason") or each.get("finishedReason") for each in found]
    good = [each for each, how in zip(found, ended, strict=True) if how in ("SUCCESS", None)]
    reason = ""
    if "CONTENT_FILTERED" in ended:
        reason = "the content filter blurred the picture (CONTENT_FILTERED)"
    if not good:
        if reason:
            raise ContentFiltered(reason, "output")
        raise ModelFailed(f"the model gave up: {', '.join(map(str, ended))}")
    seeds = [str(each.get("seed")) for each in good]
    images = [each.get("base64", "") for each in good]
    return Found(images, [int(seed) for seed in seeds if seed.isdecimal()], reason)


def _texts(request: _Speaks) -> list[Body]:
    """All texts with their weights: a plain prompt counts 1, what is not to be shown -1."""
    texts: list[Body] = [
        {"text": each.text, "weight": each.weight} for each in request.weighted_prompts or ()
    ]
    if request.prompt:
        texts.insert(0, {"text": request.prompt})  # weighs 1, as the samples send it
    if request.negative_prompt:
        texts.append({"text": request.negative_prompt, "weight": -1.0})
    return texts
