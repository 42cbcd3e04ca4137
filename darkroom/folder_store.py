"""A store in a local folder: every file of it is whole, and survives a power cut."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from darkroom.errors import StoreFailed
from darkroom.picture import local_path
from darkroom.store import Store, lock_in, read_file

ROOM = 25_000_000
"""Bytes that must be free before anything is paid for: as much as one answer can hold."""

PART = ".part"
"""How the names of files end that are being written; they begin with a dot."""


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
        self._write(".darkroom/check", b"", lambda part, path: None, file=False, folder=False)
        free = shutil.disk_usage(self.folder).free
        if free < ROOM:
            raise StoreFailed(
                f"{self.folder}: {free / 1e6:.0f} MB are free, and an answer can take "
                f"{ROOM / 1e6:.0f} MB. Make room, or choose another store."
            )

    def write(self, name: str, data: bytes, *, durable: bool = True) -> None:
        self._write(name, data, lambda part, path: part.replace(path), file=durable, folder=durable)

    def create(self, name: str, data: bytes, *, more: bool = False) -> None:
        self._write(name, data, _put_if_free, folder=not more)

    def _write(
        self,
        name: str,
        data: bytes,
        put: Callable[[Path, Path], object],
        *,
        file: bool = True,
        folder: bool = True,
    ) -> None:
        """Write a part beside the place for it, and `put` it there.

        Args:
            name: Where to.
            data: What.
            put: Is given the part and the place.
            file: Whether the bytes must be on the disk before they are put there.
            folder: Whether the place must be on the disk after that.
        """
        path = self.folder / name
        part = path.with_name(f".{secrets.token_hex(8)}{PART}")
        try:
            _make_folder(path.parent)
            try:
                with part.open("xb") as opened:
                    opened.write(data)
                    if file:
                        opened.flush()
                        os.fsync(opened.fileno())
                put(part, path)
            finally:
                part.unlink(missing_ok=True)
            if folder:
                _sync_folder(path.parent)
        except OSError as error:
            raise StoreFailed(f"{path}: cannot be written ({error.strerror or error}).") from error

    def load(self, name: str) -> bytes:
        return read_file(self.folder / name)

    def length(self, name: str) -> int | None:
        try:
            return (self.folder / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreFailed(
                f"{self.folder / name}: cannot be read ({error.strerror})."
            ) from error

    def names(self, prefix: str) -> Iterator[str]:
        for name in self.inside(prefix):
            if name.endswith("/"):
                yield from self.names(name)
            else:
                yield name

    def inside(self, folder: str) -> Iterator[str]:
        start = f"{folder.strip('/')}/" if folder.strip("/") else ""
        where = self.folder / start
        if where.is_symlink() and os.path.realpath(where) in map(os.path.realpath, where.parents):
            raise StoreFailed(f"{where}: is a link to a folder that it is in itself.")
        try:
            with os.scandir(where) as found:
                # As S3 orders them: "a.png" before "a/1.png", whose folder "a" would come first.
                names = sorted(f"{each.name}/" if _is_folder(each) else each.name for each in found)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StoreFailed(f"{where}: cannot be listed ({error.strerror}).") from error
        for name in names:
            if not (name.startswith(".") and name.endswith(PART)):
                yield start + name

    def remove(self, name: str) -> None:
        path = self.folder / name
        try:
            path.unlink()
            _sync_folder(path.parent)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise StoreFailed(f"{path}: cannot be removed ({error.strerror}).") from error

    def lock(self, key: str) -> FileLock:
        return lock_in(self.folder / ".darkroom" / "locks", key)


def _is_folder(found: os.DirEntry[str]) -> bool:
    try:
        return found.is_dir()
    except OSError:  # a link to itself
        return False


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
