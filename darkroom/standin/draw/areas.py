"""The areas of a picture: what is of one color between two contours, and how far it reaches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from darkroom.standin.draw.field import Field, dot
from darkroom.standin.draw.flood import Flags, edge_pixels, grow, reach, regions
from darkroom.standin.draw.palette import luminance
from darkroom.standin.draw.segment import find, working_copy

SIDE = 256
"""Longer side, in pixels, of the copy on which areas are usually looked for."""
_STEP = 22.0
"""How many levels two areas must differ at their contour; below, it is shading of one thing."""
_TINY = 0.003
"""Share of the picture below which an area is not one of its own."""
_MOST = 6
"""How many areas a subject is divided into at most."""


@dataclass(frozen=True)
class Areas:
    """A picture divided into areas, numbered from 0.

    Attributes:
        coarse: Number of each pixel's area on the working copy.
        labels: The same at full size, shape (h, w).
        rows: Rows of the pixels that lie between two areas; the others are all of one.
        columns: Their columns.
        first: The area on one side of each, and
        second: the one on the other side.
        along: How far each is from the first to the second, 0..1.
        subject: For each area, whether it belongs to the subject.
        share: For each area, its share of the picture, 0..1.
        bright: For each area, its mean brightness, 0..255.
        lines: Whether the picture is a line drawing.
        light: Brightness at full size, 0..255; of a drawing, always that of dark on white.
    """

    coarse: NDArray[np.intp]
    labels: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    along: Field
    subject: Flags
    share: Field
    bright: Field
    lines: bool
    light: Field

    def paint(self, values: Field) -> Field:
        """Each area filled with its value or color, contours smooth: shape (h, w) or (h, w, 3).

        Args:
            values: One per area, shape (areas,) or (areas, 3).
        """
        values = values.astype(np.float32)
        filled: Field = np.take(values, self.labels, axis=0)
        along = self.along if values.ndim == 1 else self.along[:, None]
        mixed = values[self.first] * (1 - along) + values[self.second] * along
        filled[self.rows, self.columns] = mixed
        return filled


def _clusters(colors: Field, most: int) -> NDArray[np.intp]:
    """The cluster of each color, shape (n,): brightness counts less than hue, as in shading."""
    bright = luminance(colors)
    feature = np.stack(
        [0.55 * bright, 1.2 * (colors[:, 0] - bright), 1.2 * (colors[:, 2] - bright)], -1
    ).astype(np.float32)
    sample = feature[:: max(1, len(feature) // 2500)]
    # Each next center is the color farthest from all before it.
    centers = [sample.mean(0)]
    for _ in range(most - 1):
        away = np.min([((sample - center) ** 2).sum(-1) for center in centers], axis=0)
        if float(away.max()) < 12**2:
            break
        centers.append(sample[int(np.argmax(away))])
    middle = np.stack(centers)
    for _ in range(6):
        nearest = ((sample[:, None] - middle) ** 2).sum(-1).argmin(1)
        for number in range(len(middle)):
            if (nearest == number).any():
                middle[number] = sample[nearest == number].mean(0)
    away = -2 * feature @ middle.T + (middle * middle).sum(-1)
    nearest_of_all: NDArray[np.intp] = away.argmin(1)
    return nearest_of_all


def _smooth(labels: NDArray[np.intp], count: int, radius: int, first: int = 0) -> NDArray[np.intp]:
    """What most of each pixel's neighborhood is, of the labels from `first` on; 0 if none is."""
    votes = [
        np.asarray(
            Image.fromarray(((labels == n) * 255).astype(np.uint8)).filter(
                ImageFilter.BoxBlur(radius)
            )
        )
        for n in range(first, count)
    ]
    most = np.stack(votes)
    return np.where(most.any(0), most.argmax(0) + first, 0)


def _without_fringe(labels: NDArray[np.intp], subject: Flags, half: int) -> NDArray[np.intp]:
    """The labels without thin seams along the subject's outline, where colors only blend.

    Thin is what is at most twice `half` pixels wide.
    """
    thin = grow(~subject, 2 * half + 3) & subject
    for number in np.flatnonzero(np.bincount(labels[thin])):
        own = labels == number
        thin &= ~(grow(~grow(~own, half), half) & own)
    solid = np.where(thin | ~subject, 0, labels + 1)
    for radius in (3, 6):
        votes = _smooth(solid, int(labels.max()) + 2, radius, first=1)
        labels = np.where(thin & (votes > 0), votes - 1, labels)
        thin &= votes == 0
    return labels


def _compact(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    used = np.bincount(labels.ravel()) > 0
    return (np.cumsum(used) - 1)[labels].astype(np.intp)


def _merged(labels: NDArray[np.intp], colors: Field, fixed: Flags, step: float) -> NDArray[np.intp]:
    """Areas joined over contours where hardly anything changes, never across `fixed`'s outline."""
    seams = []
    for axis in (0, 1):
        color, hold = np.moveaxis(colors, axis, 0), np.moveaxis(fixed, axis, 0)
        # A short reach: a contour is a step, while even a sharp highlight is a slope.
        jump = np.abs(color[3:] - color[:-3]).max(-1)
        seams.append((axis, jump, hold[1:-2] == hold[2:-1]))
    while True:
        count = int(labels.max()) + 1
        pairs, jumps = [], []
        for axis, jump, allowed in seams:
            turned = np.moveaxis(labels, axis, 0)
            a, b = turned[1:-2], turned[2:-1]
            seam = (a != b) & allowed
            pairs.append((np.minimum(a, b) * count + np.maximum(a, b))[seam])
            jumps.append(jump[seam])
        pair, size = np.concatenate(pairs), np.concatenate(jumps)
        sizes = np.bincount(labels.ravel(), minlength=count)
        inside = np.bincount(labels[fixed], minlength=count) > 0.5 * sizes
        # A backdrop's smaller areas are mostly shadows.
        tiny = sizes < np.where(inside, _TINY, 10 * _TINY) * labels.size
        weakest, least = (0, 0), step
        for code in np.flatnonzero(np.bincount(pair)):
            low, high = divmod(int(code), count)
            # Between two things nearly all of the contour is steep; what light draws fades out.
            step_here = float(np.percentile(size[pair == code], 35))
            # What is hardly more than a seam joins a neighbor whatever the step.
            step_here -= 1000 if tiny[low] or tiny[high] else 0
            if step_here < least:
                weakest, least = (low, high), step_here
        if least >= step:
            return labels
        labels = _compact(np.where(labels == weakest[1], weakest[0], labels))


def _whole_subject(colors: Field) -> Flags | None:
    """Where the subject is; None if the picture is a busy place without one."""
    if min(colors.shape[:2]) < 24:
        return None
    found = find(colors)
    if found is None:
        return None
    rim = edge_pixels(found.subject.shape)
    return found.subject if float(found.subject[rim].mean()) < 0.08 else None


def _drawn_lines(bright: Field, colors: Field) -> tuple[Flags, bool] | None:
    """Where a drawing's lines are, and if they are the bright ones; None if it is no drawing."""
    if float(np.ptp(colors, axis=-1).mean()) > 14:
        return None
    paper = float(np.median(bright))
    if not (paper > 190 or paper < 60):
        return None
    inverse = paper < 60
    dark = (bright > paper + 50) if inverse else (bright < paper - 35)
    # Lines are thin: little of them is left without their outermost pixels.
    core = ~grow(~dark, 2)
    share = float(dark.mean())
    if not 0.002 < share < 0.35 or float(core.sum()) > 0.12 * float(dark.sum()):
        return None
    return dark, inverse


def _enclosed(lines: Flags) -> tuple[NDArray[np.intp], Flags]:
    """Areas between lines, and which of them is the subject, even if its outline has gaps."""
    rim = edge_pixels(lines.shape)
    closings = []
    for gap in (0, 1, 2, 4, 8):
        inside = ~grow(reach(~grow(lines, gap), rim), gap) | lines
        pieces = regions(inside)
        sizes = np.bincount(pieces.ravel())
        sizes[0] = 0
        # Stray dots are no part of the subject.
        closings.append((sizes > 0.05 * sizes.max(initial=1))[pieces])
    best = max(float(inside.mean()) for inside in closings[:4])
    if best < 0.03:
        best = float(closings[4].mean())
    # The smallest gaps bridged that let in nearly all that can be let in.
    subject = next(inside for inside in closings if float(inside.mean()) >= 0.93 * best)
    numbers = regions(subject & ~lines)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    largest = [int(n) for n in np.argsort(areas)[::-1][:_MOST] if areas[n] > lines.size * 0.0012]
    labels = np.zeros(lines.shape, np.intp)
    for number, region in enumerate(largest, 1):
        labels[numbers == region] = number
    # The lines themselves, and what is too small, belong to what lies next to them.
    known = (~subject) | (labels > 0)
    for _ in range(40):
        if known.all():
            break
        grown = known.copy()
        for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
            near, beside = np.roll(known, shift, axis), np.roll(labels, shift, axis)
            new = near & ~grown
            labels[new] = beside[new]
            grown |= new
        known = grown
    count = int(labels.max()) + 1
    return labels, np.arange(count) > 0


def _seen(colors: Field, detail: float) -> tuple[NDArray[np.intp], Flags]:
    """Areas of a photograph, and which of them are the subject's."""
    shape = colors.shape[:2]
    whole = _whole_subject(colors)
    inside = np.ones(shape, np.bool_) if whole is None else whole
    flat = np.zeros(shape, np.intp)
    start = 0
    for part, most in ((~inside, 4), (inside, _MOST)):
        if part.any():
            found = _clusters(colors[part], most)
            flat[part] = found + start
            start += int(found.max()) + 1
    smooth = np.empty_like(flat)
    for part in (inside, ~inside):
        # Voting must not move the subject's outline: each side votes on its own.
        votes = np.where(part, flat + 1, 0)
        chosen = _smooth(votes, start + 1, 2)
        smooth[part] = np.where(chosen == 0, votes, chosen)[part] - 1
    if whole is not None:
        smooth = _without_fringe(smooth, inside, 1)
    # On a smaller copy light, too, changes more from pixel to pixel.
    step = _STEP * detail * max(1.0, SIDE / max(shape)) ** 0.5
    labels = _merged(_compact(smooth), colors, inside, step)
    count = int(labels.max()) + 1
    sizes = np.bincount(labels.ravel(), minlength=count)
    if whole is not None:
        within = np.bincount(labels.ravel(), weights=whole.ravel(), minlength=count)
        return labels, within > 0.5 * sizes
    rim = edge_pixels(shape, bottom=False)
    at_rim = np.bincount(labels[rim], minlength=count) / max(1, int(rim.sum()))
    back = at_rim > 0.22
    back[int(at_rim.argmax())] = True
    if back.all():
        return labels, ~back
    return _without_fringe(labels, ~back[labels], 2), ~back


def divide(image: Image.Image, *, detail: float = 1.0, side: int = SIDE) -> Areas:
    """Divide a picture into areas.

    A line drawing is divided by its lines; any other picture into its subject and its backdrop,
    and both where their color changes by a step (not slowly, as by light).

    Args:
        image: RGB.
        detail: Above 1, areas must differ more to count as two.
        side: Longer side, in pixels, of the copy on which areas are looked for; less than usual
            for a picture that was enlarged, whose soft edges would pass for areas of their own.

    Returns:
        The areas; those of the subject and of the backdrop are told apart.
    """
    colors = working_copy(image, side)
    bright = luminance(colors)
    light = np.asarray(image.convert("L"), np.float32)
    drawn = _drawn_lines(bright, colors)
    if drawn is not None:
        labels, subject = _enclosed(drawn[0])
        if drawn[1]:
            light, bright = 255 - light, 255 - bright
    else:
        calm = Image.fromarray(colors.astype(np.uint8)).filter(ImageFilter.MedianFilter(3))
        labels, subject = _seen(np.asarray(calm, np.float32), detail)
    count = len(subject)
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    if drawn is not None:
        means = np.full(count, float(np.median(bright)))
    else:
        means = np.bincount(labels.ravel(), weights=bright.ravel(), minlength=count) / sizes
    band = np.zeros(labels.shape, np.bool_)
    band[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    band[1:] |= labels[1:] != labels[:-1]
    full = Image.fromarray(labels.astype(np.uint8)).resize(image.size, Image.Resampling.NEAREST)
    near = Image.fromarray(grow(band).astype(np.uint8)).resize(image.size, Image.Resampling.NEAREST)
    rows, columns = np.nonzero(np.asarray(near))
    first, second, along = _between(image, colors, labels, count, rows, columns)
    return Areas(
        coarse=labels,
        labels=np.asarray(full).astype(np.intp),
        rows=rows,
        columns=columns,
        first=first,
        second=second,
        along=along,
        subject=subject,
        share=(sizes / labels.size).astype(np.float32),
        bright=means.astype(np.float32),
        lines=drawn is not None,
        light=light,
    )


def _between(
    image: Image.Image,
    colors: Field,
    labels: NDArray[np.intp],
    count: int,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp], Field]:
    """For each given pixel the two areas it lies between, and how far from one to the other."""
    width, height = image.size
    high, wide = labels.shape
    odds = np.zeros((count, len(rows)), np.float32)
    mean = np.zeros((count, len(rows), 3), np.float32)
    low_rows, low_columns = rows * high // height, columns * wide // width
    for number in range(count):
        own = labels == number
        carried = np.empty((high, wide, 4), np.uint8)
        carried[..., :3] = colors * own[..., None]
        carried[..., 3] = own * np.uint8(255)
        soft = np.asarray(Image.fromarray(carried, "RGBA").filter(ImageFilter.BoxBlur(4)))
        here = soft[low_rows, low_columns].astype(np.float32)
        mean[number] = here[:, :3] * 255 / np.maximum(here[:, 3:], 1)
        cover = Image.fromarray((own * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1))
        odds[number] = np.asarray(cover.resize(image.size, Image.Resampling.BILINEAR))[
            rows, columns
        ]
    if count == 1 or not len(rows):
        none = np.zeros(len(rows), np.intp)
        return none, none, np.zeros(len(rows), np.float32)
    every = np.arange(len(rows))
    first = odds.argmax(0)
    best = odds[first, every].copy()
    odds[first, every] = -1
    second = odds.argmax(0)
    other = np.maximum(odds[second, every], 0)
    prior = other / np.maximum(best + other, 1)
    axis = mean[second, every] - mean[first, every]
    contrast = np.sqrt(dot(axis, axis))
    here = np.asarray(image)[rows, columns].astype(np.float32)
    position = dot(here - mean[first, every], axis) / np.maximum(contrast, 1) ** 2
    position = np.clip((position - 0.14) / 0.72, 0, 1)
    # Where both sides look alike, the coarse contour, smoothed, is the better guide.
    steep = max(1.0, width / wide * 0.8)
    drawn = np.clip((prior - 0.5) * steep + 0.5, 0, 1)
    trust = np.clip((contrast - 10) / 24, 0, 1) * (other > 0)
    along: Field = (drawn + (position - drawn) * trust).astype(np.float32)
    return first, second, along
