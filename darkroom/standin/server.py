"""The stand-in as a program: it listens on this computer only, in a thread or until Ctrl-C."""

from __future__ import annotations

import errno
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from darkroom.errors import PortTaken, UnknownModel
from darkroom.standin.settings import Settings

if TYPE_CHECKING:
    from datetime import date
    from types import TracebackType

    import uvicorn

    from darkroom.standin.invoke import Bedrock

HOST = "127.0.0.1"
PATIENCE = 5
"""Seconds that a call in flight has to end when the stand-in stops."""


class StandIn:
    """A local Bedrock in a thread, for as long as a `with` block lasts.

    Args:
        port: Where to listen; 0 picks a free port.
        latency: Seconds added to every call that reaches a model.
        seed: Added to every seed that is drawn with.
        aliases: Ids and ARNs of one's own, each with the id of the model that it behaves like.
        lifecycle: The day to answer as on: what is not launched by then or gone by then is not
            served. Without it every model is.
        canned: Whether to answer with prepared pictures rather than draw: True for 1024 x 1024
            pixels (1.6 MB), or a size as "64x64". They do not measure what was asked for.
        quota: Calls a minute of every model in a region, or of some models by their id. What is
            more gets ThrottlingException. None is no limit.
        burst: How many calls of the quota may come at once; by default those of a second.

    Raises:
        InvalidRequest: A value is out of its range.

    Example:
        with StandIn() as standin:
            client = boto3.client("bedrock-runtime", endpoint_url=standin.url, ...)
    """

    def __init__(
        self,
        port: int = 0,
        latency: float = 0.0,
        seed: int = 0,
        aliases: Mapping[str, str] | None = None,
        lifecycle: date | None = None,
        *,
        canned: bool | str = False,
        quota: int | Mapping[str, int] | None = None,
        burst: int | None = None,
    ) -> None:
        self._port = port
        self._settings = Settings(latency, seed, aliases or {}, lifecycle, canned, quota, burst)
        self._server: uvicorn.Server | None = None
        self._bedrock: Bedrock | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens: boto3's `endpoint_url`."""
        return f"http://{HOST}:{self._port}"

    def calls(self, *, log: bool = False, window: float | None = None) -> dict[str, Any]:
        """Tell what was asked, as `GET /_standin/calls` does."""
        return self._running.calls.report(log=log, window=window)

    def fail(self, kind: str, **how: Any) -> None:
        """Make the next calls fail, as `POST /_standin/faults` does."""
        from darkroom.standin.faults import Fault

        self._running.faults.add(Fault.model_validate({"kind": kind, **how}))

    def reset(self) -> None:
        """Forget all calls and all faults."""
        self._running.calls.reset()
        self._running.faults.clear()

    def start(self) -> None:
        """Listen and answer in a thread of its own; returns when calls can be made.

        Raises:
            PortTaken: Another program has the port.
            UnknownModel: An alias is like no model, or a quota is for none.
        """
        if self._thread:
            raise RuntimeError("This stand-in runs already")
        bedrock, server = make(self._settings)
        listener = listen(self._port)
        self._port = listener.getsockname()[1]
        self._bedrock, self._server = bedrock, server
        run = self._server.run
        self._thread = threading.Thread(target=run, args=([listener],), name="standin", daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("The stand-in's thread ended before it could answer")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening and wait until it is quiet; does nothing when it does not run."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._bedrock = self._thread = None

    @property
    def _running(self) -> Bedrock:
        if self._bedrock is None:
            raise RuntimeError("This stand-in does not run")
        return self._bedrock

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def serve(
    port: int, settings: Settings | None = None, *, ready: Callable[[str], None] = lambda _url: None
) -> None:
    """Run a stand-in until Ctrl-C.

    Args:
        port: Where to listen; 0 picks a free port.
        settings: What it is like.
        ready: Is told the URL as soon as calls can be made.

    Raises:
        PortTaken: Another program has the port.
        UnknownModel: An alias is like no model, or a quota is for none.
    """
    _, server = make(settings or Settings())
    listener = listen(port)
    ready(f"http://{HOST}:{listener.getsockname()[1]}")
    try:
        server.run([listener])
    except KeyboardInterrupt:
        return


def listen(port: int) -> socket.socket:
    """Open the socket, on the loopback interface only.

    Raises:
        PortTaken: Another program has the port.
    """
    # With the protocol named, asyncio turns off Nagle's algorithm: 40 ms less for a small answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Frees the port at once after use. On Windows it would let two programs share the port.
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise PortTaken(port, f"cannot be used ({error.strerror})") from error
    return listener


def make(settings: Settings) -> tuple[Bedrock, uvicorn.Server]:
    """Make a stand-in and the server for it; imports only here, so that a CLI starts fast.

    Raises:
        UnknownModel: An alias is like no model, or a quota is for none.
    """
    import uvicorn

    from darkroom.standin import lineup
    from darkroom.standin.app import Wire, build
    from darkroom.standin.control import Control
    from darkroom.standin.invoke import Bedrock

    known = lineup.every()  # now rather than within the first call
    for own, like in settings.aliases.items():
        if lineup.plain(like) not in known:
            raise UnknownModel(f"The alias {own} is to be like {like}, which is no model here.")
    for model_id in settings.quota if isinstance(settings.quota, Mapping) else ():
        if lineup.plain(model_id) not in known:
            raise UnknownModel(f"The quota is to be for {model_id}, which is no model here.")

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            bedrock.closing.set()
            await super().shutdown(sockets)
            bedrock.close()

    bedrock = Bedrock(settings)
    config = uvicorn.Config(
        build(bedrock, Control(settings.aliases, settings.lifecycle)),
        http=Wire,
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=PATIENCE,
    )
    return bedrock, Server(config)
