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


def _joined(open_: Flags) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The number of each pixel's run, and for each run the last run of its region."""
    runs = _runs(open_)
    both = open_[1:] & open_[:-1]
    upper, lower = runs[:-1][both], runs[1:][both]
    # Runs that touch along many pixels touch once.
    new = np.ones(upper.shape, np.bool_)
    new[1:] = (upper[1:] != upper[:-1]) | (lower[1:] != lower[:-1])
    upper, lower = upper[new], lower[new]
    last = np.arange(int(runs[-1, -1]) + 1 if runs.size else 1)
    while len(upper):
        top = np.maximum(last[upper], last[lower])
        np.maximum.at(last, last[upper], top)
        np.maximum.at(last, last[lower], top)
        while not np.array_equal(last, further := last[last]):
            last = further
        apart = last[upper] != last[lower]
        upper, lower = upper[apart], lower[apart]
    return runs, last


def reach(open_: Flags, start: Flags) -> Flags:
    """The open pixels that can be reached from the start pixels over open ones (4 neighbors).

    Args:
        open_: Where one may go, shape (h, w).
        start: Where one begins; closed ones do not count.
    """
    runs, last = _joined(open_)
    hit = np.zeros(last.shape, np.bool_)
    hit[last[runs[open_ & start]]] = True
    reached: Flags = hit[last][runs] & open_
    return reached


def regions(open_: Flags) -> NDArray[np.intp]:
    """A number for each connected region, 0 where closed, shape (h, w)."""
    runs, last = _joined(open_)
    ends = np.zeros(last.shape, np.bool_)
    ends[last[1:]] = True
    compact = np.cumsum(ends)[last]
    numbers: NDArray[np.intp] = np.where(open_, compact[runs], 0).astype(np.intp)
    return numbers


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
