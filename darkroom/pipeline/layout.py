"""Where the nodes of a graph stand, and how the lines between them run: from left to right.

In the manner of Sugiyama, with plain means: a node's column is its longest way from a beginning;
a line that passes a column has a place in it; within a column, nodes are ordered by the means of
their neighbors' places, which leaves few crossings; last they are moved up and down so that lines
are as straight as the order lets them be.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from darkroom.pipeline.graph import Edge, Graph

GAP = 64.0
"""Between two columns, for the lines."""

_APART, _LANE = 26.0, 6.0
"""Between two nodes above each other, and the height of a line's place."""

_SWEEPS, _MOVES, _MOST_LANES = 12, 24, 5000


@dataclass(frozen=True)
class Box:
    """Where a node stands, in pixels from the upper left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Wire:
    """A part of a line: it leaves and arrives level.

    Attributes:
        start: Where it begins, x and y.
        end: Where its curve ends.
        run: How far right it goes on level from there: through a column.
        may_skip: Whether all that it leads to may be skipped.
        is_param: Whether it comes from a param.
        is_last: Whether it ends at a node.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    run: float
    may_skip: bool
    is_param: bool
    is_last: bool


@dataclass(frozen=True)
class Layout:
    """All places, within `width` times `height` pixels."""

    width: float
    height: float
    boxes: dict[str, Box]
    wires: list[Wire]


@dataclass(eq=False)
class _Cell:
    """A place in a column: of a node, or of a line that passes (then `key` is empty)."""

    column: int
    height: float
    key: str = ""
    at: int = 0  # in its column, from above
    y: float = 0.0  # of its middle
    before: list[_Cell] = field(default_factory=list)
    after: list[_Cell] = field(default_factory=list)


@dataclass(frozen=True)
class _Link:
    before: _Cell
    after: _Cell
    may_skip: bool
    is_param: bool


def lay_out(graph: Graph, sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """Find places for the nodes of a graph.

    Args:
        graph: The graph.
        sizes: Width and height of each node, by key. All in a column get the width of the widest.
    """
    columns, links = _cells(graph, {key: height for key, (_, height) in sizes.items()})
    _order(columns)
    _level(columns)
    lefts, widths, x = [], [], 0.0
    for column in columns:
        width = max((sizes[cell.key][0] for cell in column if cell.key), default=0.0)
        lefts.append(x)
        widths.append(width)
        x += width + GAP
    boxes = {
        cell.key: Box(
            lefts[cell.column], cell.y - cell.height / 2, widths[cell.column], cell.height
        )
        for column in columns
        for cell in column
        if cell.key
    }
    wires = _wires(links, lefts, widths)
    height = max(cell.y + cell.height / 2 for column in columns for cell in column)
    return Layout(x - GAP, height, boxes, wires)


def _cells(graph: Graph, heights: Mapping[str, float]) -> tuple[list[list[_Cell]], list[_Link]]:
    """The columns, and what links their cells. The lines of one node share places on their way."""
    first = 1 if any(node.kind == "param" for node in graph.nodes) else 0
    followers: dict[str, list[Edge]] = {node.key: [] for node in graph.nodes}
    at: dict[str, int] = {node.key: 0 if node.kind == "param" else first for node in graph.nodes}
    befores: dict[str, list[str]] = {node.key: [] for node in graph.nodes}
    for edge in graph.edges:
        followers[edge.before].append(edge)
        befores[edge.after].append(edge.before)
    for node in graph.nodes:
        at[node.key] = max([at[node.key], *(at[each] + 1 for each in befores[node.key])])
    cells = {node.key: _Cell(at[node.key], heights[node.key], node.key) for node in graph.nodes}
    columns: list[list[_Cell]] = [[] for _ in range(max(at.values()) + 1)]
    for cell in cells.values():
        columns[cell.column].append(cell)
    reach = {
        key: max((at[edge.after] for edge in own), default=0) for key, own in followers.items()
    }
    lanes = sum(max(0, reach[key] - at[key] - 1) for key in reach)
    links: list[_Link] = []
    for node in graph.nodes:
        own = followers[node.key]
        links += _fan(cells, columns, node.key, own, lanes <= _MOST_LANES)
    for link in links:
        link.before.after.append(link.after)
        link.after.before.append(link.before)
    return columns, links


def _fan(
    cells: dict[str, _Cell], columns: list[list[_Cell]], key: str, edges: list[Edge], lanes: bool
) -> Iterable[_Link]:
    """The links from a node to its followers, through lanes; without those they cross boxes."""
    is_param = key.startswith("params.")
    last = cells[key]
    left = sorted(edges, key=lambda edge: cells[edge.after].column)
    while left:
        column = last.column + 1
        here = [edge for edge in left if not lanes or cells[edge.after].column == column]
        for edge in here:
            yield _Link(last, cells[edge.after], edge.may_skip, is_param)
        left = [edge for edge in left if edge not in here]
        if left:
            lane = _Cell(column, _LANE)
            columns[column].append(lane)
            yield _Link(last, lane, all(edge.may_skip for edge in left), is_param)
            last = lane


def _order(columns: list[list[_Cell]]) -> None:
    """Order the cells of each column so that few lines cross."""
    _number(columns)
    best, found = _crossings(columns), [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        if best == 0:
            break
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            places = {cell: _mean_place(cell, forward=forward) for cell in column}
            column.sort(key=places.__getitem__)
            _number([column])
        crossings = _crossings(columns)
        if crossings < best:
            best, found = crossings, [list(column) for column in columns]
    columns[:] = found
    _number(columns)


def _number(columns: list[list[_Cell]]) -> None:
    for column in columns:
        for place, cell in enumerate(column):
            cell.at = place


def _mean_place(cell: _Cell, *, forward: bool) -> float:
    near = cell.before if forward else cell.after
    return sum(each.at for each in near) / len(near) if near else cell.at


def _crossings(columns: list[list[_Cell]]) -> int:
    """How often lines cross between neighboring columns."""
    crossed = 0
    for column in columns:
        seen: list[int] = []
        for cell in column:
            ends = [each.at for each in cell.after]
            crossed += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return crossed


def _level(columns: list[list[_Cell]]) -> None:
    """Move the cells up and down towards their neighbors, without changing their order."""
    for column in columns:
        for cell, offset in zip(column, _offsets(column), strict=True):
            cell.y = offset
    for move in range(_MOVES):
        last = move >= _MOVES - 2
        for column in columns if move % 2 == 0 else reversed(columns):
            wanted = []
            for cell in column:
                near = [*cell.before, *cell.after]
                if not last:
                    near = (cell.before if move % 2 == 0 else cell.after) or near
                # Bends in the middle of a line are the ugliest.
                weights = [1.0 if cell.key or each.key else 4.0 for each in near] or [1.0]
                places = [each.y for each in near] or [cell.y]
                total = sum(w * y for w, y in zip(weights, places, strict=True))
                wanted.append(total / sum(weights))
            offsets = _offsets(column)
            free = [want - offset for want, offset in zip(wanted, offsets, strict=True)]
            for cell, y, offset in zip(column, _rising(free), offsets, strict=True):
                cell.y = y + offset
    top = min(cell.y - cell.height / 2 for column in columns for cell in column)
    for column in columns:
        for cell in column:
            cell.y -= top


def _offsets(column: Sequence[_Cell]) -> list[float]:
    """The middles of cells that stand as close together as they may."""
    offsets, y = [], 0.0
    for above, cell in zip([None, *column], column, strict=False):
        if above is not None:
            near = 0.5 if above.key and cell.key else 0.25
            y += (above.height + cell.height) / 2 + _APART * near * 2
        offsets.append(y)
    return offsets


def _rising(values: Sequence[float]) -> list[float]:
    """The rising sequence nearest to `values` (isotonic regression by pooling)."""
    pools: list[tuple[float, int]] = []  # sum and length
    for value in values:
        total, length = value, 1
        while pools and pools[-1][0] / pools[-1][1] > total / length:
            before = pools.pop()
            total, length = total + before[0], length + before[1]
        pools.append((total, length))
    return [total / length for total, length in pools for _ in range(length)]


def _wires(links: Sequence[_Link], lefts: list[float], widths: list[float]) -> list[Wire]:
    """The parts of the lines; those that end at one node stand above each other there."""
    arriving: dict[_Cell, list[_Link]] = {}
    for link in links:
        arriving.setdefault(link.after, []).append(link)
    wires = []
    for cell, own in arriving.items():
        own.sort(key=lambda link: link.before.y)
        step = min(9.0, (cell.height - 20) / len(own)) if cell.key else 0.0
        for index, link in enumerate(own):
            y = cell.y + (index - (len(own) - 1) / 2) * step
            start = (lefts[link.before.column] + widths[link.before.column], link.before.y)
            run = 0.0 if cell.key else widths[cell.column]
            wires.append(
                Wire(
                    start,
                    (lefts[cell.column], y),
                    run,
                    link.may_skip,
                    link.is_param,
                    bool(cell.key),
                )
            )
    return wires
