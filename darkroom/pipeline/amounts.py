"""How many pictures steps give, as far as that is known without running; who picks one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from darkroom import modes
from darkroom.pipeline import reference
from darkroom.pipeline.free import STEPS
from darkroom.pipeline.source import Problem, Source

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param, Pipeline, Step


def amounts(
    order: Iterable[str],
    steps: Mapping[str, Step],
    params: Mapping[str, Param],
    parts: Mapping[str, Pipeline],
) -> dict[str, int | None]:
    """How many pictures each step gives at most; None where only a run knows.

    Args:
        order: The steps, each after those that it needs.
        steps: The steps by name.
        params: The pipeline's params.
        parts: The pipelines that steps name, by step.
    """
    found: dict[str, int | None] = {}
    for name in order:
        step, part = steps[name], parts.get(name)
        singles = _singles(step, part)
        fans = {_total(step.fields.get(each), params, found) for each in singles} - {1}
        fan = 1 if not fans else fans.pop() if len(fans) == 1 else None
        own = _own(step, part)
        found[name] = fan * own if fan is not None and own is not None else None
    return found


def check_picks(
    read: Source,
    steps: dict[str, Step],
    found: Mapping[str, int | None],
    problems: list[Problem],
) -> None:
    """Whether there is the picture that a reference picks out of several."""
    for name, step in steps.items():
        everything = {**step.fields, "when": step.when, "model": step.model}
        for loc, text in reference.texts(everything, ("steps", name)):
            try:
                references = list(reference.within(text))
            except ValueError:
                continue  # said by whoever looked for the step's needs
            for each in references:
                most = found.get(each.step)
                if most and each.index is not None and each.index >= most:
                    count = "1 picture" if most == 1 else f"{most} pictures"
                    told = f"{each.text}: {each.step} gives {count}: the last is"
                    told = f"{told} ${{{each.step}[{most - 1}]}}"
                    problems.append(read.problem(loc, told))


def _singles(step: Step, part: Pipeline | None) -> list[str]:
    from darkroom.pipeline.scope import pictures_of

    if part:
        return [name for name, param in part.params.items() if param.type == "image"]
    if step.do in STEPS:
        return pictures_of(STEPS[step.do])[0]
    return pictures_of(modes.find(step.mode))[0] if step.mode in modes.names() else []


def _own(step: Step, part: Pipeline | None) -> int | None:
    """How many pictures one part of a step gives."""
    if part:
        inner = amounts(part.steps, part.steps, part.params, part.parts)
        each = [inner[name] for name in part.outputs]
        return None if None in each else sum(one for one in each if one is not None)
    if step.pipeline or "return_mask" in step.fields:
        return None
    count = step.fields.get("most" if step.do == "review" else "count", 1)
    return count if isinstance(count, int) else None


def _total(value: Any, params: Mapping[str, Param], found: Mapping[str, int | None]) -> int | None:
    """How many pictures a value means; a field that is not given counts as one."""
    if isinstance(value, list):
        each = [_total(one, params, found) for one in value]
        return None if None in each else sum(one for one in each if one is not None)
    try:
        whole = reference.one(value)
    except ValueError:
        return None  # said by whoever looked for the step's needs
    if whole is None or whole.index is not None:
        return 1
    if whole.param:
        return 1 if whole.param in params and params[whole.param].type == "image" else None
    return found.get(whole.step)
