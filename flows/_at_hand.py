"""A person at the terminal, who is asked what goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.pipeline.review import Review, Verdict
from flows.progress import paused
from tasks import review
from tasks.picture import sheet


@contextmanager
def asked_here(store: str | None) -> Iterator[None]:
    """Let reviews ask whoever sits at this terminal, if somebody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield
        return
    token = review.at_hand.set(lambda *what: _ask(*what, store=store))
    try:
        yield
    finally:
        review.at_hand.reset(token)


def _ask(step: str, request: Review, renewable: bool, *, store: str | None) -> Verdict:
    numbers = [str(number) for number in range(1, len(request.images) + 1)]
    opened = ImageStore.find(store).open()
    seen = sheet(request.images, numbers, request.question, opened)
    new = ", new: WORDS" if renewable else ""
    many = "" if request.most == 1 else f", {min(2, request.most)} of them as 1,2, all"
    with paused():
        click.echo(f"{step}: {request.question}  Look at {seen.where}", err=True)
        while True:
            words = click.prompt(f"A number{many}, reject: WHY{new}", err=True)
            try:
                verdict = Verdict.read(words).of(len(request.images))
            except InvalidRequest as error:
                click.echo(str(error), err=True)
                continue
            trouble = verdict.problem(request, renewable=renewable)
            if not trouble:
                return verdict
            click.echo(trouble, err=True)
