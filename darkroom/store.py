"""Where pictures are kept, and the promise that goes with it.

A picture that was paid for is on disk before anybody is told of it, and the request that it was
paid for is remembered beside it, so that the same request finds it again. A store is a few small
operations on names; everything else is written here once for all stores.

    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png         bytes as received
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.json    its provenance
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.mask.png        the mask, where it was asked for
    DAY/RUN/outpaint-an-oak-table-1f3a9c2b5d.png.response.json   the answer, likewise
    .darkroom/requests/ab/abcdef….json                   which pictures answered which request
    .darkroom/locks/abcdef….lock                         while a request is under way
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from darkroom.errors import PictureMissing, StoreFailed
from darkroom.picture import SUFFIXES, Facts, Picture, Provenance, Reviewed, local_path

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
    def write(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Write in one step: nobody ever sees half of it. Replaces what is there.

        Args:
            name: Where to.
            data: What.
            durable: Whether it must survive a power cut. What can be made again need not.
        """

    @abstractmethod
    def create(self, name: str, data: bytes, *, more: bool = False) -> None:
        """Write durably, unless the name is taken: then what is there stays.

        Args:
            name: Where to.
            data: What.
            more: Whether another name in the same folder follows at once: that one's last step
                makes this one durable too.
        """

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
    def names(self, prefix: str) -> Iterator[str]:
        """All names below the folder `prefix`, such as "batches/autumn/rows/", in order by name.

        They come as they are asked for, however many there are. A folder that is not there has
        none, and what is only half written has no name yet.

        Raises:
            StoreFailed: They cannot be listed.
        """

    @abstractmethod
    def inside(self, folder: str) -> Iterator[str]:
        """What is directly in a folder such as "2026-11-21/", in order by name.

        As `names` gives them, and those of the folders in it with a slash at their end.

        Raises:
            StoreFailed: It cannot be listed, or is a link to a folder that it is in itself.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove what is under `name`, if there is anything.

        Raises:
            StoreFailed: It cannot be removed.
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
                said = picture.model_dump_json(indent=2).encode()
                self.create(f"{name.uri}.json", said, more=True)
                for end, data in each.beside.items():
                    self.create(f"{name.uri}.{end}", data, more=True)
                self.create(name.uri, each.data)
        except Exception as error:  # whatever it is: these pictures are paid for
            raise StoreFailed(f"{error} {_rescue(fresh)}") from error
        return pictures

    def reviewed(self, picture: Picture, said: Reviewed) -> Picture:
        """The picture with what a person said of it, which its provenance here has from now on.

        Saying the same twice is saying it once. The picture's own bytes stay as they are.

        Raises:
            StoreFailed: It cannot be written down.
        """
        name = self.name_of(picture.uri)
        if name is None:
            return _with_review(picture, said)
        with self._held(hashlib.sha256(f"reviewed {name}".encode()).hexdigest()):
            try:
                known = Picture.model_validate_json(self.load(f"{name}.json"))
            except (PictureMissing, ValidationError):
                known = picture
            known = _with_review(known.model_copy(update={"uri": picture.uri}), said)
            self.write(f"{name}.json", known.model_dump_json(indent=2).encode())
        return known

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


def _with_review(picture: Picture, said: Reviewed) -> Picture:
    same = {"step", "flow_run_id", "chosen", "said"}
    how = picture.provenance
    if any(said.model_dump(include=same) == each.model_dump(include=same) for each in how.reviews):
        return picture
    how = how.model_copy(update={"reviews": (*how.reviews, said)})
    return picture.model_copy(update={"provenance": how})


def read_local(picture: Picture) -> bytes:
    """The bytes of a picture in a local file.

    Raises:
        PictureMissing: It is gone, or elsewhere.
        StoreFailed: It cannot be read.
    """
    path = local_path(picture.uri)
    if path is None:
        raise PictureMissing(f"{picture.uri} is no local file: read it from the store it is in.")
    return read_file(path)


def lock_on_this_machine(key: str) -> FileLock:
    """A lock for stores that are not folders. It binds the processes of one machine and user."""
    return lock_in(home() / "locks", key)


def lock_in(folder: Path, key: str) -> FileLock:
    """A lock for `key` by a file in `folder`. Not yet taken.

    Raises:
        StoreFailed: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFailed(f"{folder}: cannot be written ({error.strerror}).") from error
    # Not shared between threads: two threads of a process exclude each other as two processes do.
    return FileLock(folder / f"{key}.lock", thread_local=False)


def _request_name(key: str) -> str:
    return f".darkroom/requests/{key[:2]}/{key}.json"


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        PictureMissing: It is gone.
        StoreFailed: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        gone = isinstance(error, (FileNotFoundError, NotADirectoryError))
        kind = PictureMissing if gone else StoreFailed
        raise kind(f"{path}: cannot be read ({error.strerror}).") from error


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
