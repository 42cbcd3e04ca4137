"""Pipelines within pipelines, and pictures from files beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.source import BadPipeline
from darkroom.pipeline.walk import Load, Walk
from tests.test_walk import pictures

CUT = """
name: cut
params: {photo: {type: image}, color: {default: white}}
steps:
  alone: {mode: remove_background, image: ${params.photo}}
  flat: {do: flatten, image: ${alone}, color: "${params.color}"}
outputs: [flat]
"""
WHOLE = """
name: whole
params: {photos: {type: images}}
steps:
  clean: {pipeline: cut.yaml, photo: ${params.photos}, color: teal}
  sheet: {do: contact_sheet, images: "${clean}"}
"""


def walked(path: Path, **values: object) -> tuple[Walk, list[str]]:
    """Drive a pipeline file to its end; gives the names of its units in their order."""
    walk, names = Walk(Pipeline.load(path), values), []
    while not walk.is_over:
        for unit in walk.ready():
            names.append(unit.name)
            walk.done(unit, pictures(unit))
    return walk, names


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A pipeline whose step is another pipeline."""
    (tmp_path / "cut.yaml").write_text(CUT)
    (tmp_path / "whole.yaml").write_text(WHOLE)
    return tmp_path / "whole.yaml"


def test_a_pipeline_can_be_a_step(whole: Path) -> None:
    """Its steps are done under its name, for each picture that it fans out over."""
    walk, names = walked(whole, photos=["/a/1.png", "/a/2.png"])
    assert names == [
        "photos-1", "photos-2", "clean-1/alone", "clean-2/alone", "clean-1/flat", "clean-2/flat",
        "sheet",
    ]  # fmt: skip
    assert len(walk.outputs) == 1


def test_its_units_come_after_those_that_its_params_came_from(whole: Path) -> None:
    """The edges of the graph lead into the pipeline, and out of its outputs."""
    walk = Walk(Pipeline.load(whole), {"photos": ["/a/1.png"]})
    units = {}
    while not walk.is_over:
        for unit in walk.ready():
            units[unit.name] = unit
            walk.done(unit, pictures(unit))
    assert units["clean/alone"].after == ("photos",)
    assert "clean/flat" in units["sheet"].after


def test_what_is_lost_within_leaves_its_place_empty(whole: Path) -> None:
    """The other pictures go on."""
    walk, sheets = Walk(Pipeline.load(whole), {"photos": ["/a/1.png", "/a/2.png"]}), []
    while not walk.is_over:
        for unit in walk.ready():
            sheets += [unit] if unit.name == "sheet" else []
            walk.done(unit, [] if unit.name == "clean-1/alone" else pictures(unit))
    assert len(sheets[0].request.images) == 1
    assert [left.name for left in walk.left] == ["clean-1/flat"]


def test_a_picture_beside_the_file_is_brought_in(tmp_path: Path) -> None:
    """A file that a step names is loaded once, under its own name, from beside the pipeline."""
    (tmp_path / "ground.png").write_bytes(b"x")
    (tmp_path / "p.yaml").write_text("""
name: beside
params: {photo: {type: image, default: ground.png}}
steps:
  one: {do: composite, image: ${params.photo}, over: ground.png}
  two: {do: composite, image: ${one}, over: ground.png}
""")
    walk = Walk(Pipeline.load(tmp_path / "p.yaml"), {})
    first = walk.ready()
    assert sorted(unit.name for unit in first) == ["ground", "photo"]
    for unit in first:
        assert isinstance(unit.request, Load)
        assert unit.request.path == str(tmp_path / "ground.png")


def test_pipelines_that_are_steps_of_each_other_are_refused(tmp_path: Path) -> None:
    """A circle of files is a mistake with a place, not an endless descent."""
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(
            f"name: {name}\nsteps:\n  s: {{pipeline: {other}.yaml}}\n"
        )
    with pytest.raises(BadPipeline, match=r"a\.yaml -> .*b\.yaml -> .*a\.yaml"):
        Pipeline.load(tmp_path / "a.yaml")


def test_a_file_can_be_handed_on_to_a_part(whole: Path) -> None:
    """A picture beside the file is loaded for the param of another pipeline."""
    (whole.parent / "mug.png").write_bytes(b"")
    whole.write_text("name: whole\nsteps:\n  clean: {pipeline: cut.yaml, photo: mug.png}\n")
    walk, names = walked(whole)
    assert names == ["mug", "clean/alone", "clean/flat"]
    assert [name for name, _ in walk.outputs] == ["clean"]
