"""A pipeline's graph as a picture: SVG, or PNG by Pillow. Both have the same lines at one place."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from darkroom.pipeline.graph import Graph, Node
from darkroom.pipeline.layout import Box, Layout, Wire, lay_out
from darkroom.pipeline.pen import Pen, PngPen, SvgPen, cut, length, number, xml
from darkroom.pipeline.pipeline import Pipeline

_MARGIN, _LINE, _PAD, _HEAD = 24.0, 17.0, 14.0, 40.0
_NARROW, _WIDE, _RING = 104.0, 236.0, 4.0
_STROKES = {"param": 1.2, "step": 1.6}
_SCALE, _MOST_PIXELS, _LONGEST = 2.0, 40_000_000, 30_000
"""PNG: how many pixels to one of SVG's, unless the picture became too large with that many."""


@dataclass(frozen=True)
class _Theme:
    """The colors of a picture."""

    paper: str
    box: str
    text: str
    muted: str
    line: str
    kinds: dict[str, str]
    states: dict[str, str]


_LIGHT = _Theme(
    paper="#ffffff",
    box="#ffffff",
    text="#1f2937",
    muted="#6b7280",
    line="#64748b",
    kinds={"param": "#64748b", "mode": "#4f46e5", "do": "#0f766e", "pipeline": "#b45309"},
    states={
        "done": "#15803d",
        "cached": "#0e7490",
        "failed": "#b91c1c",
        "filtered": "#b45309",
        "skipped": "#6b7280",
        "running": "#1d4ed8",
    },
)
_DARK = _Theme(
    paper="#111827",
    box="#1f2937",
    text="#f3f4f6",
    muted="#9ca3af",
    line="#94a3b8",
    kinds={"param": "#94a3b8", "mode": "#a5b4fc", "do": "#5eead4", "pipeline": "#fbbf24"},
    states={
        "done": "#4ade80",
        "cached": "#22d3ee",
        "failed": "#f87171",
        "filtered": "#fbbf24",
        "skipped": "#9ca3af",
        "running": "#60a5fa",
    },
)
NO_STATES: Mapping[str, str] = {}


def svg(pipeline: Pipeline, states: Mapping[str, str] = NO_STATES, *, dark: bool = False) -> str:
    """The graph of a pipeline as SVG, complete in itself.

    Args:
        pipeline: The pipeline.
        states: What came of its steps, by name: "done", "cached", "failed", "filtered", "skipped",
            "running". It colors them, and is written in them; any other word is only written.
        dark: Light on dark.
    """
    plan = _Plan(pipeline, states)
    pen = SvgPen()
    plan.draw(pen, _DARK if dark else _LIGHT)
    steps = ", ".join(pipeline.steps)
    told = pipeline.description or f"A pipeline of {len(pipeline.steps)} steps: {steps}"
    size = f'width="{number(plan.width)}" height="{number(plan.height)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {number(plan.width)} '
        f'{number(plan.height)}" role="img" font-family="system-ui,-apple-system,\'Segoe UI\','
        f'Roboto,Helvetica,Arial,sans-serif"><title>{xml(pipeline.name)}</title>'
        f"<desc>{xml(cut(told, 4000, 12))}</desc>{''.join(pen.parts)}</svg>"
    )


def png(pipeline: Pipeline, states: Mapping[str, str] = NO_STATES, *, dark: bool = False) -> bytes:
    """The graph of a pipeline as PNG, at twice the size of `svg`; smaller if it is very large."""
    plan, theme = _Plan(pipeline, states), _DARK if dark else _LIGHT
    scale = min(
        _SCALE,
        math.sqrt(_MOST_PIXELS / (plan.width * plan.height)),
        _LONGEST / max(plan.width, plan.height),
    )
    size = max(1, int(plan.width * scale)), max(1, int(plan.height * scale))
    # Drawn larger and reduced: Pillow's lines have no smooth edges of their own.
    finer = 2 if size[0] * size[1] * 4 <= _MOST_PIXELS else 1
    image = Image.new("RGB", (size[0] * finer, size[1] * finer), theme.paper)
    plan.draw(PngPen(image, scale * finer), theme)
    out = io.BytesIO()
    image.reduce(finer).save(out, "PNG", optimize=image.width * image.height < 4_000_000)
    return out.getvalue()


class _Plan:
    """What is to be drawn, and where."""

    def __init__(self, pipeline: Pipeline, states: Mapping[str, str]) -> None:
        self.pipeline, self.states = pipeline, states
        self.nodes = Graph.of(pipeline).nodes
        self.layout: Layout = lay_out(
            Graph.of(pipeline), {n.key: self._size(n) for n in self.nodes}
        )
        self.legend = self._legend()
        widest = max(length(pipeline.name, 16, bold=True), length(self.legend, 11), 200)
        self.head = _HEAD + (18 if pipeline.description else 0)
        self.width = math.ceil(max(self.layout.width, min(widest, 900)) + 2 * _MARGIN)
        self.height = math.ceil(self.layout.height + self.head + _MARGIN * 2 + 34)

    def draw(self, pen: Pen, theme: _Theme) -> None:
        """Draw all of it: what is below comes first."""
        room, head = self.width - 2 * _MARGIN, _MARGIN + 12
        pen.rectangle(Box(0, 0, self.width, self.height), 0, theme.paper)
        pen.text(_MARGIN, head, cut(self.pipeline.name, room, 16), 16, theme.text, bold=True)
        if self.pipeline.description:
            said = cut(self.pipeline.description, room, 12)
            pen.text(_MARGIN, head + 20, said, 12, theme.muted)
        for wire in self.layout.wires:
            moved = Wire(
                (wire.start[0] + _MARGIN, wire.start[1] + self._top),
                (wire.end[0] + _MARGIN, wire.end[1] + self._top),
                *(wire.run, wire.may_skip, wire.is_param, wire.is_last),
            )
            color = _mix(theme.line, theme.paper, 0.6) if wire.is_param else theme.line
            pen.wire(moved, color, _STROKES["param" if wire.is_param else "step"])
        for node in self.nodes:
            place = self.layout.boxes[node.key]
            box = Box(place.x + _MARGIN, place.y + self._top, place.width, place.height)
            pen.begin(" · ".join(filter(None, [node.name, *node.lines, self._state(node)])))
            self._node(pen, theme, node, box)
            pen.end()
        pen.text(_MARGIN, self.height - 18, self.legend, 11, theme.muted)

    @property
    def _top(self) -> float:
        return _MARGIN + self.head

    def _state(self, node: Node) -> str:
        return "" if node.kind == "param" else self.states.get(node.key, "")

    def _size(self, node: Node) -> tuple[float, float]:
        texts = [length(node.name, 13, bold=True), *(length(each, 11.5) for each in node.lines)]
        count = len(texts) + bool(self._state(node))
        width = max(_NARROW, min(_WIDE, max(texts) + 2 * _PAD + 8))
        ring = 2 * _RING if node.is_output else 0
        return math.ceil(width) + ring, count * _LINE + (10 if node.kind == "param" else 16) + ring

    def _node(self, pen: Pen, theme: _Theme, node: Node, box: Box) -> None:
        state = self._state(node)
        color = theme.states.get(state, theme.kinds[node.kind])
        fill, border = theme.box, _mix(color, theme.paper, 0.55)
        if node.kind == "param":
            fill = _mix(color, theme.paper, 0.1)
        elif state in theme.states:
            fill, border = _mix(color, theme.paper, 0.12), color
        if node.is_output:
            pen.rectangle(box, 8 + _RING, theme.paper, color, 1.6)
            box = Box(
                *(box.x + _RING, box.y + _RING, box.width - 2 * _RING, box.height - 2 * _RING)
            )
        radius = box.height / 2 if node.kind == "param" else 3 if node.kind == "pipeline" else 8
        pen.rectangle(box, radius, fill, border, 1.3)
        if node.kind == "pipeline":
            inner = Box(box.x + 6, box.y, box.width - 12, box.height)
            pen.rectangle(inner, 0, fill, border, 1.3)
        elif node.kind != "param":
            pen.rectangle(Box(box.x + 5, box.y + 8, 3.5, box.height - 16), 1.7, color)
        self._texts(pen, theme, node, box)
        if node.gives != 1:
            said = f"x{node.gives or 'n'}"
            width = length(said, 11, bold=True) + 12
            badge = Box(box.x + box.width - width - 6, box.y - 9, width, 18)
            pen.rectangle(badge, 9, theme.kinds[node.kind], theme.paper, 1.5)
            pen.text(
                badge.x + width / 2, badge.y + 13, said, 11, theme.paper, bold=True, middle=True
            )

    def _texts(self, pen: Pen, theme: _Theme, node: Node, box: Box) -> None:
        state, room = self._state(node), box.width - 2 * _PAD - 4
        rows = [(node.name, 13.0, theme.text, True)]
        colors = [theme.kinds[node.kind], theme.muted]
        if node.kind == "param":
            colors = [theme.muted]
        rows += [(line, 11.5, colors[at], False) for at, line in enumerate(node.lines)]
        if state:
            rows.append((state, 11.5, theme.states.get(state, theme.muted), True))
        y = box.y + (box.height - len(rows) * _LINE) / 2 + 12.5
        for text, size, color, bold in rows:
            pen.text(box.x + _PAD + 2, y, cut(text, room, size, bold=bold), size, color, bold=bold)
            y += _LINE

    def _legend(self) -> str:
        graph = Graph.of(self.pipeline)
        said = ["double border: result"]
        if any(edge.may_skip for edge in graph.edges):
            said.append("dashed: may be skipped")
        if any(node.gives != 1 for node in graph.nodes):
            said.append("x4: pictures that it gives; n: known when it runs")
        return "  ·  ".join(said)


def _mix(color: str, paper: str, share: float) -> str:
    """A color thinned by the paper's."""
    pairs = [(int(color[at : at + 2], 16), int(paper[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)
