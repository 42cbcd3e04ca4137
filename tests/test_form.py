"""What the forms of all deployments ask, as Prefect is told of it: before any browser."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from prefect import Flow, flow
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, Field

from darkroom import catalog, modes
from flows import modes as mode_flows
from flows._form import filled, formed, grown
from flows._given import read_pipeline, shipped

FILE = Path(__file__).parent.parent / "deployments/prefect.yaml"
INTERNAL = {"run_shard", "answer_review"}
"""Deployments that nobody starts by hand."""


def entries() -> list[dict[str, Any]]:
    """The deployments that people start."""
    found: list[dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))["deployments"]
    return [each for each in found if each["name"] not in INTERNAL]


@cache
def asked(entrypoint: str) -> dict[str, dict[str, Any]]:
    """The fields of a deployment's form, by parameter, in their order."""
    module, _, name = entrypoint.rpartition(".")
    found: Flow[..., Any] = getattr(import_module(module), name)
    fields: dict[str, dict[str, Any]] = parameter_schema(found).properties
    return dict(sorted(fields.items(), key=lambda each: each[1]["position"]))


FORMS = pytest.mark.parametrize(
    "entrypoint", [each["entrypoint"] for each in entries()], ids=lambda each: str(each)
)


def test_every_mode_has_a_form() -> None:
    """Each mode is a deployment, whose flow has the mode's name."""
    found = {each["name"]: each["entrypoint"] for each in entries()}
    for mode in modes.names():
        assert found[mode] == f"flows.modes.{mode}"
        assert mode_flows.flow_of(mode).name == mode


@FORMS
def test_every_field_says_what_it_is(entrypoint: str) -> None:
    """Each has a title for people and a description, and none is filled in with nothing."""
    fields = asked(entrypoint)
    assert fields
    for name, field in fields.items():
        assert field["title"] != name or "_" not in name, name
        assert field["title"][0].isupper(), name
        assert len(field["description"]) > 10, name
        assert "default" not in field or field["default"] is not None, name
        kinds = [field, *field.get("anyOf", ()), *field.get("properties", {}).values()]
        assert all(each.get("type") != "null" and "$ref" not in each for each in kinds), name


@FORMS
def test_blocks_come_last(entrypoint: str) -> None:
    """What every run needs to know of its surroundings stands at the end."""
    blocks = ("keep", "bedrock", "store")
    order = [*asked(entrypoint)]
    assert order[-3:] == [*blocks] or (order[-1] == "store" and not {*blocks[:2]} & {*order})


@FORMS
def test_the_function_takes_what_the_form_asks(entrypoint: str) -> None:
    """A form has the parameters of its flow, but for those that mean nothing there."""
    module, _, name = entrypoint.rpartition(".")
    found: Flow[..., Any] = getattr(import_module(module), name)
    left = {*parameter_schema(found.fn).properties} ^ {*asked(entrypoint)}
    assert left in (set(), {"fit", "background"})  # about pictures, of which some modes take none


def test_what_the_living_models_need_comes_first_and_must_be_filled_in() -> None:
    """A prompt for Core, Ultra and SD3.5; what only retired models take follows their menu."""
    schema = parameter_schema(mode_flows.flow_of("text_to_image"))
    assert schema.required == ["prompt"]
    order = [*asked("flows.modes.text_to_image")]
    assert order[:3] == ["prompt", "negative_prompt", "aspect_ratio"]
    assert order.index("seed") < order.index("model") < order.index("size")
    assert "Taken by sdxl" in schema.properties["sampler"]["description"]


def test_the_menu_of_models_begins_with_the_default() -> None:
    """Living models come before those that are gone, and the one that is used by itself first."""
    for mode in modes.names():
        menu = asked(f"flows.modes.{mode}")["model"]
        rows = [catalog.find(short) for short in menu["enum"]]
        assert {row.id for row in rows} == {row.id for row in catalog.models_for(mode)}
        assert [row.is_gone for row in rows] == sorted(row.is_gone for row in rows)
        if not rows[0].is_gone:
            assert f"Empty: {rows[0].short}," in menu["description"]


def test_choices_and_ranges_are_those_of_all_models_that_take_the_field() -> None:
    """The catalog's words become menus and its bounds become ranges; a count's is not a call's."""
    fields = asked("flows.modes.outpaint")
    assert "photographic" in fields["style_preset"]["enum"]
    assert (fields["grow_mask"]["minimum"], fields["grow_mask"]["maximum"]) == (0, 20)
    assert fields["count"]["maximum"] == 1000
    assert fields["expand"]["properties"]["left"]["title"] == "Left"
    assert "default" not in fields["expand"]["properties"]["left"]
    assert fields["return_mask"]["enum"] == ["yes", "no"]
    size = asked("flows.modes.text_to_image")["size"]
    assert [*size["properties"]] == ["width", "height"]


def test_pictures_are_texts() -> None:
    """A picture is asked for by its path, several as a list of them."""
    assert asked("flows.modes.upscale")["image"]["type"] == "string"
    assert "path" in asked("flows.modes.upscale")["image"]["description"]
    assert asked("flows.modes.variation")["images"]["items"] == {"type": "string"}


def test_pipelines_are_chosen_by_name() -> None:
    """The form has a menu of those that come with Darkroom; each name is read as its file."""
    menu, other = asked("flows.run_pipeline.run_pipeline")["pipeline"]["anyOf"]
    assert menu["enum"] == shipped()
    assert "enum" not in other
    for name in shipped():
        assert read_pipeline(name).name == name
    params = asked("flows.run_pipeline.run_pipeline")["params"]["description"]
    assert "recolor: photo, part" in params
    assert 'Example: {"product"' in params


class Group(BaseModel):
    """Some numbers."""

    left: int = Field(0, ge=0, examples=[64], description="At the left.")


@formed
@flow
def sample(
    must: str,
    may: Annotated[str | None, Field(title="May be", examples=["a mug"])] = None,
    group: Group | None = None,
    both: Group | str = "x",
    on: bool | None = None,
) -> None:
    """Ask for something.

    Args:
        must: What must be
            given.
        may: Or not.
        group: Numbers.
        both: Either.
        on: A switch.
    """


def test_a_form_is_made_of_a_flows_own_words() -> None:
    """Titles, words of the docstring, examples, groups; what may stay empty has no null."""
    schema = parameter_schema(sample)
    fields = schema.properties
    assert schema.required == ["must"]
    assert fields["must"]["description"] == "What must be given."
    assert fields["may"] == {
        "type": "string", "title": "May be", "description": "Or not. Example: a mug", "position": 1
    }  # fmt: skip
    left = fields["group"]["properties"]["left"]
    assert left["description"] == "At the left. Example: 64"
    assert "default" not in left
    assert fields["group"]["description"] == "Numbers."
    assert fields["both"]["default"] == "x"
    assert [each["type"] for each in fields["both"]["anyOf"]] == ["object", "string"]
    assert fields["on"]["enum"] == ["yes", "no"]


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("  ", None),
        (" a mug ", "a mug"),
        ([], None),
        ({}, None),
        ({"left": None, "right": 0}, {"right": 0}),
        (0, 0),
        (False, False),
    ],
)
def test_what_was_left_empty_says_nothing(value: object, meant: object) -> None:
    """Blanks, and lists and groups without anything in them, are no values; 0 and False are."""
    assert filled(value) == meant


def test_a_group_of_zeros_grows_nothing() -> None:
    """A person who wants no margins writes zeros."""
    assert grown({"left": 0, "right": 0}) is None
    assert grown({"left": 0, "right": 8}) == {"left": 0, "right": 8}


def test_what_a_mode_says_by_itself_may_stay_empty() -> None:
    """SD3.5 needs a similarity, which is said for it where nobody gives one."""
    assert parameter_schema(mode_flows.flow_of("image_to_image")).required == ["image", "prompt"]
