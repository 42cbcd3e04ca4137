"""All that a step can `do` without a model."""

from __future__ import annotations

from darkroom.pipeline.pillow import (
    Composite,
    ContactSheet,
    Crop,
    FlattenOn,
    MakeMask,
    PillowStep,
    Resize,
)
from darkroom.pipeline.review import Review

STEPS: dict[str, type[PillowStep]] = {
    kind.word: kind for kind in (MakeMask, FlattenOn, Resize, Crop, Composite, ContactSheet, Review)
}
