"""Pipeline files: what is read, and every mistake with its line and column."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from darkroom.pipeline.graph import mermaid
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.schema import schema
from darkroom.pipeline.source import BadPipeline, parse, read
from tests.test_cli import Darkroom, darkroom

__all__ = ["darkroom"]  # the fixture

EXAMPLES = sorted((Path(__file__).parent.parent / "deployments/pipelines").glob("*.yaml"))
BANNER = """\
name: autumn_banner
params:
  product: {type: image}
  scene: {type: text, default: "an oak table in autumn light"}
steps:
  cutout:   {mode: remove_background, image: ${params.product}}
  scene:    {mode: outpaint, image: ${cutout}, prompt: "${params.scene}", expand: {left: 256}}
  options:  {mode: variation, image: ${scene}, count: 4, similarity: 0.8}
  big:      {mode: upscale, model: fast, image: ${options[0]}}      # one of the four
outputs: [options, big]
"""


def problems(text: str) -> list[str]:
    with pytest.raises(BadPipeline) as raised:
        Pipeline.parse(text)
    return str(raised.value).splitlines()


def test_a_pipeline_is_read() -> None:
    """References need no quotes within braces, and say which step comes after which."""
    made = Pipeline.parse(BANNER)
    assert list(made.steps) == ["cutout", "scene", "options", "big"]
    assert made.needs["big"] == ("options",)
    assert made.outputs == ("options", "big")
    assert made.steps["cutout"].fields == {"image": "${params.product}"}
    assert made.steps["big"].fields == {"image": "${options[0]}"}
    assert made.params["scene"].default == "an oak table in autumn light"


def test_steps_may_stand_in_any_order() -> None:
    """What a step needs may stand below it; outputs are those without a follower."""
    made = Pipeline.parse(
        "name: a\nsteps:\n"
        "  big: {mode: upscale, image: '${made}'}\n"
        "  made: {mode: text_to_image, prompt: a mug}\n"
    )
    assert list(made.steps) == ["made", "big"]
    assert made.outputs == ("big",)


def test_defaults_are_of_the_steps_that_have_them() -> None:
    """A field of `defaults` goes to each mode that has it, and a step's own value wins."""
    made = Pipeline.parse(
        "name: a\ndefaults: {seed: 7, on_retired: substitute, prompt: a mug}\nsteps:\n"
        "  made: {mode: text_to_image, seed: 8}\n"
        "  cut: {mode: remove_background, image: '${made}'}\n"
    )
    assert made.steps["made"].fields == {"seed": 8, "prompt": "a mug"}
    assert made.steps["cut"].fields == {"image": "${made}"}
    assert made.steps["cut"].on_retired == "substitute"


STEP = "name: a\nsteps:\n  made: {mode: text_to_image, prompt: a mug}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STEP + "  x: {mode: upscal, image: ${made}}", "4:7: upscal: there is no such mode. Did"),
        (STEP + "  x: {mode: upscale, image: ${mad}}", "4:22: ${mad}: there is no such step. Did"),
        (STEP + "  x: {mode: upscale, imge: ${made}}", "4:22: upscale has no field imge. Did"),
        (STEP + "  x: {mode: upscale}", "4:3: upscale needs image"),
        (STEP + "  x: {do: upscale, image: ${made}}", "4:7: upscale is a mode: write mode:"),
        (STEP + "  x: {mode: resize, image: ${made}}", "4:7: resize is a Pillow step: write do:"),
        (STEP + "  x: {image: ${made}}", "4:3: x: one of mode, do and pipeline says"),
        (STEP + "  x: {mode: upscale, do: crop}", "4:3: x: one of mode, do and pipeline says"),
        (
            STEP + "  x: {mode: upscale, image: ${made}, when: '${made.widt} > 3'}",
            "4:38: ${made.widt}: a picture has width, height",
        ),
        (STEP + "  x: {mode: upscale, image: '${made.width}'}", "${made.width} is no picture"),
        (STEP + "  x: {mode: upscale, image: '${made[}'}", "${made[} is no reference"),
        (
            STEP + "  x: {mode: search_and_replace, image: ${made}, search_prompt: ${made}, "
            "prompt: a}",
            "search_prompt: ${made} are pictures",
        ),
        (STEP + "  x: {mode: upscale, image: 5}", "4:22: image: a picture is expected"),
        (
            STEP + "  x: {mode: variation, image: ${made}, similarity: 1.3}",
            "4:40: similarity = 1.3: at most 1 is allowed",
        ),
        (
            STEP + "  x: {mode: upscale, model: core, image: ${made}}",
            "4:22: Stable Image Core (stability.stable-image-core-v1:1) cannot do upscale",
        ),
        (
            STEP + "  x: {mode: upscale, model: fast, image: ${made}, creativity: 0.3}",
            "4:51: Stable Image Fast Upscale takes no creativity",
        ),
        (
            STEP + "  x: {mode: upscale, model: creative, image: ${made}}",
            "Stable Image Creative Upscale needs prompt for upscale",
        ),
        (
            "name: a\nsteps:\n  x: {mode: text_to_image, prompt: a, aspect_ratio: '4:3'}",
            "3:39: aspect_ratio = '4:3': Stable Image Core takes one of",
        ),
        (
            "name: a\nsteps:\n  x: {mode: upscale, image: ${y}}\n  y: {mode: upscale, image: ${x}}",
            "in a circle: x -> y -> x",
        ),
        (STEP + "params: {a: {type: text}}", "4:10: the param a is used by no step"),
        (STEP + "params: {a: {typ: text}}", "typ is unknown here. Did you mean type?"),
        (STEP + "params: {a: {type: img}}", "4:14: type = 'img': it is one of image, images, text"),
        (STEP + "outputs: [mad]", "4:11: mad: there is no such step. Did you mean made?"),
        (STEP + "step: {}", "4:1: step is unknown here. Did you mean steps?"),
        ("steps: {}", "name is missing"),
        ("name: a\nsteps: {}", "2:8: steps: there is none: each step under its name"),
        ("name: a\nname: b\nsteps: {}", "2:1: name is there twice"),
        ("- a", "a mapping with `name` and `steps` is expected"),
        ("", "a mapping with `name` and `steps` is expected"),
        ("name: [a", "this is no YAML"),
        ("a: &x [1]\nb: *x", "2:4: anchors and aliases are not taken"),
        ("a: " + "[" * 300_000 + "]" * 300_000, "1:53: is nested too deeply"),
        ("x" * 1_000_001, "has 1,000,001 characters"),
    ],
)
def test_a_mistake_has_its_place(text: str, told: str) -> None:
    """Each says the line and the column, what is wrong, and the nearest name."""
    assert any(told in line for line in problems(text)), problems(text)


def test_all_mistakes_are_said_at_once() -> None:
    """In the order of the file."""
    found = problems(
        "name: a\nparams: {x: {}}\nsteps:\n"
        "  a: {mode: upscal, image: ${b}}\n  b: {mode: text_to_image, prompt: 5, sed: 3}\n"
    )
    assert len(found) == 4
    assert [int(line.split(":")[0]) for line in found] == [2, 4, 5, 5]


def test_a_pipeline_of_pipelines(tmp_path: Path) -> None:
    """Another file is a step, with its params as fields; its own mistakes name its own lines."""
    part, whole = tmp_path / "part.yaml", tmp_path / "whole.yaml"
    part.write_text(
        "name: part\nparams: {words: {}}\nsteps:\n"
        "  x: {mode: text_to_image, prompt: ${params.words}}\n"
    )
    whole.write_text("name: whole\nsteps:\n  x: {pipeline: part.yaml, words: a mug}\n")
    assert Pipeline.load(whole).parts["x"].name == "part"
    whole.write_text("name: whole\nsteps:\n  x: {pipeline: part.yaml, word: a mug}\n")
    with pytest.raises(BadPipeline) as raised:
        Pipeline.load(whole)
    assert f"{whole}:3:28: part.yaml has no param word. Did you mean words?" in str(raised.value)
    part.write_text("name: part\nsteps:\n  x: {mode: nothing}\n")
    with pytest.raises(BadPipeline) as raised:
        Pipeline.load(whole)
    assert f"{part}:3:7: nothing: there is no such mode" in str(raised.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Missing, not UTF-8; a byte order mark is no mistake."""
    path = tmp_path / "p.yaml"
    with pytest.raises(BadPipeline, match=r"p\.yaml: cannot be read"):
        Pipeline.load(path)
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(BadPipeline, match=r"p\.yaml:1:7: byte 7 of the file \(0xFF\) is not UTF-8"):
        Pipeline.load(path)
    path.write_bytes(BANNER.encode("utf-8-sig"))
    assert Pipeline.load(path).name == "autumn_banner"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_in_order(path: Path) -> None:
    """Each is read without a mistake, and fits the schema that editors are given."""
    assert Pipeline.load(path).name == path.stem
    jsonschema.Draft202012Validator(schema()).validate(read(path).data)


def test_the_schema_knows_what_is_wrong() -> None:
    """It is a schema, takes the example of a file, and refuses a field that no step has."""
    jsonschema.Draft202012Validator.check_schema(schema())
    judge = jsonschema.Draft202012Validator(schema())
    assert judge.is_valid(parse(BANNER).data)
    assert not judge.is_valid(parse(BANNER.replace("count: 4", "cuont: 4")).data)
    assert not judge.is_valid(parse(BANNER.replace("count: 4", "count: many")).data)
    assert judge.is_valid(parse(BANNER.replace("count: 4", "count: '${params.n}'")).data)


def test_the_graph_has_steps_params_and_models() -> None:
    """Every arrow is a reference."""
    drawn = mermaid(Pipeline.parse(BANNER))
    assert "params_product --> cutout" in drawn
    assert "options --> big" in drawn
    assert 'cutout["cutout<br>remove_background<br>remove-bg"]' in drawn


def test_check_graph_and_schema_are_commands(darkroom: Darkroom, tmp_path: Path) -> None:
    """Exit code 0 for what is in order, 2 for what is not; --json for machines."""
    path = tmp_path / "banner.yaml"
    path.write_text(BANNER)
    assert "is in order, 4 steps" in darkroom("check", str(path)).stdout
    assert darkroom("graph", str(path)).stdout.startswith("flowchart LR")
    assert json.loads(darkroom("schema").stdout) == schema()
    path.write_text(BANNER.replace("remove_background", "remove_backgroud"))
    done = darkroom("check", str(path))
    assert done.returncode == 2
    assert "banner.yaml:6:14: remove_backgroud: there is no such mode" in done.said
    (found,) = json.loads(darkroom("check", str(path), "--json").stdout)
    assert (found["line"], found["column"]) == (6, 14)


def test_what_a_mode_says_itself_needs_no_saying() -> None:
    """A field that the mode fills in is not missing, though the model needs it."""
    made = Pipeline.parse(
        "name: p\nparams: {photo: {type: image}}\nsteps:\n"
        "  one: {mode: image_to_image, image: ${params.photo}, prompt: a mug}\n"
    )
    assert [*made.steps] == ["one"]
