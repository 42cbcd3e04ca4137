"""Bedrock, model by model: regions, inference profiles and the guardrail that a block names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from blocks import Bedrock
from darkroom import catalog
from darkroom.catalog import Model
from darkroom.client import Answer, invoke
from darkroom.errors import ContentFiltered, InvalidRequest, UnknownModel, WrongRegion
from darkroom.folder_store import FolderStore
from darkroom.modes.remove_background import RemoveBackground
from darkroom.modes.text_to_image import TextToImage
from darkroom.picture import Picture
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of

CORE = "stability.stable-image-core-v1:1"
REMOVE = "stability.stable-image-remove-background-v1:0"
ACCOUNT = "arn:aws:bedrock:us-west-2:111122223333"
SHOP = f"{ACCOUNT}:application-inference-profile/shop"
CUTS = f"{ACCOUNT}:application-inference-profile/cuts"


@pytest.fixture(scope="module")
def known() -> Iterator[StandIn]:
    """A stand-in whose account has application inference profiles of two models."""
    with StandIn(aliases={SHOP: CORE, CUTS: REMOVE}) as running:
        yield running


@pytest.fixture
def standin(known: StandIn) -> StandIn:
    """The same, with nothing counted."""
    known.reset()
    return known


def ask(block: Bedrock, model: str, prompt: str = "a red mug") -> Answer:
    """Ask a model for a picture as a mode's task does: by all that the block says of it."""
    row = block.model(model)
    return called(block, row, TextToImage(prompt=prompt, seed=1))


def called(block: Bedrock, row: Model, request: Any, load: Any = lambda _: b"") -> Answer:
    return invoke(
        block.client_of(row),
        request,
        row,
        load=load,
        region=block.region_of(row),
        allow_retired=block.allow_retired,
        options=block.options,
    )


def last(standin: StandIn) -> dict[str, Any]:
    """The stand-in's record of the last call."""
    call: dict[str, Any] = standin.calls(log=True)["log"][-1]
    return call


# Regions by model


def test_a_model_is_called_in_its_own_region(standin: StandIn) -> None:
    """The model that has a region of its own is signed for it, the others for the block's."""
    block = bedrock_of(standin, "us-east-1", regions={"core": "us-west-2"}, allow_retired=True)
    assert ask(block, "core").pictures
    assert last(standin)["region"] == "us-west-2"
    assert ask(block, "titan").pictures
    assert last(standin)["region"] == "us-east-1"
    assert block.region == "us-east-1"


def test_a_region_is_given_by_any_name_of_the_model(standin: StandIn) -> None:
    """Short name, id and inference profile name the same model; its row's id is kept."""
    outpaint = catalog.find("outpaint")
    for name in ("outpaint", outpaint.id, outpaint.call_id):
        block = bedrock_of(standin, regions={name: "us-east-2"})
        assert block.regions == {outpaint.id: "us-east-2"}
        assert block.region_of(outpaint) == "us-east-2"
        assert block.region_of(catalog.find("core")) == "us-west-2"


def test_one_client_for_each_region(standin: StandIn) -> None:
    """Models of one region share a client, those of another have another."""
    block = bedrock_of(standin, regions={"core": "us-east-1", "ultra": "us-east-1"})
    core, ultra, other = (catalog.find(name) for name in ("core", "ultra", "sd3.5"))
    assert block.client_of(core) is block.client_of(ultra)
    assert block.client_of(core) is not block.client_of(other)
    assert block.client_of(core).meta.region_name == "us-east-1"
    assert block.client_of(other) is block.get_client()


def test_a_region_that_does_not_have_the_model_is_refused(standin: StandIn) -> None:
    """Nothing is sent to where the model is not offered, also where the block says so."""
    block = bedrock_of(standin, regions={"core": "eu-west-1"})
    with pytest.raises(WrongRegion, match=r"not offered in eu-west-1.*us-west-2"):
        ask(block, "core")
    assert standin.calls()["models"] == {}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("regions", {"cor": "us-west-2"}, "No model is called 'cor'. Did you mean core"),
        ("regions", {"core": "Oregon"}, "'Oregon' is no AWS region: they look like us-west-2"),
        ("regions", {"core": 5}, "valid string"),
        ("regions", {"core": ""}, "core: a region is expected, such as us-west-2"),
        ("inference_profiles", {"nothing": SHOP}, "No model is called 'nothing'"),
        ("inference_profiles", {SHOP: "core"}, "does not say which model it is of"),
        ("guardrail_version", "latest", "match pattern"),
        ("guardrail_version", "0", "match pattern"),
    ],
)
def test_what_names_no_model_or_region_is_refused(field: str, value: Any, told: str) -> None:
    """A mistake in the form is told when the block is made, with the nearest name."""
    with pytest.raises(ValidationError) as caught:
        Bedrock.model_validate({field: value})
    assert told in str(caught.value)


# Inference profiles


def test_a_model_is_called_by_the_profile_of_the_block(standin: StandIn) -> None:
    """What is asked for by its name is called by the ARN that the block has for it."""
    block = bedrock_of(standin, inference_profiles={"core": SHOP})
    row = block.model("core")
    assert (row.id, row.call_id) == (CORE, SHOP)
    assert ask(block, "core").pictures
    assert standin.calls()["models"].keys() == {SHOP}
    assert block.model("ultra") == catalog.find("ultra")


def test_a_profile_is_a_name_of_its_model(standin: StandIn) -> None:
    """The ARN of an application inference profile leads to its model, where the block has it."""
    block = bedrock_of(standin, inference_profiles={"core": SHOP})
    assert block.model(f" {SHOP} ") == block.model("core")
    assert ask(block, SHOP).pictures
    with pytest.raises(UnknownModel, match="inference_profiles = "):
        bedrock_of(standin).model(SHOP)
    with pytest.raises(UnknownModel, match="does not say which model it is of"):
        block.model(CUTS)


def test_a_profile_stands_for_the_geographys(
    standin: StandIn, picture: Any, store: FolderStore
) -> None:
    """A service that is called by its `us.` profile is called by the block's own instead."""
    source: Picture = picture()
    block = bedrock_of(standin, inference_profiles={"remove-bg": CUTS})
    row = block.model(f"us.{REMOVE}")
    assert row.call_id == CUTS
    (made,) = called(block, row, RemoveBackground(image=source), store.read).pictures
    assert made.facts.media_type == "image/png"
    assert standin.calls()["models"].keys() == {CUTS}


def test_who_names_an_arn_is_given_that_one(standin: StandIn) -> None:
    """An ARN that says its model by itself wins over the block's profile for that model."""
    arn = f"{ACCOUNT}:inference-profile/us.{REMOVE}"
    block = bedrock_of(standin, inference_profiles={"remove-bg": CUTS})
    row = block.model(arn)
    assert (row.id, row.call_id, row.regions) == (REMOVE, arn, ("us-west-2",))


def test_a_profile_has_the_region_of_its_model(standin: StandIn) -> None:
    """Regions hold for a model however it is called."""
    block = bedrock_of(
        standin, "us-east-1", regions={"core": "us-west-2"}, inference_profiles={"core": SHOP}
    )
    for name in ("core", CORE, SHOP):
        assert block.region_of(block.model(name)) == "us-west-2"
    assert ask(block, SHOP).pictures
    assert last(standin)["region"] == "us-west-2"


# Guardrails


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (SHOP.replace("us-west-2", "us-east-1"), "not offered in us-east-1. Call it in us-west-2"),
        ("hello", "'hello' is no inference profile"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(standin: StandIn, profile: str, told: str) -> None:
    """An ARN says its region, and what is no profile at all is said when the block is made."""
    with pytest.raises(ValidationError, match=told):
        bedrock_of(standin, inference_profiles={"core": profile})


def test_every_call_goes_through_the_guardrail(standin: StandIn) -> None:
    """The guardrail is sent with its version; what it stops is filtered, what passes is made."""
    block = bedrock_of(standin, guardrail="standin", guardrail_version="1")
    assert ask(block, "core").pictures
    with pytest.raises(ContentFiltered, match="guardrail") as caught:
        ask(block, "core", "a [blocked] mug")
    assert caught.value.stopped == "prompt"
    unguarded = bedrock_of(standin)
    assert unguarded.options == {}
    with pytest.raises(ContentFiltered) as caught:
        ask(unguarded, "core", "a [blocked] mug")
    assert "guardrail" not in str(caught.value)


def test_a_guardrail_is_the_draft_unless_told(standin: StandIn) -> None:
    """Identifier, version and trace are all that is said of it."""
    block = bedrock_of(standin, guardrail=" standin ")
    assert block.options == {
        "guardrailIdentifier": "standin",
        "guardrailVersion": "DRAFT",
        "trace": "ENABLED",
    }
    assert ask(block, "core").pictures


def test_behind_a_guardrail_it_is_another_service(standin: StandIn) -> None:
    """What was made without a guardrail does not answer a request behind one."""
    services = {
        bedrock_of(standin).service,
        bedrock_of(standin, guardrail="standin").service,
        bedrock_of(standin, guardrail="standin", guardrail_version="1").service,
    }
    assert len(services) == 3


@pytest.mark.parametrize(("name", "version"), [("another", "DRAFT"), ("standin", "7")])
def test_a_guardrail_that_is_not_there_is_refused(
    standin: StandIn, name: str, version: str
) -> None:
    """The service refuses an identifier or a version that the account does not have."""
    block = bedrock_of(standin, guardrail=name, guardrail_version=version)
    with pytest.raises(InvalidRequest, match="guardrail"):
        ask(block, "core")


def test_what_is_said_by_model_survives_saving(prefect_api: None, standin: StandIn) -> None:
    """A saved block has its regions, profiles and guardrail when it is loaded."""
    block = bedrock_of(
        standin,
        "us-east-1",
        regions={"core": "us-west-2"},
        inference_profiles={"core": SHOP},
        guardrail="standin",
    )
    block.save("by-model", overwrite=True)
    loaded = Bedrock.find("by-model")
    assert (loaded.regions, loaded.options) == (block.regions, block.options)
    assert loaded.inference_profiles == {CORE: SHOP}
    assert ask(loaded, "core").pictures
    assert last(standin)["region"] == "us-west-2"
