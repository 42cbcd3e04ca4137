"""The page over a store, served to this computer alone, with the pictures wherever they are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, unquote, urlsplit

from darkroom.archive import Entry
from darkroom.errors import DarkroomError, PictureMissing
from darkroom.gallery.page import Found
from darkroom.picture import SUFFIXES
from darkroom.standin.server import HOST, listen
from darkroom.store import Store

PATIENCE = 5.0
"""Seconds for which a page is as good as new, or ten times as long as it took to make."""

Write = Callable[[Path, Callable[[Entry], str]], Found]
"""Writes the page into a file, with links as they are told; gives what is on it."""

_KINDS = {f".{suffix}": kind for kind, suffix in SUFFIXES.items()}


class Page:
    """The page as it is now: made anew for who loads it again, if it is not fresh. Thread-safe.

    Args:
        store: Where the pictures are.
        write: Makes the page.
        file: Where to.
    """

    def __init__(self, store: Store, write: Write, file: Path) -> None:
        self._store, self._write, self._file = store, write, file
        self._lock = threading.Lock()
        self._good_until = 0.0
        self._names: frozenset[str] = frozenset()

    def read(self) -> bytes:
        """The page.

        Raises:
            StoreFailed: The store cannot be read.
        """
        with self._lock:
            if time.monotonic() > self._good_until:
                began = time.monotonic()
                found = self._write(self._file, lambda entry: f"pictures/{quote(entry.name)}")
                self._names = frozenset(each.name for each in found.entries)
                ended = time.monotonic()
                self._good_until = ended + max(PATIENCE, 10 * (ended - began))
            return self._file.read_bytes()

    def picture(self, name: str) -> bytes:
        """A picture that is on the page, and no other file.

        Raises:
            PictureMissing: It is not on the page, or gone.
            StoreFailed: It cannot be read.
        """
        if name not in self._names:
            raise PictureMissing(f"{name} is not on the page.")
        return self._store.load(name)


def serve(store: Store, write: Write, port: int, *, ready: Callable[[str], None]) -> None:
    """Serve the page on the loopback interface until Ctrl-C.

    Args:
        store: Where the pictures are.
        write: Makes the page.
        port: Where to listen; 0 picks a free port.
        ready: Is told the URL as soon as the page can be opened.

    Raises:
        PortTaken: Another program has the port.
        StoreFailed: The store cannot be read.
    """
    listener = listen(port)
    with TemporaryDirectory(prefix="darkroom-gallery-") as folder:
        page = Page(store, write, Path(folder) / "gallery.html")
        server = ThreadingHTTPServer((HOST, port), _answerer(page), bind_and_activate=False)
        server.socket.close()
        server.socket, server.server_address = listener, listener.getsockname()
        server.server_name, server.server_port = HOST, listener.getsockname()[1]
        try:
            page.read()
            ready(f"http://{HOST}:{server.server_port}")
            server.serve_forever()
        except KeyboardInterrupt:
            return
        finally:
            server.server_close()


def _answerer(page: Page) -> type[BaseHTTPRequestHandler]:
    class Answerer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            # A name of somebody else's that leads here is asked for by somebody else's page.
            host = self.headers.get("Host", "").rpartition(":")[0]
            if host not in (HOST, "localhost"):
                self._give(HTTPStatus.FORBIDDEN, b"This is served to this computer alone.\n")
                return
            path = unquote(urlsplit(self.path).path)
            try:
                if path == "/":
                    self._give(HTTPStatus.OK, page.read(), "text/html; charset=utf-8")
                elif path.startswith("/pictures/"):
                    name = path.removeprefix("/pictures/")
                    kind = _KINDS.get(Path(name).suffix, "application/octet-stream")
                    self._give(HTTPStatus.OK, page.picture(name), kind)
                else:
                    self._give(HTTPStatus.NOT_FOUND, b"There is no such page.\n")
            except PictureMissing as error:
                self._give(HTTPStatus.NOT_FOUND, f"{error}\n".encode("utf-8", "replace"))
            except DarkroomError as error:
                told = f"{error}\n".encode("utf-8", "replace")
                self._give(HTTPStatus.INTERNAL_SERVER_ERROR, told)

        do_HEAD = do_GET  # noqa: N815 - the names that the standard library asks for

        def _give(
            self, status: HTTPStatus, data: bytes, kind: str = "text/plain; charset=utf-8"
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-cache")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Say nothing: whoever looks at the pictures sees them."""

    return Answerer
