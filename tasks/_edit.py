"""Pictures made of others by Pillow: each kept in the store once, with what was done to it."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from prefect.runtime import flow_run

from darkroom.catalog import Model
from darkroom.image_file import facts, png
from darkroom.mask import Edit, Shrink
from darkroom.modes.base import Request
from darkroom.picture import Picture, Provenance
from darkroom.store import Fresh, Store
from tasks import _run


def shrunk(request: Request, model: Model, store: Store) -> Request:
    """The request with sources that the model takes; each one that is made smaller is kept."""
    update: dict[str, Any] = {}
    for name, value in request.given().items():
        limit = model.limits.get("image" if name == "mask" else name)
        if limit is None:
            continue
        edit = Shrink(limit.max_side, limit.max_pixels)
        if isinstance(value, Picture):
            update[name] = _smaller(value, edit, store)
        elif isinstance(value, tuple) and value and isinstance(value[0], Picture):
            update[name] = tuple(_smaller(each, edit, store) for each in value)
    return request.model_copy(update=update)


def _smaller(picture: Picture, edit: Shrink, store: Store) -> Picture:
    width, height = edit.size(*picture.size)
    if (width, height) == picture.size:
        return picture
    note = f"shrunk from {picture.width} x {picture.height} to {width} x {height} to fit the model"
    _run.log().warning("%s: %s", picture.where, note)
    return edited(picture, "shrink", [edit], store, notes=[note])


def edited(
    picture: Picture,
    mode: str,
    edits: list[Edit],
    store: Store,
    notes: list[str] | None = None,
) -> Picture:
    """`picture` after `edits`, kept in the store once, with what was done to it."""

    def make() -> list[Fresh]:
        with Image.open(io.BytesIO(store.read(picture))) as opened:
            image: Image.Image = opened
            for edit in edits:
                image = edit(image)
            data = png(image)
        how = Provenance(
            mode=mode,
            parameters={"edits": [repr(edit) for edit in edits]},
            parents=(picture.sha256,),
            made_at=datetime.now(UTC),
            flow_run=flow_run.get_name(),
            notes=tuple(notes or ()),
        )
        return [Fresh(data, facts(data), how)]

    asked = " ".join([mode, picture.sha256, *map(repr, edits)])
    key = hashlib.sha256(asked.encode()).hexdigest()
    return store.once(key, make, folder=_run.folder())[0]
