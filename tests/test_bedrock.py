"""Bedrock: every way to be somebody, one client, and no secret anywhere it can be read."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import cloudpickle
import httpx
import pytest
from prefect.settings import PREFECT_API_URL
from prefect_aws import AwsCredentials
from pydantic import SecretStr, ValidationError

from blocks import Bedrock
from darkroom.client import invoke
from darkroom.errors import DarkroomError, InvalidRequest, NoCredentials, Throttled, from_service
from darkroom.modes.text_to_image import TextToImage
from darkroom.standin.server import StandIn
from tests.s3 import aws, credentials

ROOT = Path(__file__).parent.parent
ROLE = "arn:aws:iam::123456789012:role/Studio"
SECRET = "wJalrXUtnFEMI-K7MDENG"


class Recorder(ThreadingHTTPServer):
    """A service that answers anything and keeps who asked; as STS it hands out short roles.

    Attributes:
        calls: The Authorization header of each call of Bedrock.
        roles: The parameters of each AssumeRole.
        lifetime: How long the next role lasts.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Recording)
        self.calls: list[str] = []
        self.roles: list[dict[str, list[str]]] = []
        self.lifetime = timedelta(hours=1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Recording(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path != "/":
            self.server.calls.append(self.headers["Authorization"])
            self._answer(b"{}", "application/json")
            return
        self.server.roles.append(parse_qs(body))
        ends = datetime.now(UTC) + self.server.lifetime
        self._answer(
            f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
            <AssumeRoleResult><Credentials>
            <AccessKeyId>ASIAROLE{len(self.server.roles)}</AccessKeyId>
            <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
            <Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>
            <AssumedRoleUser><Arn>{ROLE}/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>
            </AssumeRoleResult></AssumeRoleResponse>""".encode(),
            "text/xml",
        )

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


@pytest.fixture(scope="module")
def recorder_server() -> Iterator[Recorder]:
    """One recorder for the module."""
    with Recorder() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def recorder(recorder_server: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A recorder that is STS as well, with nothing recorded."""
    recorder_server.calls.clear()
    recorder_server.roles.clear()
    recorder_server.lifetime = timedelta(hours=1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", recorder_server.url)
    return recorder_server


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the shared AWS files `config` and `credentials`, both empty."""
    for name, variable in [
        ("config", "AWS_CONFIG_FILE"),
        ("credentials", "AWS_SHARED_CREDENTIALS_FILE"),
    ]:
        (tmp_path / name).touch()
        monkeypatch.setenv(variable, str(tmp_path / name))
    return tmp_path


def who(recorder: Recorder, **fields: Any) -> str:
    """The access key id and region, or the whole bearer token, that a block's call arrives with."""
    block = Bedrock(endpoint_url=recorder.url, **fields)
    return asked(recorder, block)


def asked(recorder: Recorder, block: Bedrock) -> str:
    block.get_client().invoke_model(modelId="any", body=b"{}")
    header = recorder.calls[-1]
    signed = re.search(r"Credential=(\w+)/\d+/([\w-]+)/bedrock/", header)
    return " ".join(signed.groups()) if signed else header


# Who calls


def test_an_access_key_signs(recorder: Recorder) -> None:
    """A key pair signs the call, in us-west-2 unless told otherwise."""
    assert who(recorder, aws_access_key_id="AKIDBLOCK", aws_secret_access_key=SECRET) == (
        "AKIDBLOCK us-west-2"
    )


def test_a_session_token_goes_along(recorder: Recorder) -> None:
    """A temporary key's token is part of what is signed."""
    keys = {"aws_access_key_id": "ASIDBLOCK", "aws_secret_access_key": SECRET}
    who(recorder, **keys, aws_session_token="token")
    assert "x-amz-security-token" in recorder.calls[-1]


def test_an_api_key_is_the_bearer(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Bedrock API key is sent as it is, before any keys that are there as well."""
    assert who(recorder, bedrock_api_key="bedrock-key") == "Bearer bedrock-key"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "of-the-environment")
    assert who(recorder, bedrock_api_key="bedrock-key") == "Bearer bedrock-key"


def test_an_empty_block_is_whoever_the_environment_is(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing filled in the environment's keys are used, and its Bedrock API key first."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert who(recorder) == "AKIDENV us-west-2"
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "of-the-environment")
    assert who(recorder) == "Bearer of-the-environment"


def test_the_block_comes_before_the_environment(
    recorder: Recorder, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, a profile or a file that the block names win over all that the environment has."""
    (files / "credentials").write_text(keys_of("studio", "AKIDPROFILE"))
    (files / "elsewhere").write_text(keys_of("default", "AKIDFILE"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "of-the-environment")
    block = {"aws_access_key_id": "AKIDBLOCK", "aws_secret_access_key": SECRET}
    assert who(recorder, **block).startswith("AKIDBLOCK ")
    assert who(recorder, profile_name="studio").startswith("AKIDPROFILE ")
    elsewhere = str(files / "elsewhere")
    assert who(recorder, shared_credentials_file=elsewhere).startswith("AKIDFILE ")


def keys_of(profile: str, key: str) -> str:
    """A section of a credentials file."""
    return f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\n"


def test_a_credentials_file_and_a_profile_in_it(recorder: Recorder, files: Path) -> None:
    """The file may be anywhere, and a profile of it may be named."""
    (files / "mine").write_text(keys_of("default", "AKIDONE") + keys_of("second", "AKIDTWO"))
    mine = str(files / "mine")
    assert who(recorder, shared_credentials_file=mine).startswith("AKIDONE ")
    two = who(recorder, shared_credentials_file=mine, profile_name="second")
    assert two.startswith("AKIDTWO ")


def test_a_profile_with_a_credential_process(recorder: Recorder, files: Path) -> None:
    """A profile whose program hands out keys works, as SAML sign-in and the like need it."""
    program = files / "keys.py"
    program.write_text(
        'print(\'{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "x"}\')'
    )
    command = f"{sys.executable} {program}"
    (files / "config").write_text(f"[profile saml]\ncredential_process = {command}\n")
    assert who(recorder, profile_name="saml") == "AKIDPROCESS us-west-2"


def test_the_standin_takes_what_the_service_takes(standin: StandIn, bedrock: Bedrock) -> None:
    """A signed call and one with an API key are answered; the log has the signed one's region."""
    request = TextToImage(prompt="a red mug", seed=1)
    from darkroom import catalog

    model = catalog.find("sd3.5")
    with_key = Bedrock(endpoint_url=standin.url, bedrock_api_key=SecretStr("key"))
    for block in (bedrock, with_key):
        invoke(block.get_client(), request, model, load=lambda _: b"", region="us-west-2")
    assert [call["region"] for call in standin.calls(log=True)["log"]] == ["us-west-2", None]


# Which region, which endpoint


def test_which_region_wins(
    recorder: Recorder, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block's region, else the environment's, else the profile's, else us-west-2."""
    (files / "credentials").write_text(keys_of("studio", "AKIDPROFILE"))
    assert who(recorder, profile_name="studio").endswith(" us-west-2")
    (files / "config").write_text("[profile studio]\nregion = eu-central-1\n")
    assert who(recorder, profile_name="studio").endswith(" eu-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    assert who(recorder, profile_name="studio").endswith(" ap-south-1")
    monkeypatch.setenv("AWS_REGION", "us-east-2")
    assert who(recorder, profile_name="studio").endswith(" us-east-2")
    named = {"profile_name": "studio", "region_name": " us-east-1 "}
    assert who(recorder, **named).endswith(" us-east-1")


def test_the_endpoint_tells_services_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is where calls really go, also where the environment says so."""
    assert credentials().endpoint == "https://bedrock-runtime.us-west-2.amazonaws.com"
    assert credentials().region == "us-west-2"
    assert credentials(endpoint_url="https://gateway.test/x/").endpoint == "https://gateway.test/x"
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
    assert credentials().endpoint == "http://127.0.0.1:9"


# Roles


def test_a_role_is_assumed_at_sts(
    recorder: Recorder, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block's keys assume its role at STS, whose address the AWS files may give."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS")
    with aws() as sts:
        services = f"[services local]\nsts =\n  endpoint_url = {sts}\n"
        (files / "config").write_text(f"[default]\nservices = local\n{services}")
        block = credentials(endpoint_url=recorder.url, role_arn=ROLE)
        assert re.fullmatch(r"ASIA\w+ us-west-2", asked(recorder, block))
    assert "x-amz-security-token" in recorder.calls[-1]


def test_a_role_is_asked_for_as_its_owner_wants(recorder: Recorder) -> None:
    """Role, external id and session name arrive at STS, and one answer serves many calls."""
    block = credentials(
        endpoint_url=recorder.url,
        role_arn=ROLE,
        role_external_id="studio-7",
        role_session_name="night-shift",
    )
    assert [asked(recorder, block) for _ in range(3)] == ["ASIAROLE1 us-west-2"] * 3
    (role,) = recorder.roles
    assert role["RoleArn"] == [ROLE]
    assert role["ExternalId"] == ["studio-7"]
    assert role["RoleSessionName"] == ["night-shift"]


def test_a_role_is_renewed_when_it_runs_out(recorder: Recorder) -> None:
    """A role that is about to end is assumed again before the next call, by the same client."""
    recorder.lifetime = timedelta(minutes=5)
    block = credentials(endpoint_url=recorder.url, role_arn=ROLE)
    assert asked(recorder, block) == "ASIAROLE1 us-west-2"
    recorder.lifetime = timedelta(hours=1)
    renewed = asked(recorder, block)
    assert renewed != "ASIAROLE1 us-west-2"
    assert asked(recorder, block) == renewed


def test_a_role_comes_before_the_environment(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment's keys may assume the role, and its API key does not replace it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "of-the-environment")
    assert who(recorder, role_arn=ROLE) == "ASIAROLE1 us-west-2"


# A saved AwsCredentials block


@pytest.fixture
def saved(prefect_api: None, recorder: Recorder) -> str:
    """The name of a saved AwsCredentials block with everything in it."""
    AwsCredentials(
        aws_access_key_id="AKIDSAVED",
        aws_secret_access_key=SecretStr(SECRET),
        region_name="eu-west-1",
        assume_role_arn=ROLE,
        assume_role_kwargs={"ExternalId": "saved-7", "DurationSeconds": 900},
        aws_client_parameters={
            "endpoint_url": recorder.url,
            "verify": False,
            "config": {"user_agent_extra": "studio", "read_timeout": 5, "retries": {}},
        },
    ).save("everything", overwrite=True)
    return "everything"


def test_a_saved_awscredentials_block_is_taken(saved: str, recorder: Recorder) -> None:
    """Its keys, region, role and endpoint are used; our rules about the client stay."""
    block = Bedrock(aws_credentials_block=saved)
    assert asked(recorder, block) == "ASIAROLE1 eu-west-1"
    (role,) = recorder.roles
    assert (role["ExternalId"], role["DurationSeconds"]) == (["saved-7"], ["900"])
    config = block.get_client().meta.config
    assert config.user_agent_extra == "studio"
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (300, 1)
    assert (block.region, block.endpoint) == ("eu-west-1", recorder.url)


def test_our_own_fields_win(saved: str, recorder: Recorder, prefect_api: None) -> None:
    """What the block says itself wins, and its keys are not mixed with the other's token."""
    AwsCredentials(
        aws_access_key_id="ASIDSAVED",
        aws_secret_access_key=SecretStr(SECRET),
        aws_session_token="token-of-the-other",
        aws_client_parameters={"endpoint_url": recorder.url},
    ).save("temporary", overwrite=True)
    ours = {"aws_access_key_id": "AKIDOURS", "aws_secret_access_key": SECRET}
    block = Bedrock(aws_credentials_block="temporary", **ours)
    assert asked(recorder, block) == "AKIDOURS us-west-2"
    assert "x-amz-security-token" not in recorder.calls[-1]
    block = Bedrock(aws_credentials_block="temporary")
    assert asked(recorder, block) == "ASIDSAVED us-west-2"
    assert "x-amz-security-token" in recorder.calls[-1]
    block = Bedrock(aws_credentials_block=saved, region_name="us-east-1", role_arn=f"{ROLE}2")
    assert asked(recorder, block).endswith(" us-east-1")
    assert recorder.roles[-1]["RoleArn"] == [f"{ROLE}2"]
    assert "ExternalId" not in recorder.roles[-1]


def test_an_awscredentials_block_that_is_not_there(prefect_api: None) -> None:
    """A name that is not saved, or half a key pair in it, is said with the way on."""
    with pytest.raises(InvalidRequest, match=r"= 'nobody': no AwsCredentials block.*Save it, or"):
        Bedrock(aws_credentials_block="nobody").get_client()
    AwsCredentials(aws_access_key_id="AKID").save("half-pair", overwrite=True)
    with pytest.raises(InvalidRequest, match="half of a pair"):
        Bedrock(aws_credentials_block="half-pair").get_client()


LONE = """
import os, sys
sys.modules["prefect_aws"] = None
from blocks import Bedrock
block = Bedrock(aws_access_key_id="a", aws_secret_access_key="b")
try:
    Bedrock(aws_credentials_block="studio").get_client()
except Exception as error:
    print(f"{type(error).__name__}: {error}")
client = block.get_client()
child = os.fork()
if not child:
    os._exit(block.get_client() is client)
print("same" if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) else "another")
"""


@pytest.fixture(scope="module")
def lone() -> list[str]:
    """What a process says in which prefect-aws is not installed, and which forks."""
    done = subprocess.run(
        [sys.executable, "-c", LONE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_prefect_aws(lone: list[str]) -> None:
    """Where prefect-aws is not installed blocks work, and the one field says what to install."""
    assert lone[0] == (
        "InvalidRequest: aws_credentials_block = 'studio': prefect-aws is not installed. "
        'Install it: pip install "darkroom[aws]".'
    )


# One client


def test_one_client_for_all_threads() -> None:
    """Sixteen threads at once get the one client of the block, and another service another."""
    block = credentials()
    with ThreadPoolExecutor(16) as pool:
        clients = {id(each) for each in pool.map(lambda _: block.get_client(), range(64))}
    assert len(clients) == 1
    assert block.get_client("s3") is block.get_client("s3")
    assert block.get_client("s3") is not block.get_client()


def test_a_changed_block_has_another_client() -> None:
    """A copy with another region, or a block whose region was set, does not call the old one."""
    block = credentials()
    assert block.region == "us-west-2"
    copy = block.model_copy(update={"region_name": "us-east-1"})
    assert (copy.region, block.region) == ("us-east-1", "us-west-2")
    block.region_name = "us-east-2"
    assert block.region == "us-east-2"


def test_clients_share_what_describes_the_services() -> None:
    """They are read once, so that a further client of a process takes a few milliseconds."""
    one, other = (credentials().access().session() for _ in range(2))
    assert one is not other
    assert one.get_component("data_loader") is other.get_component("data_loader")


def test_a_forked_process_has_its_own_client(lone: list[str]) -> None:
    """A forked process does not share its parent's connections."""
    assert lone[1] == "another"


def test_one_call_is_one_call(standin: StandIn, bedrock: Bedrock) -> None:
    """A throttled call reaches the service once: whoever retries is somebody else."""
    standin.fail("throttle", times=5)
    with pytest.raises(Exception, match="ThrottlingException") as caught:
        bedrock.get_client().invoke_model(modelId="stability.sd3-5-large-v1:0", body=b"{}")
    assert isinstance(from_service(caught.value), Throttled)
    assert len(standin.calls(log=True)["log"]) == 1


def test_the_client_is_patient_and_wide() -> None:
    """Read timeout and connections are the block's; a timeout that loses pictures is refused."""
    config = credentials().get_client().meta.config
    assert (config.read_timeout, config.max_pool_connections) == (300, 32)
    config = credentials(read_timeout=900, max_connections=100).get_client().meta.config
    assert (config.read_timeout, config.max_pool_connections) == (900, 100)
    with pytest.raises(ValidationError, match="greater than or equal to 60"):
        credentials(read_timeout=59)


# What is wrong


def test_no_credentials_says_both_ways_on() -> None:
    """With nothing to sign with the error tells how to sign in and how to do without."""
    with pytest.raises(NoCredentials) as caught:
        Bedrock().get_client()
    told = str(caught.value)
    assert "aws configure" in told
    assert "AWS_BEARER_TOKEN_BEDROCK" in told
    assert "--bedrock NAME" in told
    assert "--standin" in told
    with pytest.raises(NoCredentials, match="Two ways on"):
        Bedrock(role_arn=ROLE).get_client()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"aws_access_key_id": "AKID"}, "go together: set both"),
        ({"aws_secret_access_key": SECRET}, "go together: set both"),
        ({"aws_session_token": SECRET}, "aws_session_token belongs to an access key"),
        ({"role_external_id": SECRET}, "role_external_id belongs to a role: set role_arn"),
        ({"role_arn": "Studio"}, "'Studio' is no role: arn:aws:iam::"),
        ({"region_name": "Oregon"}, "'Oregon' is no AWS region: they look like us-west-2"),
        ({"endpoint_url": "localhost:9000"}, "it begins with http:// or https://"),
        ({"regoin_name": "us-west-2"}, "no such field; did you mean region_name?"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, str], told: str) -> None:
    """A field that is wrong or has no effect is refused by name, without showing secrets."""
    with pytest.raises(ValidationError, match=re.escape(told)) as caught:
        Bedrock.model_validate(fields)
    assert SECRET not in str(caught.value)


def test_an_unknown_profile_is_said(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that no file has is named, with those that there are."""
    (files / "credentials").write_text(keys_of("studio", "A") + keys_of("night", "B"))
    with pytest.raises(InvalidRequest, match=r"profile_name = 'sudio'.* there: studio, night\."):
        Bedrock(profile_name="sudio").get_client()
    monkeypatch.setenv("AWS_PROFILE", "away")
    with pytest.raises(InvalidRequest, match="AWS_PROFILE = 'away': the shared AWS files have no"):
        Bedrock().get_client()


def test_broken_files_and_programs_are_said(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing or unreadable file, half a pair, and a failing program are errors of ours."""
    with pytest.raises(InvalidRequest, match="shared_credentials_file = '/no/file': there is no"):
        Bedrock(shared_credentials_file="/no/file").get_client()
    (files / "config").write_text("[profile saml]\ncredential_process = false\n")
    with pytest.raises(NoCredentials, match="custom-process"):
        Bedrock(profile_name="saml").get_client()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    with pytest.raises(NoCredentials, match="AWS_SECRET_ACCESS_KEY"):
        Bedrock().get_client()
    (files / "config").write_text("what is this\n")
    with pytest.raises(DarkroomError, match="config"):
        Bedrock(profile_name="saml").get_client()


def test_names_are_found_or_said(prefect_api: None) -> None:
    """A name that nobody saved is an error; without a name and a default it is the plain chain."""
    with pytest.raises(InvalidRequest, match="bedrock = 'nobody': no Bedrock block of that name"):
        Bedrock.find("nobody")
    assert Bedrock.find() == Bedrock()


def test_the_standin_only_by_its_name(prefect_api: None) -> None:
    """The name "standin" is the local stand-in, one for the process, unless one saved that name."""
    block = Bedrock.find("standin")
    assert block.endpoint == "standin"
    assert Bedrock.find("standin") is block
    assert cloudpickle.loads(cloudpickle.dumps(block)).endpoint == "standin"
    assert httpx.get(f"{block.endpoint_url}/_standin/health").json()["ok"]
    credentials(endpoint_url="http://127.0.0.1:9").save("standin")
    try:
        assert Bedrock.find("standin").endpoint == "http://127.0.0.1:9"
    finally:
        Bedrock.delete("standin")


# Secrets


def every_secret() -> Bedrock:
    """A block with a secret in every field for one."""
    return Bedrock(
        aws_access_key_id="AKID",
        aws_secret_access_key=SecretStr(SECRET),
        aws_session_token=SecretStr(SECRET),
        bedrock_api_key=SecretStr(SECRET),
        role_arn=ROLE,
        role_external_id=SecretStr(SECRET),
        endpoint_url="http://127.0.0.1:9",
    )


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Keeps what any logger says; botocore's debug log shows what it signs, and is never on."""
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.INFO, "botocore"):
        yield


def test_no_secret_can_be_read(caplog: pytest.LogCaptureFixture) -> None:
    """Not in its text, its JSON, its errors, nor in any log while a client is made and fails."""
    block = every_secret()
    with everything_logged(caplog), pytest.raises(Exception, match=r"127\.0\.0\.1") as caught:
        block.get_client().invoke_model(modelId="any", body=b"{}")
    shown = [repr(block), str(block), block.model_dump_json(), f"{block.model_dump()}"]
    shown += [repr(caught.value), caplog.text, repr(block.access()), repr(block._clients)]
    assert not [text for text in shown if SECRET in text]


def test_no_secret_in_the_document(prefect_api: None) -> None:
    """What the API shows of a saved block has stars for secrets; what is loaded has them."""
    every_secret().save("secretive", overwrite=True)
    url = f"{PREFECT_API_URL.value()}/block_types/slug/darkroom-bedrock/block_documents"
    shown = httpx.get(f"{url}/name/secretive").text
    assert "AKID" in shown
    assert SECRET not in shown
    assert SECRET in httpx.get(f"{url}/name/secretive?include_secrets=true").text
    assert Bedrock.load("secretive").bedrock_api_key == SecretStr(SECRET)


def test_a_block_survives_saving_and_pickling(prefect_api: None, recorder: Recorder) -> None:
    """Saved and loaded, or pickled after use, a block equals itself and works again."""
    block = credentials(endpoint_url=recorder.url)
    asked(recorder, block)
    block.save("survivor", overwrite=True)
    assert asked(recorder, Bedrock.load("survivor")) == "AKIDEXAMPLE us-west-2"
    again = cloudpickle.loads(cloudpickle.dumps(block))
    assert again == block
    assert again.get_client() is not block.get_client()
    assert asked(recorder, again) == "AKIDEXAMPLE us-west-2"
