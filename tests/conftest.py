"""What the tests share: a Prefect server, a stand-in, and a home of their own."""

from __future__ import annotations

import io
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import certifi

# Before Prefect is imported: nothing of the developer's own settings, data or credentials is used.
HOME = Path(tempfile.mkdtemp(prefix="darkroom-tests-"))
for name in [name for name in os.environ if name.startswith(("PREFECT_", "AWS_", "DARKROOM_"))]:
    del os.environ[name]
os.environ |= {
    "PREFECT_HOME": str(HOME / "prefect"),
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # What one test leaves to be written down may keep SQLite busy in the next.
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    "PREFECT_CLIENT_MAX_RETRIES": "10",
    "DARKROOM_HOME": str(HOME / "darkroom"),
    # Each client of httpx and of Prefect reads all of certifi's certificates: 20 ms, and all that
    # they reach here speaks plain HTTP.
    "SSL_CERT_FILE": str(HOME / "certificate.pem"),
    "PREFECT_API_SSL_CERT_FILE": str(HOME / "certificate.pem"),
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": str(HOME / "aws-config"),
    "AWS_SHARED_CREDENTIALS_FILE": str(HOME / "aws-credentials"),
}

END = "-----END CERTIFICATE-----"
(HOME / "certificate.pem").write_text(
    Path(certifi.where()).read_text("utf-8").partition(END)[0] + END
)

import pytest
from PIL import Image
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    temporary_settings,
)
from pydantic import SecretStr

from blocks import Bedrock, ImageStore
from darkroom.folder_store import FolderStore
from darkroom.image_file import facts, png
from darkroom.picture import Picture
from darkroom.standin.server import StandIn
from tests.server import Server, prefect_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Prefect server for the whole session, for tests of programs and browsers."""
    with prefect_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def prefect_api(server: Server) -> Iterator[None]:
    """The same server, for flows in the test's own process."""
    # Every sync flow waits a second for its heartbeat to end, unless there is none.
    ours = {PREFECT_API_URL: server.api, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(ours):
        yield


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photograph of 512 x 512 pixels."""
    path = tmp_path / "photo.png"
    path.write_bytes(png(Image.effect_noise((512, 512), 80).convert("RGB")))
    return str(path)


@pytest.fixture(scope="session")
def standin_server() -> Iterator[StandIn]:
    """One stand-in for the whole session."""
    with StandIn() as server:
        yield server


@pytest.fixture
def standin(standin_server: StandIn) -> Iterator[StandIn]:
    """The stand-in, with nothing counted and no fault pending."""
    standin_server.reset()
    yield standin_server
    standin_server.reset()


def bedrock_of(standin: StandIn, region: str = "us-west-2", **fields: object) -> Bedrock:
    """A block that reaches `standin`."""
    return Bedrock(
        region_name=region,
        endpoint_url=standin.url,
        aws_access_key_id="test",
        aws_secret_access_key=SecretStr("test"),
        **fields,
    )


@pytest.fixture
def bedrock(standin: StandIn) -> Bedrock:
    """A block that reaches the stand-in, as us-west-2."""
    return bedrock_of(standin)


@pytest.fixture
def image_store(tmp_path: Path) -> ImageStore:
    """A store block on a folder of the test's own."""
    return ImageStore(folder=str(tmp_path / "store"))


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """A store in a folder of the test's own."""
    return FolderStore(tmp_path / "store")


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Picture]:
    """Makes pictures: `picture((64, 64), "red")`, with `alpha` for a transparent left half."""

    def make(
        size: tuple[int, int] = (64, 64), color: str = "teal", *, alpha: bool = False
    ) -> Picture:
        image = Image.new("RGBA" if alpha else "RGB", size, color)
        if alpha:
            image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
        data = png(image)
        known = facts(data)
        path = tmp_path / f"{known.sha256[:12]}.png"
        path.write_bytes(data)
        return Picture(**dict(known), uri=path.as_uri())

    return make


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """An image as the bytes of a file of that kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


FIRST = ("test_forms.py", "test_up.py", "test_benchmarks.py", "test_review_form.py")
"""Files of minutes: at the end one process would be alone with them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of minutes, and go on as they are written."""
    ranks = {name: rank for rank, name in enumerate(FIRST)}
    items.sort(key=lambda item: ranks.get(item.path.name, len(FIRST)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many requests the property tests drew, in all processes."""
    total: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            total.update(dict(report.user_properties).get("requests", {}))
    if total:
        told = ", ".join(f"{count:,} {what}" for what, count in total.items())
        terminalreporter.write_line(f"requests of the property tests: {told}")
