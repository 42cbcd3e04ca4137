"""Runs without a server: the demo on Prefect's temporary one, and what is left of it."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.server import Program, Server, environment, prefect_server, program

pytestmark = pytest.mark.drill

HEADINGS = ["step", "model", "size", "seed", "price", "seconds", "file"]
TASK_RUNS = 10  # seven that are paid, the mask, the flattened cut-out, the contact sheet


@dataclass(frozen=True)
class Demo:
    """One `darkroom demo` that has ended."""

    program: Program
    folder: Path
    code: int
    seconds: float

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Each file of the printed table with the size that stands beside it."""
        lines = [line.split() for line in self.program.out.splitlines()]
        rows = [words for words in lines if words and words[-1].endswith(".png")]
        return {row[-1]: (int(row[2].split("x")[0]), int(row[2].split("x")[1])) for row in rows}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("no-server")


@pytest.fixture(scope="module")
def demos(home: Path) -> list[Demo]:
    """The demo twice, one after the other, by somebody who has just installed it."""
    return [_demo(home, home / f"out-{number}") for number in (1, 2)]


def _demo(home: Path, folder: Path) -> Demo:
    began = time.monotonic()
    arguments = ["flows.cli", "demo", "--out", str(folder)]
    with program(arguments, environment(home), home / f"program-{folder.name}") as running:
        return Demo(running, folder, running.wait(), time.monotonic() - began)


@pytest.fixture(scope="module")
def afterwards(home: Path, demos: list[Demo]) -> Iterator[Server]:
    """A lasting server on the same home, after both demos."""
    with prefect_server(home) as server:
        yield server


def test_the_demo_needs_nothing(demos: list[Demo]) -> None:
    """Without AWS account, server or question it ends well, a second time too, within a minute."""
    for demo in demos:
        assert demo.code == 0, f"{demo.program.err}\n{demo.program.out}"
    assert demos[0].seconds < 120  # 20 to 30 on a quiet machine, which tests are not


def test_the_demo_prints_what_it_made(demos: list[Demo]) -> None:
    """The table has its headings, its files exist in the sizes it states, and so does the sheet."""
    for demo in demos:
        lines = demo.program.out.splitlines()
        assert HEADINGS in [line.split() for line in lines]
        assert len(demo.sizes) == 7
        for name, size in demo.sizes.items():
            with Image.open(demo.folder / name) as image:
                assert image.size == size
        sheet = demo.folder / "contact-sheet.jpg"
        assert f"Contact sheet: {sheet}" in lines
        with Image.open(sheet) as image:
            assert image.format == "JPEG"


def test_the_demo_says_nothing_alarming(demos: list[Demo]) -> None:
    """What is written to stderr are ten finished steps: no traceback, error or warning."""
    for demo in demos:
        assert demo.program.err.count("✓") == TASK_RUNS
        assert len(demo.program.err.splitlines()) == TASK_RUNS + 1  # and the flow run's name


def test_nothing_of_it_is_lost(afterwards: Server, demos: list[Demo]) -> None:
    """A server on the same home knows both flow runs with all task runs, artifacts and logs."""
    flow_runs = afterwards.post("flow_runs/filter")
    assert [run["state_name"] for run in flow_runs] == ["Completed"] * len(demos)
    for run in flow_runs:
        task_runs = afterwards.of_flow_run("task_runs", run["id"])
        assert [each["state_name"] for each in task_runs] == ["Completed"] * TASK_RUNS
        kinds = sorted(each["type"] for each in afterwards.of_flow_run("artifacts", run["id"]))
        assert kinds == ["image"] * 8 + ["markdown", "table"]
        logs = afterwards.post("logs/filter", logs={"flow_run_id": {"any_": [run["id"]]}})
        said = {log["message"] for log in logs}
        assert "text_to_image: calling stability.stable-image-core-v1:1" in said
        assert any("7 pictures" in message for message in said)


def test_ctrl_c_ends_a_run_at_once_and_leaves_nothing_behind(home: Path) -> None:
    """SIGINT to the group, as a terminal sends it, ends the command with a word and its server."""
    out = home / "my pictures"
    asked = ["--prompt", "a lamp", "--out", str(out)]
    arguments = ["flows.cli", "run", "product_shot", "--standin", *asked]
    with program(arguments, environment(home), home / "interrupted") as running:
        running.said(r"(✓ cutout)")
        began = time.monotonic()
        running.signal(signal.SIGINT)
        assert running.wait() == 1
        assert time.monotonic() - began < 30
    (run_id,) = re.findall(r"^\S+ ([0-9a-f-]{36})$", running.err, re.MULTILINE)
    assert f"Go on with: darkroom resume {run_id} --out '{out}'" in running.err
    assert "Traceback" not in running.err
    assert _servers_of(home) == []


def _servers_of(home: Path) -> list[str]:
    """The processes of temporary servers that work on `home`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            command = (process / "cmdline").read_bytes()
            if b"flows.temporary_server" in command and (
                str(home).encode() in (process / "environ").read_bytes()
            ):
                found.append(process.name)
    return found
