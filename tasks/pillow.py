"""Steps that Pillow does on one picture or two: resize, crop, composite. Free, and kept once."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import ImageStore
from darkroom.picture import Picture
from darkroom.pipeline.pillow import Composite, Crop, Resize
from tasks import _edit, _show


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def resize(request: Resize, store: ImageStore | None = None) -> list[Picture]:
    """Give a picture another size.

    Args:
        request: The picture, and how large.
        store: Where it is and the result goes; None for the default.
    """
    opened = (store or ImageStore.find()).open()
    _show.remember_here(opened)
    return [_edit.edited(request.image, "resize", request.edits(), opened)]


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def crop(request: Crop, store: ImageStore | None = None) -> list[Picture]:
    """Cut a part out of a picture.

    Args:
        request: The picture, and the part.
        store: Where it is and the result goes; None for the default.

    Raises:
        InvalidRequest: The part lies wholly outside of the picture.
    """
    opened = (store or ImageStore.find()).open()
    _show.remember_here(opened)
    return [_edit.edited(request.image, "crop", request.edits(), opened)]


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def composite(request: Composite, store: ImageStore | None = None) -> list[Picture]:
    """Lay a cut-out over a background, in its middle.

    Args:
        request: Both pictures, and how much room the cut-out takes.
        store: Where they are and the result goes; None for the default.
    """
    opened = (store or ImageStore.find()).open()
    _show.remember_here(opened)

    done = [f"Composite(scale={request.scale!r})"]
    return _edit.drawn("composite", request.laid, done, [request.image, request.over], opened)
