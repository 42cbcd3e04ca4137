"""The doctor on models: which are there, by which profile, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from darkroom import catalog
from darkroom.standin.server import StandIn
from flows.doctor.models import models
from tests.aws_answers import Answers
from tests.conftest import bedrock_of
from tests.doctor import Look, alone, answering, bedrock_aws, look, reaching

__all__ = ["alone", "answering", "bedrock_aws", "look"]  # pytest finds the fixtures here


CORE = "stability.stable-image-core-v1:1"
SHOP = "arn:aws:bedrock:us-west-2:111122223333:application-inference-profile/shop"


def test_models_that_are_not_there_are_problems(look: Look) -> None:
    """On a day before their launch the services are not listed, and each is told of."""
    with StandIn(lifecycle=date(2025, 9, 17)) as early:
        told = look(models, **reaching(early))
    assert told.one("models", "core")["status"] == "ok"
    found = told.one("models", "outpaint")
    assert (found["status"], found["found"]) == ("problem", "Bedrock does not list it in us-west-2")
    assert "model catalog" in found["to_do"]


def test_retired_models_that_are_still_listed_are_noted(look: Look) -> None:
    """What the service lists beyond its end here is a note, until the block allows it."""
    with StandIn() as everything, StandIn(lifecycle=date(2026, 7, 1)) as later:
        (note,) = look(models, **reaching(everything)).of("models")
        assert look(models, **reaching(later)).of("models") == []
        allowed = bedrock_of(everything, allow_retired=True)
        assert look(models, allowed).of("models") == []
    assert note["status"] == "ok"
    assert "still lists" in note["found"]
    assert "titan" in note["found"]
    assert "allow_retired" in note["to_do"]


def ending(short: str, end: date, file: Path) -> None:
    """Write a catalog in which a model has an end."""
    row = catalog.find(short)
    text = Path(catalog.__file__).with_name("catalog.toml").read_text("utf-8")
    begin = text.index(f'[models."{row.id}"]')
    modes = text.index(".modes]", begin)
    stop = text.find('\n[models."', modes)
    one = text[begin : stop if stop > 0 else None]
    head, _, rest = one.partition("\n")
    file.write_text(f"{head}\nlegacy = {end - timedelta(60)}\nend_of_life = {end}\n{rest}")


def test_a_model_that_ends_soon_names_its_successor(
    look: Look, standin: StandIn, tmp_path: Path
) -> None:
    """Ninety days before an end in the catalog there is a warning with who takes the place."""
    today = catalog.today()
    ending("core", today + timedelta(90), tmp_path / "soon.toml")
    found = look(models, **reaching(standin), DARKROOM_CATALOG=str(tmp_path / "soon.toml"))
    soon = found.one("models", "core")
    assert soon["status"] == "warning"
    assert f"its end of life on {today + timedelta(90)}, in 90 days" in soon["found"]
    assert soon["to_do"] == "Change over to ultra for text_to_image."
    ending("core", today + timedelta(91), tmp_path / "late.toml")
    late = look(models, DARKROOM_CATALOG=str(tmp_path / "late.toml"))
    assert late.one("models", "core")["status"] == "ok"
    assert f"until {today + timedelta(91)}" in late.one("models", "core")["found"]


def test_an_end_that_only_the_service_knows(look: Look, bedrock_aws: Answers) -> None:
    """Bedrock's own dates count as much as the catalog's."""
    end = datetime.now(UTC) + timedelta(30)
    times = {"endOfLifeTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    sd35 = "stability.sd3-5-large-v1:0"
    bedrock_aws.lists(
        {"modelId": sd35, "modelLifecycle": {"status": "LEGACY", **times}},
        {"modelId": CORE, "modelLifecycle": {"status": "LEGACY"}},
    )
    told = look(models)
    soon, vague = told.one("models", "sd3.5"), told.one("models", "core")
    assert soon["status"] == vague["status"] == "warning"
    assert f"there and legacy in us-west-2, with its end of life on {end:%Y-%m-%d}" in soon["found"]
    assert "core for text_to_image" in soon["to_do"]
    assert "No other living model does" in soon["to_do"]
    assert vague["found"] == "there and legacy in us-west-2, without a date for its end"


def test_a_model_that_the_catalog_does_not_know(look: Look, bedrock_aws: Answers) -> None:
    """A new image model is a note with the way to describe it."""
    bedrock_aws.lists({"modelId": "amazon.nova-9-painter-v1:0"})
    (note,) = look(models).of("models")
    assert note["status"] == "ok"
    assert "amazon.nova-9-painter-v1:0, which the catalog does not know" in note["found"]
    assert "DARKROOM_CATALOG" in note["to_do"]


def test_a_model_without_its_profile(look: Look, bedrock_aws: Answers) -> None:
    """A service is called by its inference profile only, so that one must be there too."""
    erase, fast = (catalog.find(name) for name in ("erase", "fast"))
    bedrock_aws.lists({"modelId": erase.id}, {"modelId": fast.id}, profiles=(fast.call_id,))
    told = look(models)
    assert told.one("models", "fast")["status"] == "ok"
    found = told.of("models", "erase")[0]
    assert found["status"] == "problem"
    assert found["found"] == f"its inference profile {erase.call_id} is not listed in us-west-2"


def test_no_permission_to_list_is_a_warning(look: Look, bedrock_aws: Answers) -> None:
    """Without the permission nothing is known of the models, and calls may work all the same."""
    bedrock_aws.refuses("/foundation-models", "AccessDeniedException", "not authorized")
    told = look(models)
    found = told.one("models")
    assert found["status"] == "warning"
    assert "permission bedrock:ListFoundationModels is missing" in found["found"]
    assert "Calls may work all the same" in found["to_do"]

    bedrock_aws.lists({"modelId": catalog.find("erase").id})
    bedrock_aws.refuses("/inference-profiles", "AccessDeniedException", "not authorized")
    told = look(models)
    assert "bedrock:ListInferenceProfiles" in told.one("models")["found"]
    assert [each["status"] for each in told.of("models", "erase")] == ["ok"]


def test_keys_that_bedrock_does_not_take(look: Look, bedrock_aws: Answers) -> None:
    """A token that the list refuses is told as what it is, with the thought of opting in."""
    bedrock_aws.refuses("/foundation-models", "UnrecognizedClientException", "invalid token")
    found = look(models).one("models")
    assert "AWS does not know the access key" in found["found"]
    assert "opt in" in found["to_do"]


def test_a_profile_of_ones_own_is_looked_up(look: Look) -> None:
    """An application inference profile must be there, and be one of the model it is named for."""
    remove = catalog.find("remove-bg")
    gone = SHOP.replace("shop", "gone")
    with StandIn(aliases={SHOP: remove.id}, lifecycle=date(2026, 11, 21)) as server:
        profiles = {"remove-bg": SHOP, "core": gone, "fast": SHOP}
        told = look(models, bedrock_of(server, inference_profiles=profiles))
    assert [each["status"] for each in told.of("models", "remove-bg")] == ["ok"]
    missing, other = told.of("models", "core")[0], told.of("models", "fast")[0]
    assert missing["status"] == other["status"] == "problem"
    assert missing["found"] == f"the block's profile {gone} is not there in us-west-2"
    assert other["found"] == f"the block's profile {SHOP} is of {remove.id}"
