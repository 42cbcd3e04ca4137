"""The benchmarks, run for real on few pictures: they measure what they say, and say it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks import cached, chain, decode_and_save, memory, plain, quota, rows, start
from benchmarks.__main__ import ALL, README
from benchmarks.measure import Cost, child, environment, in_turns, peak
from benchmarks.servers import standin
from benchmarks.table import Line, alone, machine, markdown
from darkroom.image_file import facts
from tests.busy import busy
from tests.server import Server

pytestmark = pytest.mark.drill


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured here need not be true, so nothing waits for a quiet moment."""
    monkeypatch.setenv("BENCH_PATIENCE", "0")


@pytest.fixture
def shared(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks use the tests' Prefect server instead of starting one each."""
    monkeypatch.setenv("BENCH_PREFECT_API_URL", server.api)


def test_decode_and_save_measures_three_ways() -> None:
    """Each way makes pictures at some rate, and the ratio is that of the rates."""
    fast, stored = decode_and_save.measure(pictures=3, rounds=1)

    assert fast.at_least == 2.5
    assert fast.ratio is not None
    assert fast.ratio > 0.3
    assert float(fast.ours.split()[0]) > 10
    assert stored.beside == fast.beside


def test_the_quota_loses_pictures_of_boto3_alone(shared: None) -> None:
    """At 5 calls a second nothing of ours fails, and no sooner than the bound is it done."""
    time_, failed, *_ = quota.measure(pictures=16, latency=0.1)

    assert time_.ratio is not None
    assert time_.ratio >= 0.99
    assert (failed.ratio, failed.kept) == (0, True)


def test_the_start_is_that_of_whole_processes() -> None:
    """Both commands take a part of a second at least."""
    assert all(line.ratio is not None and line.ratio > 0.03 for line in start.measure(rounds=1))


def test_a_chain_is_measured_beside_threads(shared: None) -> None:
    """Two products take four steps each, on both sides."""
    (line,) = chain.measure(products=2, at_once=2, latency=0.05, rounds=1)

    assert line.ratio is not None
    assert float(line.ours.split()[0]) >= 0.2
    assert float(line.beside.split()[0]) >= 0.2


def test_rows_are_measured_beside_a_plain_flow(shared: None) -> None:
    """Both variants of the plain flow have a rate and a peak."""
    lines = rows.measure(rows=4, size="64x64")

    assert [line.bar for line in lines] == ["at least 1", "", "at least 1", "at most 0.5"]
    assert all(line.ratio for line in lines)


def test_a_cached_run_calls_nothing(shared: None) -> None:
    """The second run of the same steps is measured."""
    (line,) = cached.measure(steps=3, rounds=1)

    assert line.ratio is not None
    assert line.at_most == 40


def test_memory_is_compared_by_rows(shared: None) -> None:
    """Two batches, and the ratio of their peaks."""
    (line,) = memory.measure(few=2, many=4)

    assert line.ratio is not None
    assert 0.5 < line.ratio < 2


def test_a_child_tells_its_own_cost(tmp_path: Path) -> None:
    """Its time and its memory, and nothing of the process that started it."""
    mine = bytearray(300_000_000)
    env = environment(tmp_path)

    large = Cost(**child(busy, env, seconds=0.2, megabytes=100))
    small = Cost(**child(busy, env, seconds=0.0, megabytes=1))

    assert len(mine) < peak()
    assert 0.2 <= large.cpu < 0.6
    assert small.cpu < 0.1
    assert 80e6 < large.peak - small.peak < 120e6
    assert small.peak < 200e6


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    """What it wrote is in the error."""
    with pytest.raises(RuntimeError, match="megabytes"):
        child(busy, environment(tmp_path), seconds=0)


def test_the_best_of_each_side_is_kept() -> None:
    """Sides take turns; the lesser cost of each holds."""
    order, walls = [], {"a": [3.0, 1.0], "b": [2.0, 4.0]}

    def side(name: str) -> Cost:
        order.append(name)
        return Cost(wall=walls[name].pop(0))

    best = in_turns(2, {"a": lambda: side("a"), "b": lambda: side("b")})

    assert order == ["a", "b", "a", "b"]
    assert {name: cost.wall for name, cost in best.items()} == {"a": 1.0, "b": 2.0}


def test_the_plain_side_makes_whole_pictures(tmp_path: Path) -> None:
    """Its four steps are calls that the service takes, and each gives a file."""
    with standin(tmp_path, "--canned=1024x1024") as url:
        plain.chain(plain.client(url), "a mug", tmp_path)

    made = [facts(path.read_bytes()) for path in sorted(tmp_path.glob("*.png"))]
    assert [each.size for each in made] == [(1024, 1024)] * 4
    assert len({each.sha256 for each in made}) == 4


@pytest.mark.parametrize(
    ("ratio", "bars", "kept"),
    [
        (1.1, {"at_most": 1.1}, True),
        (1.11, {"at_most": 1.1}, False),
        (2.5, {"at_least": 2.5}, True),
        (2.4, {"at_least": 2.5}, False),
        (0.0, {"at_most": 0}, True),
        (9.0, {}, None),
    ],
)
def test_a_bar_is_kept_or_missed(ratio: float, bars: dict[str, float], kept: bool | None) -> None:
    """The border itself is within."""
    assert Line("it", "1 s", ratio=ratio, **bars).kept is kept


def test_the_table_says_which_bar_was_missed() -> None:
    """A line a row, and the machine in one sentence."""
    table = markdown([Line("a chain", "8 s", "7 s", 8 / 7, at_most=1.1)])

    assert table.splitlines()[-1] == "| a chain | 8 s | 7 s | 1.14 | at most 1.1 | **missed** |"
    assert f"{os.cpu_count()} cores" in machine()
    assert "prefect 3." in machine()


def test_a_benchmark_prints_data_for_machines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--json` prints a list of lines, and the exit code says whether all bars were reached."""
    monkeypatch.setattr(sys, "argv", ["benchmarks.chain", "--json"])

    with pytest.raises(SystemExit) as ended:
        alone(lambda: [Line("it", "8 s", "7 s", 8 / 7, at_most=1.1), Line("also", "1 s")])

    (first, second) = json.loads(capsys.readouterr().out)
    assert (first["what"], first["kept"], second["kept"]) == ("it", False, None)
    assert ended.value.code == 1


def test_the_readme_names_every_benchmark() -> None:
    """What is run is told, with a table at the end."""
    text = README.read_text("utf-8")

    assert all(f"`{name}`" in text for name in ALL)
    assert text.count("## Latest table\n") == 1
