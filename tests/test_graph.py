"""A pipeline as a picture: all of it is there, readable, at its place, and nothing overlaps."""

from __future__ import annotations

import base64
import io
import re
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from darkroom.pipeline import drawing
from darkroom.pipeline.graph import Graph, mermaid
from darkroom.pipeline.layout import Box, Layout, lay_out
from darkroom.pipeline.pipeline import Pipeline
from tests.browser import chromium
from tests.test_cli import Darkroom, darkroom

__all__ = ["darkroom"]  # the fixture

EXAMPLES = sorted((Path(__file__).parent.parent / "deployments/pipelines").glob("*.yaml"))
BOARD = """\
name: board
description: Several <models> & "styles" on a sheet.
params:
  prompt: {type: text, default: a mug}
  photos: {type: images}
  want_big: {type: boolean, default: false}
  upscaler: {type: text, default: fast}
steps:
  core: {mode: text_to_image, model: core, prompt: "${params.prompt}"}
  three: {mode: text_to_image, model: sd3.5, prompt: "${params.prompt}", count: 3}
  options: {mode: variation, image: "${three}", count: 4, optional: true}
  one: {mode: remove_background, image: "${options[1]}"}
  cutouts: {mode: remove_background, image: "${params.photos}"}
  sheet: {do: contact_sheet, images: ["${core}", "${three}", "${options}", "${cutouts}"]}
  end: {mode: upscale, model: "${params.upscaler}", image: "${one}", when: "${params.want_big}"}
outputs: [sheet, end]
"""
RESERVED = ["end", "class", "graph", "style", "default", "_self", "constructor", "subgraph", "End"]
HOSTILE = '"]; click a "x" <script>alert(1)</script> %%{init: {}}%% & #35; `x`\n--> b\x07'

NODE = re.compile(
    r'    (\w+)(?:\(\["[^"]*"\]\)|\[\["[^"]*"\]\]|\["[^"]*"\]|\("[^"]*"\))(?::::output)?'
)
EDGE = re.compile(r"    (\w+) (?:-->|-\.->) (\w+)")
CODE = re.compile(r"#(?:\d+|amp|quot|lt|gt);|<br>")


def board() -> Pipeline:
    return Pipeline.parse(BOARD)


def many(count: int, *, chain: bool) -> Pipeline:
    """A pipeline of `count` steps: in one row, or all after the first and before the last."""
    lines = ["name: many", "params:", "  p: {type: text, default: a}", "steps:"]
    lines.append("  s0: {mode: text_to_image, prompt: '${params.p}'}")
    for number in range(1, count - 1):
        before = number - 1 if chain else 0
        image = f"image: '${{s{before}}}', prompt: '${{params.p}}'"
        lines.append(f"  s{number}: {{mode: variation, {image}, similarity: 0.5}}")
    all_of_them = ", ".join(f"'${{s{number}}}'" for number in range(count - 1))
    lines.append(f"  sheet: {{do: contact_sheet, images: [{all_of_them}]}}")
    return Pipeline.parse("\n".join(lines))


def hostile() -> Pipeline:
    """A pipeline with a text in it that would be something else in Mermaid and in XML."""
    made = board()
    steps = made.steps | {"core": made.steps["core"].model_copy(update={"model": HOSTILE})}
    return replace(made, description=HOSTILE, steps=steps)


def laid_out(pipeline: Pipeline) -> tuple[Graph, Layout]:
    graph = Graph.of(pipeline)
    sizes = {node.key: (100.0 + len(node.name), 60.0) for node in graph.nodes}
    return graph, lay_out(graph, sizes)


def texts(drawn: str) -> list[str]:
    """The words in an SVG, each as it is read."""
    root = ElementTree.fromstring(drawn)
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


# What is known of the graph


def test_how_many_pictures_each_step_gives() -> None:
    """Counts multiply along the way, one picture of several is one, and a list's are unknown."""
    gives = {node.name: node.gives for node in Graph.of(board()).nodes}
    assert (gives["core"], gives["three"], gives["options"], gives["one"]) == (1, 3, 12, 1)
    assert gives["cutouts"] is None
    assert gives["sheet"] == 1


def test_a_pipeline_within_is_one_node(tmp_path: Path) -> None:
    """A step that is a pipeline is one box with its file's name; its outputs are counted."""
    (tmp_path / "inner.yaml").write_text(BOARD.replace("[sheet, end]", "[three, options]"))
    outer = tmp_path / "outer.yaml"
    outer.write_text(
        "name: outer\nparams: {shots: {type: images}}\nsteps:\n"
        "  inner: {pipeline: inner.yaml, photos: '${params.shots}'}\n"
    )
    made = Pipeline.load(outer)
    node = Graph.of(made).nodes[1]
    assert (node.kind, node.lines, node.gives) == ("pipeline", ("inner.yaml",), 15)
    assert '    inner[["inner<br>inner.yaml"]]:::output' in mermaid(made)
    assert "inner.yaml" in texts(drawing.svg(made))


# Mermaid


def structure(text: str) -> tuple[set[str], set[tuple[str, str]]]:
    """The ids and arrows of a Mermaid text, each line of which is one that we mean to write."""
    head, *lines = text.splitlines()
    assert head == "flowchart LR"
    ids: list[str] = []
    arrows: list[tuple[str, str]] = []
    for line in lines:
        node, edge = NODE.fullmatch(line), EDGE.fullmatch(line)
        if node:
            ids.append(node[1])
            plain = CODE.sub("", line.partition('"')[2].rpartition('"')[0])
            assert not set(plain) & set('#"<>&%`'), line
        elif edge:
            arrows.append((edge[1], edge[2]))
            assert {*edge.groups()} <= {*ids}, f"{line}: unknown id"
        else:
            assert line == "    classDef output stroke-width:4px"
    assert len(ids) == len({*ids})
    assert not {each.lower() for each in ids} & {each.lower() for each in RESERVED}
    return {*ids}, {*arrows}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_mermaid_has_every_node_and_arrow(path: Path) -> None:
    """Each example is Mermaid's text of the structure we mean, with each node and arrow once."""
    made = Pipeline.load(path)
    ids, arrows = structure(mermaid(made))
    graph = Graph.of(made)
    assert len(ids) == len(graph.nodes) == len(made.params) + len(made.steps)
    assert len(arrows) == len(graph.edges) == mermaid(made).count("->")


def test_mermaids_own_words_are_no_ids() -> None:
    """Steps named like words of Mermaid's get other ids, and keep their names in the labels."""
    names = [*RESERVED, "params_class", "end_"]
    lines = ["name: a", "params: {class: {type: image}}", "steps:"]
    lines += [f"  {name}: {{mode: upscale, image: '${{params.class}}'}}" for name in names]
    text = mermaid(Pipeline.parse("\n".join(lines)))
    ids, arrows = structure(text)
    assert len(ids) == len(RESERVED) + 3
    assert len(arrows) == len(RESERVED) + 2
    assert all(f'["{name}<br>upscale' in text for name in names)


def test_no_text_ends_a_label_of_mermaids() -> None:
    """Quotes, tags, directives and new lines in a text stay text within its label."""
    ids, _ = structure(mermaid(hostile()))
    assert len(ids) == len(Graph.of(board()).nodes)


# The layout


@pytest.mark.parametrize("path", [None, *EXAMPLES], ids=lambda path: path.stem if path else "board")
def test_nothing_overlaps(path: Path | None) -> None:
    """No two boxes overlap, all are in the picture, and no line passes through a box."""
    graph, layout = laid_out(Pipeline.load(path) if path else board())
    assert {*layout.boxes} == {node.key for node in graph.nodes}
    for box in layout.boxes.values():
        assert box.x >= 0
        assert box.y >= -0.01
        assert box.x + box.width <= layout.width + 0.01
        assert box.y + box.height <= layout.height + 0.01
    for one, other in combinations(layout.boxes.values(), 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
        assert apart_x or apart_y
    for wire in layout.wires:
        for box in layout.boxes.values() if wire.run else ():
            passes = wire.end[0] < box.x + box.width and box.x < wire.end[0] + wire.run
            assert not (passes and box.y <= wire.end[1] <= box.y + box.height)


def test_every_arrow_goes_right_and_ends_at_a_box() -> None:
    """Lines lead from the right side of a box, to the left side of one, as often as referred to."""
    graph, layout = laid_out(board())
    rights = {(box.x + box.width, box.y + box.height / 2) for box in layout.boxes.values()}
    lanes = {(wire.end[0] + wire.run, wire.end[1]) for wire in layout.wires if wire.run}
    for wire in layout.wires:
        assert wire.start in rights | lanes
        assert wire.start[0] < wire.end[0]
    heads = [wire.end for wire in layout.wires if wire.is_last]
    assert len(heads) == len({*heads}) == len(graph.edges)

    def at(box: Box) -> int:
        return sum(box.x == x and box.y < y < box.y + box.height for x, y in heads)

    for node in graph.nodes:
        referred = sum(edge.after == node.key for edge in graph.edges)
        assert at(layout.boxes[node.key]) == referred
    for edge in graph.edges:
        assert layout.boxes[edge.before].x < layout.boxes[edge.after].x


def test_chains_side_by_side_do_not_cross() -> None:
    """Three chains whose steps stand in a muddle in the file are drawn as three straight rows."""
    lines = ["name: a", "steps:"]
    lines += [f"  a{chain}: {{mode: text_to_image, prompt: a}}" for chain in (0, 1, 2)]
    for depth, order in (("b", (2, 0, 1)), ("c", (1, 2, 0))):
        for chain in order:
            image = f"${{{'a' if depth == 'b' else 'b'}{chain}}}"
            lines.append(f"  {depth}{chain}: {{mode: upscale, image: '{image}'}}")
    _, layout = laid_out(Pipeline.parse("\n".join(lines)))
    assert all(wire.start[1] == pytest.approx(wire.end[1], abs=1) for wire in layout.wires)
    for chain in (0, 1, 2):
        assert len({round(layout.boxes[f"{depth}{chain}"].y) for depth in "abc"}) == 1


# SVG


def test_svg_is_complete_and_accessible() -> None:
    """The SVG is XML with a title and a description, and says the names of all steps."""
    drawn = drawing.svg(board())
    root = ElementTree.fromstring(drawn)
    assert root.attrib["role"] == "img"
    assert [each.text for each in root[:2]] == ["board", board().description]
    assert {*board().steps, *board().params} <= {*texts(drawn)}
    assert {"text_to_image", "sd3.5", "x3", "x12", "xn"} <= {*texts(drawn)}
    wires = laid_out(board())[1].wires
    assert sum(wire.may_skip and wire.is_last for wire in wires) == 4  # 1 to `options`, 3 to `end`
    assert drawn.count("stroke-dasharray") == sum(wire.may_skip for wire in wires)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_svg_escapes_every_text() -> None:
    """Whatever is written in a pipeline is text in the SVG, and no sign breaks its XML."""
    drawn = drawing.svg(hostile(), {"core": '<b onload="x">\x00'})
    root = ElementTree.fromstring(drawn)
    known = {"svg", "title", "desc", "g", "rect", "text", "path"}
    assert {each.tag.rpartition("}")[2] for each in root.iter()} == known
    titles = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("<script>alert(1)</script>" in each and "<b onload" in each for each in titles)


def test_long_names_are_cut_to_their_boxes() -> None:
    """What is too long for its box ends in an ellipsis there, and is whole in its title."""
    name = "a_step_with_a_remarkably_long_name_of_nearly_sixty_letters"
    drawn = drawing.svg(Pipeline.parse(BOARD.replace("cutouts", name)))
    (cut,) = [each for each in texts(drawn) if each.startswith("a_step")]
    assert cut.endswith("…")
    assert name.startswith(cut[:-1])
    assert f"<title>{name} ·" in drawn
    widths = [float(each) for each in re.findall(r'<rect [^>]*? width="([\d.]+)"', drawn)]
    assert sorted(widths)[-2] < 260


def test_states_are_colored_and_said() -> None:
    """What came of a step is written in its box, in its color; other steps stay as they are."""
    words = ["done", "cached", "failed", "filtered", "skipped", "running"]
    states = dict(zip(board().steps, words, strict=False))
    plain, drawn = drawing.svg(board()), drawing.svg(board(), states)
    assert sorted(each for each in texts(drawn) if each in words) == sorted(words)
    assert not {*words} & {*texts(plain)}
    fills = {word: re.search(rf'fill="(#\w+)" font-weight="600">{word}<', drawn) for word in words}
    colors = {found[1] for found in fills.values() if found}
    assert len(colors) == 6
    assert "new word" in texts(drawing.svg(board(), {"core": "new word"}))


def test_svg_of_twenty_steps_is_compact() -> None:
    """Twenty steps with states take less than 40 kB."""
    made = many(20, chain=False)
    assert len(drawing.svg(made, dict.fromkeys(made.steps, "filtered"))) < 40_000


# PNG, and both


def strip_places(drawn: str) -> dict[tuple[int, int], str]:
    """The middles of the colored strips of an SVG's boxes, with their colors."""
    found = re.findall(
        r'<rect x="([\d.]+)" y="([\d.]+)" width="3.5" height="([\d.]+)" rx="1.7" fill="(#\w+)"',
        drawn,
    )
    return {
        (round((float(x) + 1.75) * 2), round((float(y) + float(height) / 2) * 2)): color
        for x, y, height, color in found
    }


def color_at(image: Image.Image, place: tuple[int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*image.convert("RGB").getpixel(place))  # type: ignore[misc]


@pytest.mark.parametrize("dark", [False, True])
def test_png_has_the_places_of_svg(dark: bool) -> None:
    """The PNG has twice the size of the SVG, and the same boxes in the same colors there."""
    states = {"core": "failed", "sheet": "done"}
    drawn = drawing.svg(board(), states, dark=dark)
    image = Image.open(io.BytesIO(drawing.png(board(), states, dark=dark)))
    root = ElementTree.fromstring(drawn)
    assert image.size == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))
    places = strip_places(drawn)
    assert len(places) == len(board().steps)
    assert {place: color_at(image, place) for place in places} == places
    assert (color_at(image, (2, 2)) == "#ffffff") is not dark


def test_a_browser_shows_the_svg_as_an_image(tmp_path: Path) -> None:
    """As a data URI in an <img> the SVG is drawn, at its size and with its boxes in place."""
    drawn = drawing.svg(board())
    root = ElementTree.fromstring(drawn)
    size = int(root.attrib["width"]), int(root.attrib["height"])
    data = base64.b64encode(drawn.encode()).decode()
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": size[0] + 20, "height": size[1] + 20}, device_scale_factor=2
        )
        page.set_content(
            f'<body style="margin:0"><img src="data:image/svg+xml;base64,{data}"></body>'
        )
        page.wait_for_function("document.images[0].complete")
        shown = page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]")
        page.screenshot(path=tmp_path / "shown.png")
    assert tuple(shown) == size
    image, places = Image.open(tmp_path / "shown.png"), strip_places(drawn)
    assert {place: color_at(image, place) for place in places} == places


@pytest.mark.parametrize("chain", [True, False], ids=["chain", "fan"])
def test_five_hundred_steps_are_drawn(chain: bool) -> None:
    """As many steps as a pipeline may have are drawn in seconds; the PNG stays within bounds."""
    made = many(500, chain=chain)
    began = time.monotonic()
    drawn, data = drawing.svg(made), drawing.png(made)
    assert time.monotonic() - began < 15  # 2 s on an idle machine
    assert len(re.findall("<g>", drawn)) == 501
    image = Image.open(io.BytesIO(data))
    assert max(image.size) <= 30_000
    assert image.width * image.height <= 40_000_000


# The command


def test_graph_writes_what_the_name_says(darkroom: Darkroom, tmp_path: Path) -> None:
    """The end of the name decides between SVG, PNG and Mermaid; without --out it is printed."""
    file = tmp_path / "board.yaml"
    file.write_text(BOARD)
    for name in ("a.svg", "a.PNG", "a.mmd"):
        done = darkroom("graph", str(file), "--out", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (0, f"{tmp_path / name}\n")
    assert (tmp_path / "a.svg").read_text() == drawing.svg(board())
    assert (tmp_path / "a.PNG").read_bytes() == drawing.png(board())
    assert (tmp_path / "a.mmd").read_text() == darkroom("graph", str(file)).stdout
    assert (tmp_path / "a.mmd").read_text() == mermaid(board()) + "\n"
    darkroom("graph", str(file), "--dark", "--out", str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text() == drawing.svg(board(), dark=True)


def test_graph_refuses_what_it_cannot_write(darkroom: Darkroom, tmp_path: Path) -> None:
    """Another end of the name, --dark of a text, and a place that is none are each bad usage."""
    file = tmp_path / "board.yaml"
    file.write_text(BOARD)
    other = darkroom("graph", str(file), "--out", str(tmp_path / "a.jpg"))
    assert (other.returncode, "Let it end in .svg, .png or .mmd." in other.said) == (2, True)
    dark = darkroom("graph", str(file), "--dark")
    assert (dark.returncode, "add --out with a name in .svg or .png" in dark.said) == (2, True)
    nowhere = darkroom("graph", str(file), "--out", str(tmp_path / "no" / "a.svg"))
    assert nowhere.returncode == 2
    assert "it cannot be written (No such file or directory)" in nowhere.said
    assert [each.name for each in tmp_path.glob("a.*")] == []
