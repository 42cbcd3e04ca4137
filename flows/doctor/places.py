"""The doctor's look at what is near: the store, the Prefect API, the installed packages."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from blocks import Bedrock, ImageStore
from darkroom.errors import DarkroomError, StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.store import Store
from flows import temporary_server
from flows.doctor.finding import Finding, brief, plain_url
from flows.doctor.way import PATIENCE

LITTLE = 1_000_000_000
"""Bytes of free room to speak of: a few hundred pictures."""


def store(block: ImageStore, name: str) -> Iterator[Finding]:
    """Whether pictures could be kept now.

    Args:
        block: Says where.
        name: What the block is called, in words.
    """
    place = block.open()
    where = str(place.folder) if isinstance(place, FolderStore) else place.uri
    found = f"{where}, {name}"
    try:
        if isinstance(place, FolderStore):
            yield _of_folder(place, found)
        else:
            place.check()
            yield Finding("store", "ok", f"{found}: can be written")
    except DarkroomError as error:
        yield Finding("store", "problem", f"{found}: {brief(error)}", _to_do(place))


def _of_folder(place: FolderStore, found: str) -> Finding:
    existing = next(each for each in (place.folder, *place.folder.parents) if each.exists())
    if existing == place.folder:
        place.check()
    else:
        try:
            with tempfile.TemporaryFile(dir=existing):
                found += " (made by the first run)"
        except OSError as error:
            raise StoreFailed(f"{existing}: cannot be written ({error.strerror}).") from error
    free = shutil.disk_usage(existing).free
    if free < LITTLE:
        few = f"{found}: can be written, but only {free / 1e6:.0f} MB are free"
        return Finding("store", "warning", few, "Make room, or name another store.")
    return Finding("store", "ok", f"{found}: can be written, {free / 1e9:.0f} GB are free")


def _to_do(place: Store) -> str:
    if isinstance(place, FolderStore):
        return (
            "Make the folder writable and see that there is room, or use another one: "
            "DARKROOM_HOME, or an ImageStore block (--store NAME)."
        )
    return "See to the bucket's name, region and policy, and to the block's credentials."


@dataclass(frozen=True)
class Api:
    """The Prefect API of this computer's settings.

    Attributes:
        url: Where it is; "" if none is configured.
        answers: Whether it answers: only then can saved blocks be looked up.
        finding: What there is to say of it.
    """

    url: str
    answers: bool
    finding: Finding


def prefect_api() -> Api:
    """Ask the Prefect API, if one is configured; start none."""
    from prefect.client.base import ServerType
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if not settings.api.url:
        return Api("", False, _without_api(allowed=settings.server.ephemeral.enabled))
    url = plain_url(settings.api.url)
    with get_client(sync_client=True, httpx_settings={"timeout": PATIENCE}) as client:
        trouble = client.api_healthcheck()
        cloud = client.server_type == ServerType.CLOUD
        theirs = "" if trouble or cloud else client.api_version()
    if trouble:
        return Api(
            url,
            False,
            Finding(
                "Prefect",
                "problem",
                f"the API at {url} does not answer as it should: {brief(trouble)}. "
                "Saved blocks were not looked up",
                "Start it (prefect server start), correct PREFECT_API_URL and its key or password, "
                "or unset them: then each run starts a server of its own.",
            ),
        )
    if temporary_server.is_running:
        return Api(url, True, _OWN)
    ours = version("prefect")
    if theirs and theirs != ours:
        return Api(
            url,
            True,
            Finding(
                "Prefect",
                "warning",
                f"the API at {url} answers; it is Prefect {theirs}, and here is {ours}",
                "Install the same version in both places: neither knows all that a newer one says.",
            ),
        )
    which = "Prefect Cloud" if cloud else f"Prefect {ours}, as here"
    return Api(url, True, Finding("Prefect", "ok", f"the API at {url} answers: {which}"))


@contextmanager
def impatient() -> Iterator[None]:
    """Let Prefect's client try a second time only, as a busy server needs: it would for minutes."""
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}):
        yield


_OWN = Finding(
    "Prefect",
    "ok",
    "no API is configured: each run starts a server of its own, for as long as it takes, on the "
    "data that are there",
    "For a dashboard that stays: prefect server start, and "
    "PREFECT_API_URL=http://127.0.0.1:4200/api.",
)


def _without_api(*, allowed: bool) -> Finding:
    if not allowed:
        return Finding(
            "Prefect",
            "problem",
            "no API is configured, and the active profile of Prefect allows no temporary server",
            "Set PREFECT_API_URL, or: prefect profile use ephemeral.",
        )
    return Finding(
        "Prefect",
        "ok",
        "no API is configured: each run starts a server of its own, for as long as it takes. "
        "No blocks are saved yet",
        "For a dashboard that stays: prefect server start, and "
        "PREFECT_API_URL=http://127.0.0.1:4200/api.",
    )


def packages(block: Bedrock | None) -> Iterator[Finding]:
    """The versions, and whether they are ones that Darkroom can work with."""
    from packaging.requirements import Requirement

    names = ["darkroom", "prefect", "boto3", "pillow"]
    if block is not None and block.aws_credentials_block:
        names.append("prefect-aws")
    told = ", ".join(f"{name} {_version(name) or 'missing'}" for name in names)
    yield Finding("packages", "ok", f"Python {platform.python_version()}, {told}")
    if "prefect-aws" in names and not _version("prefect-aws"):
        yield Finding(
            "packages",
            "problem",
            "prefect-aws is not installed, and the block takes credentials from its blocks",
            'pip install "darkroom[aws]"',
        )
    for line in requires("darkroom") or ():
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        have = _version(wanted.name)
        if have is None or not wanted.specifier.contains(have, prereleases=True):
            yield Finding(
                "packages",
                "problem",
                f"{wanted.name} {have or 'is not installed'}: "
                f"Darkroom works with {wanted.specifier or 'any version'}",
                f"{sys.executable} -m pip install '{wanted.name}{wanted.specifier}'",
            )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
