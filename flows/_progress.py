"""How a batch stands, as a progress artifact of its run: also the sign that it is alive."""

from __future__ import annotations

import time
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from darkroom.plan import lasting
from flows._tally import Tally
from tasks import _show

EVERY = 5.0
"""Seconds between two updates."""


def in_words(tally: Tally) -> str:
    """How a batch stands, in a line."""
    said = [f"{tally.done} of {tally.total} rows done"]
    words = ("failed", "filtered", "stopped")
    said += [f"{getattr(tally, word)} {word}" for word in words if getattr(tally, word)]
    said.append(f"{tally.spent} spent")
    if tally.left and (seconds := tally.seconds_left) is not None:
        said.append(f"{lasting(seconds)} left")
    return ", ".join(said)


class Progress:
    """The artifact of one batch.

    Args:
        name: The batch's name.
        tally: How it stands, which changes while it runs.
    """

    def __init__(self, name: str, tally: Tally) -> None:
        self._name, self._tally = name, tally
        self._artifact: UUID | None = None
        self._next = 0.0

    def beat(self) -> None:
        """Update the artifact, if it is time to."""
        if time.monotonic() >= self._next:
            self.show()

    def show(self) -> None:
        """Update the artifact now; what goes wrong with that is only logged."""
        self._next = time.monotonic() + EVERY
        tally = self._tally
        share = 100 * (tally.total - tally.left) / tally.total if tally.total else 100.0
        told = f"**{_show.escaped(self._name)}** {_show.escaped(in_words(tally))}"
        try:
            if self._artifact is None:
                key = _show.artifact_key(self._name, "progress")
                made = create_progress_artifact(share, key=key, description=told)
                self._artifact = made if isinstance(made, UUID) else None
            else:
                update_progress_artifact(self._artifact, share, description=told)
        except _show.TROUBLE as error:
            get_run_logger().warning("No artifact of the progress: %s", error)
