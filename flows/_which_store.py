"""Which store a command looks into."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from darkroom.errors import InvalidRequest

if TYPE_CHECKING:
    from darkroom.store import Store


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that name a store."""
    kind = click.Path(path_type=Path)
    folder = click.option("--folder", type=kind, help="A folder of pictures instead.")
    block = click.option(
        "--store", help="Name of a saved ImageStore block.  [default: the one that runs use]"
    )
    return block(folder(command))


def opener(store: str | None, folder: Path | None) -> Callable[[], Store]:
    """What opens the store that is named, or the one that runs use: when it is needed, and once.

    Prefect is asked only where it can know of a block.

    Raises:
        InvalidRequest: There is no such folder; when it is opened, no such block.
    """
    if folder is not None and store is not None:
        raise click.UsageError("--store and --folder exclude each other: name one of them.")
    if folder is not None and not folder.is_dir():
        raise InvalidRequest.of("folder", str(folder), "there is no such folder")
    return cache(partial(_opened, store, folder))


def _opened(store: str | None, folder: Path | None) -> Store:
    from darkroom.folder_store import FolderStore
    from darkroom.store import home

    if folder is not None:
        return FolderStore(folder)
    if store is None:
        _look_elsewhere(home() / "up" / "pictures")
    from flows import temporary_server

    if store is None and temporary_server.would_find_nothing():
        return FolderStore(home() / "pictures")
    temporary_server.start()()
    from blocks import ImageStore

    return ImageStore.find(store).open()


def _look_elsewhere(pictures: Path) -> None:
    """Say where the pictures of an `up` are, whose server this terminal does not know of."""
    if "PREFECT_API_URL" not in os.environ and pictures.is_dir():
        told = f"! `darkroom up` keeps its pictures elsewhere: --folder {pictures} looks there."
        click.secho(told, fg="yellow", err=True)
