"""Pictures made of others by Pillow: each kept in the store once, with what was done to it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime

from PIL import Image
from prefect.runtime import flow_run

from darkroom import image_file
from darkroom.catalog import Model
from darkroom.image_file import facts, png
from darkroom.mask import Edit, is_grey
from darkroom.modes.base import Request
from darkroom.picture import Picture, Provenance
from darkroom.store import Fresh, Store
from tasks import _run


def key_of(mode: str, sources: Iterable[Picture], done: Iterable[str]) -> str:
    """Names in the store what `done` makes of `sources`."""
    words = [mode, *(source.sha256 for source in sources), *done]
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def fitted(request: Request, model: Model, store: Store) -> Request:
    """The request with sources that `model` takes; each one that is changed is kept, and logged."""

    def change(picture: Picture, edits: list[Edit], notes: list[str]) -> Picture:
        for note in notes:
            _run.log().warning("%s: %s", picture.where, note)
        return edited(picture, type(edits[0]).__name__.lower(), edits, store, notes=notes)

    if mask := request.given().get("mask"):
        with Image.open(io.BytesIO(store.read(mask))) as image:
            if not is_grey(image):
                _run.log().warning(
                    "%s: this mask has colors; how bright they are counts: white is repainted",
                    mask.where,
                )
    return request.fitted(model, change)


def edited(
    picture: Picture,
    mode: str,
    edits: list[Edit],
    store: Store,
    notes: list[str] | None = None,
) -> Picture:
    """`picture` after `edits`, kept in the store once, with what was done to it."""

    def make() -> list[Fresh]:
        data = image_file.edited(store.read(picture), edits)
        how = Provenance(
            mode=mode,
            parameters={"edits": [repr(edit) for edit in edits]},
            parents=(picture.sha256,),
            made_at=datetime.now(UTC),
            flow_run=flow_run.get_name(),
            notes=tuple(notes or ()),
        )
        return [Fresh(data, facts(data), how)]

    key = key_of(mode, [picture], map(repr, edits))
    # Its source's name in its own: equal results of two pictures are two files, each with how it
    # came to be.
    title = picture.uri.rpartition("/")[2].partition(".")[0]
    return store.once(key, make, folder=_run.folder(), title=title)[0]


def drawn(
    mode: str,
    draw: Callable[..., Image.Image],
    done: list[str],
    parents: list[Picture],
    store: Store,
) -> list[Picture]:
    """What `draw` draws from the images of `parents`, kept in the store once; `done` says how."""
    hashes = tuple(parent.sha256 for parent in parents)

    def make() -> list[Fresh]:
        with ExitStack() as stack:
            files = (io.BytesIO(store.read(parent)) for parent in parents)
            data = png(draw(*(stack.enter_context(Image.open(file)) for file in files)))
        how = Provenance(
            mode=mode,
            parameters={"edits": done},
            parents=hashes,
            made_at=datetime.now(UTC),
            flow_run=flow_run.get_name(),
        )
        return [Fresh(data, facts(data), how)]

    key = key_of(mode, parents, done)
    # Two pictures can have the same mask, to the byte. Its name says which it is for, so that each
    # has a provenance of its own.
    return store.once(key, make, folder=_run.folder(), title=f"of {hashes[0][:10]}")
