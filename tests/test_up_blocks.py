"""What `up` saves, switches, and leaves as a person has changed it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.utilities.processutils import command_to_string
from pydantic import SecretStr

from blocks import Bedrock, ImageStore
from blocks.prefect_pace import PrefectPace
from flows.up import blocks_of, deploy
from flows.up.blocks_of import NAME, Service

HERE = Service("http://127.0.0.1:8808")


@pytest.fixture(autouse=True)
def nothing_saved(
    prefect_api: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """No block "default" is there before a test, or after it."""
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path))
    delete()
    yield
    delete()


def delete() -> None:
    for kind in (Bedrock, ImageStore):
        with suppress(ValueError):
            kind.delete(NAME)


def document() -> tuple[object, object]:
    """The id of the saved block, and when it was last written."""
    with get_client(sync_client=True) as client:
        found = client.read_block_document_by_name(NAME, "darkroom-bedrock")
    return found.id, found.updated


def test_the_first_up_saves_and_the_second_leaves_it() -> None:
    """A block that is missing is saved; one that says the same already is not written again."""
    assert blocks_of.bedrock(HERE, None).told == "the stand-in at http://127.0.0.1:8808"
    saved = Bedrock.load(NAME)
    assert saved.endpoint_url == HERE.standin
    assert saved.shared_pace == SecretStr("prefect")
    before = document()
    found = blocks_of.bedrock(HERE, HERE)
    assert document() == before
    assert found.notes == ()


def test_up_switches_what_it_saved_itself() -> None:
    """`--standin` after none, none after it, and another port all point the block, and say so."""
    blocks_of.bedrock(Service(), None)
    first, _ = document()
    there = blocks_of.bedrock(HERE, Service())
    assert there.notes == ("The Bedrock block 'default' now reaches the stand-in at "
                           "http://127.0.0.1:8808.",)  # fmt: skip
    moved = Service("http://127.0.0.1:9909", quota=60)
    assert "9909, 60 calls a minute of each model" in blocks_of.bedrock(moved, HERE).notes[0]
    assert set(Bedrock.load(NAME).quotas.values()) == {60}
    back = blocks_of.bedrock(Service(), moved)
    assert "reaches Amazon Bedrock, where calls are paid for" in back.notes[0]
    assert "No AWS credentials were found" in back.notes[1]
    assert Bedrock.load(NAME).endpoint_url is None
    assert document()[0] == first


@pytest.mark.parametrize("wanted", [Service(), HERE])
def test_a_block_that_a_person_changed_is_kept(wanted: Service) -> None:
    """One changed field makes it theirs: it is never written, and `--standin` says what to do."""
    blocks_of.bedrock(HERE, None)
    changed = Bedrock.load(NAME)
    changed.read_timeout = 600
    changed.endpoint_url = "https://gateway.example"
    changed.save(NAME, overwrite=True)
    before = document()
    found = blocks_of.bedrock(wanted, HERE)
    assert document() == before
    assert found.told == "as you saved it"
    told = " ".join(found.notes)
    assert ("was changed by a person, so it is kept" in told) is bool(wanted.standin)


def test_a_store_that_is_there_is_kept(tmp_path: Path) -> None:
    """The store's block is saved once; a bucket or folder of a person's own stays."""
    assert blocks_of.store(tmp_path / "pictures") == str(tmp_path / "pictures")
    ImageStore(bucket="studio", prefix="2026").save(NAME, overwrite=True)
    assert blocks_of.store(tmp_path / "pictures") == "s3://studio/2026"
    assert ImageStore.load(NAME).bucket == "studio"


def test_limits_are_made_of_the_quotas() -> None:
    """Each living model has one limit by region; they are made once, and changed ones stay."""
    block = Bedrock(shared_pace=SecretStr("prefect"), quotas={"core": 120})
    made = blocks_of.limits(block)
    assert made > 10
    assert blocks_of.limits(block) == 0
    assert PrefectPace().quota("bedrock core us-west-2", 1) == 120
    assert blocks_of.limits(Bedrock(shared_pace=SecretStr("redis://127.0.0.1:6379/1"))) == 0
    assert blocks_of.limits(HERE.block()) == 0


def test_the_pool_starts_runs_with_this_python_or_as_a_person_said(prefect_api: None) -> None:
    """One Python for each run: this one, also where another `up` had its own; else a person's."""
    ours = command_to_string([sys.executable, "-m", "prefect.engine"])
    gone, nice = "/gone/bin/python -m prefect.engine", "nice python -m prefect.engine"
    with get_client(sync_client=True) as client:
        assert deploy.pool(client, None) == ours
        assert _command(client) == ours
        for before, known, after in ((gone, gone, ours), (nice, ours, nice), (nice, None, nice)):
            _command(client, before)
            assert deploy.pool(client, known) == ours
            assert _command(client) == after


def _command(client: SyncPrefectClient, new: str = "") -> str:
    """The command of the pool; `new` writes another one."""
    template = client.read_work_pool(deploy.POOL).base_job_template
    variable = template["variables"]["properties"]["command"]
    if new:
        variable["default"] = new
        client.update_work_pool(deploy.POOL, WorkPoolUpdate(base_job_template=template))
    return str(variable["default"])
