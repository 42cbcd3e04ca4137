"""The catalog: rows that are whole, found by any of their names, and judged by the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from darkroom import catalog, client
from darkroom.errors import (
    InvalidRequest,
    ModelRetired,
    UnknownModel,
    UnsupportedMode,
    WrongRegion,
)
from darkroom.modes.text_to_image import TextToImage
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of

TODAY = date(2026, 11, 21)


def test_every_row_is_whole() -> None:
    """Every model has modes, regions, limits, a price and a source."""
    rows = catalog.models()
    assert len(rows) >= 8
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
        "arn:aws:bedrock:us-west-2::foundation-model/stability.stable-outpaint-v1:0",
    ],
)
def test_a_model_is_found_by_any_of_its_names(name: str) -> None:
    """Id, profile id, short name and ARN all mean the same row."""
    assert catalog.find(name).id == "stability.stable-outpaint-v1:0"


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
    modes = {mode for model in catalog.models().values() for mode in model.modes}
    for mode in modes:
        assert catalog.models_for(mode)[0].status(TODAY) == "active"


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


@pytest.mark.parametrize("mode", ["text_to_image", "remove_background", "outpaint", "variation"])
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
