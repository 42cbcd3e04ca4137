"""Steps that make a mask of a picture, and show it over the picture: white is repainted."""

from __future__ import annotations

import io

from PIL import Image
from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks import ImageStore
from darkroom.mask import Preview, share, warnings
from darkroom.mask_of import MaskOf
from darkroom.picture import Picture
from darkroom.store import Store
from tasks import _edit, _run, _show


@task(cache_policy=NO_CACHE)
def make_mask(picture: Picture, of: MaskOf, store: ImageStore | None = None) -> Picture:
    """Make a mask for a picture: white is repainted, black is kept.

    The log says how much of it is white, and warns where that is nothing or all.

    Args:
        picture: What the mask is for; the mask measures the same.
        of: What it is made of: boxes, ellipses, polygons, transparency, colors.
        store: Where to keep the mask; None for the default.

    Raises:
        InvalidRequest: A shape lies wholly outside of the picture, or its transparency is asked
            for and there is none.
    """
    return masked(picture, of, (store or ImageStore.find()).open())


def masked(picture: Picture, of: MaskOf, opened: Store) -> Picture:
    """The mask that `of` makes for a picture, and a word in the log on how much of it is white."""
    of.check(picture)
    done = [repr(edit) for edit in of.edits()]
    (mask,) = _edit.drawn("make_mask", of.make, done, [picture], opened)
    with Image.open(io.BytesIO(opened.read(mask))) as image:
        _run.log().info("%s: %.1f %% of it is white", mask.where, 100 * share(image))
        for warning in warnings(image):
            _run.log().warning("%s: %s", mask.where, warning)
    return mask


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def mask_preview(picture: Picture, mask: Picture, store: ImageStore | None = None) -> list[Picture]:
    """Show a mask over its picture: what is repainted is tinted, and its outline is drawn.

    The run's artifacts show it.

    Args:
        picture: What the mask is for.
        mask: White is repainted, black is kept; as large as the picture.
        store: Where both are and the preview goes; None for the default.

    Raises:
        InvalidRequest: The mask does not measure what the picture does.
    """
    opened = (store or ImageStore.find()).open()
    _show.remember_here(opened)
    show = Preview()
    return _edit.drawn("mask_preview", show, [repr(show)], [picture, mask], opened)
