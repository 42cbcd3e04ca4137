"""What a pipeline would do: a walk in which nothing is made, only looked up in the store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from blocks import ImageStore
from darkroom import catalog, expect, substitute
from darkroom.errors import DarkroomError
from darkroom.expect import Foreseen, foreseen
from darkroom.image_file import source_path
from darkroom.mask import Edit
from darkroom.modes.base import Request
from darkroom.modes.base import expected as fitted
from darkroom.picture import Picture
from darkroom.pipeline.pillow import ContactSheet, PillowStep
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.review import Review
from darkroom.pipeline.walk import Load, Unit, Walk
from darkroom.plan import Plan, Trouble
from flows._crew import how_of
from tasks import _edit
from tasks._invoke import Call, How
from tasks.picture import loaded
from tasks.pillow import key_of

SEEDS = "pipeline"
"""What drawn seeds depend on beside the request: nothing, so that the same one is the same."""

MOST_TROUBLES = 100
"""How many of the things that would fail a plan lists."""


class Foresight:
    """Makes a plan of one walk after another.

    Args:
        name: The pipeline's name.
        how: What the tasks will be given.
        on: The day that decides which models are alive; None for today.
    """

    def __init__(self, name: str, how: How, on: date | None = None) -> None:
        self.plan = Plan(name=name, on=on or catalog.today(), rows=0)
        self._how = how
        self._filtered: Mapping[str, int] = {}
        self._store = how["store"].open()  # type: ignore[union-attr]
        self._planned: set[str] = set()  # keys of calls that are to be paid for

    def add(
        self,
        pipeline: Pipeline,
        values: Mapping[str, Any],
        row: int = 0,
        filtered: Mapping[str, int] | None = None,
    ) -> None:
        """Add what one run of `pipeline` with these values would do.

        Args:
            pipeline: The pipeline.
            values: Its params by name.
            row: The row of a batch; 0 for a single run.
            filtered: How often the content filter stopped which units before.
        """
        self.plan.rows += 1
        self._filtered = filtered or {}
        troubles: list[Trouble] = []
        try:
            walk = Walk(pipeline, values)
            while not walk.is_over:
                for unit in walk.ready():
                    try:
                        walk.done(unit, self._pictures(unit))
                    except DarkroomError as error:
                        troubles.append(_trouble(row, unit.name, str(error), unit.optional))
                        walk.done(unit, [])
            troubles += [
                _trouble(row, left.name, left.reason, left.optional)
                for left in walk.left
                if left.how == "failed"
            ]
        except DarkroomError as error:
            troubles.append(_trouble(row, pipeline.name, str(error), optional=False))
        self._trouble(troubles)

    def fails(self, row: int, reason: str) -> None:
        """Add a row that cannot be run at all."""
        self.plan.rows += 1
        self._trouble([_trouble(row, "", reason, optional=False)])

    def _trouble(self, troubles: list[Trouble]) -> None:
        self.plan.failing += any(not each.optional for each in troubles)
        self.plan.troubles += troubles[: MOST_TROUBLES - len(self.plan.troubles)]

    def _pictures(self, unit: Unit) -> list[Picture]:
        """What a unit gives: what is in the store, or what is to be expected."""
        request = unit.request
        if isinstance(request, Request):
            return self._asked(unit, request)
        if isinstance(request, Load):
            fresh = loaded(request.path, self._how.get("store") or ImageStore.find())
            return [Picture(**dict(fresh.facts), uri=_whole(request.path))]
        if isinstance(request, Review):
            return self._chosen(unit.name, request)
        self.plan.free += 1
        assert isinstance(request, PillowStep)
        return [self._drawn(unit.name, request)]

    def _chosen(self, name: str, request: Review) -> list[Picture]:
        """As many of the candidates as may be chosen: nobody knows which."""
        self.plan.reviews.append(f"{name}: {request.words}")
        return [
            foreseen(f"{name} {number}", each.size, sure=expect.is_sure([each]), alpha=each.alpha)
            for number, each in enumerate(request.images[: request.most])
        ]

    def _asked(self, unit: Unit, request: Request) -> list[Picture]:
        call = Call.of(request, unit.model, how_of(unit, self._how, self._filtered))
        if not expect.is_sure([picture for _, picture in request.sources()]):
            # How large its sources will be is not known: what the model says to that comes later.
            call.model.takes(request.mode)
            return self._count(unit, call, call.request.split(call.model))
        self._check(call)
        return self._count(unit, call, [part.request for part in call.parts(self._changed)])

    def _check(self, call: Call) -> None:
        model, bedrock = call.model, call.bedrock
        if not bedrock.allow_retired:
            substitute.check_alive(call.request, model, catalog.today())
        model.check_region(bedrock.region_of(model))

    def _count(self, unit: Unit, first: Call, requests: Sequence[Any]) -> list[Picture]:
        """Note the calls of a unit, and give the pictures of all of them."""
        name = re.sub(r"-\d+(?=/|$)", "", unit.name)
        line = self.plan.line(name, first.request.mode, first.model)
        line.perhaps |= unit.step.when is not True
        pictures: list[Picture] = []
        for request in requests:
            call = replace(first, request=request)
            key = call.key
            made = self._recalled(call, key)
            if made is not None or key in self._planned:
                line.cached += 1  # by now, or by then: what another row asks for too is paid once
            else:
                usd = expect.price(request, first.model)
                line.calls += 1
                line.unpriced += usd is None
                line.usd = round(line.usd + (usd or 0.0), 6)
                self._planned.add(key)
            pictures += expect.pictures(request, first.model) if made is None else made
        line.pictures += len(pictures)
        return pictures

    def _recalled(self, call: Call, key: str) -> list[Picture] | None:
        if any(isinstance(picture, Foreseen) for _, picture in call.request.sources()):
            return None
        return self._store.recall(key)

    def _changed(self, picture: Picture, edits: list[Edit], notes: list[str]) -> Picture:
        """A source as it will be when it was changed for a model."""
        if isinstance(picture, Foreseen):
            return fitted(picture, edits, notes)
        key = _edit.key_of(type(edits[0]).__name__.lower(), [picture], map(repr, edits))
        made = self._store.recall(key)
        return made[0] if made else _changed(fitted(picture, edits, notes), key)

    def _drawn(self, name: str, request: PillowStep) -> Picture:
        """What a Pillow step gives."""
        sources, sure = request.sources(), not isinstance(request, ContactSheet)
        key = key_of(request)
        there = sure and not any(isinstance(each, Foreseen) for each in sources)
        if there and (made := self._store.recall(key)):
            return made[0]
        sure = sure and expect.is_sure(sources)
        return foreseen(f"{name} {key}", request.size(), sure=sure, alpha=request.has_alpha())


def _changed(picture: Picture, key: str) -> Foreseen:
    """A picture as it will be after edits, which `key` names."""
    return foreseen(key, picture.size, alpha=picture.alpha, media_type=picture.media_type)


def _trouble(row: int, step: str, reason: str, optional: bool) -> Trouble:
    return Trouble(row=row, step=step, reason=reason, optional=optional)


def _whole(path: str) -> str:
    return path if path.startswith("s3://") else source_path(path).absolute().as_uri()
