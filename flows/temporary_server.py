"""A Prefect server for as long as one command runs, where no other is configured.

Prefect starts such a server by itself, but only after it has loaded all of the server's code into
the command's own process too. Started here, before anything is imported, it is ready seconds
sooner; and it ends when its command is killed, where Prefect's would stay for ever.

    python -m flows.temporary_server PORT      is the server's own process
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from darkroom.errors import DarkroomError

PATIENCE = 120
"""Seconds to wait for the server: a new database takes two slow cores 20."""

is_running = False


def start() -> Callable[[], None]:
    """Start a server if none is configured; gives a function that waits until it answers.

    To be called before Prefect is imported. The server ends with this process, after Prefect has
    sent it the last of its logs and events.
    """
    global is_running
    if not _nothing_is_configured():
        return lambda: None
    with suppress(OSError):  # which Prefect then says
        _home().mkdir(parents=True, exist_ok=True)  # Prefect makes the last folder only
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # In a session of its own Ctrl-C does not reach it: the command still has logs to send.
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.temporary_server", str(port)], start_new_session=True
    )
    # What is registered first is called last: after what Prefect registers.
    atexit.register(_stop, process)
    os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
    is_running = True
    return lambda: _wait(process, port)


def would_find_blocks() -> bool:
    """Whether a run would start a server, and find data of earlier ones with it."""
    return _nothing_is_configured() and (_home() / "prefect.db").exists()


def would_find_nothing() -> bool:
    """Whether no server is configured, and no data of earlier ones is there: so no saved block."""
    return _nothing_is_configured() and not (_home() / "prefect.db").exists()


def _home() -> Path:
    return Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _nothing_is_configured() -> bool:
    """Whether Prefect would start a server of its own: known without importing Prefect.

    Any place where a user can have settled it otherwise leaves the matter to Prefect.
    """
    places = (_home() / "profiles.toml", Path("prefect.toml"), Path(".env"))
    names = ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH")
    return not any(name in os.environ for name in names) and not any(
        place.exists() for place in places
    )


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    from urllib.error import URLError
    from urllib.request import urlopen

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DarkroomError(
                f"Prefect's temporary server ended by itself (exit code {process.returncode}); "
                "what it printed is above. `prefect server start` shows more."
            )
        try:
            with urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    raise DarkroomError(f"Prefect's temporary server did not answer within {PATIENCE} s.")


def _serve(port: int) -> None:
    """Be the server, until told to end or left alone."""
    # As Prefect marks its own: no dashboard, and only the services that a single command needs.
    os.environ |= {
        "PREFECT_UI_ENABLED": "0",
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # SQLite takes one writer at a time: better a slow answer than none on a busy computer.
        "PREFECT_SERVER_DATABASE_TIMEOUT": os.environ.get("PREFECT_SERVER_DATABASE_TIMEOUT", "60"),
    }
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    import uvicorn

    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
    )


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
