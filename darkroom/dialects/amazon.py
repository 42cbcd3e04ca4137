"""Amazon's dialect: Titan Image Generator and Nova Canvas.

An envelope of a task type, the task's own parameters, and `imageGenerationConfig` for what all
tasks share.

Sources: "Amazon Titan Image Generator G1 models", "Nova: Generating images, request and
response structure".
"""

from __future__ import annotations

from typing import Protocol, cast

from darkroom.dialects.found import Found, listed
from darkroom.errors import BadAnswer, ContentFiltered
from darkroom.modes.base import Request
from darkroom.wire import Body, Encoder, Task


class _Speaks(Protocol):
    def amazon(self, encode: Encoder) -> Task: ...


def body(request: Request, encode: Encoder) -> Body:
    """The envelope of `request`: its task, and what all tasks share."""
    task = cast(_Speaks, request).amazon(encode)
    params = {
        "text": getattr(request, "prompt", None),
        "negativeText": getattr(request, "negative_prompt", None),
        "returnMask": getattr(request, "return_mask", None),
        **task.params,
    }
    said: Body = {"taskType": task.type, task.name: _set(params)}
    if task.configured:
        width, height = task.size or (None, None)
        config = {
            "width": width,
            "height": height,
            "quality": getattr(request, "quality", None),
            "cfgScale": getattr(request, "cfg_scale", None),
            "numberOfImages": getattr(request, "count", None),
            "seed": getattr(request, "seed", None),
        }
        said["imageGenerationConfig"] = _set(config)
    return said


def read(answer: Body) -> Found:
    """The pictures of an answer; fewer than asked, with `missing`, if some were filtered.

    Raises:
        ContentFiltered: All were.
        BadAnswer: Neither a picture nor an error.
    """
    images, error = listed(answer, "images"), answer.get("error")
    if not images:
        if error:
            raise ContentFiltered(str(error), "output")
        raise BadAnswer(f"no picture and no error in the answer (fields: {', '.join(answer)})")
    return Found(images, [], str(error or ""), answer.get("maskImage") or "")


def _set(fields: Body) -> Body:
    return {field: value for field, value in fields.items() if value is not None}
