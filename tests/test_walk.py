"""What a pipeline does next, and what it does without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from darkroom.errors import InvalidRequest
from darkroom.expect import foreseen
from darkroom.picture import Picture
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.walk import Unit, Walk

Give = Callable[[Unit], list[Picture]]


def pictures(unit: Unit) -> list[Picture]:
    """As many as it should give, 100 x 50 pixels each."""
    return [foreseen(f"{unit.name} {index}", (100, 50)) for index in range(unit.count)]


def driven(
    text: str, values: Mapping[str, Any] | None = None, give: Give = pictures
) -> tuple[Walk, dict[str, Unit]]:
    """Drive a pipeline to its end; gives the walk and its units by name, in their order."""
    walk = Walk(Pipeline.parse(text), values or {})
    units: dict[str, Unit] = {}
    while not walk.is_over:
        ready = walk.ready()
        assert ready or walk.is_over, "nothing is ready, and nothing over"
        for unit in ready:
            assert unit.name not in units
            units[unit.name] = unit
            walk.done(unit, give(unit))
    return walk, units


def without(*names: str) -> Give:
    """Gives nothing for some units, and the usual for all others."""
    return lambda unit: [] if unit.name in names else pictures(unit)


CHAIN = """
name: chain
params: {photo: {type: image}, words: {default: "an oak table"}}
steps:
  cutout: {mode: remove_background, image: ${params.photo}}
  scene: {mode: outpaint, image: ${cutout}, prompt: "on ${params.words}", expand: {left: 8}}
  options: {mode: variation, image: ${scene}, count: 3}
  big: {mode: upscale, model: fast, image: ${options}}
  sheet: {do: contact_sheet, images: ["${scene}", "${big}"]}
"""


def test_a_list_flows_through_as_a_fan_out() -> None:
    """A step for one picture is done for each of several, and one for several is done once."""
    walk, units = driven(CHAIN, {"photo": "/a/photo.png"})
    assert [*units] == [
        "photo", "cutout", "scene", "options", "big-1", "big-2", "big-3", "sheet"
    ]  # fmt: skip
    assert units["scene"].request.prompt == "on an oak table"
    assert units["big-2"].model == "fast"
    assert len(units["sheet"].request.images) == 4
    assert [name for name, _ in walk.outputs] == ["sheet"]


def test_each_unit_knows_whose_pictures_it_uses() -> None:
    """A unit names the units that it comes after: the edges of the graph."""
    _, units = driven(CHAIN, {"photo": "/a/photo.png"})
    assert units["cutout"].after == ("photo",)
    assert units["big-2"].after == ("options",)
    assert units["sheet"].after == ("scene", "big-1", "big-2", "big-3")


def test_what_gave_nothing_takes_only_its_own_branch_along() -> None:
    """A part that is lost leaves its place empty: the others go on with their own pictures."""
    walk, units = driven(CHAIN, {"photo": "/a/photo.png"}, without("big-2"))
    assert len(units["sheet"].request.images) == 3
    assert walk.left == []


def test_a_filtered_picture_of_several_leaves_its_place_empty() -> None:
    """Of three variations with one missing, the third is not taken for the second."""
    give = lambda unit: pictures(unit)[: 2 if unit.name == "options" else None]  # noqa: E731
    walk, units = driven(CHAIN, {"photo": "/a/photo.png"}, give)
    assert "big-3" not in units
    assert [(left.name, left.how) for left in walk.left] == [("big-3", "skipped")]


def test_what_needs_what_is_not_there_is_skipped() -> None:
    """Without the cut-out nothing after it is done, and the walk says why."""
    walk, units = driven(CHAIN, {"photo": "/a/photo.png"}, without("cutout"))
    assert [*units] == ["photo", "cutout"]
    assert {left.name: left.how for left in walk.left}["scene"] == "skipped"
    assert "${cutout}" in walk.left[0].reason
    assert walk.is_over


CONDITION = """
name: condition
params: {photo: {type: image}, large: {type: boolean, default: false}}
steps:
  small: {do: resize, image: ${params.photo}, width: 50, when: "${params.large} == false"}
  big: {mode: upscale, image: ${params.photo}, when: ${params.large}}
  wide: {do: crop, image: ${params.photo}, width: 20, height: 20, when: "${small.width} > 80"}
  sheet: {do: contact_sheet, images: ["${small}", "${big}", "${wide}"]}
"""


@pytest.mark.parametrize(
    ("large", "done"),
    [(False, ["photo", "small", "wide", "sheet"]), (True, ["photo", "big", "sheet"])],
)
def test_a_condition_skips_a_step(large: bool, done: list[str]) -> None:
    """`when` decides by params and by what is known of pictures; a list goes on without."""
    _, units = driven(CONDITION, {"photo": "/a/p.png", "large": large})
    assert sorted(units) == sorted(done)


def test_what_is_optional_says_so() -> None:
    """A unit of an optional step, and all that is within an optional pipeline, is optional."""
    text = CHAIN.replace("model: fast,", "model: fast, optional: true,")
    _, units = driven(text, {"photo": "/a/photo.png"})
    assert units["big-1"].optional
    assert not units["options"].optional


def test_lists_of_the_same_length_go_side_by_side() -> None:
    """Two lists are paired picture by picture, and a single picture goes with each."""
    _, units = driven(
        """
        name: pairs
        params: {photos: {type: images}, ground: {type: image}}
        steps:
          cut: {mode: remove_background, image: ${params.photos}}
          over: {do: composite, image: ${cut}, over: ${params.ground}}
          pair: {do: composite, image: ${cut}, over: ${over}}
        """,
        {"photos": ["/a/1.png", "/a/2.png"], "ground": "/a/g.png"},
    )
    assert [name for name in units if name.startswith("pair")] == ["pair-1", "pair-2"]
    assert units["over-1"].request.over == units["over-2"].request.over
    second = units["pair-2"].request
    assert second.image == pictures(units["cut-2"])[0]
    assert second.over == pictures(units["over-2"])[0]


def test_lists_of_different_lengths_cannot_be_paired() -> None:
    """Three pictures of one field and two of another fail that step, and say so."""
    walk, _ = driven(
        """
        name: pairs
        params: {photo: {type: image}}
        steps:
          two: {mode: variation, image: ${params.photo}, count: 2}
          three: {mode: variation, image: ${params.photo}, count: 3}
          both: {do: composite, image: ${two}, over: ${three}}
        """,
        {"photo": "/a/1.png"},
    )
    (left,) = walk.left
    assert (left.name, left.how) == ("both", "failed")
    assert "image has 2, over has 3" in left.reason


def test_one_picture_of_several_can_be_chosen() -> None:
    """`${options[1]}` is the second; one that is not there fails the step."""
    text = """
        name: chosen
        params: {photo: {type: image}, many: {type: integer}}
        steps:
          options: {mode: variation, image: ${params.photo}, count: "${params.many}"}
          second: {do: resize, image: ${options[1]}, width: 10}
          third: {do: resize, image: ${options[2]}, width: 10}
    """
    walk, units = driven(text, {"photo": "/a/1.png", "many": 2})
    assert units["second"].request.image == pictures(units["options"])[1]
    assert [left.name for left in walk.left] == ["third"]
    assert "gives 2 pictures" in walk.left[0].reason


def test_what_is_known_of_a_picture_fills_numbers_and_texts() -> None:
    """Width and height of a picture can be a number of another step, or stand in a text."""
    _, units = driven(
        """
        name: fields
        params: {photo: {type: image}}
        steps:
          cut: {mode: remove_background, image: ${params.photo}}
          same: {do: resize, image: ${params.photo}, width: "${cut.width}"}
          told: {do: contact_sheet, images: ["${cut}"], title: "${cut.width} x ${cut.height}"}
        """,
        {"photo": "/a/1.png"},
    )
    assert units["same"].request.width == 100
    assert units["told"].request.title == "100 x 50"


def test_a_field_of_several_pictures_asks_which() -> None:
    """`${options.width}` of three pictures is refused where nothing says which is meant."""
    walk, _ = driven(
        """
        name: which
        params: {photo: {type: image}}
        steps:
          options: {mode: variation, image: ${params.photo}, count: 3}
          other: {do: resize, image: ${params.photo}, width: "${options.width}"}
          each: {do: resize, image: ${options}, width: "${options.width}"}
        """,
        {"photo": "/a/1.png"},
    )
    assert [left.name for left in walk.left] == ["other"]
    assert "${options[0].width}" in walk.left[0].reason


def test_a_value_that_a_step_does_not_take_fails_it_alone() -> None:
    """What a reference turns out to be can break a rule: the step fails, others go on."""
    walk, units = driven(
        """
        name: late
        params: {photo: {type: image}, width: {type: integer, default: 100000}}
        steps:
          small: {do: resize, image: ${params.photo}, width: "${params.width}"}
          cut: {mode: remove_background, image: ${params.photo}}
        """.replace("default: 100000", "default: 1"),
        {"photo": "/a/1.png", "width": 100000},
    )
    assert [*units] == ["photo", "cut"]
    assert walk.left[0].how == "failed"
    assert "width = 100000" in walk.left[0].reason


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "photo: chain needs a picture"),
        ({"photo": "/a.png", "word": "x"}, "word = 'x'.*Did you mean words"),
        ({"photo": "/a.png", "words": ["x"]}, "words = .*text is expected"),
    ],
)
def test_params_are_checked_before_anything_begins(values: dict[str, Any], told: str) -> None:
    """A param that is missing, unknown or none of its type is named."""
    with pytest.raises(InvalidRequest, match=told):
        Walk(Pipeline.parse(CHAIN), values)


def test_what_another_step_made_is_shrunk_where_it_is_too_large() -> None:
    """Its size is not known before it is paid for; one's own picture is refused, unless told."""
    _, units = driven(CHAIN, {"photo": "/a/photo.png"})
    assert units["cutout"].request.fit == "refuse"
    assert units["big-1"].request.fit == "shrink"
    text = CHAIN.replace("model: fast,", "model: fast, fit: refuse,")
    assert driven(text, {"photo": "/a/photo.png"})[1]["big-1"].request.fit == "refuse"
