"""One flow run under way: its steps as visible task runs, and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any
from uuid import UUID

from prefect import Task, get_run_logger
from prefect.artifacts import ImageArtifact, MarkdownArtifact, TableArtifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed

from blocks import Bedrock, ImageStore
from darkroom.catalog import Model
from darkroom.client import Keep
from darkroom.errors import DarkroomError
from darkroom.modes.base import Request
from darkroom.picture import Picture
from darkroom.resolve import OnRetired
from flows._ended import failure
from flows._recorded import wait_until_recorded
from flows.report import Report, Row, Status
from tasks import _show
from tasks.picture import contact_sheet, load_picture

MOST_SHOWN = 48
"""How many pictures the contact sheet and the gallery of a run show."""


class Run:
    """Submits steps, waits for them, and keeps the report.

    Every step waits for the one before it, which also draws the edges of the graph in the UI.
    """

    def __init__(
        self,
        name: str,
        bedrock: str | None,
        store: str | None,
        *,
        on_retired: OnRetired = "refuse",
        keep: Keep = "no",
    ) -> None:
        self.name = name
        self.on_retired = on_retired
        self.keep = keep
        self.bedrock = Bedrock.find(bedrock)
        self.store = ImageStore.find(store)
        self.store.open().check()
        self.report = Report(
            flow_run=str(flow_run.get_name()), flow_run_id=str(flow_run.get_id()), store=store
        )
        self.task_runs: list[UUID] = []
        self._before: list[PrefectFuture[Any]] = []

    def load(self, step: str, path: str) -> Picture:
        """Bring a picture of the user's own in."""
        future = self._submit(
            load_picture.with_options(name=step, task_run_name=f"{step}: load_picture"),
            path,
            self.store,
        )
        return self._took(step, future, None)

    def pay(self, step: str, task: Task[Any, Any], request: Request, model: Model) -> Picture:
        """Run a mode's task that gives one picture, and wait for it."""
        return self._took(step, self._submit_paid(step, task, request, model), model)

    def pay_all(
        self,
        step: str,
        task: Task[Any, Any],
        request: Request,
        model: Model,
        *,
        numbered: bool = True,
    ) -> None:
        """Run a mode's task for several pictures, one task run for each call, side by side.

        A call that fails leaves the others alone; the report says so. The calls are named by the
        step and the number of their first picture, a single one by the step alone if they are not
        to be `numbered`.
        """
        parts = request.split(model)
        firsts = accumulate((getattr(part, "count", 1) for part in parts), initial=1)
        named = [(f"{step}-{first}", part) for first, part in zip(firsts, parts, strict=False)]
        if len(parts) == 1 and not numbered:
            named = [(step, parts[0])]
        calls = [(name, self._submit_paid(name, task, part, model)) for name, part in named]
        before = self._before
        for name, future in calls:
            try:
                self._took(name, future, model)
            except DarkroomError:
                continue  # noted in the report, which decides how the run ends
        self._before = before

    def free(self, step: str, *tasks_and_values: tuple[Task[Any, Picture], Any]) -> list[Picture]:
        """Run Pillow steps side by side, each with its arguments, and wait for their pictures."""
        named = [(f"{step}-{task.name}", task, values) for task, values in tasks_and_values]
        futures = [
            self._submit(
                task.with_options(name=name, task_run_name=name), *values, store=self.store
            )
            for name, task, values in named
        ]
        pictures = [
            self._result(name, future, None)
            for (name, _, _), future in zip(named, futures, strict=True)
        ]
        self._before = futures
        return pictures

    def through(self, steps: Callable[[], None]) -> State[Any]:
        """Do the steps, and end the run whatever comes of them: what was made is shown."""
        try:
            steps()
        except DarkroomError as error:
            return self.end(error)
        except Exception as error:
            self.end(error)
            raise
        return self.end()

    def end(self, error: Exception | None = None) -> State[Any]:
        """Show what was made, wait until all of it is on record, and say how the run ended."""
        report = self.report
        if report.pictures:
            self._show()
        wait_until_recorded(self.task_runs)
        return self._ended(error)

    def _ended(self, error: Exception | None) -> State[Any]:
        """How the run ended, and what was made, in words."""
        report = self.report
        count = len(report.of_models)
        made = f"{count} picture{'' if count == 1 else 's'}, {report.price}"
        failed = "; ".join(f"{row.step}: {row.reason}" for row in report.of("failed"))
        filtered = ", ".join(row.step for row in report.of("filtered"))
        stopped = report.of("stopped")
        if stopped and not failed:
            failed = f"{stopped[0].reason} Stopped: {', '.join(row.step for row in stopped)}"
        if error or failed:
            return failure(f"{failed or error} (kept: {made})", report, error)
        rejected = "; ".join(f"{row.step}: {row.reason}" for row in report.of("rejected"))
        if rejected and not filtered:
            return Completed(name="Rejected", message=f"{made}; {rejected}", data=report)
        if filtered and not count:
            return failure(f"stopped by the content filter: {filtered}", report)
        if filtered:
            message = f"{made}; stopped by the content filter: {filtered}"
            return Completed(name="PartialSuccess", message=message, data=report)
        return Completed(message=made, data=report)

    def _submit(self, task: Task[Any, Any], *values: Any, **named: Any) -> PrefectFuture[Any]:
        future: PrefectFuture[Any] = task.submit(*values, **named, wait_for=self._before)
        self.task_runs.append(future.task_run_id)
        return future

    def _submit_paid(
        self, step: str, task: Task[Any, Any], request: Request, model: Model
    ) -> PrefectFuture[Any]:
        paid: Task[Any, Any] = task.with_options(name=step)
        return self._submit(
            paid,
            request,
            model.call_id,
            bedrock=self.bedrock,
            store=self.store,
            on_retired=self.on_retired,
            keep=self.keep,
        )

    def _took(self, step: str, future: PrefectFuture[Any], model: Model | None) -> Picture:
        """Wait for a step, and note in the report what it gave."""
        pictures = self._result(step, future, model)
        names = _show.numbered(step, len(pictures)) if model else [step] * len(pictures)
        for name, picture in zip(names, pictures, strict=True):
            # Found by Prefect, or by the store: the picture of another run.
            found = future.state.name == "Cached" or (
                picture.provenance.flow_run != self.report.flow_run
            )
            status: Status = "cached" if found and model else "made"
            self.report.add(name, picture, picture.provenance.model if model else None, status)
        self._before = [future]
        first: Picture = pictures[0]
        return first

    def _result(self, step: str, future: PrefectFuture[Any], model: Model | None) -> Any:
        """Wait for any step; one that fails is noted in the report."""
        try:
            return future.result()
        except Exception as error:
            self.report.fail(step, model.id if model else None, error)
            raise

    def _sheet(self, rows: list[tuple[Row, Picture]], title: str) -> PrefectFuture[Any]:
        """Begin to lay these pictures out on one sheet."""
        labels = [
            f"{row.step}\n{row.model_name or 'your picture'}  {picture.width} x {picture.height}"
            for row, picture in rows
        ]
        named = contact_sheet.with_options(task_run_name="contact_sheet")
        return self._submit(named, [picture for _, picture in rows], labels, title, self.store)

    def _show(self) -> None:
        """The contact sheet as a picture, and sheet, thumbnails and table as artifacts."""
        report = self.report
        shown = [(row, row.picture) for row in report.rows if row.picture]
        rows = shown[-MOST_SHOWN:]  # the last ones: what the steps before were for
        title = self.name  # not the run's: the same pictures are the same sheet
        if len(rows) < len(shown):
            title = f"{title}  the last {len(rows)} of {len(shown)} pictures"
        opened = self.store.open()
        key = _show.artifact_key(self.name)
        try:
            report.sheet = picture_of_all = self._sheet(rows, title).result()
            cells = [(picture, f"{row.step} {row.model_name}".strip()) for row, picture in rows]
            sheet = MarkdownArtifact(
                markdown=f"## Contact sheet\n\n{_show.gallery(opened, cells)}",
                key=f"{key}-gallery",
                description=f"{len(shown)} pictures of {report.flow_run}",
            )
            folder, lines = report.cells_by_folder()
            picture = ImageArtifact(
                image_url=_show.shown(opened, picture_of_all),
                key=f"{key}-contact-sheet",
                description=f"![preview]({_show.shown(opened, picture_of_all, 320)})\n\n"
                f"**contact sheet** {_show.escaped(picture_of_all.where)}",
            )
            table = TableArtifact(
                table=[dict(zip(report.headings, line, strict=True)) for line in lines],
                key=f"{key}-table",
                description=f"{len(shown)} pictures, {_show.escaped(report.price)}, "
                f"in {_show.escaped(folder)}",
            )
            for artifact in (sheet, picture, table):
                _show.put(artifact)
        except _show.TROUBLE as error:
            get_run_logger().warning("No contact sheet: %s", error)
