"""The catalog: rows that are whole, found by any of their names, and judged by the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from darkroom import catalog, client, modes
from darkroom.errors import (
    InvalidRequest,
    ModelRetired,
    UnknownModel,
    UnsupportedMode,
    WrongRegion,
)
from darkroom.modes.base import Request
from darkroom.modes.image_to_image import ImageToImage
from darkroom.modes.text_to_image import TextToImage
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of
from tests.plain import shot

TODAY = date(2026, 11, 21)
ONLY_RETIRED = {"color_guided", "virtual_try_on"}
"""Modes that no living model has."""


def test_every_row_is_whole() -> None:
    """Every model has modes, regions, limits, a price and a source; every mode has a model."""
    rows = catalog.models()
    assert len(rows) >= 24
    assert {mode for model in rows.values() for mode in model.modes} == set(modes.names())
    named = [name for model in rows.values() for name in (model.short, model.id, *model.aliases)]
    assert len(named) == len(set(named))
    for model in rows.values():
        assert model.modes
        assert model.regions
        assert model.limits
        assert model.prices
        assert model.sources


@pytest.mark.parametrize(
    "name",
    [
        "stability.stable-outpaint-v1:0",
        "us.stability.stable-outpaint-v1:0",
        "outpaint",
        "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.stability.stable-outpaint-v1:0",
    ],
)
def test_a_model_is_found_by_any_of_its_names(name: str) -> None:
    """Id, profile id, short name and ARN all mean the same row."""
    assert catalog.find(name).id == "stability.stable-outpaint-v1:0"


ARN = "arn:aws:bedrock:{}:{}:{}/{}"


@pytest.mark.parametrize(
    ("asked", "id_", "regions"),
    [
        (
            ARN.format("us-west-2", "", "foundation-model", "stability.stable-image-core-v1:1"),
            "stability.stable-image-core-v1:1",
            ("us-west-2",),
        ),
        (
            ARN.format(
                "us-east-2",
                "123456789012",
                "inference-profile",
                "us.stability.stable-fast-upscale-v1:0",
            ),
            "stability.stable-fast-upscale-v1:0",
            ("us-east-2",),
        ),
        (
            "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-canvas-v1:0",
            "amazon.nova-canvas-v1:0",
            ("us-gov-west-1",),
        ),
        (
            ARN.format("", "", "foundation-model", "amazon.nova-canvas-v1:0"),
            "amazon.nova-canvas-v1:0",
            ("us-east-1", "eu-west-1", "ap-northeast-1"),
        ),
        (
            "amazon.titan-image-generator-v1:0",
            "amazon.titan-image-generator-v1",
            ("us-east-1", "us-west-2"),
        ),
        ("us.stability.sd3-large-v1:0", "stability.sd3-large-v1:0", ("us-west-2",)),
        (
            "eu.amazon.nova-canvas-v1:0",
            "amazon.nova-canvas-v1:0",
            ("us-east-1", "eu-west-1", "ap-northeast-1"),
        ),
    ],
)
def test_what_is_asked_for_by_another_id_is_called_by_it(
    asked: str, id_: str, regions: tuple[str, ...]
) -> None:
    """ARNs, other ids and other profiles go out as they are; an ARN says its region."""
    model = catalog.find(f" {asked} ")
    assert (model.id, model.call_id, model.regions) == (id_, asked, regions)
    for region in regions:
        model.check_region(region)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("us.stability.stable-image-core-v1:1", "called by its id, stability.stable-image-core"),
        ("eu.stability.stable-outpaint-v1:0", "called by its profile, us.stability.stable-out"),
        (
            "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-outpaint-v1:0",
            "called by its profile, us.stability.stable-outpaint-v1:0",
        ),
    ],
)
def test_an_id_that_the_service_refuses_is_refused_here(asked: str, told: str) -> None:
    """A living model has one way to be called, which is named before anything is sent."""
    with pytest.raises(UnknownModel, match=told):
        catalog.find(asked)


def test_an_arn_of_a_region_without_the_model_is_refused() -> None:
    """The catalog's regions are named, not the ARN's."""
    asked = "arn:aws:bedrock:us-east-1::foundation-model/stability.stable-image-core-v1:1"
    with pytest.raises(WrongRegion, match=r"not offered in us-east-1\. Call it in us-west-2"):
        catalog.find(asked)


@pytest.mark.parametrize(
    ("asked", "called"),
    [
        ("core", "stability.stable-image-core-v1:1"),
        ("stability.stable-image-core-v1:1", "stability.stable-image-core-v1:1"),
        ("outpaint", "us.stability.stable-outpaint-v1:0"),
        ("stability.stable-outpaint-v1:0", "us.stability.stable-outpaint-v1:0"),
        ("us.stability.stable-outpaint-v1:0", "us.stability.stable-outpaint-v1:0"),
        ("titan-v1", "amazon.titan-image-generator-v1"),
    ],
)
def test_a_row_is_called_by_its_profile_where_it_needs_one(asked: str, called: str) -> None:
    """The image services are called by their profile however they are asked for."""
    assert catalog.find(asked).call_id == called
    assert catalog.find(asked) == catalog.models()[catalog.find(asked).id]


def test_an_arn_of_another_region_is_refused_there() -> None:
    """What is called in us-east-1 by its ARN cannot be called from us-west-2."""
    asked = ARN.format("us-east-1", "", "foundation-model", "amazon.titan-image-generator-v2:0")
    with pytest.raises(WrongRegion, match=r"us-west-2.*Call it in us-east-1"):
        catalog.find(asked).check_region("us-west-2")


def test_an_application_profile_is_to_be_named_on_the_block() -> None:
    """Such an ARN says nothing of its model: where to say it is the way on."""
    asked = ARN.format("us-west-2", "123456789012", "application-inference-profile", "a1b2c3")
    told = r'does not say which model .* inference_profiles = \{"core": "arn:\.\.\."\}'
    with pytest.raises(UnknownModel, match=told) as refused:
        catalog.find(asked)
    assert asked in str(refused.value)


@pytest.mark.parametrize(
    "asked",
    [
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2",
        "arn:aws:s3:::bucket/stability.stable-image-core-v1:1",
        "mars.stability.stable-image-core-v1:1",
        "us.core",
        "",
    ],
)
def test_what_is_no_name_of_a_row_is_unknown(asked: str) -> None:
    """Nothing is guessed from a part of a name."""
    with pytest.raises(UnknownModel, match="`darkroom models` lists all"):
        catalog.find(asked)


def test_an_unknown_model_names_the_nearest() -> None:
    """A typo is answered with what was probably meant."""
    with pytest.raises(UnknownModel, match="stable-image-core-v1:1"):
        catalog.find("stability.stable-image-corr-v1:1")


def test_a_mode_that_a_model_cannot_do_names_models_that_can() -> None:
    """Asking Core to remove a background names the models that do."""
    with pytest.raises(UnsupportedMode, match=r"remove_background.*remove-bg"):
        catalog.find("core").takes("remove_background")


def test_the_defaults_are_alive() -> None:
    """No mode uses a retired model unless it is told to."""
    for mode in set(modes.names()) - ONLY_RETIRED:
        assert catalog.models_for(mode)[0].status(TODAY) == "active"
    for mode in ONLY_RETIRED:
        assert {model.status(TODAY) for model in catalog.models_for(mode)} == {"retired"}
        titan_or_nova = catalog.default(mode, set())
        assert titan_or_nova.dialect == "amazon"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"image", "expand"}, "outpaint"),
        ({"image", "mask", "prompt"}, "inpaint"),
        ({"image", "expand", "prompt", "count", "seed"}, "outpaint"),
    ],
)
def test_the_default_model_is_one_that_takes_the_fields(given: set[str], expected: str) -> None:
    """Painting around a mask and growing a canvas have different living models."""
    assert catalog.default("outpaint", given).short == expected


@pytest.mark.parametrize(
    "mode",
    [
        "text_to_image",
        "remove_background",
        "outpaint",
        "variation",
        "inpaint",
        "erase_object",
        "search_and_replace",
        "condition",
    ],
)
def test_a_retired_model_names_its_living_successor_for_the_mode(mode: str) -> None:
    """Titan is refused with the model that does the same today."""
    successor = catalog.models_for(mode)[0]
    with pytest.raises(ModelRetired, match=f"2026-06-30.*{successor.id}"):
        catalog.find("titan").check_alive(mode, TODAY)


def test_a_model_is_legacy_before_it_is_retired() -> None:
    """Status follows the day that is asked about."""
    nova = catalog.find("nova-canvas")
    days = {
        date(2024, 12, 3): "planned",
        date(2026, 3, 29): "active",
        date(2026, 3, 30): "legacy",
        date(2026, 9, 29): "legacy",
        date(2026, 9, 30): "retired",
    }
    assert {day: nova.status(day) for day in days} == days


@pytest.mark.parametrize(
    ("name", "before", "legacy", "end"),
    [
        ("sdxl", date(2024, 10, 15), date(2024, 10, 16), date(2025, 5, 20)),
        ("sdxl-0.8", date(2024, 2, 1), date(2024, 2, 2), date(2024, 4, 30)),
        ("titan-v1", date(2025, 1, 30), date(2025, 1, 31), date(2025, 8, 15)),
    ],
)
def test_a_model_of_unknown_launch_is_never_planned(
    name: str, before: date, legacy: date, end: date
) -> None:
    """Where no page says since when, the row says nothing, and the end is known all the same."""
    model = catalog.find(name)
    assert model.launch is None
    days = [date(2020, 1, 1), before, legacy, end]
    assert [model.status(day) for day in days] == ["active", "active", "legacy", "retired"]


def test_a_mode_without_a_living_model_says_so() -> None:
    """Nothing does Nova's try-on today, and nothing else is named for it."""
    with pytest.raises(ModelRetired, match="No other living model does virtual_try_on"):
        catalog.find("nova-canvas").check_alive("virtual_try_on", TODAY)


def test_a_limit_is_the_modes_before_the_models() -> None:
    """SDXL takes fewer steps with a mask; all else is the model's, in that mode as well."""
    sdxl = catalog.find("sdxl")
    limits = {mode: sdxl.limit(mode, "steps") for mode in ("inpaint", "text_to_image")}
    assert {mode: limit and limit.le for mode, limit in limits.items()} == {
        "inpaint": 50,
        "text_to_image": 150,
    }
    assert sdxl.limit("inpaint", "cfg_scale") is sdxl.limits["cfg_scale"]
    assert sdxl.limit("no_such_mode", "steps") is sdxl.limits["steps"]
    assert sdxl.limit("inpaint", "nothing") is None


@pytest.mark.parametrize(
    ("name", "request_", "field"),
    [
        ("ultra-1.0", ImageToImage(prompt="a mug", image=shot()), "mode"),
        ("sdxl-0.8", TextToImage(prompt="a mug"), "samples"),
    ],
)
def test_what_a_model_does_not_know_is_left_out(name: str, request_: Request, field: str) -> None:
    """A field that the dialect has and this model does not is not sent."""
    model = catalog.find(name)
    assert field in model.omits
    assert field not in client.body(request_, model, None)
    assert field in client.body(request_, model.model_copy(update={"omits": ()}), None)


def test_a_region_without_the_model_names_those_that_have_it() -> None:
    """Core in Frankfurt is refused with us-west-2."""
    with pytest.raises(WrongRegion, match=r"eu-central-1.*us-west-2"):
        catalog.find("core").check_region("eu-central-1")


@pytest.mark.parametrize(
    ("name", "size", "quality", "usd"),
    [
        ("core", (1536, 1536), None, 0.04),
        ("titan", (512, 512), None, 0.008),
        ("titan", (512, 512), "premium", 0.010),
        ("titan", (1024, 1024), None, 0.010),
        ("titan", (1024, 1024), "premium", 0.012),
        ("nova-canvas", (1024, 1024), None, 0.04),
        ("nova-canvas", (1280, 1280), "premium", 0.08),
    ],
)
def test_the_price_depends_on_size_and_quality(
    name: str, size: tuple[int, int], quality: str | None, usd: float
) -> None:
    """The first price that fits holds."""
    assert catalog.find(name).price(size, quality) == usd


@pytest.mark.parametrize(
    ("name", "size", "steps", "usd"),
    [
        ("sdxl", (1024, 1024), None, 0.04),
        ("sdxl", (1024, 1024), 50, 0.04),
        ("sdxl", (1024, 1024), 51, 0.08),
        ("sdxl", None, 150, 0.08),
        ("sdxl-0.8", (512, 512), 50, 0.018),
        ("sdxl-0.8", (512, 512), 51, 0.036),
        ("sdxl-0.8", (513, 512), 50, 0.036),
        ("sdxl-0.8", (513, 512), 51, 0.072),
        ("core", None, 150, 0.04),
    ],
)
def test_the_price_depends_on_steps(
    name: str, size: tuple[int, int] | None, steps: int | None, usd: float
) -> None:
    """More than fifty steps cost double; without a number the default of thirty is meant."""
    assert catalog.find(name).price(size, None, steps) == usd


def test_an_unknown_price_stays_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row without prices has no price, and not the price 0."""
    extra = tmp_path / "more.toml"
    extra.write_text(
        """
        [models."acme.painter-v1:0"]
        name = "Painter"
        short = "painter"
        dialect = "stability"
        limits = ["stability"]
        regions = ["us-west-2"]
        launch = 2026-01-01
        modes.text_to_image = { required = ["prompt"], optional = ["seed"] }
        """
    )
    monkeypatch.setenv("DARKROOM_CATALOG", str(extra))
    assert catalog.find("painter").price((64, 64)) is None


def test_a_new_model_is_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row added at run time is found, checked and called, with not a line of code."""
    extra = tmp_path / "more.toml"
    extra.write_text(
        """
        [models."acme.painter-v2:0"]
        name = "Painter 2"
        short = "painter-2"
        dialect = "stability"
        limits = ["stability", { prompt = { max_length = 20 } }]
        regions = ["us-west-2"]
        prices = [{ usd = 0.5 }]
        launch = 2026-01-01
        modes.text_to_image = { required = ["prompt"], optional = ["seed"] }
        """
    )
    monkeypatch.setenv("DARKROOM_CATALOG", str(extra))
    painter = catalog.find("painter-2")
    assert painter in catalog.models_for("text_to_image")
    with pytest.raises(InvalidRequest, match="at most 20 characters"):
        TextToImage(prompt="a very long and winding prompt").check(painter)

    with StandIn(aliases={painter.id: "stability.sd3-5-large-v1:0"}) as standin:
        answer = client.invoke(
            bedrock_of(standin).get_client(),
            TextToImage(prompt="a red ball", seed=7),
            painter,
            load=lambda picture: b"",
            region="us-west-2",
        )
        assert painter.id in standin.calls()["models"]
    (made,) = answer.pictures
    assert (made.facts.media_type, made.seed) == ("image/png", 7)
