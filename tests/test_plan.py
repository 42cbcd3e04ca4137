"""What a run would do, before anything is paid."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from blocks import Bedrock, ImageStore
from darkroom import catalog
from darkroom.errors import InvalidRequest
from darkroom.image_file import png
from darkroom.pipeline.pipeline import Pipeline
from darkroom.plan import Plan, cells, sentences
from darkroom.standin.server import StandIn
from flows._foresee import SEEDS, Foresight
from flows.run_pipeline import run_pipeline
from tests.conftest import bedrock_of

BANNER = """
name: banner
params: {photo: {type: image}, count: {type: integer, default: 4}}
steps:
  cutout: {mode: remove_background, image: ${params.photo}}
  scene: {mode: outpaint, image: ${cutout}, prompt: an oak table, expand: {left: 64, right: 64}}
  options: {mode: variation, image: ${scene}, count: "${params.count}"}
  big: {mode: upscale, model: fast, image: ${options}}
"""
CUTOUT = 0.07
OUTPAINT = 0.06
SD35 = 0.08
FAST = 0.03


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photograph of 640 x 512 pixels."""
    path = tmp_path / "photo.png"
    path.write_bytes(png(Image.effect_noise((640, 512), 80).convert("RGB")))
    return str(path)


def planned(
    text: str,
    values: dict[str, object],
    bedrock: Bedrock,
    store: ImageStore,
    on: date | None = None,
) -> Plan:
    """The plan of one run."""
    foresight = Foresight("p", {"bedrock": bedrock, "store": store, "seeds": SEEDS}, on)
    foresight.add(Pipeline.parse(text), values)
    return foresight.plan


def lines(plan: Plan) -> dict[str, tuple[int, int, int, float]]:
    """Calls, cached ones, pictures and price by step."""
    return {line.step: (line.calls, line.cached, line.pictures, line.usd) for line in plan.lines}


def test_a_plan_counts_calls_pictures_and_dollars(
    photo: str, standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Each step has its calls, with those it fans out into, and nothing is called."""
    plan = planned(BANNER, {"photo": photo}, bedrock, image_store)
    assert lines(plan) == {
        "cutout": (1, 0, 1, CUTOUT),
        "scene": (1, 0, 1, OUTPAINT),
        "options": (4, 0, 4, 4 * SD35),
        "big": (4, 0, 4, 4 * FAST),
    }
    assert plan.troubles == []
    assert (plan.calls, plan.pictures) == (10, 10)
    assert plan.usd == pytest.approx(CUTOUT + OUTPAINT + 4 * SD35 + 4 * FAST)
    assert standin.calls()["models"] == {}


def test_a_plan_knows_what_is_there_already(
    photo: str,
    prefect_api: None,
    standin: StandIn,
    tmp_path: Path,
) -> None:
    """After a run all of it is cached; with one param changed only what depends on it is not."""
    bedrock_of(standin, allow_retired=True).save("plan-there", overwrite=True)
    ImageStore(folder=str(tmp_path / "there")).save("plan-there", overwrite=True)
    where = {"bedrock": "plan-there", "store": "plan-there"}
    state = run_pipeline(BANNER, {"photo": photo, "count": 2}, **where, return_state=True)
    assert state.is_completed(), state.message
    blocks = (Bedrock.find("plan-there"), ImageStore.find("plan-there"))
    plan = planned(BANNER, {"photo": photo, "count": 2}, *blocks)
    assert (plan.calls, plan.cached, plan.pictures, plan.price) == (0, 6, 6, "$0.00")
    longer = planned(BANNER, {"photo": photo, "count": 3}, *blocks)
    assert lines(longer)["scene"][:2] == (0, 1)
    made = standin.calls()["models"]
    assert sum(each["answered"] for each in made.values()) == 6


def test_what_will_be_gone_by_a_day_is_said(
    photo: str, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """`--on` a day after a model's end of life names the model, the day, and what to use then."""
    text = "name: p\nsteps: {one: {mode: text_to_image, model: nova-canvas, prompt: a mug}}"
    nova = catalog.find("nova-canvas")
    assert nova.end_of_life
    block = bedrock.model_copy(update={"allow_retired": True, "region_name": "us-east-1"})
    plan = planned(text, {}, block, image_store, on=nova.end_of_life)
    assert [each.name for each in plan.retired] == ["nova-canvas"]
    assert any("is gone by" in line and str(nova.end_of_life) in line for line in sentences(plan))
    assert planned(text, {}, block, image_store, on=date(2025, 1, 1)).retired == []


def test_an_unknown_price_stays_unknown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """A model without a price adds a call of unknown price, not one that is free."""
    extra = tmp_path / "catalog.toml"
    extra.write_text('[models."stability.stable-image-core-v1:1"]\nprices = []\n')
    monkeypatch.setenv("DARKROOM_CATALOG", str(extra))
    text = "name: p\nsteps: {one: {mode: text_to_image, model: core, prompt: a mug}}"
    plan = planned(text, {}, bedrock, image_store)
    assert (plan.unpriced, plan.usd, plan.price) == (1, 0.0, "1 call of unknown price")
    assert "1 unknown" in next(iter(cells(plan)))
    with pytest.raises(InvalidRequest, match=r"max_cost = 5: the plan has 1 call of unknown price"):
        plan.check_budget(5)


def test_a_file_changes_prices_and_quotas_of_a_row(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A catalog file says only what differs; the rest of the row stays."""
    extra = tmp_path / "catalog.toml"
    extra.write_text(
        '[facts.prices]\ndate = 2027-01-01\nsource = "our contract"\n'
        '[models."stability.stable-image-core-v1:1"]\nquota_per_minute = 7\n'
        "prices = [{ usd = 0.02 }]\n"
    )
    monkeypatch.setenv("DARKROOM_CATALOG", str(extra))
    row = catalog.find("core")
    assert (row.quota_per_minute, row.price(), row.name) == (7, 0.02, "Stable Image Core")
    assert catalog.facts()["prices"].source == "our contract"
    assert catalog.facts()["quotas"].source.startswith("Amazon Bedrock")


def test_the_block_changes_prices_and_quotas(image_store: ImageStore, standin: StandIn) -> None:
    """What the block says of a model stands in the plan."""
    block = bedrock_of(standin, quotas={"core": 30}, prices={"core": 0.01})
    text = "name: p\nsteps: {one: {mode: text_to_image, model: core, prompt: a mug, count: 31}}"
    plan = planned(text, {}, block, image_store)
    assert plan.usd == pytest.approx(0.31)
    assert plan.seconds == pytest.approx(60)
    assert block.quota_of(block.model("core")) == 30
    assert block.quota_of(block.model("sd3.5")) is None  # not AWS's own endpoint


def test_the_catalogs_quota_holds_at_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """At AWS's own endpoints the default quota of the account's model holds."""
    block = Bedrock(region_name="us-west-2", aws_access_key_id="x", aws_secret_access_key="y")
    assert block.quota_of(block.model("core")) == catalog.find("core").quota_per_minute


@pytest.mark.parametrize(
    ("max_cost", "told"),
    [(0.0, "max_cost = 0.0: the plan costs about \\$0.57"), (0.5, "max_cost = 0.5"), (1.0, "")],
)
def test_a_budget_refuses_a_plan_that_costs_more(
    max_cost: float, told: str, photo: str, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """A plan above the budget is refused with both sums; one within it is not."""
    plan = planned(BANNER, {"photo": photo}, bedrock, image_store)
    if told:
        with pytest.raises(InvalidRequest, match=told):
            plan.check_budget(max_cost)
    else:
        plan.check_budget(max_cost)


def test_what_would_fail_is_in_the_plan(
    photo: str, tmp_path: Path, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """A missing file, and a size that the model does not take, are said with their steps."""
    plan = planned(BANNER, {"photo": str(tmp_path / "gone.png")}, bedrock, image_store)
    assert [trouble.step for trouble in plan.troubles] == ["photo"]
    assert "gone.png" in plan.troubles[0].reason
    large = tmp_path / "large.png"
    large.write_bytes(png(Image.new("RGB", (2000, 2000))))
    text = (
        "name: p\nparams: {photo: {type: image}}\n"
        "steps: {big: {mode: upscale, model: fast, image: ${params.photo}}}"
    )
    plan = planned(text, {"photo": str(large)}, bedrock, image_store)
    assert [trouble.step for trouble in plan.troubles] == ["big"]
    assert plan.failing == 1


def test_a_condition_that_only_time_will_tell_is_at_most(
    photo: str, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """A step whose condition asks for a picture that is not there yet counts as what it can be."""
    text = (
        BANNER
        + "  again: {mode: remove_background, image: ${options[0]},"
        + ' when: "${options[0].width} > 5000"}\n'
    )
    plan = planned(text, {"photo": photo}, bedrock, image_store)
    line = next(line for line in plan.lines if line.step == "again")
    assert line.perhaps
    assert [cell[3] for cell in cells(plan) if cell[0] == "again"] == ["at most 1"]


def test_a_plan_counts_what_rows_share_once(
    photo: str, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Three rows with the same cut-out pay for it once, and so does what is made of it alike."""
    shared = """
    name: shared
    params: {photo: {type: image}, scene: {type: text}}
    steps:
      cutout: {mode: remove_background, image: "${params.photo}"}
      flat: {do: flatten, image: "${cutout}"}
      look: {mode: image_to_image, image: "${flat}", prompt: film, similarity: 0.5}
      scene: {mode: outpaint, image: "${cutout}", prompt: "${params.scene}", expand: {left: 64}}
    """
    foresight = Foresight("p", {"bedrock": bedrock, "store": image_store, "seeds": SEEDS})
    made = Pipeline.parse(shared)
    for row, scene in enumerate(["a beach", "a forest", "a beach"], 1):
        foresight.add(made, {"photo": photo, "scene": scene}, row)
    assert lines(foresight.plan) == {
        "cutout": (1, 2, 3, CUTOUT),
        "look": (1, 2, 3, SD35),
        "scene": (2, 1, 3, 2 * OUTPAINT),
    }
