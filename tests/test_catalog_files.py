"""DARKROOM_CATALOG: a new model is a table, and a mistake in one is told where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from darkroom import catalog, client
from darkroom.errors import InvalidRequest
from darkroom.modes.text_to_image import TextToImage


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds the given TOML to the catalog."""

    def add(text: str | bytes) -> Path:
        path = tmp_path / "more.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setenv("DARKROOM_CATALOG", str(path))
        return path

    return add


PAINTER = """
[models."acme.painter-v1:0"]
name = "Acme Painter"
short = "painter"
dialect = "stability"
limits = ["stability", { prompt = { max_length = 9 } }]
regions = ["us-east-1"]
profile = "us"
launch = 2026-11-01
modes.text_to_image = { required = ["prompt"], optional = ["seed", "aspect_ratio"] }
"""


def test_new_model_is_one_table(more: Any) -> None:
    """A model of a known dialect is listed, found, checked and spoken to by its table alone."""
    more(PAINTER)
    model = catalog.find("painter")
    assert model in catalog.models_for("text_to_image")
    assert model.call_id == "us.acme.painter-v1:0"
    request = TextToImage(prompt="a mug", seed=3, aspect_ratio="16:9")
    said = client.body(request, model)
    assert said == {"prompt": "a mug", "seed": 3, "aspect_ratio": "16:9"}
    with pytest.raises(InvalidRequest, match="Acme Painter takes at most 9 characters"):
        client.body(TextToImage(prompt="ten letter"), model)
    with pytest.raises(InvalidRequest, match="Acme Painter takes from 1 to 4294967294"):
        client.body(TextToImage(prompt="a mug", seed=0), model)


def test_new_model_of_amazons_dialect_is_one_table(more: Any) -> None:
    """The same holds for the other dialect, with limits of the table's own."""
    more(
        """
        [limits.canvas]
        count = { le = 2 }
        [models."amazon.canvas-v2:0"]
        name = "Canvas 2"
        short = "canvas2"
        dialect = "amazon"
        limits = ["canvas"]
        regions = ["us-east-1"]
        launch = 2026-11-01
        modes.text_to_image = { required = ["prompt"], optional = ["count", "seed", "size"] }
        """
    )
    model = catalog.find("canvas2")
    request = TextToImage(prompt="a mug", count=3, seed=0, size=(640, 480))
    assert [part.count for part in request.split(model)] == [2, 1]
    assert client.body(request.split(model)[1], model) == {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": {"text": "a mug"},
        "imageGenerationConfig": {"width": 640, "height": 480, "numberOfImages": 1, "seed": 2},
    }


def test_row_of_a_known_id_replaces_it(more: Any) -> None:
    """The file may say otherwise about a model that is known."""
    more(PAINTER.replace("acme.painter-v1:0", "stability.stable-image-core-v1:1"))
    assert catalog.find("stability.stable-image-core-v1:1").name == "Acme Painter"


def test_count_is_split_where_the_mode_takes_none(more: Any) -> None:
    """A model that gives several pictures in other modes gives one where it takes no count."""
    more(PAINTER.replace('["stability",', '["stability", { count = { le = 5 } },'))
    parts = TextToImage(prompt="a mug", count=2, seed=1).split(catalog.find("painter"))
    assert [(part.count, part.seed) for part in parts] == [(1, 1), (1, 2)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not = [toml", "no TOML"),
        (b"name = '\xff'", "no TOML"),
        ("model = {}", "model: Extra inputs"),
        ("models = 3", "models: Input should be"),
        (PAINTER.replace('short = "painter"\n', ""), r"acme\.painter-v1:0: short: Field required"),
        (PAINTER.replace("short =", "shrt ="), "shrt: Extra inputs"),
        (PAINTER.replace("2026-11-01", '"soon"'), "launch: "),
        (PAINTER.replace('["stability",', '["stabilty",'), r"no \[limits\.stabilty\] .*stability"),
        (PAINTER.replace('["stability",', "[5,"), r"no \[limits\.5\]"),
        (PAINTER.replace("max_length", "max_lenght"), "limits.prompt.max_lenght: Extra inputs"),
        (PAINTER.replace("required =", "needs ="), "modes.text_to_image.needs: Extra inputs"),
        (PAINTER.replace('regions = ["us-east-1"]', 'regions = "us"'), "regions: "),
    ],
)
def test_malformed_catalog_says_where(more: Any, text: str | bytes, told: str) -> None:
    """A mistake in the file is an error that names the place, in one line."""
    more(text)
    with pytest.raises(InvalidRequest, match=told) as refused:
        catalog.models()
    assert isinstance(text, bytes) or "TOML" in told or "\n" not in str(refused.value)


def test_shared_limits_may_be_named_without_a_list(more: Any) -> None:
    """A single name of shared limits holds as a list of one does."""
    more(PAINTER.replace('["stability", { prompt = { max_length = 9 } }]', '"stability"'))
    assert catalog.find("painter").limits["seed"].ge == 1


def test_missing_catalog_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DARKROOM_CATALOG that is not there is said, and not passed over."""
    path = tmp_path / "none.toml"
    monkeypatch.setenv("DARKROOM_CATALOG", str(path))
    with pytest.raises(InvalidRequest, match=r"none\.toml: the catalog cannot be read"):
        catalog.find("core")


def test_unknown_dialect_is_named(more: Any) -> None:
    """A table for a dialect that nobody speaks is refused when it is to be spoken."""
    more(PAINTER.replace('"stability"\n', '"klingon"\n', 1))
    with pytest.raises(InvalidRequest, match="klingon"):
        client.body(TextToImage(prompt="a mug"), catalog.find("painter"))
