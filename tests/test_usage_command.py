"""`darkroom usage` where no server is configured: over nothing, and over what a run left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from darkroom.usage import Usage
from flows.cli import main
from tests.server import environment, program

pytestmark = pytest.mark.drill


def test_what_is_no_usage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A period that says nothing is named, with what can be said, and nothing is started."""
    with pytest.raises(SystemExit) as ended:
        main(["usage", "--since", "last week"])
    assert ended.value.code == 2
    assert "since = 'last week': a time is expected. Say \"7d\"" in capsys.readouterr().err


def test_the_command_reads_what_runs_without_a_server_left(tmp_path: Path) -> None:
    """Before the first run it says that nothing is known; after it, what was made and by which."""
    env = environment(tmp_path)
    usage = ["flows.cli", "usage", "--since", "1h"]
    with program(usage, env, tmp_path / "before") as before:
        assert before.wait() == 0, before.err
    assert "Nothing was made or asked for." in before.out
    assert "No Prefect server is configured, and none has run here" in before.out
    with program([*usage, "--store", "any"], env, tmp_path / "unknown") as unknown:
        assert unknown.wait() == 2
    assert "no ImageStore block of that name is saved" in unknown.err

    run = ["flows.cli", "run", "text_to_image", "--prompt", "a mug", "--standin"]
    with program(run, env, tmp_path / "run") as running:
        assert running.wait() == 0, running.err
    with program([*usage, "--json"], env, tmp_path / "after") as after:
        assert after.wait() == 0, after.err
        found = Usage.model_validate(json.loads(after.out))
    (flow,) = found.flows
    assert (flow.flow, flow.pictures, flow.calls, flow.made) == ("text_to_image", 1, 1, 1)
    assert found.total.spend_usd > 0
    assert found.unknown == []
