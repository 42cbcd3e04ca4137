"""Which picture was made of which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from darkroom.archive import Entry


class Lineage:
    """The pictures of a store, by what they were made of.

    Pictures are known by their bytes, and two can have the same: a mask of each of two pictures.
    Of those the one is meant that lies beside the picture that asks, or else the first.

    Args:
        entries: The pictures.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._known: dict[str, list[Entry]] = defaultdict(list)
        self._made_of: dict[str, list[Entry]] = defaultdict(list)
        for each in entries:
            self._known[each.picture.sha256].append(each)
            for parent in dict.fromkeys(each.picture.provenance.parents):
                self._made_of[parent].append(each)

    def find(self, sha256: str, beside: Entry | None = None) -> Entry | None:
        """The picture with these bytes; None if it is not known."""
        known = self._known.get(sha256, [])
        near = (each for each in known if beside and _folder(each) == _folder(beside))
        return next(near, known[0] if known else None)

    def parents(self, entry: Entry) -> list[tuple[str, Entry | None]]:
        """The SHA-256 of what a picture was made of, and the pictures that are known of it."""
        return [(each, self.find(each, entry)) for each in entry.picture.provenance.parents]

    def children(self, entry: Entry) -> list[Entry]:
        """The pictures that were made of a picture, or of one with the same bytes."""
        return list(self._made_of.get(entry.picture.sha256, []))


def _folder(entry: Entry) -> str:
    return entry.name.rpartition("/")[0]
