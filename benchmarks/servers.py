"""The servers that are measured against, each in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import ROOT, child, environment

PATIENCE = 120
"""Seconds that Prefect's server has to start."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of one's own that is gone afterwards."""
    with TemporaryDirectory(prefix="darkroom-benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def standin(home: Path, *options: str) -> Iterator[str]:
    """The stand-in in canned mode; gives its URL.

    Args:
        home: A folder for it.
        options: Further ones of `darkroom standin`. A canned size goes in as `--canned=64x64`.
    """
    canned = [] if any(each.startswith("--canned") for each in options) else ["--canned"]
    command = [sys.executable, "-m", "flows.cli", "standin", "--port", "0", *canned, *options]
    env = environment(home, PYTHONUNBUFFERED="1")
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().partition(" at ")[2].split()[0]
        finally:
            process.terminate()


@contextmanager
def prefect(
    home: Path, bedrock_url: str, quotas: dict[str, int] | None = None
) -> Iterator[dict[str, str]]:
    """A real Prefect server with default settings; gives the environment of its clients.

    The blocks "bench" are saved in it: a Bedrock that reaches the stand-in, and a store in `home`.
    $BENCH_PREFECT_API_URL names a server that runs already and is to be used instead.
    """
    with ExitStack() as stack:
        url = os.environ.get("BENCH_PREFECT_API_URL") or stack.enter_context(_server(home))
        env = environment(home, PREFECT_API_URL=url)
        child(save_blocks, env, url=bedrock_url, folder=str(home / "store"), quotas=quotas or {})
        yield env


@contextmanager
def _server(home: Path) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    env = environment(
        home,
        PREFECT_API_URL=url,
        PREFECT_SERVER_API_HOST="127.0.0.1",
        PREFECT_SERVER_API_PORT=str(port),
    )
    command = [sys.executable, "-m", "prefect", "server", "start"]
    log = home / "server.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out) as process,
    ):
        try:
            _healthy(url, process, log)
            yield url
        finally:
            process.terminate()


def _healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"Prefect's server does not answer.\n{log.read_text()[-4000:]}")


def save_blocks(url: str, folder: str, quotas: dict[str, int]) -> None:
    """Save the blocks that our side uses; in a process that has the server's environment."""
    from pydantic import SecretStr

    from blocks import Bedrock, ImageStore

    bedrock = Bedrock(
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id="any",
        aws_secret_access_key=SecretStr("any"),
        quotas=quotas,
    )
    bedrock.save("bench", overwrite=True)
    ImageStore(folder=folder).save("bench", overwrite=True)
