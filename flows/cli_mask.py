"""`darkroom mask`: a mask for a picture, from file to file. It needs no Prefect and no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.errors import InvalidRequest

if TYPE_CHECKING:
    from darkroom.mask_of import MaskOf

_KINDS = ("box", "ellipse", "polygon", "color", "alpha", "opaque")
_CORNERS = "LEFT,TOP,WIDTH,HEIGHT"
_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("picture", type=click.Path())
@click.option("--box", multiple=True, metavar=_CORNERS, help="A box.")
@click.option("--ellipse", multiple=True, metavar=_CORNERS, help="The ellipse in that box.")
@click.option("--polygon", multiple=True, metavar='"X,Y X,Y X,Y"', help="Three points or more.")
@click.option("--color", multiple=True, metavar="COLOR", help='Where this color is: "#00ff00".')
@click.option(
    "--tolerance",
    type=float,
    help="How far from it a color may be: 2 is just seen, black and white are 100 apart."
    "  [default: 10]",
)
@click.option(
    "--softness", type=float, help="How much farther the mask fades to black.  [default: 5]"
)
@click.option("--alpha", is_flag=True, help="What is transparent.")
@click.option("--opaque", is_flag=True, help="What is not transparent.")
@click.option(
    "--subtract",
    multiple=True,
    metavar="SHAPE:...",
    help='Take a shape away: "box:10,10,50,50", "ellipse:...", "polygon:...", "color:...", '
    '"alpha", "opaque".',
)
@click.option("--invert", is_flag=True, help="Repaint all but that.")
@click.option("--grow", type=int, default=0, help="Widen the white by pixels; below 0: shrink it.")
@click.option("--feather", type=float, default=0.0, help="Soften its edge by pixels.")
@click.option(
    "--out", type=_PATH, help="The mask, a PNG.  [default: photo.mask.png beside photo.jpg]"
)
@click.option("--preview", type=_PATH, help="Also show the mask over the picture, in this file.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print data for machines.")
def mask(
    picture: str,
    out: Path | None,
    preview: Path | None,
    force: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """Make a mask for a PICTURE: white is repainted, black is kept.

    Shapes add up, and each can be given several times. Numbers are pixels from the upper left
    corner; "25%" is a share of the picture. In this order: shapes are added, --subtract takes
    away, --invert swaps black and white, --grow widens the white, --feather softens its edge.

    \b
      darkroom mask photo.jpg --box 100,120,300,200 --grow 8 --preview preview.png
      darkroom mask photo.jpg --color "#00ff00" --subtract "box:0,90%,100%,10%"
    """  # noqa: D301 - click reads the backspace
    from darkroom.image_file import source_path

    of = _mask_of(**asked)
    source = source_path(picture)
    target = out or source.with_name(f"{source.stem}.mask.png")
    _check_target("out", target, source, (".png",), force=force)
    if preview:
        _check_target("preview", preview, source, (".png", ".jpg", ".jpeg", ".webp"), force=force)
        if preview.absolute() == target.absolute():
            raise InvalidRequest.of("preview", str(preview), "it is the file of the mask")
    return _make(source, of, target, preview, as_json=as_json)


def _mask_of(
    *,
    alpha: bool,
    opaque: bool,
    subtract: tuple[str, ...],
    tolerance: float | None,
    softness: float | None,
    color: tuple[str, ...],
    **fields: Any,
) -> MaskOf:
    """The mask that the options ask for."""
    from darkroom.mask_of import MaskOf

    taken = _taken_away(subtract)
    near = {"tolerance": tolerance, "softness": softness}
    fields |= {"color": color, "alpha": _which(alpha, opaque)}
    if taken and "color" in taken:
        taken |= near
    if color or not (taken and "color" in taken):
        fields |= near
    return MaskOf(subtract=taken, **fields)


def _taken_away(texts: tuple[str, ...]) -> dict[str, Any] | None:
    """Read "box:10,10,50,50" and its siblings as the fields of an area."""
    found: dict[str, list[str]] = {}
    for text in texts:
        kind, colon, rest = text.partition(":")
        kind = kind.strip().lower()
        if kind not in _KINDS or bool(colon) is (kind in ("alpha", "opaque")):
            raise InvalidRequest.of(
                "subtract",
                text,
                "a shape and its numbers are expected",
                'Write it as "box:10,10,50,50", "ellipse:10,10,50,50", "polygon:0,0 9,0 9,9", '
                '"color:#00ff00", "alpha" or "opaque".',
            )
        found.setdefault(kind, []).append(rest.strip())
    area: dict[str, Any] = {**found}
    area["alpha"] = _which(area.pop("alpha", None), area.pop("opaque", None))
    return area if found else None


def _which(alpha: object, opaque: object) -> str | None:
    if alpha and opaque:
        raise InvalidRequest("alpha, opaque: together they are all of the picture: give one.")
    return "transparent" if alpha else "opaque" if opaque else None


def _check_target(
    name: str, target: Path, source: Path, suffixes: tuple[str, ...], *, force: bool
) -> None:
    """Refuse a file that must not or cannot be written, before anything is made."""
    if target.suffix.lower() not in suffixes:
        what = "a mask is a PNG: other formats blur its edges or are not read everywhere"
        if name == "preview":
            what = "the end of its name says no format that is written here"
        remedy = f"Let it end in {' or '.join(suffixes)}."
        raise InvalidRequest.of(name, str(target), what, remedy)
    if target.exists():
        if source.exists() and target.samefile(source):
            raise InvalidRequest.of(name, str(target), "it is the picture itself")
        if not force:
            raise InvalidRequest.of(
                name, str(target), "it is there already", "Add --force to overwrite it."
            )


def _make(source: Path, of: MaskOf, target: Path, preview: Path | None, *, as_json: bool) -> int:
    """Make the files, and say what they show."""
    import io

    from PIL import Image

    from darkroom.image_file import facts, open_file, png
    from darkroom.mask import Preview, share, warnings

    data, notes = open_file(source)
    known = facts(data, str(source))
    of.check(known)
    with Image.open(io.BytesIO(data)) as image:
        made = of.make(image)
        _write("out", target, png(made))
        if preview:
            shown = io.BytesIO()
            kind = {".png": "PNG", ".webp": "WEBP"}.get(preview.suffix.lower(), "JPEG")
            Preview()(image, made).save(shown, kind, quality=90)
            _write("preview", preview, shown.getvalue())
    white = share(made)
    odd = [f"{target}: {warning}" for warning in warnings(made)]
    for line in [*(f"{source}: {note}" for note in notes), *odd]:
        click.echo(line, err=True)
    if as_json:
        data_out = {
            "mask": str(target),
            "preview": str(preview) if preview else None,
            "width": known.width,
            "height": known.height,
            "white": round(white, 6),
            "edits": [repr(edit) for edit in of.edits()],
            "notes": list(notes),
            "warnings": list(warnings(made)),
        }
        click.echo(json.dumps(data_out, indent=2))
        return 0
    click.echo(
        f"{target}: {known.width} x {known.height}, {100 * white:.1f} % white. White is repainted."
    )
    if preview:
        click.echo(f"{preview}: the mask over the picture")
    return 0


def _write(name: str, target: Path, data: bytes) -> None:
    try:
        target.write_bytes(data)
    except OSError as error:
        raise InvalidRequest.of(
            name, str(target), f"it cannot be written ({error.strerror})", "Name another file."
        ) from error
