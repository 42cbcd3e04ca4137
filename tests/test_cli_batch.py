"""`darkroom batch` as its users meet it: what it prints, refuses and ends with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from blocks import ImageStore
from darkroom.standin.server import StandIn
from flows._listing import BatchReport
from tests.conftest import bedrock_of
from tests.server import Program, Server, environment, program

pytestmark = pytest.mark.drill

CORE = "stability.stable-image-core-v1:1"

WORDS = """
name: words
params:
  word: {type: text}
  hue: {default: red}
steps:
  one: {mode: text_to_image, prompt: "a ${params.hue} ${params.word}"}
"""

Start = Callable[..., Program]


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Start]:
    """Runs `darkroom` where no Prefect server is configured; gives it when it has ended."""
    (tmp_path / "words.yaml").write_text(WORDS)
    (tmp_path / "rows.csv").write_text("word\ncup\nbowl\n")
    with ExitStack() as stack:

        def started(*words: str) -> Program:
            env = environment(tmp_path / "home")
            arguments = [
                "flows.cli",
                "batch",
                *(each.replace("DIR", str(tmp_path)) for each in words),
            ]
            running = stack.enter_context(program(arguments, env, tmp_path / "program"))
            running.wait()
            return running

        yield started


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["DIR/gone.yaml", "--rows", "DIR/rows.csv"], "gone.yaml"),
        (["DIR/broken.yaml", "--rows", "DIR/rows.csv"], "broken.yaml:3:"),
        (["DIR/words.yaml"], "rows, matrix: give one of them"),
        (["DIR/words.yaml", "--rows", "DIR/gone.csv"], "there is no such file or folder"),
        (["DIR/words.yaml", "--rows", "DIR/other.csv"], "nothing fills word"),
        (["DIR/words.yaml", "--rows", "DIR/latin.csv"], "UTF-8"),
        (["DIR/words.yaml", "--rows", "DIR/rows.csv", "-p", "huge=red"], "no such param"),
        (["DIR/words.yaml", "--rows", "DIR/rows.csv", "-p", "word=a"], "word is filled twice"),
        (["DIR/words.yaml", "--matrix", "word"], "NAME=VALUE is expected"),
        (["DIR/words.yaml", "--rows", "DIR/rows.csv", "--max-cost", "-1"], "--max-cost"),
        (["DIR/words.yaml", "--rows", "DIR/rows.csv", "--name", "a/b"], "name of a batch"),
        (["DIR/words.yaml", "--rows", "DIR/rows.csv", "--pictures", "DIR/no"], "no such folder"),
    ],
)
def test_what_is_wrong_is_said_before_prefect_starts(
    alone: Start, tmp_path: Path, words: list[str], told: str
) -> None:
    """Broken files and options end it with code 2 and their fault, before a server is started."""
    (tmp_path / "broken.yaml").write_text("name: broken\nsteps:\n  one: {mode: txt_to_image}\n")
    (tmp_path / "other.csv").write_text("ward\ncup\n")
    (tmp_path / "latin.csv").write_bytes("word\ncafé\n".encode("latin-1"))
    ended = alone(*words)
    assert ended.process.returncode == 2, ended.err
    assert told in " ".join(ended.err.split())
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert not (tmp_path / "home" / "prefect").exists()


def test_a_plan_needs_nothing_and_leaves_nothing(alone: Start, tmp_path: Path) -> None:
    """`--plan` says what would be called and cost, without a server, and begins no batch."""
    words = ["DIR/words.yaml", "--matrix", "word=cup", "--matrix", "word=jug", "--standin"]
    ended = alone(*words, "--plan", "--again", "--json")
    assert ended.process.returncode == 0, ended.err
    plan = json.loads(ended.out)
    assert (plan["rows"], plan["calls"], plan["usd"]) == (2, 2, 0.08)
    assert not (tmp_path / "home" / "prefect").exists()
    assert not list((tmp_path / "home").rglob("batch.json"))


@pytest.fixture
def start(server: Server, tiny: StandIn, tmp_path: Path) -> Iterator[Start]:
    """Runs `darkroom batch` over three rows; gives it when it has ended."""
    tiny.reset()
    store = ImageStore(folder=str(tmp_path / "store"))
    server.asked(lambda: store.save("tiny", overwrite=True))
    (tmp_path / "words.yaml").write_text(WORDS)
    (tmp_path / "rows.csv").write_text("word\ncup\nbowl\njug\n")
    files = [str(tmp_path / "words.yaml"), "--rows", str(tmp_path / "rows.csv")]
    blocks = ["--bedrock", "tiny", "--store", "tiny"]
    with ExitStack() as stack:
        folders: list[Path] = []

        def started(*more: str) -> Program:
            folders.append(tmp_path / f"program-{len(folders)}")
            words = ["flows.cli", "batch", *files, *blocks, *more]
            env = server.env(tmp_path / "home")
            running = stack.enter_context(program(words, env, folders[-1]))
            running.wait()
            return running

        yield started


@pytest.fixture(scope="module")
def tiny(server: Server) -> Iterator[StandIn]:
    """A stand-in with small prepared pictures, which is found as "tiny"."""
    with StandIn(canned="64x64") as standin:
        server.asked(lambda: bedrock_of(standin).save("tiny", overwrite=True))
        yield standin


def test_a_batch_from_its_first_run_to_its_last_row(
    start: Start, tiny: StandIn, tmp_path: Path
) -> None:
    """It says what went wrong, where everything is, and how the rest is tried; that works."""
    tiny.fail("access_denied", after=1)
    tiny.fail("filtered")
    first = start("--at-once", "1")
    assert first.process.returncode == 1, first.err
    told = first.out.splitlines()
    assert told[0] == (
        "PartialSuccess: 1 of 3 rows done, 1 failed, 1 filtered, 0 not begun or stopped"
    )
    assert told[1].startswith("1 calls, 0 cached, about $0.04, ")
    folder = tmp_path / "store" / "batches" / "words-rows"
    assert told[2:] == [
        f"Manifest: {folder}/manifest.csv",
        f"Page:     {folder}/gallery.html",
        "Try those again with: --name words-rows --retry all",
    ]
    said = " ".join(first.err.split())
    assert "3 rows: 3 calls to pay for, 0 cached, 3 pictures, about $0.12." in said
    assert "! row 2: failed: one: You don't have access to the model" in said
    assert "! row 3: filtered: one: " in said
    assert said.count("row 2: failed") == 1
    assert "Traceback" not in said

    second = start("--retry", "all", "--json", "--no-page", "--max-cost", "0.08")
    assert second.process.returncode == 0, second.err
    report = BatchReport.model_validate_json(second.out)
    assert set(json.loads(second.out)) == set(BatchReport.model_fields)
    assert (report.name, report.rows, report.done, report.before) == ("words-rows", 3, 3, 0)
    assert (report.calls, report.cached, report.spent_usd) == (2, 1, 0.08)
    assert report.page == ""
    assert tiny.calls()["models"][CORE]["answered"] == 3


def test_a_budget_refuses_with_code_2(start: Start, tiny: StandIn) -> None:
    """What would cost too much is refused with the plan's price, and nothing is called."""
    ended = start("--max-cost", "0.1", "--json")
    assert ended.process.returncode == 2, ended.err
    assert "max_cost = 0.1: the plan costs about $0.12 for 3 calls" in " ".join(ended.err.split())
    assert ended.out == ""
    assert tiny.calls()["models"] == {}


def test_a_batch_without_a_server_leaves_all_of_its_task_runs(tmp_path: Path) -> None:
    """On Prefect's temporary server every row's task run is on record when the command ends."""
    (tmp_path / "words.yaml").write_text(
        "name: words\nparams: {word: {}}\n"
        'steps: {one: {mode: text_to_image, prompt: "a ${params.word}"}}\n'
    )
    cups = [word for number in range(30) for word in ("--matrix", f"word=cup {number}")]
    arguments = ["flows.cli", "batch", str(tmp_path / "words.yaml"), *cups]
    env = environment(tmp_path)
    with program([*arguments, "--standin", "--no-page"], env, tmp_path / "program") as running:
        assert running.wait() == 0, running.err
    with closing(sqlite3.connect(tmp_path / "prefect" / "prefect.db")) as database:
        kept = database.execute("select state_type, count(*) from task_run group by 1").fetchall()
    assert kept == [("COMPLETED", 30)]
