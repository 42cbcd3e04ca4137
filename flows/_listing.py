"""The manifest and the page of a batch, and the report of its run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Self

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import BaseModel

from darkroom.batch import gallery, manifest
from darkroom.batch.row import Made, Result
from darkroom.errors import InvalidRequest, StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.picture import local_path
from darkroom.store import home
from flows._batch import Batch
from flows._ended import failure
from flows._progress import in_words
from tasks import _show


class BatchReport(BaseModel):
    """What came of a batch.

    Attributes:
        name: Its name, which resumes it.
        rows: Rows in all.
        done: Rows that are done, in this run or before; failed and filtered likewise.
        stopped: Rows that were stopped, or not begun.
        before: Rows that ended in earlier runs, and were not asked for again.
        calls: Calls of this run.
        cached: Calls that were not needed.
        spent_usd: Estimated price of this run's calls whose price is known.
        unpriced: Calls of this run whose price is not.
        seconds: How long it took.
        manifest: The list of all rows, as CSV; the same as JSONL lies beside it.
        page: The page that shows all rows; "" if none was asked for.
        flow_run_id: Of this run.
        reason: Why it was stopped; "" if it was not.
    """

    name: str
    rows: int
    done: int
    failed: int
    filtered: int
    stopped: int
    before: int
    calls: int
    cached: int
    spent_usd: float
    unpriced: int
    seconds: float
    manifest: str
    page: str = ""
    flow_run_id: str = ""
    reason: str = ""


class Listing:
    """What a batch writes for people while it runs, and at its end.

    Args:
        batch: The batch.
        out: Folder for the manifest and the page; None for the store's own, or one below the home.
    """

    def __init__(self, batch: Batch, out: str | None) -> None:
        self._batch = batch
        self.folder = Path(out).absolute() if out else _folder(batch)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            told = f"it cannot be made ({error.strerror})"
            raise InvalidRequest.of("out", str(self.folder), told, "Name another.") from error
        columns = [*batch.pipeline.params, *batch.rows.more]
        # What earlier runs made is in it from the start: a killed run leaves a whole list too.
        manifest.rewrite(self.folder, batch.results(), columns)
        self._manifest = manifest.Manifest(self.folder, columns)
        self._columns = columns
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._manifest.close()

    def add(self, result: Result) -> None:
        """Note a row that ended. Where there is no room for it now, others go on."""
        try:
            self._manifest.add(result)
        except StoreFailed as error:
            get_run_logger().warning("%s", error)  # `end` writes all of it again

    def end(self, reason: str, *, page: bool) -> State[Any]:
        """Write the manifest in the rows' order, and the page; say how the batch ended."""
        batch, tally = self._batch, self._batch.tally
        self._manifest.close()
        manifest.rewrite(self.folder, batch.results(), self._columns)
        shown = self.folder / "gallery.html"
        if page:
            self._page(shown)
        report = BatchReport(
            name=batch.name,
            rows=tally.total,
            done=tally.done,
            failed=tally.failed,
            filtered=tally.filtered,
            stopped=tally.stopped + tally.left,
            before=tally.before,
            calls=tally.calls,
            cached=tally.cached,
            spent_usd=tally.spent_usd,
            unpriced=tally.unpriced,
            seconds=round(time.monotonic() - self._began, 3),
            manifest=str(self.folder / "manifest.csv"),
            page=str(shown) if page else "",
            flow_run_id=str(flow_run.get_id()),
            reason=reason,
        )
        self._artifact(report)
        return _state(report, in_words(tally))

    def _page(self, path: Path) -> None:
        batch = self._batch

        def read(made: Made) -> bytes | None:
            if (where := local_path(made.uri)) and where.is_file():
                return where.read_bytes()
            name = batch.opened.name_of(made.uri)
            return None if name is None else batch.opened.load(name)

        try:
            root = batch.opened.folder if isinstance(batch.opened, FolderStore) else None
            gallery.write(path, batch.name, batch.results(), read, root=root)
        except (OSError, StoreFailed) as error:
            get_run_logger().warning("No page of the batch: %s", error)

    def _artifact(self, report: BatchReport) -> None:
        """The batch in the run's artifacts; what goes wrong with that is only logged."""
        rows = [
            f"- {name}: {_show.escaped(str(value))}"
            for name, value in report.model_dump().items()
            if value not in ("", 0)
        ]
        try:
            create_markdown_artifact(
                "## Batch\n\n" + "\n".join(rows),
                key=_show.artifact_key(report.name, "batch"),
                description=f"**batch** {_show.escaped(in_words(self._batch.tally))}",
            )
        except _show.TROUBLE as error:
            get_run_logger().warning("No artifact of the batch: %s", error)


def _folder(batch: Batch) -> Path:
    if isinstance(batch.opened, FolderStore):
        return batch.opened.folder / batch.records.folder
    return home() / batch.records.folder


def _state(report: BatchReport, told: str) -> State[Any]:
    message = f"{told}. {report.reason}".rstrip(". ") + f"; manifest: {report.manifest}"
    if report.reason or not (report.done or not report.rows):
        return failure(message, report)
    if report.failed or report.filtered:
        return Completed(name="PartialSuccess", message=message, data=report)
    return Completed(message=message, data=report)
