"""Thumbnails that are kept in the store: made once, and there at once the next time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

from darkroom.errors import StoreFailed
from darkroom.gallery.thumbs import Thumb, Thumbs
from darkroom.picture import Picture
from darkroom.store import Store

MANY = 2_000
"""Pictures above which a page has smaller thumbnails: all of them are in it."""


@dataclass(frozen=True)
class Kept:
    """Thumbnails of the pictures of a store.

    Attributes:
        store: Where the pictures are; one that cannot be written keeps nothing.
        thumbs: Makes those that are not there.
    """

    store: Store
    thumbs: Thumbs

    @classmethod
    def of(cls, store: Store, number: int) -> Self:
        """Thumbnails for a page of so many pictures."""
        side, most = (288, 9_000) if number <= MANY else (192, 3_000)
        return cls(store, Thumbs(side=side, most=most))

    def thumb(self, picture: Picture) -> Thumb | str:
        """A picture's thumbnail, or a few words on why there is none."""
        known = f"{picture.sha256}-{self.thumbs.side}-{self.thumbs.most}"
        name = f".darkroom/shown/{picture.sha256[:2]}/{known}.txt"
        with suppress(StoreFailed, UnicodeDecodeError):
            return Thumb(self.store.load(name).decode("ascii"), *picture.size, picture.alpha)
        made = self.thumbs.of(picture.sha256, partial(self.store.read, picture))
        if isinstance(made, Thumb):
            with suppress(StoreFailed):
                self.store.write(name, made.uri.encode("ascii"), durable=False)
        return made
