"""All that the doctor looks at, in one pass: each area by itself, so that none hides another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blocks import Bedrock, ImageStore
from blocks.bedrock import STANDIN
from blocks.saved import AnyBlock, find
from blocks.standin import in_process_standin
from darkroom.errors import DarkroomError, InvalidRequest, NoCredentials
from flows.doctor import access, models, places
from flows.doctor.finding import AREAS, Area, Finding, brief
from flows.doctor.places import Api
from flows.doctor.way import Way


def findings(bedrock: str | None, store: str | None) -> list[Finding]:
    """Look at everything.

    Args:
        bedrock: Name of a saved Bedrock block; "standin" is the local stand-in, where no such
            block is saved; None is what a run without a name would use.
        store: Name of a saved ImageStore block, or None likewise.

    Returns:
        What was found, by area, in the order of `flows.doctor.finding.AREAS`.

    Raises:
        InvalidRequest: A block of that name is not saved.
    """
    with _botocore_silent(), places.impatient():
        return _findings(bedrock, store)


@contextmanager
def _botocore_silent() -> Iterator[None]:
    """Keep botocore from printing tracebacks of what is told here in a sentence."""
    logger = logging.getLogger("botocore")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _findings(bedrock: str | None, store: str | None) -> list[Finding]:
    api = places.prefect_api()
    found = [api.finding]
    way = None
    chain: dict[str | None, Callable[[], Bedrock]] = {None: Bedrock, STANDIN: in_process_standin}
    block = _block(Bedrock, bedrock, chain, api, found)
    way = _way(block, found) if block else None
    place = _block(ImageStore, store, {None: ImageStore}, api, found)
    if place is not None:
        name = f"the block {store}" if store else _default(place)
        found += _told("store", lambda: places.store(place, name))
    if way is not None:
        found += _told("credentials", lambda: access.credentials(way))
        found += _told("region", lambda: access.region(way))
        found += _told("endpoint", lambda: access.endpoint(way))
        found += _told("models", lambda: models.models(way))
    found += _told("packages", lambda: places.packages(block))
    secrets = way.secrets if way else set()
    return sorted(
        (each.without(secrets) for each in found), key=lambda each: AREAS.index(each.area)
    )


def _way(block: Bedrock, found: list[Finding]) -> Way | None:
    try:
        return Way(block)
    except NoCredentials as error:
        found.append(access.nobody(error))
    except DarkroomError as error:
        found.append(Finding("credentials", "problem", brief(error)))
    return None


def _told(area: Area, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What a look at an area finds; that it cannot be looked at is a finding too."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except DarkroomError as error:
        found.append(Finding(area, "problem", brief(error)))
    return found


def _default(place: ImageStore) -> str:
    return "the default folder" if place == ImageStore() else "the block default"


def _block(
    kind: type[AnyBlock],
    name: str | None,
    unsaved: dict[str | None, Callable[[], AnyBlock]],
    api: Api,
    found: list[Finding],
) -> AnyBlock | None:
    """The block that a run would use, or None if that cannot be known.

    Args:
        kind: Its class.
        name: What it is saved as, or None.
        unsaved: What makes the block of a name that nobody saved.
        api: Where it would be saved.
        found: Is told what there is to say.
    """
    if api.answers:
        try:
            block = find(kind, name)
        except DarkroomError as error:
            found.append(Finding("Prefect", "problem", brief(error)))
            return None
        if name is None:
            is_there = "is saved, and runs use it" if block else "is not saved; runs need none"
            found.append(Finding("Prefect", "ok", f"{kind.__name__} block default {is_there}"))
        if block is not None:
            return block
    if name in unsaved:
        return unsaved[name]()
    if not api.answers:
        why = f"{kind.__name__} block {name} cannot be looked up without a Prefect API"
        to_do = "Start one (prefect server start), and set PREFECT_API_URL."
        found.append(Finding("Prefect", "problem", why, to_do))
        return None
    raise InvalidRequest.of(
        "bedrock" if kind is Bedrock else "store",
        name,
        f"no {kind.__name__} block of that name is saved",
        "Save it, or name none.",
    )
