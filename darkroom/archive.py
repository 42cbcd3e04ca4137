"""All that is in a store, read back from what stands beside its pictures.

Nothing is changed, and nothing is trusted: a store is a folder that people put things into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from darkroom.ahead import in_order
from darkroom.errors import PictureMissing, StoreFailed
from darkroom.picture import Picture, Provenance
from darkroom.store import BESIDE, Store

PICTURES = (".png", ".jpg", ".webp")
"""How the names of a store's pictures end."""

FOREIGN = (".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")
"""How those of other pictures end."""

THREADS = 8
"""How many files are read at once: a bucket answers each after some 30 ms."""


@dataclass(frozen=True)
class Entry:
    """A picture of a store.

    Attributes:
        name: Its name in the store.
        picture: The picture, and how it came to be.
        further: What a later version of Darkroom wrote that this one does not know, by name.
    """

    name: str
    picture: Picture
    further: Mapping[str, Any] = field(default_factory=dict)

    @property
    def day(self) -> date | None:
        """The day on which it was made (UTC)."""
        made_at = self.picture.provenance.made_at
        if made_at is None:
            return day_of(self.name)
        return (made_at.astimezone(UTC) if made_at.tzinfo else made_at).date()


@dataclass(frozen=True)
class Trouble:
    """Something in a store that is left out.

    Attributes:
        name: Its name in the store, as it can be printed.
        why: Why, in words.
    """

    name: str
    why: str

    @classmethod
    def of(cls, name: str, why: str) -> Trouble:
        """Trouble with what may have a name that no encoding or terminal takes."""
        return cls("".join(each if each.isprintable() else "?" for each in name), why)

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def entries(store: Store, since: date | None = None) -> Iterator[Entry | Trouble]:
    """All pictures of a store in order by name, and what is left out with the reason.

    They come as they are asked for, however many there are. What is hidden is passed over.

    Args:
        store: Where to look.
        since: Pictures of earlier days are left out. Folders of earlier days are not opened.

    Raises:
        StoreFailed: The store itself cannot be listed.
    """

    def read_it(found: str | Trouble) -> Entry | Trouble:
        return found if isinstance(found, Trouble) else read(store, found)

    for each in in_order(read_it, _found(store, "", since), THREADS):
        day = each.day if isinstance(each, Entry) else None
        if since is None or day is None or day >= since:
            yield each


def with_hash(store: Store, sha256: str) -> Iterator[Entry]:
    """The pictures of a store that have these bytes.

    A stored picture's name has the start of its hash in it: only where no such name is found, what
    stands beside all others is read.

    Raises:
        StoreFailed: The store itself cannot be listed.
    """
    names = [name for name in _found(store, "", None) if isinstance(name, str)]
    likely = [name for name in names if sha256[:10] in name]
    for several in (likely, names):
        read_all = in_order(partial(read, store), several, THREADS)
        found = [each for each in read_all if isinstance(each, Entry)]
        if same := [each for each in found if each.picture.sha256 == sha256]:
            yield from same
            return


def read(store: Store, name: str) -> Entry | Trouble:
    """The picture `name` of a store, as what stands beside it says."""
    try:
        return entry(name, store.load(f"{name}.json"), store.uri_of(name))
    except PictureMissing:
        return Trouble.of(name, "nothing beside it says how it came to be")
    except (StoreFailed, ValueError) as error:
        return Trouble.of(f"{name}.json", str(error))


def entry(name: str, said: bytes, uri: str) -> Entry:
    """A picture by what stands beside it.

    Args:
        name: Its name.
        said: The bytes of the JSON file beside it.
        uri: Where it is now: the file says where it was.

    Raises:
        ValueError: They do not say how a picture came to be.
    """
    further: dict[str, Any] = {}
    try:
        picture = Picture.model_validate_json(said)
    except ValidationError:
        picture, further = _of_another_version(said)
    return Entry(name, picture.model_copy(update={"uri": uri}), further)


def day_of(name: str) -> date | None:
    """The day that the folder of a run is named by; None for what is not in such a folder."""
    with suppress(ValueError):
        return date.fromisoformat(name.partition("/")[0])
    return None


def _found(store: Store, folder: str, since: date | None) -> Iterator[str | Trouble]:
    """The names of the pictures below a folder that have something beside them."""
    names, below = set(), []
    for name in store.inside(folder):
        if name.removeprefix(folder).startswith("."):
            continue
        if name.endswith("/"):
            below.append(name)
        else:
            names.add(name)
    yield from _paired(names)
    for name in below:
        day = day_of(name)
        if since and day and day < since:
            continue
        if _is_picture(name.rstrip("/")):
            yield Trouble.of(name, "a folder with the name of a picture")
        try:
            yield from _found(store, name, since)
        except StoreFailed as error:
            yield Trouble.of(name, str(error))


def _paired(names: set[str]) -> Iterator[str | Trouble]:
    """Of the files of one folder the pictures with a file beside them, and those without."""
    for name in sorted(names):
        picture = name.removesuffix(".json")
        if picture != name and picture.endswith(PICTURES):
            if picture in names:
                yield picture
            elif not _beside(picture, names):
                yield Trouble.of(name, "the picture that it tells of is gone")
        elif _is_picture(name) and f"{name}.json" not in names and not _beside(name, names):
            yield Trouble.of(name, "nothing beside it says how it came to be")


def _is_picture(name: str) -> bool:
    return name.lower().endswith((*PICTURES, *FOREIGN))


def _beside(name: str, names: set[str]) -> bool:
    """Whether a file is what is kept beside a picture: its mask."""
    return any(name.endswith(f".{end}") and name.removesuffix(f".{end}") in names for end in BESIDE)


def _of_another_version(said: bytes) -> tuple[Picture, dict[str, Any]]:
    """A picture, and what else is said of it under names that are not known here."""
    told = from_json(said)
    if not isinstance(told, dict) or not isinstance(told.get("provenance"), dict):
        raise ValueError("it does not say how a picture came to be")
    known, further = _split(told, Picture.model_fields)
    how, more = _split(told["provenance"], Provenance.model_fields)
    try:
        return Picture.model_validate({**known, "provenance": how}), {**further, **more}
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place}: {first['msg']}") from error


def _split(told: dict[str, Any], known: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    ours = {name: value for name, value in told.items() if name in known}
    return ours, {name: value for name, value in told.items() if name not in known}
