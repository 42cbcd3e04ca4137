"""Steps that Pillow does: bring a picture in, flatten it, make its mask, lay out a sheet."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import PurePath, PurePosixPath

from PIL import Image, ImageDraw, ImageFont
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.image_file import facts, source_path
from darkroom.mask import Background, Flatten
from darkroom.picture import Picture, Provenance
from darkroom.store import Fresh, Store
from tasks import _edit, _run, _show


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def load_picture(path: str, store: ImageStore | None = None) -> list[Picture]:
    """Bring a picture of one's own into the store.

    What models cannot read (CMYK, palettes, 16 bits, an orientation that only EXIF knows, other
    formats) is converted, which the log and the provenance say.

    Args:
        path: A local path or `file:` URI, or `s3://BUCKET/KEY`, which the store's credentials open.
        store: Where to keep it; None for the block "default", or the default folder.

    Raises:
        BadPicture: It is missing, damaged, animated or no image.
    """
    block = store or ImageStore.find()
    opened = block.open()
    _show.remember_here(opened)
    fresh = loaded(path, block)
    for note in fresh.provenance.notes:
        _run.log().warning("%s: %s", path, note)
    key = hashlib.sha256(f"load_picture {fresh.facts.sha256}".encode()).hexdigest()
    return opened.once(key, lambda: [fresh], folder=_run.folder(), title=_file(path).stem)


def loaded(path: str, store: ImageStore) -> Fresh:
    """A picture of one's own as it will be stored; see `load_picture`."""
    where = _file(path)
    data, notes = store.source(path)
    how = Provenance(
        mode="load_picture",
        parameters={"file": where.name},
        made_at=datetime.now(UTC),
        flow_run=flow_run.get_name(),
        notes=notes,
    )
    return Fresh(data, facts(data, str(where)), how)


def _file(path: str) -> PurePath:
    return PurePosixPath(path) if path.startswith("s3://") else source_path(path)


@task(cache_policy=NO_CACHE)
def flatten(picture: Picture, color: str = "#808080", store: ImageStore | None = None) -> Picture:
    """Put a picture with transparency on a plain color, for models that take none.

    Args:
        picture: What to flatten.
        color: Any color that Pillow knows: "#rrggbb", or a name.
        store: Where to keep the result; None for the default.
    """
    note = f"flattened on {color}"
    _run.log().info("%s: %s", picture.where, note)
    opened = (store or ImageStore.find()).open()
    return _edit.edited(picture, "flatten", [Flatten(color)], opened, notes=[note])


@task(cache_policy=NO_CACHE)
def background_mask(picture: Picture, store: ImageStore | None = None) -> Picture:
    """The mask of what is not the subject: white where the picture is transparent.

    Args:
        picture: A cut-out, as `remove_background` gives it.
        store: Where to keep the mask; None for the default.

    Raises:
        InvalidRequest: The picture has no transparency, so there is nothing around its subject.
    """
    if not picture.alpha:
        raise InvalidRequest.of(
            "picture",
            picture.where,
            "nothing in it is transparent, so no background was found around its subject",
            "Use a picture whose subject stands out from its background.",
        )
    opened = (store or ImageStore.find()).open()
    return _edit.edited(picture, "background_mask", [Background()], opened)


@task(cache_policy=NO_CACHE)
def contact_sheet(
    pictures: Sequence[Picture],
    labels: Sequence[str],
    title: str = "",
    store: ImageStore | None = None,
) -> Picture:
    """Lay pictures out on one sheet, each with its label; transparency shows as checkers.

    Args:
        pictures: One or more, in reading order.
        labels: As many lines of text; what follows a line break is written smaller.
        title: What stands above them.
        store: Where the pictures are and the sheet goes; None for the default.
    """
    return sheet(pictures, labels, title, (store or ImageStore.find()).open())


def sheet(pictures: Sequence[Picture], labels: Sequence[str], title: str, opened: Store) -> Picture:
    """Lay pictures out on one sheet; see `contact_sheet`."""
    asked = "\n".join([title, *(picture.sha256 for picture in pictures), *labels])

    def make() -> list[Fresh]:
        tiles = (
            (opened.read(picture), label) for picture, label in zip(pictures, labels, strict=True)
        )
        out = io.BytesIO()
        _sheet(tiles, len(pictures), title).save(out, "JPEG", quality=90)
        how = Provenance(
            mode="contact_sheet",
            parameters={"title": title, "labels": list(labels)},
            parents=tuple(picture.sha256 for picture in pictures),
            made_at=datetime.now(UTC),
            flow_run=flow_run.get_name(),
        )
        return [Fresh(out.getvalue(), facts(out.getvalue()), how)]

    key = hashlib.sha256(f"contact_sheet {asked}".encode()).hexdigest()
    return opened.once(key, make, folder=_run.folder())[0]


_TILE, GAP, _COLUMNS = 380, 24, 4
_MANY = 100
"""Pictures above which a sheet has twice the columns, each half as wide, and less to say."""
PAPER, INK, FAINT = "#f4f2ee", "#22201d", "#77716a"


def _sheet(tiles: Iterable[tuple[bytes, str]], count: int, title: str) -> Image.Image:
    """Lay `count` tiles out; each is read when its turn comes, so that memory stays flat."""
    tile, most = (_TILE, _COLUMNS) if count <= _MANY else (_TILE // 2, _COLUMNS * 2)
    columns = min(most, count)
    rows = -(-count // columns)
    top = 84 if title else GAP
    step_x, step_y = tile + GAP, tile + 58
    sheet = Image.new("RGB", (GAP + columns * step_x, top + rows * step_y + GAP // 2), PAPER)
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((GAP, 26), title, INK, ImageFont.load_default(30))
    for index, (data, label) in enumerate(tiles):
        left, upper = GAP + index % columns * step_x, top + index // columns * step_y
        shown = opaque(data, tile)
        place = (left + (tile - shown.width) // 2, upper + (tile - shown.height) // 2)
        sheet.paste(shown, place)
        first, _, second = label.partition("\n")
        draw.text((left, upper + tile + 8), first, INK, ImageFont.load_default(18))
        draw.text((left, upper + tile + 31), second, FAINT, ImageFont.load_default(14))
    return sheet


def opaque(data: bytes, side: int) -> Image.Image:
    """A picture with sides of at most so many pixels; transparency shows as checkers."""
    with Image.open(io.BytesIO(data)) as image:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        return _on_checkers(image) if image.has_transparency_data else image.convert("RGB")


def _on_checkers(image: Image.Image) -> Image.Image:
    squares = Image.new("L", (2, 2))
    squares.putdata([255, 214, 214, 255])
    ground = Image.new("RGB", image.size)
    tile = squares.resize((32, 32), Image.Resampling.NEAREST).convert("RGB")
    for x in range(0, image.width, 32):
        for y in range(0, image.height, 32):
            ground.paste(tile, (x, y))
    cut = image.convert("RGBA")
    ground.paste(cut, mask=cut.getchannel("A"))
    return ground
