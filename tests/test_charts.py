"""A report's charts: small, sharp, and drawn without a screen."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pybase64
import pytest
from PIL import Image

from darkroom import catalog
from darkroom.period import Period
from darkroom.usage import Fact, Ledger
from flows._charts import Chart, charts
from tasks._show import MAX_DATA
from tests.test_usage import CORE, NOW, made

pytestmark = pytest.mark.drill

ROOT = Path(__file__).parent.parent


def drawn(models: int, days: int, pictures: int = 200) -> dict[str, Chart]:
    """The charts of a busy period."""
    ledger = Ledger(Period.of(f"{days}d", now=NOW), "file:///store")
    ids = list(catalog.models())[:models]
    for number in range(pictures):
        model, at = ids[number % models], NOW - timedelta(hours=number * 24 * days / pictures + 0.1)
        seconds = 1 + number * 7 % 13
        ledger.add_picture(made(number, model, made_at=at, seconds=seconds), "shots")
        for outcome in ("made", "cached", "failed")[: 1 + number % 3]:
            retries = {"Throttled": number % 2}
            ledger.add(Fact(outcome, model, "text_to_image", "shots", retries=retries))  # type: ignore[arg-type]
    return {each.name: each for each in charts(ledger.usage())}


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(pybase64.b64decode(uri.partition(",")[2])))


@pytest.mark.parametrize(("models", "days"), [(1, 1), (5, 7), (24, 60)])
def test_the_charts_of_any_period_fit_into_artifacts(models: int, days: int) -> None:
    """Spend, seconds and outcomes, each wide enough to read and small enough for lists."""
    found = drawn(models, days)
    assert [*found] == ["spend", "seconds", "outcomes"]
    for chart in found.values():
        assert len(chart.data_uri) <= MAX_DATA
        with decoded(chart.data_uri) as image:
            assert image.width == 988
            assert 300 < image.height < 900


def test_a_chart_stands_on_a_ground_of_its_own() -> None:
    """Its corners are white whatever is around it, and what is on it is dark and colored."""
    with decoded(drawn(3, 7)["outcomes"].data_uri) as image:
        seen = np.asarray(image.convert("RGB"), dtype=np.int16)
    assert (seen[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    assert (seen.max(axis=2) < 80).sum() > 1000
    assert (np.ptp(seen, axis=2) > 100).sum() > 10_000


def test_the_longer_bar_is_the_larger_number() -> None:
    """A model that cost three times as much has three times as much of the color."""
    ledger = Ledger(Period.of("1h", now=NOW), "file:///store")
    for number in range(4):
        ledger.add_picture(made(number, list(catalog.models())[number > 0]), "shots")
    (chart,) = [each for each in charts(ledger.usage()) if each.name == "spend"]
    with Image.open(io.BytesIO(chart.png)) as image:
        seen = np.asarray(image.convert("RGB"))[:, :700]
    blue, orange = ((seen == color).all(axis=2).sum() for color in [(0, 114, 178), (230, 159, 0)])
    assert blue / orange == pytest.approx(3, rel=0.1)


def test_an_empty_period_has_no_charts() -> None:
    """There is nothing to draw, and nothing is drawn."""
    ledger = Ledger(Period.of("1d", now=datetime(2026, 1, 2, tzinfo=UTC)), "file:///store")
    assert [*charts(ledger.usage())] == []


def test_dollars_and_long_names_are_drawn_as_they_are() -> None:
    """A name with signs of mathematics is no formula, and one that is too long is cut."""
    ledger = Ledger(Period.of("1d", now=NOW), "file:///store")
    for number, name in enumerate(["a$b$_c^{x", "arn:aws:bedrock:us-west-2:1:" + "x" * 90, CORE]):
        ledger.add_picture(made(number, name), "shots")
    assert len([*charts(ledger.usage())]) == 2


def test_matplotlib_is_loaded_to_draw_and_for_nothing_else() -> None:
    """Whoever imports the report's flow has not imported it."""
    code = "import sys, flows.usage_report; print('matplotlib' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "False\n"
