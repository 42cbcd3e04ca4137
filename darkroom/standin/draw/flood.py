"""Connected regions of a yes/no picture, by whole runs of pixels instead of one at a time."""

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


def _runs(open_: Flags) -> NDArray[np.intp]:
    """For each pixel the number of its horizontal run, shape (h, w); closed pixels get any."""
    before = np.zeros_like(open_)
    before[:, 1:] = open_[:, :-1]
    numbers: NDArray[np.intp] = np.cumsum((open_ & ~before).ravel(), dtype=np.intp)
    return numbers.reshape(open_.shape)


def reach(open_: Flags, start: Flags) -> Flags:
    """The open pixels that can be reached from the start pixels over open ones (4 neighbors).

    Args:
        open_: Where one may go, shape (h, w).
        start: Where one begins; closed ones do not count.
    """
    across, down = _runs(open_), _runs(open_.T)
    reached = open_ & start
    count = -1
    while count != (now := int(np.count_nonzero(reached))):
        count = now
        for runs, turned in ((across, False), (down, True)):
            view, passable = (reached.T, open_.T) if turned else (reached, open_)
            hit = np.zeros(int(runs.max()) + 1, np.bool_)
            hit[runs[view]] = True
            view = hit[runs] & passable
            reached = view.T if turned else view
    return reached


def regions(open_: Flags) -> NDArray[np.intp]:
    """A number for each connected region, 0 where closed, shape (h, w)."""
    across, down = _runs(open_), _runs(open_.T).T
    number = np.where(open_, np.arange(1, open_.size + 1).reshape(open_.shape), 0)
    while True:
        before = number
        for runs in (across, down):
            top = np.zeros(int(runs.max()) + 1, number.dtype)
            np.maximum.at(top, runs[open_], number[open_])
            number = np.where(open_, top[runs], 0)
        if np.array_equal(before, number):
            break
    used = np.zeros(open_.size + 1, np.bool_)
    used[number] = True
    used[0] = False
    compact: NDArray[np.intp] = np.where(used, np.cumsum(used), 0)[number].astype(np.intp)
    return compact


def grow(flags: Flags, by: int = 1) -> Flags:
    """The flags and all pixels within `by` steps, corners included."""
    for _ in range(by):
        padded = np.pad(flags, 1)
        flags = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, 1:-1]
        padded = np.pad(flags, 1)
        flags = padded[1:-1, :-2] | padded[1:-1, 2:] | padded[1:-1, 1:-1]
    return flags


def edge_pixels(shape: tuple[int, int], *, bottom: bool = True) -> Flags:
    """The pixels on the picture's rim."""
    rim = np.zeros(shape, np.bool_)
    rim[0], rim[:, 0], rim[:, -1] = True, True, True
    if bottom:
        rim[-1] = True
    return rim
