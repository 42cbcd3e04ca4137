"""Stability AI's dialect: Stable Image Core and Ultra, SD3.x and the image services.

One flat object for the request, fields that are not set left out (unknown ones are refused), and
one picture per call.

Sources: "Stable Image Core request and response", "Stability.ai Stable Diffusion 3.5 Large",
"Stability AI Image Services".
"""

from __future__ import annotations

from typing import Protocol, cast

from darkroom.dialects.found import Found, listed
from darkroom.errors import BadAnswer, ContentFiltered, ModelFailed
from darkroom.modes.base import Request
from darkroom.wire import Body, Encoder

SHARED = (
    "prompt",
    "negative_prompt",
    "aspect_ratio",
    "style_preset",
    "grow_mask",
    "seed",
    "output_format",
)
"""Fields that are called in this dialect what they are called here."""


class _Speaks(Protocol):
    def stability(self, encode: Encoder) -> Body: ...


def body(request: Request, encode: Encoder) -> Body:
    """The flat body of `request`: the fields that many modes have, and its own."""
    shared = {field: getattr(request, field, None) for field in SHARED}
    said = shared | cast(_Speaks, request).stability(encode)
    return {field: value for field, value in said.items() if value is not None}


def read(answer: Body) -> Found:
    """The pictures of an answer.

    A filtered call is HTTP 200 with a reason and, as documented, without `images` and `seeds`.

    Raises:
        ContentFiltered: The prompt, the source or the result was stopped.
        ModelFailed: "Inference error", which is no filter.
        BadAnswer: Neither a picture nor a reason.
    """
    for reason in map(str, filter(None, listed(answer, "finish_reasons"))):
        if not reason.startswith("Filter reason"):
            raise ModelFailed(f"the model gave up: {reason}")
        stopped = "prompt" if "prompt" in reason else "input" if "input" in reason else "output"
        raise ContentFiltered(f"stopped by the content filter ({reason})", stopped)
    images = listed(answer, "images")
    if not images:
        raise BadAnswer(f"no picture and no reason in the answer (fields: {', '.join(answer)})")
    # The page types seeds as strings and shows numbers. A picture is not lost for want of its seed.
    seeds = [int(seed) for seed in listed(answer, "seeds") if str(seed).isdecimal()]
    return Found(images, seeds)
