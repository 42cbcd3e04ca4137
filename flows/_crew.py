"""Does the units of walks as task runs, so many side by side, and hears what came of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any
from uuid import UUID

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.events.worker import EventsWorker
from prefect.runtime import flow_run
from pydantic import BaseModel

from darkroom.errors import DarkroomError
from darkroom.modes.base import Request
from darkroom.picture import Picture
from darkroom.pipeline.pillow import PillowStep
from darkroom.pipeline.review import Review, Verdict
from darkroom.pipeline.walk import Load, Unit, Walk
from flows.report import Status, status_of
from tasks import _invoke, _retry, _run, _turn
from tasks._turn import Paid
from tasks.picture import load_picture
from tasks.pillow import drawn, pillow
from tasks.review import review

MOST_WAITING = 500
"""Events for Prefect's server that may wait in this process; a task run makes three or four."""


@dataclass(frozen=True)
class Outcome:
    """What came of a unit.

    Attributes:
        unit: Which.
        pictures: What it gave.
        paid: The calls that it took.
        error: Why it gave nothing; None if it gave pictures.
        verdict: What a person said, if it is a review.
    """

    unit: Unit
    pictures: list[Picture]
    paid: Paid
    error: BaseException | None = None
    verdict: Verdict | None = None

    @property
    def status(self) -> Status:
        """In a word."""
        if self.error is not None:
            return status_of(self.error)
        if isinstance(self.unit.request, Review):
            return "chosen"
        return (
            "cached" if isinstance(self.unit.request, Request) and not self.paid.calls else "made"
        )


@dataclass(eq=False)
class Job:
    """One walk under way: a run of a pipeline, or one row of a batch.

    Attributes:
        walk: Where it is.
        row: The row's number; None outside of batches.
        data: Whatever its owner needs to know of it.
        reviews: Its units that wait for a person.
        verdicts: What people said, by unit.
        outcomes: What came of its units so far, in the order in which they began.
        filtered: How often the content filter stopped which units before: they get other seeds.
        began: Monotonic time of its start.
    """

    walk: Walk
    row: int | None = None
    data: Any = None
    reviews: list[Unit] = field(default_factory=list)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    outcomes: dict[str, Outcome | None] = field(default_factory=dict)
    states: dict[str, State[Any]] = field(default_factory=dict)
    filtered: dict[str, int] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def waits(self) -> bool:
        """Whether nothing of it is under way, and a person is what it waits for."""
        return bool(self.reviews) and None not in self.outcomes.values()

    @property
    def ended(self) -> list[Outcome]:
        """What came of its units, in the order in which they began."""
        return [outcome for outcome in self.outcomes.values() if outcome]


class Crew:
    """Does the units of walks, so many side by side.

    Args:
        how: What the tasks are given.
        at_once: Units that are done at the same time, 1 or more.
        shown: Whether every step is a task run, with edges and artifacts; else only those that are
            paid for are, and nothing else: for batches.
        ask: Asks a person for the verdict of a review, in the thread that drives. It may end the
            run, which then goes on in another process.
    """

    def __init__(
        self,
        how: _invoke.How,
        at_once: int,
        *,
        shown: bool,
        ask: Callable[[Job, Unit], Verdict] | None = None,
    ) -> None:
        self.task_runs: list[UUID] = []
        self._ask = ask
        self._how, self._at_once, self._shown = how, at_once, shown
        self._stopping = Event()
        self._tasks: dict[tuple[Any, ...], Task[Any, Any]] = {}
        self._finished: SimpleQueue[tuple[Job, Unit | None, Future[Any]]] = SimpleQueue()

    def drive(
        self, jobs: Iterator[Job], ended: Callable[[Job], None], beat: Callable[[], None]
    ) -> None:
        """Do all that the walks of `jobs` want; at most `at_once` of them are under way.

        Args:
            jobs: Asked for the next one when there is room for it.
            ended: Is told of each job whose walk is over, in any thread.
            beat: Is called about once a second, in this thread.
        """
        active: set[Job] = set()
        jobs = iter(jobs)
        with ThreadPoolExecutor(self._at_once, "darkroom") as pool:
            try:
                while True:
                    # The first is begun in any case: nothing else could make the server catch up.
                    while len(active) < self._at_once and not (active and _is_behind()):
                        if (job := next(jobs, None)) is None:
                            break
                        active.add(job)
                        self._begin(pool, job, ended)
                    if not active:
                        return
                    for job, unit, future in self._finished_units(beat):
                        if unit is None:
                            future.result()
                            active.remove(job)
                        else:
                            self._note(job, unit, future)
                            self._begin(pool, job, ended)
                    for job in [each for each in active if each.waits]:
                        self._review(pool, job)
            except BaseException:
                # What has begun is paid for, and ends by itself; nothing new begins or is tried
                # again.
                self._stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _finished_units(
        self, beat: Callable[[], None]
    ) -> Iterator[tuple[Job, Unit | None, Future[Any]]]:
        """What ended, if anything did within a second; a job without a unit is over."""
        beat()
        with suppress(Empty):
            yield self._finished.get(timeout=1)

    def _begin(self, pool: ThreadPoolExecutor, job: Job, ended: Callable[[Job], None]) -> None:
        for unit in job.walk.ready():
            if isinstance(unit.request, Review):
                job.reviews.append(unit)
            else:
                self._submit(pool, job, unit)
        if job.walk.is_over:
            last = pool.submit(copy_context().run, ended, job)
            last.add_done_callback(partial(self._finish, job, None))

    def _submit(self, pool: ThreadPoolExecutor, job: Job, unit: Unit) -> None:
        job.outcomes[unit.name] = None
        future = pool.submit(self._context(job, unit).run, self._do, job, unit)
        future.add_done_callback(partial(self._finish, job, unit))

    def _review(self, pool: ThreadPoolExecutor, job: Job) -> None:
        """Ask for one verdict, while nothing else is under way: all else is made by then."""
        unit = job.reviews.pop(0)
        assert self._ask is not None  # a batch, which asks nobody, takes no such pipeline
        try:
            job.verdicts[unit.name] = self._ask(job, unit)
        except DarkroomError as error:
            job.outcomes[unit.name] = None
            failed: Future[Any] = Future()
            failed.set_exception(error)
            self._finish(job, unit, failed)
        else:
            self._submit(pool, job, unit)

    def _finish(self, job: Job, unit: Unit | None, future: Future[Any]) -> None:
        self._finished.put((job, unit, future))

    def _note(self, job: Job, unit: Unit, future: Future[Outcome]) -> None:
        if error := future.exception():
            # Of Prefect's own, around the task; or nobody answered a review.
            outcome = Outcome(unit, [], Paid(), error)
        else:
            outcome = future.result()
        job.outcomes[unit.name] = outcome
        _count_again(outcome)
        if outcome.verdict and outcome.verdict.decision == "renew":
            job.walk.renew(unit, outcome.verdict.prompt)
        else:
            job.walk.done(unit, outcome.pictures)

    def _context(self, job: Job, unit: Unit) -> Context:
        context = copy_context()
        context.run(_run.row_number.set, job.row)
        context.run(_run.pipeline.set, job.walk.pipeline.name)
        context.run(_run.step.set, unit.name)
        context.run(_turn.paid.set, Paid())
        context.run(_retry.stopping.set, self._stopping)
        return context

    def _do(self, job: Job, unit: Unit) -> Outcome:
        """Do one unit, in a thread and a context of its own."""
        paid = _turn.paid.get()
        assert paid is not None
        if not self._shown and not isinstance(unit.request, Request):
            return Outcome(unit, self._free(unit.request), paid)
        state = self._state(job, unit)
        if state.state_details.task_run_id:
            self.task_runs.append(state.state_details.task_run_id)
        job.states[unit.name] = state
        if not self._shown and (context := FlowRunContext.get()):
            # By these Prefect finds edges that nobody names; here they would only add up.
            context.run_results.clear()
        given = state.result(raise_on_failure=False)
        if isinstance(given, BaseException):
            return Outcome(unit, [], paid, given)
        return Outcome(unit, given, paid, verdict=job.verdicts.get(unit.name))

    def _free(self, request: BaseModel) -> list[Picture]:
        """What costs nothing, without a task run: in a batch there are enough of them."""
        if isinstance(request, Load):
            return load_picture.fn(request.path, self._how.get("store"))
        assert isinstance(request, PillowStep)
        return drawn(request, self._how.get("store"))

    def _state(self, job: Job, unit: Unit) -> State[Any]:
        """The final state of a unit's task run."""
        request, task = unit.request, self._task(unit)
        before = [job.states[name] for name in unit.after if name in job.states]
        named: dict[str, Any] = {"store": self._how.get("store")}
        if isinstance(request, Request):
            how = how_of(unit, self._how, job.filtered)
            named = {"model": unit.model, **how}
        if isinstance(request, Review):
            named |= {"verdict": job.verdicts[unit.name], "step": unit.name}
        first = request.path if isinstance(request, Load) else request
        state: State[Any] = task(first, **named, wait_for=before, return_state=True)
        return state

    def _task(self, unit: Unit) -> Task[Any, Any]:
        """The task for a unit, with what its step says of it."""
        step = unit.step
        key = (step.word, unit.place[0], step.retries)
        if key in self._tasks:
            return self._tasks[key]
        name = unit.place[0].removeprefix("params.")
        if step.mode:
            task: Task[Any, Any] = getattr(import_module(f"tasks.{step.mode}"), step.mode)
            task = task.with_options(name=name)
            if step.retries is not None:
                task = task.with_options(**_retry.tries(step.retries))
            if not self._shown:
                # The store remembers: it is asked first, and lies beside the pictures.
                task = task.with_options(cache_policy=NO_CACHE, persist_result=False)
                task.on_completion_hooks, task.on_failure_hooks = [], []
        else:
            others: dict[str, Task[Any, Any]] = {Load.word: load_picture, Review.word: review}
            free = others.get(step.word, pillow)
            task = free.with_options(name=name, task_run_name=partial(_named, step.word))
        self._tasks[key] = task
        return task


def _count_again(outcome: Outcome) -> None:
    """Hold against the budget what this same run paid for before it was taken up again."""
    if (budget := _turn.budget.get()) and outcome.status == "cached":
        own = [each for each in outcome.pictures if each.provenance.flow_run == flow_run.get_name()]
        budget.paid(sum(each.provenance.price_usd or 0.0 for each in own))


def _is_behind() -> bool:
    """Whether the server is far behind with what it is told of task runs.

    What it has not taken yet waits in this process's memory, which is to stay flat.
    """
    return EventsWorker.instance()._queue.qsize() > MOST_WAITING


def how_of(unit: Unit, how: _invoke.How, filtered: Mapping[str, int]) -> _invoke.How:
    """What the task of a unit is given: other seeds where the filter stopped it before."""
    times, seeds = filtered.get(unit.name), how.get("seeds", "")
    seeds = f"{seeds} renewal {unit.renewal}" if unit.renewal else seeds
    seeds = f"{seeds} {times}" if times else seeds
    return {**how, "on_retired": unit.step.on_retired, "seeds": seeds}


def _named(word: str) -> str:
    return f"{_run.row()}{_run.step.get()}: {word}"
