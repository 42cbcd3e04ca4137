"""Automations fire, the report's figures are the stand-in's, and its charts are seen."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from darkroom.catalog import today
from darkroom.standin.server import StandIn
from darkroom.usage import Usage
from deployments import alerts
from tasks._show import MAX_DATA
from tests import everything
from tests.browser import TALL, chromium, image_widths, missing, page_of
from tests.server import ROOT, Server, prefect_server, program, until

pytestmark = pytest.mark.drill

CORE, SD35 = "stability.stable-image-core-v1:1", "stability.sd3-5-large-v1:0"
NAMES = {
    "darkroom-budget-stopped",
    "darkroom-failed-run",
    "darkroom-filter-rate",
    "darkroom-retiring-model",
    "darkroom-review-waits",
    "darkroom-spend",
}


@dataclass(frozen=True)
class Seen:
    """What was seen of the program in which everything happens."""

    usage: Usage
    as_json: dict[str, Any]
    counted: dict[str, Any]
    said: list[str]
    created: str
    home: Path
    store: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: the report counts all of its runs."""
    with prefect_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[str, list[str]]]:
    """A server that takes what is sent to it: its address, and the texts so far."""
    texts: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            texts.append(json.loads(self.rfile.read(length))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}/hook", texts
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture(scope="module")
def seen(
    server: Server, heard: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Seen:
    """All automations, made from their files by `prefect automation create`; then all happens."""
    url, texts = heard
    home = tmp_path_factory.mktemp("alerts")
    block_id = server.asked(lambda: alerts.save_block(url))
    file, store = home / "automations.yaml", home / "store"
    file.write_text(yaml.safe_dump({"automations": alerts.read(block_id)}))
    more = home / "catalog.toml"
    more.write_text(f'[models."{CORE}"]\nend_of_life = {today() + timedelta(days=40)}\n')
    env = {**server.env(home), "DARKROOM_CATALOG": str(more)}
    words = ["prefect", "automation", "create", "--from-file", str(file)]
    with program(words, env, home / "create") as create:
        assert create.wait() == 0, f"{create.err}\n{create.out}"
        created = create.out
    with StandIn(canned="256x256") as standin:
        words = ["tests.everything", standin.url, str(store)]
        with program(words, env, home / "program") as running:
            assert running.wait(300) == 0, f"{running.err}\n{running.out}"
            as_json = json.loads(running.out.strip().splitlines()[-1])
        counted = standin.calls()["models"]
    until(lambda: len(texts) >= 6 or None, "all alerts are heard", 60)
    usage = Usage.model_validate(as_json)
    return Seen(usage, as_json, counted, texts, created, home, store)


def text_with(seen: Seen, words: str) -> str:
    (text,) = [each for each in seen.said if words in each]
    return text


def test_every_file_is_an_automation_that_prefect_takes(seen: Seen) -> None:
    """The command of Prefect makes each of them, by the names in the files."""
    assert {each["name"] for each in alerts.read("")} == NAMES
    assert all(name in seen.created for name in NAMES)


def test_a_failed_run_is_told(seen: Seen) -> None:
    """The alert names flow and run, says why, and leads to the run's page."""
    text = text_with(seen, "everything Failed")
    assert "AccessDenied" in text
    assert "/runs/flow-run/" in text


def test_many_filtered_calls_are_told_once(seen: Seen) -> None:
    """Ten within an hour are one alert, with the model and the last reason."""
    text = text_with(seen, "were filtered")
    assert text.startswith(f"Ten calls of {SD35} were filtered within an hour")
    assert "stopped at the prompt" in text


def test_a_spend_over_the_limit_is_told(seen: Seen) -> None:
    """The alert has the sum of the report and the limit that it was given."""
    text = text_with(seen, "were spent")
    assert text.startswith(f"About ${seen.usage.total.spend_usd:.2f} were spent, of $0.10")
    assert "5 pictures" in text


def test_a_model_near_its_end_is_told(seen: Seen) -> None:
    """The alert names the day and the successor."""
    text = text_with(seen, "ends on")
    assert text.startswith(f"{CORE} ends on {today() + timedelta(days=40)}")
    assert "For text_to_image use" in text


def test_a_run_that_waits_for_a_person_is_told(seen: Seen) -> None:
    """The alert names the run, and leads to its page."""
    assert "/runs/flow-run/" in text_with(seen, "waits for a choice")


def test_the_report_names_runs_that_failed(seen: Seen) -> None:
    """The one that failed is counted by its flow, with what it said."""
    (told,) = seen.usage.failed_runs
    assert told.startswith("everything: ")
    assert "AccessDenied" in told


def test_a_budget_that_stopped_a_run_is_told(seen: Seen) -> None:
    """The alert has the sum and what did not fit."""
    assert text_with(seen, "stopped a run").startswith("A budget of $0.01 stopped a run")


def test_alerts_are_made_and_changed_by_one_command(server: Server, seen: Seen) -> None:
    """What is there already is not made twice."""
    made = server.asked(lambda: alerts.create("http://127.0.0.1:9/elsewhere"))
    assert set(made) == NAMES
    found = [each["name"] for each in server.post("automations/filter")]
    assert sorted(each for each in found if each in NAMES) == sorted(NAMES)


def test_the_figures_are_what_the_stand_in_counted(seen: Seen) -> None:
    """Calls, pictures, filtered calls and throttles of the report are those of the service."""
    for each in seen.usage.models:
        told = seen.counted[each.model]
        assert each.calls == told["answered"]
        assert each.pictures == told["pictures"]
        assert each.filtered == told["refused"].get("200", 0) + told["refused"].get("400", 0)
        assert each.throttles == told["refused"].get("429", 0)
    models = {each.model: each for each in seen.usage.models}
    assert {*models} == {*seen.counted} == {CORE, SD35}
    sd35, core = models[SD35], models[CORE]
    assert (sd35.calls, sd35.cached, sd35.filtered) == (3, 1, everything.FILTERED)
    assert (sd35.retries, sd35.throttles, sd35.spend_usd) == (2, everything.THROTTLED, 0.24)
    assert (core.calls, core.made, core.failed, core.stopped) == (2, 2, 1, 1)
    assert sd35.filter_rate == round(10 / 13, 4)


def test_the_report_says_why_and_who_and_what_ends(seen: Seen) -> None:
    """Reasons, flows and models near their end of life are in it, and nothing is unknown."""
    usage = seen.usage
    assert usage.retried_because == {"Throttled": 2}
    assert [*usage.filtered_because.values()] == [10]
    (flow,) = usage.flows
    assert (flow.flow, flow.calls, flow.spend_usd) == ("everything", 5, 0.32)
    (ending,) = usage.ending
    assert (ending.name, ending.days_left) == ("core", 40)
    assert usage.unknown == []


def test_the_command_prints_the_same(server: Server, seen: Seen) -> None:
    """`darkroom usage` has the report's figures as data and in its tables, and ends with 0."""
    words = ["flows.cli", "usage", "--since", "1h", "--store", "watched"]
    with program([*words, "--json"], server.env(seen.home), seen.home / "json") as as_data:
        assert as_data.wait() == 0, as_data.err
        found = json.loads(as_data.out)
    same = ("total", "models", "flows", "filtered_because", "retried_because", "unknown")
    assert {each: found[each] for each in same} == {each: seen.as_json[each] for each in same}
    with program(words, server.env(seen.home), seen.home / "tables") as tables:
        assert tables.wait() == 0, tables.err
    lines = [line.split() for line in tables.out.splitlines()]
    assert ["sd3.5", "3", "3", "1", "10"] in [line[:5] for line in lines]
    assert "2 x Throttled" in tables.out


def test_a_period_without_anything_is_said_to_be_empty(server: Server, seen: Seen) -> None:
    """Days long ago have no pictures and no requests, and no table is printed of them."""
    words = ["flows.cli", "usage", "--since", "2020-01-01", "--until", "2020-01-02"]
    with program(words, server.env(seen.home), seen.home / "empty") as empty:
        assert empty.wait() == 0, empty.err
    assert "Nothing was made or asked for." in empty.out
    assert "model" not in empty.out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=["", "/v2"], ids=["v1", "v2"])
def page(
    request: pytest.FixtureRequest, browser: Browser, server: Server, seen: Seen
) -> Iterator[tuple[Page, str]]:
    """A page of each of the two UIs, and where that is."""
    profile = browser.new_context(viewport=TALL)
    profile.set_default_timeout(60_000)
    with page_of(profile, seen.home / f"last{request.param[-2:].strip('/')}.png") as page:
        yield page, f"{server.ui}{request.param}"
    profile.close()


def artifacts(server: Server) -> dict[str, dict[str, Any]]:
    """The artifacts of the report, by key."""
    found = server.post("artifacts/filter", artifacts={"key": {"like_": "usage-"}})
    return {each["key"]: each for each in found}


def test_the_charts_show(page: tuple[Page, str], server: Server, seen: Seen) -> None:
    """Each of the three is a picture on its page, sharp and small enough for lists."""
    shown, ui = page
    for name in ("spend", "seconds", "outcomes"):
        artifact = artifacts(server)[f"usage-{name}"]
        assert len(artifact["data"]) <= MAX_DATA
        shown.goto(f"{ui}/artifacts/artifact/{artifact['id']}", wait_until="commit")
        assert image_widths(shown, 2) == [480, 988]  # a preview for lists, and the chart
        shown.screenshot(path=seen.home / f"{name}-{ui[-2:]}.png")


def test_the_report_can_be_read(page: tuple[Page, str], server: Server, seen: Seen) -> None:
    """The page of the report has the sums, the tables, the reasons and what ends."""
    shown, ui = page
    artifact = artifacts(server)["usage-report"]
    shown.goto(f"{ui}/artifacts/artifact/{artifact['id']}", wait_until="commit")
    words = ["5 pictures", "about $0.32", "By model", "sd3.5", "By flow", "everything", "Throttled"]
    assert missing(shown, *words, "reaches its end of life on") == []
    shown.screenshot(path=seen.home / f"report-{ui[-2:]}.png")
    artifact = artifacts(server)["usage-models"]
    shown.goto(f"{ui}/artifacts/artifact/{artifact['id']}", wait_until="commit")
    expect(shown.get_by_role("row")).to_have_count(3)


def test_the_report_is_kept_as_data(server: Server, seen: Seen) -> None:
    """The same JSON lies in the store, and is an artifact."""
    (file,) = (seen.store / "reports").glob("usage-*.json")
    kept = Usage.model_validate_json(file.read_bytes())
    assert kept == seen.usage
    data = artifacts(server)["usage-json"]["data"]
    assert Usage.model_validate_json(data.strip("`").removeprefix("json")) == kept


def test_the_server_tells_prometheus_what_the_text_says(server: Server) -> None:
    """Each metric that the text shows of the server is at /api/metrics, and none about runs is."""
    text = (ROOT / "deployments/README.md").read_text("utf-8")
    shown = text.partition("/api/metrics | grep")[2].partition("```")[0]
    names = re.findall(r"^([a-z]\w+)", shown, re.MULTILINE)
    answer = httpx.get(f"{server.api}/metrics", timeout=30)
    assert answer.headers["content-type"].startswith("text/plain")
    found = set(re.findall(r"^([a-z]\w+)", answer.text, re.MULTILINE))
    assert len(names) == 5
    assert {*names} <= found
    assert not [each for each in found if "flow_run" in each or "task_run" in each]


def test_a_server_that_is_gone_is_said_to_be(seen: Seen, server: Server) -> None:
    """The command says so in a sentence, and ends with 1."""
    env = {**server.env(seen.home), "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    with program(["flows.cli", "usage"], env, seen.home / "gone") as gone:
        assert gone.wait() == 1
    assert "the Prefect API does not answer" in gone.err
    assert "Traceback" not in gone.err
    assert httpx.get(f"{server.api}/health", timeout=30).is_success
