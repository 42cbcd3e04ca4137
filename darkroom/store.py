"""Where pictures are kept, and the promise that goes with it.

A picture that was paid for is on disk before anybody is told of it, and the request that it was
paid for is remembered beside it, so that the same request finds it again. A store is five small
operations on names; everything else is written here once for all stores.

    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png         bytes as received
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.json    its provenance
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.mask.png        the mask, where it was asked for
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.response.json   the answer, likewise
    .darkroom/requests/ab/abcdef….json                   which pictures answered which request
    .darkroom/locks/abcdef….lock                         while a request is under way
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from darkroom.errors import PictureMissing, StoreFailed
from darkroom.picture import SUFFIXES, Facts, Picture, Provenance, local_path

ROOM = 25_000_000
"""Bytes that must be free before anything is paid for: as much as one answer can hold."""

BESIDE = ("mask.png", "response.json")
"""What may be kept beside a picture, by the end of its name."""

_PICTURES = TypeAdapter(list[Picture])


def home() -> Path:
    """The folder for what Darkroom keeps: $DARKROOM_HOME, else `~/.darkroom`."""
    return Path(os.environ.get("DARKROOM_HOME", "~/.darkroom")).expanduser()


@dataclass(frozen=True)
class Fresh:
    """A picture that is about to be stored.

    Attributes:
        data: Its bytes.
        facts: What they say.
        provenance: How it came to be.
        beside: What is kept beside it, by the end of its name: "mask.png", "response.json".
    """

    data: bytes
    facts: Facts
    provenance: Provenance
    beside: Mapping[str, bytes] = field(default_factory=dict)


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
    def name_of(self, uri: str) -> str | None:
        """The name that `uri_of` made `uri` of; None if it is of another place."""

    @abstractmethod
    def check(self) -> None:
        """Raise `StoreFailed` if a picture could not be written now."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write durably and in one step: nobody ever sees half of it. Replaces what is there."""

    @abstractmethod
    def create(self, name: str, data: bytes) -> None:
        """Write as `write` does, unless the name is taken: then what is there stays."""

    @abstractmethod
    def load(self, name: str) -> bytes:
        """The bytes under `name`.

        Raises:
            PictureMissing: There is nothing.
            StoreFailed: It cannot be read.
        """

    @abstractmethod
    def length(self, name: str) -> int | None:
        """How many bytes are under `name`; None if there is nothing.

        Raises:
            StoreFailed: That cannot be found out.
        """

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
        name = self.name_of(picture.uri)
        if name is not None:
            return self.load(name)
        if local_path(picture.uri) is None:
            raise PictureMissing(f"{picture.uri} is not in the store at {self.uri}.")
        return read_local(picture)

    def beside(self, picture: Picture, end: str) -> bytes | None:
        """What is kept beside `picture` under the `end` of its name; None if there is nothing."""
        name = self.name_of(picture.uri)
        try:
            return None if name is None else self.load(f"{name}.{end}")
        except PictureMissing:
            return None

    def once(
        self, key: str, make: Callable[[], Sequence[Fresh]], *, folder: str, title: str = ""
    ) -> list[Picture]:
        """Give the pictures of the request `key`: those that are here, or else what `make` makes.

        Whoever asks for the same key at the same time waits, and gets the same pictures. A store
        that cannot be written fails before `make` is called: before anything is paid for.

        Args:
            key: Names the request; see `darkroom.client.key`.
            make: Called at most once, without arguments.
            folder: Where in the store to put what was made.
            title: Words for the file names.
        """
        with self._held(key):
            found = self.recall(key)
            if found is not None:
                return found
            self.check()
            return self.put(key, make(), folder=folder, title=title)

    def recall(self, key: str) -> list[Picture] | None:
        """The pictures of the request `key`, if all of them are still here.

        Raises:
            StoreFailed: The store cannot be read; to ask the model again would be to pay twice.
        """
        try:
            pictures = _PICTURES.validate_json(self.load(_request_name(key)))
        except (PictureMissing, ValidationError):
            return None
        if any(self.length(each.uri) != each.size_bytes for each in pictures):
            return None
        # Remembered by name, so that they are found again when the store has moved.
        return [each.model_copy(update={"uri": self.uri_of(each.uri)}) for each in pictures]

    def put(
        self, key: str, fresh: Sequence[Fresh], *, folder: str, title: str = ""
    ) -> list[Picture]:
        """Store pictures durably, each with its provenance beside it.

        What answers the request is written down first, the pictures last: from the instant at which
        the last picture is in its place, the request is known as answered.

        Raises:
            StoreFailed: The store cannot take them; the error says where they were saved instead.
        """
        try:
            named = [
                Picture(
                    **dict(each.facts),
                    uri=self._name(folder, title, each),
                    provenance=each.provenance,
                )
                for each in fresh
            ]
            pictures = [each.model_copy(update={"uri": self.uri_of(each.uri)}) for each in named]
            self.write(_request_name(key), _PICTURES.dump_json(named))
            for name, picture, each in zip(named, pictures, fresh, strict=True):
                self.create(f"{name.uri}.json", picture.model_dump_json(indent=2).encode())
                for end, data in each.beside.items():
                    self.create(f"{name.uri}.{end}", data)
                self.create(name.uri, each.data)
        except Exception as error:  # whatever it is: these pictures are paid for
            raise StoreFailed(f"{error} {_rescue(fresh)}") from error
        return pictures

    def _name(self, folder: str, title: str, fresh: Fresh) -> str:
        """A readable name, which is free or has these bytes already."""
        where = [re.sub(r"[^\w.-]+", "-", part).strip(".-")[:60] for part in folder.split("/")]
        words = re.sub(r"[\W_]+", "-", title.lower())[:40].strip("-")
        last = "-".join(filter(None, [fresh.provenance.mode, words, fresh.facts.sha256[:10]]))
        stem, suffix = "/".join(filter(None, [*where, last])), SUFFIXES[fresh.facts.media_type]
        name, number = f"{stem}.{suffix}", 1
        # The name has the hash of the bytes in it. What has the name and another length was changed
        # by somebody since, and is theirs.
        while self.length(name) not in (None, fresh.facts.size_bytes):
            number += 1
            name = f"{stem}-{number}.{suffix}"
        return name

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
        return (self.folder / name).as_uri()

    def name_of(self, uri: str) -> str | None:
        path = local_path(uri)
        if path is None or not path.is_relative_to(self.folder):
            return None
        return path.relative_to(self.folder).as_posix()

    def check(self) -> None:
        self._write(".darkroom/check", b"", lambda part, path: None)
        free = shutil.disk_usage(self.folder).free
        if free < ROOM:
            raise StoreFailed(
                f"{self.folder}: {free / 1e6:.0f} MB are free, and an answer can take "
                f"{ROOM / 1e6:.0f} MB. Make room, or choose another store."
            )

    def write(self, name: str, data: bytes) -> None:
        self._write(name, data, lambda part, path: part.replace(path))

    def create(self, name: str, data: bytes) -> None:
        self._write(name, data, _put_if_free)

    def _write(self, name: str, data: bytes, put: Callable[[Path, Path], object]) -> None:
        """Write a part beside the place for it, and `put` it there when it is on the disk."""
        path = self.folder / name
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            _make_folder(path.parent)
            try:
                with part.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                put(part, path)
            finally:
                part.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreFailed(f"{path}: cannot be written ({error.strerror or error}).") from error

    def load(self, name: str) -> bytes:
        return _read(self.folder / name)

    def length(self, name: str) -> int | None:
        try:
            return (self.folder / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreFailed(
                f"{self.folder / name}: cannot be read ({error.strerror})."
            ) from error

    def lock(self, key: str) -> FileLock:
        return _lock_in(self.folder / ".darkroom" / "locks", key)


def read_local(picture: Picture) -> bytes:
    """The bytes of a picture in a local file.

    Raises:
        PictureMissing: It is gone, or elsewhere.
        StoreFailed: It cannot be read.
    """
    path = local_path(picture.uri)
    if path is None:
        raise PictureMissing(f"{picture.uri} is no local file: read it from the store it is in.")
    return _read(path)


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


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        gone = isinstance(error, (FileNotFoundError, NotADirectoryError))
        kind = PictureMissing if gone else StoreFailed
        raise kind(f"{path}: cannot be read ({error.strerror}).") from error


def _put_if_free(part: Path, path: Path) -> None:
    """Give `part` the name `path` as well, in one step, unless something has it."""
    try:
        if os.name == "nt":
            part.rename(path)  # which refuses to replace anything there
        else:
            path.hardlink_to(part)
    except FileExistsError:
        pass
    except OSError:
        if path.exists():
            return
        part.replace(path)  # no hard links here: FAT, some network shares


def _make_folder(folder: Path) -> None:
    """Make a folder that survives a power cut, and what is missing of those above it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        try:
            folder.mkdir(exist_ok=True)
        except FileExistsError as error:  # a file is in the way
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Make what was named in `folder` survive a power cut. Windows needs and has no such thing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a network share that cannot
            raise
    finally:
        os.close(handle)


def _rescue(fresh: Sequence[Fresh]) -> str:
    """Save paid pictures in a temporary folder, and say where they are."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="darkroom-rescued-"))
        for number, each in enumerate(fresh, 1):
            name = f"{number}-{each.facts.sha256[:10]}.{SUFFIXES[each.facts.media_type]}"
            (folder / name).write_bytes(each.data)
            for end, data in each.beside.items():
                (folder / f"{name}.{end}").write_bytes(data)
            with suppress(ValueError):  # what cannot be said in JSON
                (folder / f"{name}.json").write_text(each.provenance.model_dump_json(indent=2))
    except OSError as error:
        return f"Nor could the pictures be saved elsewhere ({error.strerror})."
    return f"The pictures were saved in {folder}."
