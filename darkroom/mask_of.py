"""What a mask is made of, as plain fields: for tasks, the command line and the steps of a pipeline.

White is repainted, black is kept; `darkroom.shape` says how coordinates count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Self

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from darkroom.errors import InvalidRequest
from darkroom.mask import Background, Edit, Feather, Grow, Invert, Subject
from darkroom.picture import Facts
from darkroom.shape import (
    SOFTNESS,
    TOLERANCE,
    Box,
    ColorKey,
    Combined,
    Ellipse,
    Measure,
    Polygon,
    measure,
    wrong,
)


def _numbers(field: str, value: object) -> list[Measure]:
    """The measures of one shape, whether written as text or as lists."""
    if isinstance(value, str):
        return [measure(field, part) for part in re.split(r"[,;\s]+", value.strip())]
    if isinstance(value, Sequence):
        return [number for part in value for number in _numbers(field, part)]
    return [measure(field, value)]


def _several(field: str, value: object) -> list[list[Measure]]:
    """The measures of each shape, where one shape or several may stand."""
    if value in (None, [], ()):
        return []
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [_numbers(field, value)]
    parts = [_numbers(field, part) for part in value]
    # The parts of one box are numbers, those of one polygon are points.
    if max(map(len, parts)) <= (2 if field == "polygon" else 1):
        return [[number for part in parts for number in part]]
    return parts


Corners = tuple[Measure, Measure, Measure, Measure]
Points = tuple[tuple[Measure, Measure], ...]
_MEASURES = 'In pixels, or as "25%" of the picture.'


class Area(BaseModel):
    """What a mask covers: everything that is named here, together.

    Each field takes one shape or several, as numbers or as text: `box: [100, 120, 300, 200]`,
    `box: ["25%,25%,50%,50%", "0,0,64,64"]`, `polygon: "10,10 200,40 120,300"`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    box: tuple[Corners, ...] = Field(
        (), examples=[[[100, 120, 300, 200]]], description=f"Left, top, width, height. {_MEASURES}"
    )
    ellipse: tuple[Corners, ...] = Field(
        (),
        examples=[[["25%", "25%", "50%", "50%"]]],
        description=f"Left, top, width and height of the box around it. {_MEASURES}",
    )
    polygon: tuple[Points, ...] = Field(
        (),
        examples=[[[[10, 10], [200, 40], [120, 300]]]],
        description=f"Three points or more, each an x and a y. {_MEASURES}",
    )
    alpha: Literal["transparent", "opaque"] | None = Field(
        None, description="What is transparent in the picture (true says the same), or opaque."
    )
    color: tuple[str, ...] = Field(
        (), examples=[["#00ff00"]], description="Where the picture has these colors."
    )
    tolerance: float | None = Field(
        None,
        description="How far a color may be from those, in CIELAB: about 2 is just seen, black and "
        f"white are 100 apart. Empty: {TOLERANCE:g}.",
    )
    softness: float | None = Field(
        None,
        description=f"How much farther the mask fades to black. Empty: {SOFTNESS:g}.",
    )

    @field_validator("box", "ellipse", mode="before")
    @classmethod
    def _corners(cls, value: object, info: ValidationInfo) -> object:
        field = str(info.field_name)
        shapes = _several(field, value)
        for numbers in shapes:
            if len(numbers) != 4:
                raise wrong(field, value, f"four numbers are expected, not {len(numbers)}")
        return [tuple(numbers) for numbers in shapes]

    @field_validator("polygon", mode="before")
    @classmethod
    def _points(cls, value: object) -> object:
        shapes = _several("polygon", value)
        for numbers in shapes:
            if len(numbers) % 2:
                raise wrong("polygon", value, "each point is an x and a y: one number is left over")
        return [tuple(zip(numbers[::2], numbers[1::2], strict=True)) for numbers in shapes]

    @field_validator("alpha", mode="before")
    @classmethod
    def _which(cls, value: object) -> object:
        return {True: "transparent", False: None}[value] if isinstance(value, bool) else value

    @field_validator("color", mode="before")
    @classmethod
    def _colors(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value or ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in ("tolerance", "softness"):
            value = getattr(self, name)
            if value is not None and not self.color:
                raise InvalidRequest.of(name, value, "it is of a color, and none is given")
        if not self.shapes():
            raise InvalidRequest(
                "Nothing says what the mask covers: give at least one of box, ellipse, polygon, "
                "alpha and color."
            )
        return self

    def shapes(self) -> tuple[Edit, ...]:
        """An edit for each thing that is named here."""
        tolerance = TOLERANCE if self.tolerance is None else self.tolerance
        softness = SOFTNESS if self.softness is None else self.softness
        alpha: dict[str | None, list[Edit]]
        alpha = {None: [], "transparent": [Background()], "opaque": [Subject()]}
        return (
            *(Box(*corners) for corners in self.box),
            *(Ellipse(*corners) for corners in self.ellipse),
            *(Polygon(points) for points in self.polygon),
            *alpha[self.alpha],
            *(ColorKey(color, tolerance, softness) for color in self.color),
        )

    def check(self, picture: Facts) -> None:
        """Raise `InvalidRequest` for what cannot be found in that picture, before it is opened."""
        for shape in self.shapes():
            if isinstance(shape, Box | Ellipse | Polygon):
                shape.frame(*picture.size)
        if self.alpha and not picture.alpha:
            raise InvalidRequest.of(
                "alpha",
                self.alpha,
                "nothing in the picture is transparent",
                "Cut its subject out first, or say what to cover in another way.",
            )


class MaskOf(Area):
    """What a mask is made of: white is repainted, black is kept.

    In this order: all that is named is added up, `subtract` is taken away from it, `invert` swaps
    black and white, `grow` widens the white (so it always repaints more), `feather` softens its
    edge.
    """

    subtract: Area | None = Field(
        None, description="What is taken away from that: shapes as above."
    )
    invert: bool = Field(False, description="Repaint all but that.")
    grow: int = Field(
        0, description="Pixels by which what is repainted grows on all sides; below 0 it shrinks."
    )
    feather: float = Field(
        0, description="Softens the edge: standard deviation of a Gaussian, in pixels."
    )

    @model_validator(mode="after")
    def _edits_are_right(self) -> Self:
        self.edits()
        return self

    def edits(self) -> list[Edit]:
        """What turns a picture into its mask, one after the other."""
        edits: list[Edit] = [
            Combined(self.shapes(), self.subtract.shapes() if self.subtract else ())
        ]
        if self.invert:
            edits.append(Invert())
        if self.grow:
            edits.append(Grow(self.grow))
        if self.feather:
            edits.append(Feather(self.feather))
        return edits

    def check(self, picture: Facts) -> None:
        super().check(picture)
        if self.subtract:
            self.subtract.check(picture)

    def make(self, image: Image.Image) -> Image.Image:
        """The mask of a Pillow image: one channel of greys, of its size.

        Raises:
            InvalidRequest: A shape lies wholly outside of the image.
        """
        for edit in self.edits():
            image = edit(image)
        return image
