"""`darkroom doctor`: each thing that can be wrong is found, and told with the way out of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from blocks import Bedrock, ImageStore
from darkroom import catalog
from darkroom.errors import InvalidRequest
from darkroom.standin.server import StandIn
from flows.cli_doctor import doctor as command
from flows.doctor import places
from flows.doctor.finding import AREAS
from flows.doctor.places import packages, store
from tests.aws_answers import Answers
from tests.disk import mounted
from tests.doctor import (
    KEY,
    SECRET,
    Doctor,
    Told,
    alone,
    answering,
    bedrock_aws,
    closed_port,
    doctor,
    reaching,
    saved,
    straight,
)
from tests.server import environment

__all__ = [
    "alone",
    "answering",
    "bedrock_aws",
    "doctor",
    "straight",
]  # pytest finds the fixtures here


ROOT = Path(__file__).parent.parent
LIVING = {
    row.short
    for row in catalog.models().values()
    if row.status(catalog.today()) in ("active", "legacy")
}


# As a whole


def test_the_standin_is_well(doctor: Doctor) -> None:
    """With the stand-in all areas are looked at in their order, and nothing is wrong."""
    told = doctor("--standin")
    assert told.code == 0
    assert {each["status"] for each in told.findings} == {"ok"}
    assert list(dict.fromkeys(each["area"] for each in told.findings)) == list(AREAS)
    assert all(
        set(each) == {*("area", "status", "found", "to_do", "about")} for each in told.findings
    )
    assert {each["about"] for each in told.findings if each["about"]} == LIVING
    assert told.one("models", "outpaint")["found"] == "there and active in us-west-2"
    assert "the local stand-in" in told.one("endpoint")["found"]


def test_people_read_marks_and_a_summary(
    doctor: Doctor, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text has a mark for each finding, says once what is the same, and ends in a sum."""
    monkeypatch.setenv("COLUMNS", "110")
    assert command.main(["--standin"], standalone_mode=False) == 0
    text = capsys.readouterr().out
    assert " ".join(text.split()).count("there and active in us-west-2") == 1
    assert "✓ models      core, ultra, sd3.5," in text
    assert text.endswith("All is well.\n")
    assert max(map(len, text.splitlines())) <= 110

    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{closed_port()}")
    assert command.main([], standalone_mode=False) == 1
    text = capsys.readouterr().out
    assert "✗ credentials No AWS credentials were found." in text
    assert "! models" in text
    assert text.endswith("2 problems and 1 warning.\n")


def test_the_doctor_comes_at_once() -> None:
    """The command line can know the doctor without the libraries that he needs."""
    code = (
        "import sys; from flows.cli_doctor import doctor\n"
        "heavy = {'prefect', 'boto3', 'PIL', 'pydantic', 'httpx'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_wrong_usage_is_said(doctor: Doctor) -> None:
    """Names that nobody saved, and options that exclude each other, are the caller's mistake."""
    with pytest.raises(click.UsageError, match="exclude each other"):
        doctor("--standin", "--bedrock", "x")
    with pytest.raises(InvalidRequest, match="bedrock = 'nobody': no Bedrock block of that name"):
        doctor("--bedrock", "nobody")
    with pytest.raises(InvalidRequest, match="store = 'nowhere': no ImageStore block of that name"):
        doctor("--standin", "--store", "nowhere")


# Endpoint


def test_a_dead_endpoint_is_a_problem(
    doctor: Doctor, bedrock_aws: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that nobody listens at is told with what named it; no model is asked for."""
    dead = f"http://127.0.0.1:{closed_port()}"
    told = doctor(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=dead)
    found = told.one("endpoint")
    assert (told.code, found["status"]) == (1, "problem")
    assert f"{dead}, from AWS_ENDPOINT_URL_BEDROCK_RUNTIME: cannot be reached" in found["found"]
    assert "Start what should listen there" in found["to_do"]
    assert told.one("models")["found"] == "not listed, because the endpoint does not answer"
    assert "GET /foundation-models" not in bedrock_aws.asked

    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    config = tmp_path / "config"
    services = f"[services local]\nbedrock_runtime =\n  endpoint_url = {dead}\n"
    config.write_text(f"[default]\nservices = local\nregion = us-east-2\n{services}")
    told = doctor(AWS_CONFIG_FILE=str(config))
    assert f"{dead}, from profile default in the AWS config" in told.one("endpoint")["found"]
    assert told.one("region")["found"].startswith("us-east-2, from profile default: ")


def test_a_standin_elsewhere_is_known_for_one(doctor: Doctor, standin: StandIn) -> None:
    """Keys and models are the stand-in's affair wherever an address leads to one."""
    told = doctor(**reaching(standin))
    assert told.code == 0
    assert "the stand-in takes any keys" in told.one("credentials")["found"]
    assert told.one("models", "core")["status"] == "ok"


# Secrets


def test_no_secret_is_ever_shown(
    doctor: Doctor, straight: Answers, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even where AWS repeats one in its error, or where an address holds one."""
    straight.refuses("/", "Odd", f"You sent {SECRET} and token-{SECRET} and outside-{SECRET}")
    straight.refuses("/foundation-models", "Odd", f"You sent {SECRET}\nand {SECRET} in lines")
    host = straight.url.removeprefix("http://")
    block = Bedrock(
        aws_access_key_id=KEY,
        aws_secret_access_key=SecretStr(SECRET),
        aws_session_token=SecretStr(f"token-{SECRET}"),
        role_arn="arn:aws:iam::123456789012:role/Studio",
        role_external_id=SecretStr(f"outside-{SECRET}"),
        endpoint_url=f"http://mia:pass-{SECRET}@{host}?key={SECRET}",
    )
    keyed = Bedrock(bedrock_api_key=SecretStr(SECRET), endpoint_url=straight.url)
    plain = Bedrock(endpoint_url=f"http://mia:pass-{SECRET}@127.0.0.1:{closed_port()}")
    assert SECRET not in json.dumps(doctor("--bedrock", saved(block)).findings)
    for each in (block, keyed, plain):
        command.main(["--bedrock", saved(each)], standalone_mode=False)
        printed = "".join(capsys.readouterr())
        assert " credentials " in printed
        assert SECRET not in printed
        assert KEY not in printed


# Store


def test_looking_at_the_store_makes_none(tmp_path: Path) -> None:
    """A folder that is not there yet is not made; one that is there is tried."""
    (told,) = store(ImageStore(), "the default folder")
    assert told.found.startswith(f"{tmp_path}/home/pictures, the default folder (made by the")
    assert not (tmp_path / "home").exists()
    (tmp_path / "shelf").mkdir()
    (told,) = store(ImageStore(folder=str(tmp_path / "shelf")), "the block shelf")
    assert told.status == "ok"
    assert f"{tmp_path}/shelf, the block shelf: can be written" in told.found


@pytest.mark.parametrize(
    ("option", "folder", "status", "words"),
    [
        ("ro", "", "problem", "cannot be written"),
        ("ro", "new", "problem", "cannot be written"),
        ("size=1m", "", "problem", "1 MB are free, and an answer can take 25 MB"),
        ("size=100m", "", "warning", "only 105 MB are free"),
    ],
)
def test_a_disk_that_is_no_good(
    tmp_path: Path, option: str, folder: str, status: str, words: str
) -> None:
    """A read-only, a full and a nearly full disk are found before anything is paid for."""
    with mounted(tmp_path, option) as disk:
        (found,) = store(ImageStore(folder=str(disk / folder)), "the block disk")
    assert found.status == status
    assert words in found.found
    assert "store" in found.to_do.lower()


def test_a_store_that_cannot_be() -> None:
    """A folder below a file is a problem."""
    (found,) = store(ImageStore(folder="/dev/null/pictures"), "the block nowhere")
    assert found.status == "problem"
    assert "cannot be written" in found.found


def test_a_bucket_is_written_to(bedrock_aws: Answers) -> None:
    """A bucket that is there is well, and one that is not is told with where to look."""
    bedrock_aws.by_path["/pictures/.darkroom/writable"] = (200, "")
    block = ImageStore(
        bucket="pictures",
        credentials=Bedrock(aws_access_key_id=KEY, aws_secret_access_key=SecretStr(SECRET)),
        s3_endpoint_url=bedrock_aws.url,
    )
    (found,) = store(block, "the block bucket")
    assert "PUT /pictures/.darkroom/writable" in bedrock_aws.asked
    error = "<Error><Code>NoSuchBucket</Code><Message>no such bucket</Message></Error>"
    bedrock_aws.by_path["/pictures/.darkroom/writable"] = (404, error)
    (gone,) = store(block, "the block bucket")
    assert (found.status, gone.status) == ("ok", "problem")
    assert found.found == "s3://pictures, the block bucket: can be written"
    assert "NoSuchBucket" in gone.found
    assert "bucket's name" in gone.to_do


# Prefect


def test_a_prefect_api_that_answers(doctor: Doctor) -> None:
    """The API is told with its version, and so are the default blocks, which runs would use."""
    told = doctor("--standin").of("Prefect")
    assert {each["status"] for each in told} == {"ok"}
    assert f"{PREFECT_API_URL.value()} answers: Prefect" in told[0]["found"]
    assert [each["found"] for each in told[1:]] == [
        "ImageStore block default is not saved; runs need none"
    ]
    saved(Bedrock(region_name="us-east-2"), "default")
    try:
        told = doctor()
    finally:
        Bedrock.delete("default")
    assert "Bedrock block default is saved, and runs use it" in [
        each["found"] for each in told.of("Prefect")
    ]
    assert told.one("region")["found"].startswith("us-east-2, from the block: ")


def test_a_prefect_api_that_is_away(doctor: Doctor) -> None:
    """A configured API that does not answer is a problem, and the rest is looked at anyway."""
    away = f"http://127.0.0.1:{closed_port()}/api"
    with temporary_settings({PREFECT_API_URL: away}):
        told = doctor("--standin")
        named = doctor("--bedrock", "studio")
    found = told.one("Prefect")
    assert (told.code, found["status"]) == (1, "problem")
    assert f"the API at {away} does not answer" in found["found"]
    assert "prefect server start" in found["to_do"]
    assert told.one("models", "core")["status"] == "ok"
    assert "Bedrock block studio cannot be looked up" in named.of("Prefect")[1]["found"]
    assert not named.of("credentials")


def test_another_version_of_prefect_is_a_warning(answering: Answers) -> None:
    """Server and client of two versions are told of."""
    answering.by_path = {"/api/health": (200, True), "/api/admin/version": (200, '"3.0.1"')}
    with temporary_settings({PREFECT_API_URL: f"{answering.url}/api"}):
        api = places.prefect_api()
    assert (api.answers, api.finding.status) == (True, "warning")
    assert "it is Prefect 3.0.1, and here is" in api.finding.found


def test_a_block_with_a_mistake_is_told_without_its_values(doctor: Doctor) -> None:
    """What is saved with values that break its rules is a problem, and the values stay hidden."""
    Bedrock.register_type_and_schema()
    half = {"aws_secret_access_key": SECRET, "read_timeout": 300}
    with get_client(sync_client=True) as client:  # as the form of the UI does it: with no check
        client.create_block_document(
            BlockDocumentCreate(
                name="doctors-half",
                data=half,
                block_type_id=Bedrock._block_type_id,
                block_schema_id=Bedrock._block_schema_id,
            )
        )
    told = doctor("--bedrock", "doctors-half")
    problem = next(each for each in told.of("Prefect") if each["status"] == "problem")
    assert "go together: set both" in problem["found"]
    assert SECRET not in json.dumps(told.findings)


def test_no_server_is_started_just_to_look(tmp_path: Path) -> None:
    """Where nothing of Prefect is configured that is all there is to say; no server, no data."""
    program = "import sys; from flows.cli_doctor import doctor; doctor(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, "--standin", "--json"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    told = Told(json.loads(done.stdout))
    found = told.one("Prefect")
    assert found["status"] == "ok"
    assert "each run starts a server of its own" in found["found"]
    assert not list((tmp_path / "prefect").glob("*.db"))
    assert {each["status"] for each in told.findings} == {"ok"}


# Packages


def test_versions_are_told() -> None:
    """The versions that a report of a mistake needs stand in one line."""
    (told,) = packages(Bedrock())
    for name in ("Python 3.", "darkroom ", "prefect 3.", "boto3 1.", "pillow "):
        assert name in told.found


def test_a_version_that_does_not_work_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that is older or newer than Darkroom can use is told with the command to mend."""
    metadata = tmp_path / "darkroom-9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    needs = ["fastapi<0.1", "no-such-package-of-ours", 'moto; extra == "dev"', "click"]
    lines = [f"Requires-Dist: {each}" for each in needs]
    metadata.write_text(
        "\n".join(["Metadata-Version: 2.1", "Name: darkroom", "Version: 9", *lines])
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    _, old, missing = packages(Bedrock())
    assert "Darkroom works with <0.1" in old.found
    assert "pip install 'fastapi<0.1'" in old.to_do
    assert "no-such-package-of-ours is not installed" in missing.found
