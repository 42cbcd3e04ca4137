"""What AWS prints about each model beside its fields: its name, and when it came and goes.

From the user guide's pages "Model lifecycle" (the dates; those of models that are gone stand in
its older copies) and "Supported foundation models" (names and modalities). The dates are AWS's
days, without an hour; the stand-in takes them as midnight, UTC. For Titan Image Generator G1 and
SDXL no page prints a launch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["planned", "ACTIVE", "LEGACY", "gone"]

MAKERS: Mapping[str, str] = {"amazon": "Amazon", "stability": "Stability AI"}
"""Providers, by what model ids begin with."""

GENERATIONS = date(2024, 12, 19)
FIRST_GENERATIONS = date(2024, 9, 4)
# The announcement names all services that day; three of their cards print no date.
SERVICES = date(2025, 9, 18)


@dataclass(frozen=True)
class Card:
    """What the list of foundation models says about one.

    Attributes:
        name: Its name, without its maker's.
        launch: The first day on which it can be called; None if not known.
        legacy: The day from which it is marked as legacy; None if none is announced.
        end_of_life: The day from which calls fail; None if none is announced.
        reads: Its input modalities.
        customizations: How it can be customized.
    """

    name: str
    launch: date | None = None
    legacy: date | None = None
    end_of_life: date | None = None
    reads: tuple[str, ...] = ("TEXT", "IMAGE")
    customizations: tuple[str, ...] = ()

    def status(self, on: date | None) -> Status:
        """Tell what it is on a day.

        Args:
            on: The day; None stands for a Bedrock that retires nothing, where a model with an
                announced end is legacy for good.
        """
        if on is None:
            return "LEGACY" if self.legacy else "ACTIVE"
        if self.end_of_life and on >= self.end_of_life:
            return "gone"
        if self.legacy and on >= self.legacy:
            return "LEGACY"
        return "planned" if self.launch and on < self.launch else "ACTIVE"


def _service(name: str) -> Card:
    return Card(f"Stable Image {name}", SERVICES)


_OLD = (FIRST_GENERATIONS, date(2025, 1, 31), date(2025, 9, 4))
_SDXL = Card("SDXL 1.0", None, date(2024, 10, 16), date(2025, 5, 20))
_TITAN = (None, date(2025, 1, 31), date(2025, 8, 15))

CARDS: Mapping[str, Card] = {
    "amazon.nova-canvas-v1:0": Card(
        "Nova Canvas",
        date(2024, 12, 4),
        date(2026, 3, 30),
        date(2026, 9, 30),
        customizations=("FINE_TUNING",),
    ),
    "amazon.titan-image-generator-v1": Card("Titan Image Generator G1", *_TITAN),
    "amazon.titan-image-generator-v1:0": Card(
        "Titan Image Generator G1", *_TITAN, customizations=("FINE_TUNING",)
    ),
    "amazon.titan-image-generator-v2:0": Card(
        "Titan Image Generator G1 v2",
        date(2024, 8, 6),
        date(2025, 12, 30),
        date(2026, 6, 30),
        customizations=("FINE_TUNING",),
    ),
    "stability.sd3-5-large-v1:0": Card("Stable Diffusion 3.5 Large", GENERATIONS),
    "stability.sd3-large-v1:0": Card("SD3 Large 1.0", *_OLD),
    "stability.stable-diffusion-xl-v0": Card("SDXL 0.8", None, date(2024, 2, 2), date(2024, 4, 30)),
    "stability.stable-diffusion-xl-v1": _SDXL,
    "stability.stable-diffusion-xl-v1:0": _SDXL,
    "stability.stable-image-core-v1:0": Card("Stable Image Core 1.0", *_OLD, reads=("TEXT",)),
    "stability.stable-image-core-v1:1": Card("Stable Image Core 1.0", GENERATIONS, reads=("TEXT",)),
    "stability.stable-image-ultra-v1:0": Card("Stable Image Ultra 1.0", *_OLD, reads=("TEXT",)),
    "stability.stable-image-ultra-v1:1": Card(
        "Stable Image Ultra 1.0", GENERATIONS, reads=("TEXT",)
    ),
    "stability.stable-conservative-upscale-v1:0": _service("Conservative Upscale"),
    "stability.stable-creative-upscale-v1:0": _service("Creative Upscale"),
    "stability.stable-fast-upscale-v1:0": _service("Fast Upscale"),
    "stability.stable-image-control-sketch-v1:0": _service("Control Sketch"),
    "stability.stable-image-control-structure-v1:0": _service("Control Structure"),
    "stability.stable-image-erase-object-v1:0": _service("Erase Object"),
    "stability.stable-image-inpaint-v1:0": _service("Inpaint"),
    "stability.stable-image-remove-background-v1:0": _service("Remove Background"),
    "stability.stable-image-search-recolor-v1:0": _service("Search and Recolor"),
    "stability.stable-image-search-replace-v1:0": _service("Search and Replace"),
    "stability.stable-image-style-guide-v1:0": _service("Style Guide"),
    "stability.stable-outpaint-v1:0": _service("Outpaint"),
    "stability.stable-style-transfer-v1:0": _service("Style Transfer"),
}


def card(model_id: str) -> Card:
    """Find a model's card; one that is not in AWS's lists has its id for a name, and no dates."""
    return CARDS.get(model_id) or Card(model_id)
