"""`darkroom graph`: a pipeline file as a picture of its steps."""

from __future__ import annotations

from pathlib import Path

import click

_SUFFIXES = (".svg", ".png", ".mmd")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it here: graph.svg, graph.png, or graph.mmd for Mermaid's text.",
)
@click.option("--dark", is_flag=True, help="Light on dark, in a .svg or .png.")
def graph(file: Path, out: Path | None, dark: bool) -> int:
    """Draw the graph of a pipeline FILE; without --out, print it in Mermaid's words.

    A very large graph is scaled down in a PNG: take SVG for it.
    """
    suffix = out.suffix.lower() if out else ".mmd"
    if suffix not in _SUFFIXES:
        raise click.UsageError(
            f"--out {out}: the end of the name says what is written. "
            f"Let it end in {', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]}."
        )
    if dark and suffix == ".mmd":
        raise click.UsageError("--dark is for a picture: add --out with a name in .svg or .png.")
    from darkroom.pipeline.graph import mermaid
    from darkroom.pipeline.pipeline import Pipeline

    made = Pipeline.load(file)
    if suffix == ".mmd":
        data = f"{mermaid(made)}\n".encode()
    else:
        from darkroom.pipeline import drawing

        is_png = suffix == ".png"
        data = drawing.png(made, dark=dark) if is_png else drawing.svg(made, dark=dark).encode()
    if out is None:
        click.echo(data.decode(), nl=False)
    else:
        _write(out, data)
    return 0


def _write(out: Path, data: bytes) -> None:
    from darkroom.errors import InvalidRequest

    try:
        out.write_bytes(data)
    except OSError as error:
        raise InvalidRequest.of(
            "out", str(out), f"it cannot be written ({error.strerror})", "Name another file."
        ) from error
    click.echo(str(out))
