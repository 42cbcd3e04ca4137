"""The stand-in's edits on ordinary photographs: subjects cut out, backdrops continued."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from darkroom.standin.draw.extend import extend
from darkroom.standin.draw.flood import reach, regions
from darkroom.standin.draw.remove_background import subject_alpha
from darkroom.standin.draw.room import calm, horizon
from darkroom.standin.draw.segment import working_copy
from darkroom.standin.draw.text_to_image import draw
from tests.photographs import HORIZONS, KINDS, SIDE, photograph

pytestmark = pytest.mark.drill


def pixels(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image, np.float64)


def overlap(alpha: Image.Image, truth: NDArray[np.floating]) -> float:
    """Intersection over union of two soft masks."""
    found = pixels(alpha) / 255
    return float(np.minimum(found, truth).sum() / np.maximum(found, truth).sum())


# What is cut out.


@pytest.mark.parametrize(("scene", "thing"), KINDS)
def test_things_on_tables_are_found(scene, thing):
    """A thing before a wall, on wood, stone, cloth or paper is cut out, and nothing else is."""
    image, truth = photograph(scene, thing, seed=1)
    alpha = subject_alpha(image)
    # White in its own shade before white paper in shadow: one corner cannot be told.
    hard = (scene, thing) == ("paper", "red bottle")
    assert overlap(alpha, truth) >= (0.91 if hard else 0.93)
    found = pixels(alpha) / 255
    assert found[truth == 1].mean() > 0.94
    foot = int(np.flatnonzero((truth > 0.5).any(axis=1))[-1])
    # Its shadow lies below and beside its foot.
    assert found[foot + 8 :].sum() < 0.006 * truth.sum()
    rim = np.concatenate([found[:8].ravel(), found[:, :8].ravel(), found[:, -8:].ravel()])
    assert rim.max() == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_shadow_stays_under_a_drawn_mug(seed):
    """Just beyond the foot of a cut-out nothing is left of the shadow that touched it."""
    image, truth = draw("a teal ceramic mug", seed=seed, size=(1024, 1024))
    alpha = pixels(subject_alpha(image)) / 255
    columns = np.flatnonzero((truth > 0.5)[700:].any(axis=0))[20:-20]
    left = [
        alpha[np.flatnonzero(truth[:, column] > 0.05)[-1] + 3 :][:, column].max()
        for column in columns
    ]
    assert np.mean(left) < 0.02
    assert max(left) < 0.3


def test_one_looks_through_a_handle():
    """What is seen through a handle is backdrop, also across the horizon."""
    for scene in ("boards before a white wall", "planks before a grey wall", "paper"):
        image, truth = photograph(scene, "green cup", seed=1)
        window = truth[400:480, 505:535]
        assert window.max() == 0
        assert pixels(subject_alpha(image))[400:480, 505:535].mean() < 25


@pytest.mark.parametrize("scene", HORIZONS)
def test_horizons_are_found(scene):
    """Where wall and table meet is told to a pixel or two; a sheet of paper has no such row."""
    image, _ = photograph(scene, "plum", seed=4)
    row = horizon(calm(working_copy(image, 256)))
    if HORIZONS[scene] > 0:
        assert row is not None
        assert abs(row / 256 - HORIZONS[scene]) < 2.5 / 256
    else:
        assert row is None


@pytest.mark.parametrize("share", [0.2, 0.5, 0.6, 0.9])
def test_regions_are_what_steps_can_reach(share):
    """Pixels have the same number exactly if one can walk from one to the other."""
    rng = np.random.default_rng(3)
    open_ = rng.random((23, 31)) < share
    numbers = regions(open_)
    assert np.array_equal(numbers > 0, open_)
    assert set(np.unique(numbers[open_])) == set(range(1, int(numbers.max()) + 1))
    todo, seen = {(int(y), int(x)) for y, x in np.argwhere(open_)}, 0
    while todo:
        edge, region = [todo.pop()], set()
        while edge:
            y, x = edge.pop()
            region.add((y, x))
            for step in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if step in todo:
                    todo.remove(step)
                    edge.append(step)
        seen += 1
        assert {(int(a), int(b)) for a, b in np.argwhere(numbers == numbers[y, x])} == region
        start = np.zeros_like(open_)
        start[y, x] = True
        assert np.array_equal(reach(open_, start), numbers == numbers[y, x])
    assert seen == numbers.max()


# What is continued.

TABLES = [scene for scene, row in HORIZONS.items() if row > 0]


def wider(scene: str, thing: str = "plum") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A photograph, and the same with 200 pixels more at the left and at the right."""
    image, _ = photograph(scene, thing, seed=1)
    return pixels(image), pixels(extend(image, left=200, right=200, up=0, down=0, seed=2))


@pytest.mark.parametrize("scene", TABLES)
def test_nothing_is_mirrored_at_the_old_edges(scene):
    """What is continued is no mirror image of what was there."""
    _, grown = wider(scene)
    # What a row has in common goes on; what varies along it must not come back.
    for edge, sign in ((200, 1), (200 + SIDE, -1)):
        inside = grown[:, [edge + sign * d - (sign < 0) for d in range(6, 90)]].mean(-1)
        outside = grown[:, [edge - sign * d - (sign > 0) for d in range(6, 90)]].mean(-1)
        inside -= inside.mean(axis=1, keepdims=True)
        outside -= outside.mean(axis=1, keepdims=True)
        alike = (inside * outside).sum() / np.sqrt((inside**2).sum() * (outside**2).sum())
        assert abs(alike) < 0.4


@pytest.mark.parametrize("scene", TABLES)
def test_the_horizon_goes_on_at_its_height(scene):
    """Beyond the old edges the table begins at the same row, and not twice."""
    before, grown = wider(scene)
    row = round(HORIZONS[scene] * SIDE)
    for columns, old in (((10, 60), (2, 50)), ((-60, -10), (-50, -2))):
        new = grown[:, slice(*columns)].mean(axis=1)
        was = before[:, slice(*old)].mean(axis=1)
        for rows in (slice(row - 40, row - 8), slice(row + 8, row + 40)):
            assert np.abs(new[rows].mean(axis=0) - was[rows].mean(axis=0)).max() < 24
        step = np.abs(new[row - 60 : row + 60][4:] - new[row - 60 : row + 60][:-4]).sum(axis=1)
        assert abs(int(step.argmax()) + 2 - 60) <= 5


@pytest.mark.parametrize("scene", HORIZONS)
def test_texture_goes_on(scene):
    """What is continued is about as rough as the border was, and no subject appears in it."""
    before, grown = wider(scene, "red bottle")
    steps = np.abs(np.diff(grown, axis=1)).mean(-1)
    border = np.abs(np.diff(before[:, :150], axis=1)).mean()
    assert 0.5 * border < steps[:, 30:180].mean() < 1.5 * border
    assert steps[:, :190].max() < 110
    red = (grown[:, :200, 0] > grown[:, :200, 1] + 70) & (grown[:, :200, 1] < 70)
    assert not red.any()


def test_continuing_is_deterministic():
    """The same arguments give the same continuation, another seed another."""
    image, _ = photograph("stone before a blue wall", "plum", seed=1)
    one, same, other = (extend(image, left=90, right=0, up=0, down=0, seed=s) for s in (1, 1, 2))
    assert one.tobytes() == same.tobytes() != other.tobytes()


# What cannot be drawn.


def test_what_cannot_be_drawn_is_a_plain_form():
    """Two things without a drawing get the same form in their colors, a mug its own."""
    cat, cover = draw("a green cat sitting", seed=1, size=(300, 300))
    _, zebra = draw("two zebras", seed=1, size=(300, 300))
    _, mug = draw("a mug", seed=1, size=(300, 300))
    assert overlap(centered(cover), pixels(centered(zebra)) / 255) > 0.97
    assert overlap(centered(cover), pixels(centered(mug)) / 255) < 0.85
    middle = pixels(cat)[120:160, 130:170].mean((0, 1))
    assert middle[1] > middle[0] + 15


def centered(cover: NDArray[np.floating]) -> Image.Image:
    """What is covered, cut to its bounds, at one size."""
    mask = Image.fromarray((cover * 255).astype(np.uint8))
    return mask.crop(mask.getbbox()).resize((120, 120))
