"""Work that is done a little ahead of whoever takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


def in_order(do: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Iterator[_R]:
    """What `do` makes of each item, in their order, a few at a time and not further ahead."""
    ahead: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(threads, "ahead") as pool:
        for item in items:
            ahead.append(pool.submit(do, item))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
