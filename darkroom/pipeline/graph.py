"""A pipeline as a graph of its params and steps, and that graph as Mermaid's text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from darkroom import catalog
from darkroom.errors import InvalidRequest
from darkroom.pipeline import reference
from darkroom.pipeline.pipeline import Pipeline, Step
from darkroom.pipeline.scope import kind_of, pictures_of

Kind = Literal["param", "mode", "do", "pipeline"]

_RESERVED = {
    *("call", "class", "classdef", "click", "default", "direction", "end", "flowchart", "graph"),
    *("href", "interpolate", "linkstyle", "style", "subgraph"),
    *("_self", "_blank", "_parent", "_top"),
    # What every object of JavaScript's has already.
    *("__proto__", "constructor", "hasownproperty", "isprototypeof", "propertyisenumerable"),
    *("tolocalestring", "tostring", "valueof", "__definegetter__", "__definesetter__"),
    *("__lookupgetter__", "__lookupsetter__"),
}
"""What Mermaid takes for words of its own where an id should stand, in small letters."""

_BRACKETS = {
    "param": ("([", "])"),
    "mode": ("[", "]"),
    "do": ("(", ")"),
    "pipeline": ("[[", "]]"),
}
_LONGEST = 60
"""Signs in a line of a label; the rest is cut off."""


@dataclass(frozen=True)
class Node:
    """A param or a step.

    Attributes:
        key: "params.NAME" of a param, the name of a step.
        kind: What it is.
        name: Its name.
        lines: What else is to be said of it: the type of a param; what a step does, and its model.
        is_output: Whether its pictures are the result.
        gives: How many pictures come of it; None where that is not known before it runs.
    """

    key: str
    kind: Kind
    name: str
    lines: tuple[str, ...]
    is_output: bool = False
    gives: int | None = 1


@dataclass(frozen=True)
class Edge:
    """That a step refers to a param or to another step.

    Attributes:
        before: Key of what is referred to.
        after: Key of the step.
        may_skip: Whether the run may go on without that step.
    """

    before: str
    after: str
    may_skip: bool = False


@dataclass(frozen=True)
class Graph:
    """All nodes, each after those that it needs, and all edges."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @classmethod
    def of(cls, pipeline: Pipeline) -> Graph:
        """The graph of a pipeline; the steps of the pipelines in it are not shown."""
        gives = _gives(pipeline)
        nodes = [
            Node(f"params.{name}", "param", name, (param.type,))
            for name, param in pipeline.params.items()
        ]
        edges: list[Edge] = []
        for name, step in pipeline.steps.items():
            is_output = name in pipeline.outputs
            nodes.append(Node(name, step.kind, name, _lines(step), is_output, gives[name]))
            may_skip = step.when is not True or step.optional
            everything = [step.fields, step.when, step.model]
            params = {each.param: None for each in reference.within(everything) if each.param}
            befores = [*(f"params.{param}" for param in params), *pipeline.needs[name]]
            edges += [Edge(before, name, may_skip) for before in befores]
        return cls(tuple(nodes), tuple(edges))


def mermaid(pipeline: Pipeline) -> str:
    """The graph of a pipeline's params and steps, for Mermaid (GitHub and editors draw it)."""
    graph = Graph.of(pipeline)
    ids = _ids(graph)
    lines = ["flowchart LR"]
    for node in graph.nodes:
        left, right = _BRACKETS[node.kind]
        label = "<br>".join(_said(line) for line in dict.fromkeys([node.name, *node.lines]))
        output = ":::output" if node.is_output else ""
        lines.append(f'    {ids[node.key]}{left}"{label}"{right}{output}')
    for edge in graph.edges:
        arrow = "-.->" if edge.may_skip else "-->"
        lines.append(f"    {ids[edge.before]} {arrow} {ids[edge.after]}")
    if any(node.is_output for node in graph.nodes):
        lines.append("    classDef output stroke-width:4px")
    return "\n".join(lines)


def _ids(graph: Graph) -> dict[str, str]:
    """An id for each node that is no word of Mermaid's, and no other node's."""
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for node in graph.nodes:
        made = node.key.replace(".", "_")
        while made.lower() in _RESERVED or made in taken:
            made += "_"
        ids[node.key] = made
        taken.add(made)
    return ids


def _lines(step: Step) -> tuple[str, ...]:
    if not step.mode:
        return (PurePath(step.word).name,)
    try:
        row = catalog.find(step.model) if step.model else catalog.default(step.mode, {*step.fields})
    except InvalidRequest:
        return step.mode, str(step.model)  # a param says which
    return tuple(dict.fromkeys([step.mode, row.short]))


def _gives(pipeline: Pipeline) -> dict[str, int | None]:
    """How many pictures come of each step, as far as the file says."""
    gives: dict[str, int | None] = {}
    for name, step in pipeline.steps.items():
        part = pipeline.parts.get(name)
        if part:
            inner = _gives(part)
            each = _sum(inner[output] for output in part.outputs)
            singles = [key for key, param in part.params.items() if param.type == "image"]
        else:
            count = step.fields.get("count", 1)
            each = count if isinstance(count, int) else None
            singles = pictures_of(kind_of(step))[0]
        over = [_meant(pipeline, step.fields[key], gives) for key in singles if key in step.fields]
        fan = max([1, *(number or 1 for number in over)])
        gives[name] = None if each is None or None in over else fan * each
    return gives


def _meant(pipeline: Pipeline, value: object, gives: dict[str, int | None]) -> int | None:
    """How many pictures a field means."""
    whole = reference.one(value)
    if whole is None or whole.index is not None:
        return 1
    if whole.param:
        return None if pipeline.params[whole.param].type == "images" else 1
    return gives[whole.step]


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = list(numbers)
    return None if None in known else sum(number or 0 for number in known)


def _said(text: str) -> str:
    """Text that cannot end a label of Mermaid's, nor begin a tag, a line or a directive."""
    text = " ".join(text.split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    for sign, code in (("#", "35"), ("&", "amp"), ('"', "quot"), ("<", "lt"), (">", "gt")):
        text = text.replace(sign, f"#{code};")
    return text.replace("%", "#37;").replace("`", "#96;")
