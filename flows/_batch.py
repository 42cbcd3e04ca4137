"""The rows of a batch, or of one shard: planned, done side by side, written down as they end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from filelock import Timeout
from prefect.runtime import flow_run

from blocks import Bedrock, ImageStore
from darkroom.batch.records import Card, Known, Records
from darkroom.batch.row import Made, Result, Row, Status
from darkroom.batch.rows import Rows, key_of
from darkroom.client import Keep
from darkroom.errors import InvalidRequest, StoreFailed
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.walk import Walk
from darkroom.plan import Plan
from darkroom.store import Store
from flows._crew import Crew, Job
from flows._foresee import SEEDS, Foresight
from flows._recorded import wait_until_recorded
from flows._tally import Tally
from flows.report import status_of
from tasks import _run
from tasks._invoke import How

Retry = Literal["missing", "failed", "filtered", "all"]


@dataclass
class _Doing:
    """A row under way."""

    row: Row
    key: str
    attempt: int
    filtered: dict[str, int]


class Batch:
    """A pipeline over rows.

    Args:
        name: Names it for good: a batch of the same name goes on where it was.
        pipeline: What is done with each row.
        rows: The rows, read again each time they are asked for.
        bedrock: How to reach the service.
        store: Where pictures and records are kept.
        retry: Which rows to do beside those that never ended.
        again: Whether all of it is asked for anew.
        keep: As of the tasks.
        shard: Which shard of how many: (0, 1) for all rows.
    """

    def __init__(
        self,
        name: str,
        pipeline: Pipeline,
        rows: Rows,
        bedrock: Bedrock,
        store: ImageStore,
        *,
        retry: Retry = "missing",
        again: bool = False,
        keep: Keep = "no",
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        if pipeline.reviews:
            raise InvalidRequest.of(
                "pipeline",
                pipeline.name,
                f"it waits for a person at {', '.join(pipeline.reviews)}, and a batch does not",
                "Run it for single rows, or leave that step out and choose on the batch's page.",
            )
        self.name, self.pipeline, self.rows, self.shard = name, pipeline, rows, shard
        self.opened: Store = store.open()
        self.records = Records(self.opened, name)
        self.tally = Tally()
        self.how: How = {"bedrock": bedrock, "store": store, "keep": keep, "seeds": SEEDS}
        self._retry, self._anew = retry, again
        self._read()
        self._writing = threading.Lock()
        self._off_record: dict[str, Result] = {}
        self._on_end: Callable[[Result], None] = lambda result: None
        self._stopped = False
        self._repeats: Counter[str] = Counter()

    def _read(self) -> None:
        """Read what is on record."""
        self._card = self._next(self.records.card())
        salt = f"{self.name} {self._card.times}" if self._card.times else ""
        self.how["again"] = salt
        self._fingerprint = f"{self.pipeline.fingerprint} {salt}"
        self.known = self.records.known()

    def _next(self, card: Card) -> Card:
        """What the batch is; asked for anew once in a flow run, however often that is resumed."""
        run = str(flow_run.get_id())
        if self._anew and card.again_for != run:
            card = card.model_copy(update={"times": card.times + 1, "again_for": run})
        return card.model_copy(update={"pipeline": self.pipeline.name})

    def begin(self) -> None:
        """Write down what the batch is: from here on it is asked for anew, if it is.

        A plan, and a run that is refused, leave the batch as it was.
        """
        self.records.write_card(self._card)

    def key(self, row: Row) -> str:
        """Names what a row asks for."""
        # Broken rows have nothing but their defaults in common: what is wrong with each tells them
        # apart, and from the row that it becomes when it is mended.
        words = f"{self._fingerprint} {row.problem}"
        return key_of(row.values, self.pipeline.params, words)

    def wanted(self) -> Iterator[tuple[Row, str, Known | None]]:
        """The rows that are to be done, each with its key and what is known of it."""
        for row, key, known, wanted in self._sorted():
            if wanted:
                yield row, key, known

    def _sorted(self) -> Iterator[tuple[Row, str, Known | None, bool]]:
        """All rows of the shard, each with whether it is to be done: once, if it is repeated."""
        index, total = self.shard
        seen: set[str] = set()
        for row in self.rows:
            if total > 1 and row.number % total != index:
                continue
            key = self.key(row)
            known = self.known.get(key)
            yield row, key, known, key not in seen and (not known or self._again(known.status))
            seen.add(key)

    def _again(self, status: Status) -> bool:
        return status == "stopped" or self._retry in ("all", status)

    def plan(self) -> Plan:
        """What would be done, row by row; nothing is called."""
        foresight, tally = Foresight(self.pipeline.name, self.how), self.tally
        rows, asked = 0, set[str]()
        self._repeats.clear()
        for row, key, known, wanted in self._sorted():
            rows += 1
            if wanted:
                asked.add(key)
                if row.problem:
                    foresight.fails(row.number, row.problem)
                else:
                    foresight.add(self.pipeline, row.values, row.number, self._filtered(key, known))
            elif key in asked:
                self._repeats[key] += 1
            elif known:
                tally.count(known.status)
                tally.before += 1
        tally.total = foresight.plan.rows = rows
        foresight.plan.done = tally.before
        foresight.plan.repeats = self._repeats.total()
        return foresight.plan

    def run(self, at_once: int, on_end: Callable[[Result], None], beat: Callable[[], None]) -> None:
        """Do all rows that are wanted.

        Args:
            at_once: Rows and calls that are under way at the same time.
            on_end: Is told of each row that ended, one at a time.
            beat: Is called about once a second.
        """
        self._on_end = on_end
        place = _run.place.set(f"{self.records.folder}/pictures")
        crew = Crew(self.how, at_once, shown=False)
        try:
            crew.drive(self._jobs(), self._ended, beat)
        finally:
            _run.place.reset(place)
        wait_until_recorded(crew.task_runs, timeout=30 + len(crew.task_runs) / 20)

    def _jobs(self) -> Iterator[Job]:
        for row, key, known in self.wanted():
            if self._stopped:
                return
            attempt = known.attempt + 1 if known else 1
            filtered = self._filtered(key, known)
            doing = _Doing(row, key, attempt, filtered)
            if row.problem:
                self._write(self._result(doing, "failed", row.problem))
                continue
            try:
                walk = Walk(self.pipeline, row.values)
            except InvalidRequest as error:
                self._write(self._result(doing, "failed", str(error)))
                continue
            yield Job(walk, row=row.number, data=doing, filtered=filtered)

    def _filtered(self, key: str, known: Known | None) -> dict[str, int]:
        """How often the filter stopped which units of a row that is tried again.

        Whatever the row ended as: it may have failed for another reason besides, or since.
        """
        last = self.records.load(key, known) if known else None
        return last.filtered if last else {}

    def _ended(self, job: Job) -> None:
        doing: _Doing = job.data
        outcomes = job.ended
        hard = [each for each in outcomes if each.error and not each.unit.optional]
        left = [each for each in job.walk.left if each.how == "failed" and not each.optional]
        reasons = [f"{each.unit.name}: {_said(each.error)}" for each in hard]
        reasons += [f"{each.name}: {each.reason}" for each in left]
        statuses = {status_of(each.error) for each in hard if each.error} | {"failed" for _ in left}
        status: Status = "done"
        worse: tuple[Status, ...] = ("filtered", "failed", "stopped")
        for worst in worse:
            if worst in statuses:
                status = worst
        filtered = dict(doing.filtered)
        for each in outcomes:
            if each.error and status_of(each.error) == "filtered":
                filtered[each.unit.name] = filtered.get(each.unit.name, 0) + 1
        made = {id(p): each for each in outcomes for p in each.pictures}
        pictures = tuple(
            Made(
                step=step,
                uri=picture.uri,
                sha256=picture.sha256,
                media_type=picture.media_type,
                width=picture.width,
                height=picture.height,
                model=picture.provenance.model,
                seed=picture.provenance.seed,
                price_usd=picture.provenance.price_usd,
                cached=made[id(picture)].status == "cached",
            )
            for step, picture in job.walk.outputs
        )
        result = self._result(doing, status, "; ".join(reasons))
        self._write(
            result.model_copy(
                update={
                    "pictures": pictures,
                    "spent_usd": round(sum(each.paid.usd for each in outcomes), 6),
                    "unpriced": sum(each.paid.unpriced for each in outcomes),
                    "calls": sum(each.paid.calls for each in outcomes),
                    "cached": sum(each.status == "cached" for each in outcomes),
                    "seconds": round(time.monotonic() - job.began, 3),
                    "filtered": filtered,
                }
            )
        )

    def _result(self, doing: _Doing, status: Status, reason: str = "") -> Result:
        row = doing.row
        return Result(
            row=row.number,
            key=doing.key,
            status=status,
            reason=reason,
            values=dict(row.values),
            more=dict(row.more),
            attempt=doing.attempt,
            flow_run=str(flow_run.get_name()),
            ended_at=datetime.now(UTC),
        )

    def _write(self, result: Result) -> None:
        try:
            self.records.add(result)
        except StoreFailed as error:
            # Others go on; the next run does this row again, and finds what it made.
            status = "failed" if result.status == "done" else result.status
            reason = "; ".join(filter(None, [result.reason, f"not on record: {error}"]))
            result = result.model_copy(update={"status": status, "reason": reason})
            self._off_record[result.key] = result
        with self._writing:
            self.note(result, Known(result.status, result.attempt))
            self._stopped |= result.status == "stopped"
            self._on_end(result)

    def note(self, result: Result, known: Known) -> None:
        """Count a row that ended and is on record."""
        self.known[result.key] = known
        self.tally.add(result, 1 + self._repeats[result.key])

    def results(self) -> Iterator[Result]:
        """What came of all rows so far, in their order; a row that repeats another is as that."""
        first: dict[str, int] = {}
        for row in self.rows:
            key = self.key(row)
            known = self.known.get(key)
            result = self._off_record.get(key) or (self.records.load(key, known) if known else None)
            if result is None:
                continue
            if key in first:
                told = {"spent_usd": 0.0, "unpriced": 0, "calls": 0, "seconds": 0.0}
                reason = "; ".join(filter(None, [f"as row {first[key]}", result.reason]))
                result = result.model_copy(update={**told, "reason": reason})
            first.setdefault(key, row.number)
            yield result.model_copy(
                update={"row": row.number, "values": dict(row.values), "more": dict(row.more)}
            )

    @contextmanager
    def held(self, patience: float = 0) -> Iterator[None]:
        """Have this batch, or this shard of it, alone: one process at a time can.

        Args:
            patience: Seconds to wait for it.

        Raises:
            InvalidRequest: Another process does this batch now.
        """
        index, total = self.shard
        which = f"-{index}-of-{total}" if total > 1 else ""
        lock = self.opened.lock(f"batch-{self.name}{which}")
        try:
            lock.acquire(timeout=patience)
        except Timeout as error:
            raise InvalidRequest.of(
                "name",
                self.name,
                "a batch of this name is being done by another process",
                "Wait for it, or choose another name.",
            ) from error
        try:
            self._read()  # what another process did just before
            yield
        finally:
            lock.release()


def _said(error: BaseException | None) -> str:
    return str(error) or type(error).__name__
