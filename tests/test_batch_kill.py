"""A batch whose process is killed, stopped or doubled: nothing is lost, nothing is paid twice."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from blocks import ImageStore
from darkroom.picture import Picture, local_path
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of
from tests.server import Program, Server, program, until

pytestmark = pytest.mark.drill

CORE = "stability.stable-image-core-v1:1"
SD35 = "stability.sd3-5-large-v1:0"
ROWS = 12

TWO = """
name: two
params: {word: {type: text}}
steps:
  one: {mode: text_to_image, prompt: "a ${params.word}"}
  two: {mode: image_to_image, image: "${one}", prompt: "a blue ${params.word}", similarity: 0.5}
"""

Start = Callable[..., Program]


@pytest.fixture(scope="module")
def slow(server: Server) -> Iterator[StandIn]:
    """A stand-in with small prepared pictures, each of which takes a moment."""
    with StandIn(canned="64x64", latency=0.25) as standin:
        server.asked(lambda: bedrock_of(standin).save("slow", overwrite=True))
        yield standin


@pytest.fixture
def start(server: Server, slow: StandIn, tmp_path: Path) -> Iterator[Start]:
    """Starts `darkroom batch` over twelve rows, in a store of the test's own."""
    slow.reset()
    store = ImageStore(folder=str(tmp_path / "store"))
    server.asked(lambda: store.save("slow", overwrite=True))
    (tmp_path / "two.yaml").write_text(TWO)
    (tmp_path / "rows.csv").write_text("word\n" + "".join(f"w{each}\n" for each in range(ROWS)))
    files = [str(tmp_path / "two.yaml"), "--rows", str(tmp_path / "rows.csv")]
    blocks = ["--name", "b", "--at-once", "3", "--bedrock", "slow", "--store", "slow"]
    with ExitStack() as stack:
        folders: list[Path] = []

        def started(*more: str) -> Program:
            folders.append(tmp_path / f"program-{len(folders)}")
            words = ["flows.cli", "batch", *files, *blocks, *more]
            env = server.env(tmp_path / "home")
            return stack.enter_context(program(words, env, folders[-1]))

        yield started


def lines(folder: Path) -> list[dict[str, Any]]:
    """The whole lines of the manifest."""
    path = folder / "store" / "batches" / "b" / "manifest.jsonl"
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def stored(folder: Path) -> set[str]:
    """The calls whose pictures are in the store, by their ids."""
    found = set()
    for path in (folder / "store").rglob("*.png.json"):
        picture = Picture.model_validate_json(path.read_text())
        file = local_path(picture.uri)
        if file and file.is_file() and picture.provenance.request_id:
            found.add(picture.provenance.request_id)
    return found


def sent(standin: StandIn, ids: set[str]) -> dict[str, int]:
    """How often the body of each of these calls was sent."""
    log = standin.calls(log=True)["log"]
    times = Counter(each["sha256"] for each in log)
    return {each["request_id"]: times[each["sha256"]] for each in log if each["request_id"] in ids}


def report(done: Program, code: int = 0) -> dict[str, Any]:
    assert done.wait() == code, f"{done.err}\n{done.out}"
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_a_killed_batch_goes_on_where_it_was(start: Start, slow: StandIn, tmp_path: Path) -> None:
    """After SIGKILL within calls, between rows and at the end the same command does the rest."""
    kept: list[dict[str, int]] = []

    def reached(moment: int) -> bool | None:
        first = slow.calls()["models"].get(CORE, {}).get("answered", 0)
        return (len(lines(tmp_path)) >= moment and first > 0) or None

    for moment in (0, 4, ROWS):
        running = start()
        until(lambda moment=moment: reached(moment), f"{moment} rows are done")
        running.kill()
        ended = lines(tmp_path)
        assert {each["status"] for each in ended} <= {"done"}
        assert len({each["row"] for each in ended}) == len(ended) >= moment
        kept.append(sent(slow, stored(tmp_path)))
    data = report(start("--json"))
    assert (data["rows"], data["done"], data["failed"]) == (ROWS, ROWS, 0)
    assert (data["before"], data["calls"]) == (ROWS, 0)
    assert [each["row"] for each in lines(tmp_path)] == list(range(1, ROWS + 1))
    assert Path(data["page"]).read_text().count("<article data-status=") == ROWS
    assert len(kept[-1]) == len(stored(tmp_path)) == 2 * ROWS
    for before in kept:
        assert sent(slow, set(before)) == before


def test_an_interrupted_batch_says_how_to_go_on(
    start: Start, slow: StandIn, tmp_path: Path
) -> None:
    """Ctrl-C ends it with code 1 and the way on; what was under way is kept, and paid once."""
    running = start()
    until(lambda: len(lines(tmp_path)) >= 2 or None, "two rows are done")
    running.signal(signal.SIGINT)
    assert running.wait(30) == 1, running.err
    assert "Stopped. What was made stays: the same command goes on where it was." in running.err
    assert "Traceback" not in running.err + running.out
    answered = sum(each["answered"] for each in slow.calls()["models"].values())
    assert len(stored(tmp_path)) == answered < 2 * ROWS
    data = report(start("--json"))
    assert data["done"] == ROWS
    assert data["before"] >= 2
    assert data["calls"] == 2 * ROWS - answered
    # Not one body was sent twice: whatever was asked was answered, and its answer was kept.
    assert set(sent(slow, stored(tmp_path)).values()) == {1}


def test_a_second_process_is_refused(start: Start, slow: StandIn, tmp_path: Path) -> None:
    """While a batch is done, another one of its name ends with code 2, and disturbs nothing."""
    slow.fail("hang", model=SD35, after=3)
    first = start()
    until(lambda: len(lines(tmp_path)) >= 2 or None, "two rows are done")
    second = start("--again")
    assert second.wait() == 2, second.err
    said = " ".join(second.err.split())
    assert "a batch of this name is being done by another process. Wait for it, or" in said
    assert first.process.poll() is None
    first.kill()
    before = sent(slow, stored(tmp_path))
    data = report(start("--json"))
    assert data["done"] == ROWS
    assert data["before"] >= 2
    assert sent(slow, set(before)) == before
