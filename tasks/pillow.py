"""Steps that Pillow does: free, the same each time, and kept once."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import ImageStore
from darkroom import catalog
from darkroom.picture import Picture
from darkroom.pipeline.pillow import (
    Composite,
    ContactSheet,
    Crop,
    MakeMask,
    PillowStep,
    Resize,
)
from tasks import _edit, _show
from tasks.mask import masked
from tasks.picture import sheet


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def resize(request: Resize, store: ImageStore | None = None) -> list[Picture]:
    """Give a picture another size.

    Args:
        request: The picture, and how large.
        store: Where it is and the result goes; None for the default.
    """
    return drawn(request, store)


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def crop(request: Crop, store: ImageStore | None = None) -> list[Picture]:
    """Cut a part out of a picture.

    Args:
        request: The picture, and the part.
        store: Where it is and the result goes; None for the default.

    Raises:
        InvalidRequest: The part lies wholly outside of the picture.
    """
    return drawn(request, store)


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def composite(request: Composite, store: ImageStore | None = None) -> list[Picture]:
    """Lay a cut-out over a background, in its middle.

    Args:
        request: Both pictures, and how much room the cut-out takes.
        store: Where they are and the result goes; None for the default.
    """
    return drawn(request, store)


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def pillow(request: PillowStep, store: ImageStore | None = None) -> list[Picture]:
    """Do any Pillow step of a pipeline.

    Args:
        request: The step, with its pictures.
        store: Where they are and the result goes; None for the default.

    Raises:
        InvalidRequest: The step cannot be done to these pictures.
    """
    return drawn(request, store)


def drawn(request: PillowStep, store: ImageStore | None) -> list[Picture]:
    """The picture that a step makes, from the store if it is there."""
    opened = (store or ImageStore.find()).open()
    _show.remember_here(opened)
    if isinstance(request, MakeMask):
        return [masked(request.image, request, opened)]
    if isinstance(request, ContactSheet):
        labels = [_label(picture) for picture in request.images]
        return [sheet(request.images, labels, request.title, opened)]
    if isinstance(request, Composite):
        said = done(request)
        return _edit.drawn(request.word, request.laid, said, [*request.sources()], opened)
    return [_edit.edited(request.sources()[0], request.word, request.edits(), opened)]


def done(request: PillowStep) -> list[str]:
    """What a step does, in the words of its provenance."""
    if isinstance(request, Composite):
        return [f"Composite(scale={request.scale!r})"]
    return [repr(edit) for edit in request.edits()]


def key_of(request: PillowStep) -> str:
    """Names a step's result in the store."""
    return _edit.key_of(request.word, request.sources(), done(request))


def _label(picture: Picture) -> str:
    """What a sheet says of a picture: what made it, then its size and seed."""
    how = picture.provenance
    maker = f"{how.mode} {catalog.find(how.model).short}" if how.model else how.mode
    maker = " ".join(filter(None, [maker, str(how.parameters.get("style_preset") or "")]))
    seed = "" if how.seed is None else f"  seed {how.seed}"
    return f"{maker}\n{picture.width} x {picture.height}{seed}"
