"""A pipeline as a picture of its steps: Mermaid's text."""

from __future__ import annotations

from darkroom import catalog
from darkroom.errors import InvalidRequest
from darkroom.pipeline import reference
from darkroom.pipeline.pipeline import Pipeline, Step


def mermaid(pipeline: Pipeline) -> str:
    """The graph of a pipeline's params and steps, for Mermaid (GitHub and editors draw it)."""
    lines = ["flowchart LR"]
    for name, param in pipeline.params.items():
        lines.append(f'    params_{name}(["{_said(name)}<br>{param.type}"])')
    for name, step in pipeline.steps.items():
        left, right = ("[[", "]]") if name in pipeline.outputs else ("[", "]")
        lines.append(f'    {name}{left}"{_label(name, step)}"{right}')
    for name, step in pipeline.steps.items():
        arrow = "-.->" if step.when is not True or step.optional else "-->"
        lines += [f"    {before} {arrow} {name}" for before in _befores(pipeline, name, step)]
    return "\n".join(lines)


def _befores(pipeline: Pipeline, name: str, step: Step) -> list[str]:
    everything = [step.fields, step.when, step.model]
    params = {f"params_{each.param}" for each in reference.within(everything) if each.param}
    return [*sorted(params), *pipeline.needs[name]]


def _label(name: str, step: Step) -> str:
    lines = [name, step.word]
    if step.mode:
        try:
            row = (
                catalog.find(step.model)
                if step.model
                else catalog.default(step.mode, {*step.fields})
            )
            lines.append(row.short)
        except InvalidRequest:
            lines.append(str(step.model))  # a param says which
    return "<br>".join(_said(line) for line in dict.fromkeys(lines))


def _said(text: str) -> str:
    """Text that cannot end a label of Mermaid's, nor begin a tag."""
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(sign, code)
    return text
