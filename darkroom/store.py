"""Where pictures are kept, and the promise that goes with it.

A picture that was paid for is on disk before anybody is told of it, and the request that it was
paid for is remembered beside it, so that the same request finds it again. A store is five small
operations on names; everything else is written here once for all stores.

    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png         bytes as received
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.json    its provenance
    .darkroom/requests/ab/abcdef….json                   which pictures answered which request
    .darkroom/locks/abcdef….lock                         while a request is under way
"""

from __future__ import annotations

import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from darkroom.errors import PictureMissing, StoreFailed
from darkroom.picture import SUFFIXES, Facts, Picture, Provenance, local_path

_PICTURES = TypeAdapter(list[Picture])


def home() -> Path:
    """The folder for what Darkroom keeps: $DARKROOM_HOME, else `~/.darkroom`."""
    return Path(os.environ.get("DARKROOM_HOME", "~/.darkroom")).expanduser()


@dataclass(frozen=True)
class Fresh:
    """A picture that is about to be stored: bytes, what they say, and how they came to be."""

    data: bytes
    facts: Facts
    provenance: Provenance


class Store(ABC):
    """A place for pictures, and the memory of the requests that made them."""

    @property
    @abstractmethod
    def uri(self) -> str:
        """Where this store is."""

    @abstractmethod
    def uri_of(self, name: str) -> str:
        """The URI of what is stored under `name`."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write durably and in one step: nobody ever sees half of it. Replaces what is there."""

    @abstractmethod
    def create(self, name: str, data: bytes) -> None:
        """Write as `write` does, unless the name is taken: then what is there stays."""

    @abstractmethod
    def load(self, name: str) -> bytes:
        """The bytes under `name`; raises `PictureMissing`."""

    @abstractmethod
    def length(self, name: str) -> int | None:
        """How many bytes are under `name`; None if there is nothing."""

    @abstractmethod
    def lock(self, key: str) -> FileLock:
        """A lock for `key` that is free again when its holder dies. Not yet taken.

        Raises:
            StoreFailed: The store cannot be written.
        """

    def read(self, picture: Picture) -> bytes:
        """The bytes of `picture`, from this store or from a local file.

        Raises:
            PictureMissing: It is gone.
        """
        prefix = self.uri_of("")
        if picture.uri.startswith(prefix):
            return self.load(_unquoted(picture.uri.removeprefix(prefix)))
        path = local_path(picture.uri)
        if path is None:
            raise PictureMissing(f"{picture.uri} is not in the store at {self.uri}.")
        try:
            return path.read_bytes()
        except OSError as error:
            raise PictureMissing(f"{path} cannot be read ({error.strerror}).") from error

    def once(
        self, key: str, make: Callable[[], Sequence[Fresh]], *, folder: str, title: str = ""
    ) -> list[Picture]:
        """Give the pictures of the request `key`: those that are here, or else what `make` makes.

        Whoever asks for the same key at the same time waits, and gets the same pictures. The lock
        is taken before `make` is called, so a store that cannot be written fails before anything is
        paid for.

        Args:
            key: Names the request; see `darkroom.client.key`.
            make: Called at most once, without arguments.
            folder: Where in the store to put what was made.
            title: Words for the file names.
        """
        with self._held(key):
            found = self.recall(key)
            return found if found is not None else self.put(key, make(), folder=folder, title=title)

    def check(self) -> None:
        """Raise `StoreFailed` where the store cannot be written."""
        with self._held("check"):
            self.write(".darkroom/writable", b"")

    def recall(self, key: str) -> list[Picture] | None:
        """The pictures of the request `key`, if all of them are still here."""
        try:
            pictures = _PICTURES.validate_json(self.load(_request_name(key)))
        except (PictureMissing, ValidationError):
            return None
        prefix = self.uri_of("")
        for picture in pictures:
            if self.length(_unquoted(picture.uri.removeprefix(prefix))) != picture.size_bytes:
                return None
        return pictures

    def put(
        self, key: str, fresh: Sequence[Fresh], *, folder: str, title: str = ""
    ) -> list[Picture]:
        """Store pictures durably, each with its provenance beside it.

        What answers the request is written down first, the pictures last: from the instant at which
        the last picture is in its place, the request is known as answered.

        Raises:
            StoreFailed: The store cannot take them; the error says where they were saved instead.
        """
        named = {_name(folder, title, each): each for each in fresh}
        pictures = [
            Picture(**dict(each.facts), uri=self.uri_of(name), provenance=each.provenance)
            for name, each in named.items()
        ]
        try:
            self.write(_request_name(key), _PICTURES.dump_json(pictures))
            for picture, (name, each) in zip(pictures, named.items(), strict=True):
                self.create(f"{name}.json", picture.model_dump_json(indent=2).encode())
                self.create(name, each.data)
        except StoreFailed as error:
            raise StoreFailed(f"{error} {_rescue(named)}") from error
        return pictures

    @contextmanager
    def _held(self, key: str) -> Iterator[None]:
        lock = self.lock(key)
        try:
            lock.acquire()
        except OSError as error:
            raise StoreFailed(f"{self.uri}: cannot be written ({error.strerror}).") from error
        try:
            yield
        finally:
            # Removed while it is held: whoever waits for it notices, and takes a new one.
            with suppress(OSError):
                Path(lock.lock_file).unlink()
            lock.release()


class FolderStore(Store):
    """A store in a local folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    @property
    def uri(self) -> str:
        return self.folder.as_uri()

    def uri_of(self, name: str) -> str:
        return f"{self.uri}/" if not name else (self.folder / name).as_uri()

    def write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=".", suffix=".part", delete=False
            ) as part:
                try:
                    part.write(data)
                    part.flush()
                    os.fsync(part.fileno())
                    part.close()
                    Path(part.name).replace(path)
                except BaseException:
                    Path(part.name).unlink(missing_ok=True)
                    raise
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreFailed(f"{path}: cannot be written ({error.strerror or error}).") from error

    def create(self, name: str, data: bytes) -> None:
        if self.length(name) is None:
            self.write(name, data)

    def load(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise PictureMissing(
                f"{self.folder / name}: cannot be read ({error.strerror})."
            ) from error

    def length(self, name: str) -> int | None:
        try:
            return (self.folder / name).stat().st_size
        except OSError:
            return None

    def lock(self, key: str) -> FileLock:
        return _lock_in(self.folder / ".darkroom" / "locks", key)


def lock_on_this_machine(key: str) -> FileLock:
    """A lock for stores that are not folders. It binds the processes of one machine and user."""
    return _lock_in(home() / "locks", key)


def _lock_in(folder: Path, key: str) -> FileLock:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFailed(f"{folder}: cannot be written ({error.strerror}).") from error
    # Not shared between threads: two threads of a process exclude each other as two processes do.
    return FileLock(folder / f"{key}.lock", thread_local=False)


def _request_name(key: str) -> str:
    return f".darkroom/requests/{key[:2]}/{key}.json"


def _name(folder: str, title: str, fresh: Fresh) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower())[:40].strip("-")
    stem = "-".join(
        part for part in (fresh.provenance.mode, words, fresh.facts.sha256[:10]) if part
    )
    return f"{folder}/{stem}.{SUFFIXES[fresh.facts.media_type]}"


def _unquoted(name: str) -> str:
    from urllib.parse import unquote

    return unquote(name)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut. Windows has no such thing and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rescue(named: dict[str, Fresh]) -> str:
    """Save paid pictures in a temporary folder, and say where they are."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="darkroom-rescued-"))
        for name, each in named.items():
            (folder / Path(name).name).write_bytes(each.data)
    except OSError as error:
        return f"Nor could the pictures be saved elsewhere ({error.strerror})."
    return f"The pictures were saved in {folder}."
