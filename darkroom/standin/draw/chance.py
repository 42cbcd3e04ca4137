"""Chance that repeats: random numbers that depend on the arguments and on nothing else."""

import hashlib

import numpy as np


def chance(*parts: object) -> np.random.Generator:
    """A random generator for these arguments: the same in every process and thread.

    Args:
        *parts: What the numbers depend on; anything whose `repr` is stable.
    """
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))
