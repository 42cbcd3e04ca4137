"""What came of a batch's rows, kept in the store: one small file a row.

    batches/NAME/batch.json                  what the batch is, and which time it is done
    batches/NAME/rows/KEY-STATUS-2.json      what came of a row, at its second try

A name says all that a resumed batch must know, so that a list of names is all it reads. A row is
written down when it ended, in one step: whoever is killed before has the row done again, and the
store then gives back every picture that was paid for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast, get_args

from pydantic import BaseModel, ValidationError

from darkroom.batch.row import Result, Status
from darkroom.errors import InvalidRequest, PictureMissing
from darkroom.store import Store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_ROW = re.compile(rf"rows/([0-9a-f]+)-({'|'.join(get_args(Status))})-(\d+)\.json$")


class Card(BaseModel):
    """What a batch is.

    Attributes:
        name: Its name.
        pipeline: The pipeline's name.
        times: How often all of it was asked for anew.
        again_for: The flow run that asked for it last; "" if none did.
    """

    name: str
    pipeline: str = ""
    times: int = 0
    again_for: str = ""


def check_name(name: str) -> None:
    """Raise `InvalidRequest` if a batch cannot be called that."""
    if not NAME.fullmatch(name):
        raise InvalidRequest.of(
            "name",
            name,
            "the name of a batch is made of letters, digits, -, _ and ., at most 80",
            "It names the batch's folder, and resumes it.",
        )


@dataclass(frozen=True)
class Known:
    """What is known of a row without reading it."""

    status: Status
    attempt: int


class Records:
    """The rows of one batch.

    Args:
        store: Where they are kept.
        name: The batch's name: letters, digits, `-`, `_`, `.`; at most 80.
    """

    def __init__(self, store: Store, name: str) -> None:
        check_name(name)
        self.store, self.name = store, name
        self.folder = f"batches/{name}"

    def card(self) -> Card:
        """What the batch is; a new card if there is none."""
        try:
            return Card.model_validate_json(self.store.load(f"{self.folder}/batch.json"))
        except (PictureMissing, ValidationError):
            return Card(name=self.name)

    def write_card(self, card: Card) -> None:
        """Write down what the batch is."""
        self.store.write(f"{self.folder}/batch.json", card.model_dump_json(indent=2).encode())

    def known(self) -> dict[str, Known]:
        """What came of each row by its key, at its last try."""
        found: dict[str, Known] = {}
        for name in self.store.names(f"{self.folder}/rows/"):
            if parts := _ROW.search(name):
                key, attempt = parts[1], int(parts[3])
                status = cast(Status, parts[2])
                if key not in found or attempt > found[key].attempt:
                    found[key] = Known(status, attempt)
        return found

    def add(self, result: Result) -> None:
        """Write down what came of a row.

        A power cut may take it: then the row is done again, and finds what it made.
        """
        name = self._name(result.key, result.status, result.attempt)
        self.store.write(name, _said(result), durable=False)

    def load(self, key: str, known: Known) -> Result | None:
        """What came of a row; None if that cannot be read any more."""
        try:
            data = self.store.load(self._name(key, known.status, known.attempt))
            return Result.model_validate_json(data)
        except (PictureMissing, ValidationError):
            return None

    def results(self) -> Iterator[Result]:
        """What came of all rows, in no order."""
        for key, known in self.known().items():
            if result := self.load(key, known):
                yield result

    def _name(self, key: str, status: str, attempt: int) -> str:
        return f"{self.folder}/rows/{key}-{status}-{attempt}.json"


def _said(result: Result) -> bytes:
    return result.model_dump_json(exclude_defaults=True).encode()
