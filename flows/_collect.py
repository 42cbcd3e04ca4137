"""Reads all that a report of a period is made of: the store's pictures, and Prefect's requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import get_current_settings

from darkroom import archive
from darkroom.archive import Entry, Trouble
from darkroom.folder_store import FolderStore
from darkroom.period import Period
from darkroom.store import Store
from darkroom.usage import NO_FLOW, UNKNOWN, Ledger, Usage
from flows._facts import cut, facts, reachable
from flows._flow_names import PAGE, FlowNames

MOST_NAMED = 3
"""How many files that cannot be read are named."""


def collect(period: Period, store: Store, *, ask_prefect: bool = True) -> Usage:
    """What was made in a period.

    Args:
        period: Which.
        store: Whose pictures count.
        ask_prefect: Whether there is an API to ask; without it only the store is read.

    Raises:
        StoreFailed: The store cannot be read.
        Unreachable: The API does not answer.
    """
    ledger = Ledger(period, store.uri)
    if isinstance(store, FolderStore) and not store.folder.is_dir():
        ledger.could_not_know(f"The store is not there: no folder {store.folder}.")
    if not ask_prefect:
        _add_pictures(ledger, store, None)
        ledger.could_not_know(
            "No Prefect server is configured, and none has run here: what was cached, filtered, "
            "failed or tried again is not known, nor which flow it was."
        )
        return ledger.usage()
    with reachable(), get_client(sync_client=True) as client:
        return _asked(ledger, store, client)


def _asked(ledger: Ledger, store: Store, client: SyncPrefectClient) -> Usage:
    names = FlowNames(client)
    for fact in facts(client, ledger.period, names):
        ledger.add(fact)
    for run in names.failed(ledger.period):
        ledger.add_failed_run(names.of(run), cut((run.state and run.state.message) or "Failed"))
    _add_pictures(ledger, store, names)
    kept = get_current_settings().server.events.retention_period
    first = datetime.now(UTC) - kept
    if ledger.period.since < first:
        ledger.could_not_know(
            f"Prefect keeps events for {kept.days} days: before {first:%Y-%m-%d %H:%M} UTC the "
            "reasons of further tries are not known, nor what was filtered of requests that gave "
            "other pictures."
        )
    return ledger.usage()


def _add_pictures(ledger: Ledger, store: Store, names: FlowNames | None) -> None:
    """Take in all pictures of the store, and say what cannot be read."""
    left_out: list[Trouble] = []
    total = strangers = 0
    found = archive.entries(store, ledger.period.since.date())
    for page in _pages(found):
        pictures = [each.picture for each in page if isinstance(each, Entry)]
        if names:
            names.learn_names(each.provenance.flow_run for each in pictures)
        for picture in pictures:
            how = picture.provenance
            flow = names.of_name(how.flow_run, how.made_at) if names else UNKNOWN
            if not how.flow_run:
                flow = NO_FLOW
            strangers += ledger.add_picture(picture, flow) and flow == UNKNOWN
        troubles = [each for each in page if isinstance(each, Trouble)]
        total += len(troubles)
        left_out += troubles[: MOST_NAMED - len(left_out)]
    if total:
        ledger.could_not_know(_said(total, left_out))
    if strangers and names:
        one = strangers == 1
        ledger.could_not_know(
            f"{strangers} picture{' was' if one else 's were'} made by flow runs that this Prefect "
            "server does not know, or that share their name."
        )


def _said(total: int, named: Iterable[Trouble]) -> str:
    """What was left out, in a sentence."""
    files = "1 file of the store is" if total == 1 else f"{total} files of the store are"
    examples = "; ".join(str(each) for each in named)
    return f"{files} left out, whatever they cost: {examples}{'; …' if total > MOST_NAMED else ''}."


def _pages(found: Iterator[Entry | Trouble]) -> Iterator[list[Entry | Trouble]]:
    while page := list(islice(found, PAGE)):
        yield page
