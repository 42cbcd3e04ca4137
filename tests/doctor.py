"""What the doctor's tests share: how to ask him, and an AWS on this computer to ask him about."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from blocks import Bedrock, ImageStore
from darkroom.standin.server import StandIn
from flows.cli_doctor import doctor as command
from flows.doctor.finding import Finding
from flows.doctor.way import Way
from tests.aws_answers import Answers, answers

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI-K7MDENG"
Doctor = Callable[..., "Told"]
Look = Callable[..., "Told"]


@dataclass(frozen=True)
class Told:
    """What the doctor said."""

    findings: list[dict[str, str]]
    code: int = 0

    def of(self, area: str, about: str = "") -> list[dict[str, str]]:
        """The findings of an area that are about a model, or about none."""
        return [each for each in self.findings if (each["area"], each["about"]) == (area, about)]

    def one(self, area: str, about: str = "") -> dict[str, str]:
        """The only such finding."""
        (found,) = self.of(area, about)
        return found


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is asked can leave this computer."""
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Look:
    """Has one look of the doctor's, at one area, for a block or for what the environment is."""

    def at(
        area: Callable[[Way], Iterable[Finding]], block: Bedrock | None = None, **env: str
    ) -> Told:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return Told([asdict(each) for each in area(Way(block or Bedrock()))])

    return at


@pytest.fixture
def doctor(
    prefect_api: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Doctor:
    """Asks the doctor about everything, in this process, for data."""

    def ask(*arguments: str, **env: str) -> Told:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = command.main([*arguments, "--json"], standalone_mode=False)
        return Told(json.loads(capsys.readouterr().out), code)

    return ask


@pytest.fixture(scope="module")
def answering() -> Iterator[Answers]:
    """One server for the module."""
    with answers() as server:
        yield server


@pytest.fixture
def bedrock_aws(answering: Answers, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """STS, bedrock and bedrock-runtime as the tools find them, with keys that STS knows."""
    answering.by_path.clear()
    answering.asked.clear()
    answering.knows_the_caller()
    answering.lists()
    for service in ("STS", "BEDROCK", "BEDROCK_RUNTIME"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", answering.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return answering


@pytest.fixture
def straight(bedrock_aws: Answers, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The same, but calls of bedrock-runtime go to AWS's own address, which is out of reach."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    return bedrock_aws


def closed_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def saved(block: Bedrock | ImageStore, name: str = "doctor") -> str:
    """The name of the block, once it is saved."""
    block.save(name, overwrite=True)
    return name


def reaching(standin: StandIn) -> dict[str, str]:
    """What of an environment leads to a stand-in, without a block."""
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    return {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": standin.url, **keys}
