"""A picture that somebody has, and what is known of it: beside it, in the store, or in itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from darkroom import archive
from darkroom.archive import Entry, Trouble
from darkroom.errors import BadPicture, PictureMissing, StoreFailed
from darkroom.image_file import facts, source_path
from darkroom.picture import Picture, Provenance, local_path
from darkroom.png_text import read_text
from darkroom.store import Store


@dataclass(frozen=True)
class Found:
    """A picture, and what is known of it.

    Attributes:
        entry: The picture with how it came to be.
        data: Its bytes.
        told_by: What tells it, in words.
        remarks: What else is to be said, such as that the file was changed.
    """

    entry: Entry
    data: bytes
    told_by: str
    remarks: tuple[str, ...] = ()


def find(file: str, store: Callable[[], Store]) -> Found:
    """What is known of a picture.

    Args:
        file: A path, a `file:` URI, or the URI of a picture in the store; or of the JSON file
            beside one.
        store: Opens where to look for a picture beside which nothing stands.

    Raises:
        BadPicture: It is no picture, or not there.
        PictureMissing: Nothing tells how it came to be.
    """
    plain = file.removesuffix(".json")
    file = plain if plain.endswith(archive.PICTURES) else file
    if "://" in file and local_path(file) is None:
        return _in_store(file, store())
    path = source_path(file).absolute()
    data = _read(path)
    remarks: list[str] = []
    for entry, by in _ways(path, data, store, remarks):
        if entry is not None:
            return Found(entry, data, by, tuple(remarks))
    raise PictureMissing(
        f"{file}: nothing tells how it came to be: there is no {path.name}.json beside it, no text "
        f"in it, and no picture with its bytes in {store().uri}. {' '.join(remarks)}".rstrip()
    )


def _in_store(uri: str, store: Store) -> Found:
    name = store.name_of(uri)
    if name is None:
        raise PictureMissing(
            f"{uri} is not in the store at {store.uri}: name another with --store."
        )
    entry = archive.read(store, name)
    if isinstance(entry, Trouble):
        raise PictureMissing(f"{uri}: {entry.why}.")
    return Found(entry, store.load(name), f"{name}.json beside it")


def _ways(
    path: Path, data: bytes, store: Callable[[], Store], remarks: list[str]
) -> Iterator[tuple[Entry | None, str]]:
    """What can tell how a picture came to be, one after the other, and what it is in words."""
    yield _beside(path, data, remarks), f"{path.name}.json beside it"
    sha256, place = hashlib.sha256(data).hexdigest(), store()
    yield _stored(sha256, place, remarks), f"the store at {place.uri}, which has the same bytes"
    if told := read_text(data):
        original = f"the store at {place.uri}, which has it without the text that is in it"
        yield _stored(told.sha256, place, remarks), original
        yield _entry(path, data, told.provenance), "the text in it"


def _beside(path: Path, data: bytes, remarks: list[str]) -> Entry | None:
    sidecar = path.with_name(f"{path.name}.json")
    try:
        said = sidecar.read_bytes()
    except OSError:
        return None
    try:
        entry = archive.entry(path.name, said, path.as_uri())
    except ValueError as error:
        if (rescued := _rescued(path, data, said)) is None:
            remarks.append(f"{sidecar.name} cannot be read: {error}.")
        return rescued
    if entry.picture.sha256 != hashlib.sha256(data).hexdigest():
        remarks.append(f"The picture was changed: it is not the one that {sidecar.name} tells of.")
    return entry


def _rescued(path: Path, data: bytes, said: bytes) -> Entry | None:
    """A picture that was saved outside of the store, with its provenance alone beside it."""
    try:
        return _entry(path, data, Provenance.model_validate_json(said))
    except ValidationError:
        return None


def _entry(path: Path, data: bytes, how: Provenance) -> Entry:
    known = dict(facts(data, str(path)))
    return Entry(path.name, Picture(**known, uri=path.as_uri(), provenance=how))


def _stored(sha256: str, store: Store, remarks: list[str]) -> Entry | None:
    """The picture of the store that has these bytes."""
    try:
        found = list(archive.with_hash(store, sha256))
    except StoreFailed as error:
        remarks.append(str(error))
        return None
    if len(found) > 1:
        names = ", ".join(each.name for each in found[1:])
        remarks.append(f"Others with the same bytes: {names}.")
    return found[0] if found else None


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadPicture(f"{path}: cannot be read ({error.strerror}).") from error
    facts(data, str(path))  # says what is wrong with what is no picture
    return data
