"""A layer: one lit part of a subject, painted over what lies behind it."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.field import Field, noise, resize
from darkroom.standin.draw.light import Material, Studio, shade


@dataclass(frozen=True)
class Frame:
    """Where a subject stands in the picture; subjects are about 1 unit high.

    Attributes:
        size: The picture's width and height in pixels.
        origin: Pixel of the point on the ground under the subject's middle.
        scale: Pixels per unit.
        tilt: Sine and cosine of the camera's angle above the horizon.
    """

    size: tuple[int, int]
    origin: tuple[float, float]
    scale: float
    tilt: tuple[float, float]

    def window(self, left: float, right: float, low: float, high: float) -> "Window":
        """The pixels that cover a rectangle in units (screen plane), with a little room."""
        x0 = max(0, int(self.origin[0] + left * self.scale) - 3)
        x1 = min(self.size[0], int(self.origin[0] + right * self.scale) + 4)
        y0 = max(0, int(self.origin[1] - high * self.scale) - 3)
        y1 = min(self.size[1], int(self.origin[1] - low * self.scale) + 4)
        # An even size where there is room: coarse fields then line up with the pixels.
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        x1 += (x1 - x0) % 2 * (x1 < self.size[0])
        y1 += (y1 - y0) % 2 * (y1 < self.size[1])
        return Window(self, x0, y0, x1, y1)

    def project(self, x: float, up: float, away: float) -> tuple[float, float]:
        """Screen plane coordinates, in units, of a point in space."""
        return x, up * self.tilt[1] + away * self.tilt[0]


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels x0..x1, y0..y1 of a frame."""

    frame: Frame
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.x1 - self.x0, self.y1 - self.y0

    def units(self, *, coarse: bool = False) -> tuple[Field, Field]:
        """Pixel centers in units: a row of x, a column of y (up).

        Args:
            coarse: Every second pixel only: enough for light, which is smooth, not for outlines.
        """
        step = 2 if coarse and min(self.size) >= 64 else 1
        wide, high = -(-self.size[0] // step), -(-self.size[1] // step)
        x = self.x0 + (np.arange(wide, dtype=np.float32) + 0.5) * self.size[0] / wide
        y = self.y0 + (np.arange(high, dtype=np.float32) + 0.5) * self.size[1] / high
        x = (x - self.frame.origin[0]) / self.frame.scale
        y = (self.frame.origin[1] - y) / self.frame.scale
        return x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]

    def world(self, x: Field, y: Field, out: Field) -> Field:
        """Normals in the room from normals on the screen (right, up, toward the camera)."""
        sin, cos = self.frame.tilt
        return np.stack(
            np.broadcast_arrays(x, y * cos + out * sin, y * sin - out * cos), -1
        ).astype(np.float32)


@dataclass(frozen=True)
class Layer:
    """A lit part: coverage 0..1 (h, w) over a window, and unit normals.

    The normals may be coarser than the coverage: light changes slowly, only outlines are sharp.

    Attributes:
        ghost: True for what is no part of the subject's outline (a flame's halo).
    """

    window: Window
    cover: Field
    normal: Field
    material: Material
    ghost: bool = False

    def made_of(self, material: Material, where: Field | None = None) -> "Layer":
        """The same surface in another material, perhaps only where a coverage says."""
        cover = self.cover if where is None else self.cover * where
        return replace(self, material=material, cover=cover).cropped()

    def cropped(self) -> "Layer":
        """The same layer without the empty rows above and below: less to light and to paint."""
        rows = np.flatnonzero((self.cover > 0).any(axis=1))
        high = self.cover.shape[0]
        if not len(rows) or self.normal.shape[0] < 2:
            return self
        # Cut where a coarse row begins, so that the normals stay in register.
        step = high / self.normal.shape[0]
        first, last = (
            int(rows[0] / step),
            min(int(np.ceil((rows[-1] + 1) / step)), self.normal.shape[0]),
        )
        if step != int(step):
            return self
        top, bottom = int(first * step), int(last * step)
        window = replace(self.window, y0=self.window.y0 + top, y1=self.window.y0 + bottom)
        return replace(
            self, window=window, cover=self.cover[top:bottom], normal=self.normal[first:last]
        )


def _pattern(name: str, size: tuple[int, int], scale: float, light: Field) -> Field:
    rng = chance("pattern", name)
    across, down = size[0] / scale, size[1] / scale
    if name == "wood":
        hills = noise(rng, size, (across * 5, down * 1.2), 2)
        rings = np.sin(hills * 7 + np.linspace(0, across * 40, size[0], dtype=np.float32)[None, :])
        streaks = noise(rng, size, (across * 70, down * 3), 1)
        share = 1 + 0.10 * rings + 0.12 * streaks
    elif name == "leather":
        pebbles = noise(rng, size, (across * 60, down * 60), 1)
        share = 1 + 0.07 * pebbles
    elif name == "speckle":
        dots = noise(rng, size, (across * 110, down * 110), 1)
        share = 1 - 0.45 * np.clip((dots - 0.75) * 5, 0, 1)
    else:
        return light
    marked: Field = light * share[..., None]
    return marked


def paint(canvas: Field, layers: list[Layer], studio: Studio) -> Field:
    """Paint layers, back to front, into a canvas of linear light; returns the true mask.

    Args:
        canvas: Shape (h, w, 3), linear; changed in place.
        layers: What to paint.
        studio: The lights.

    Returns:
        Coverage 0..1 of all that is subject, shape (h, w).
    """
    truth = np.zeros(canvas.shape[:2], np.float32)
    sin, cos = studio.tilt
    for layer in layers:
        window = layer.window
        size = window.size
        light = shade(layer.normal, layer.material, studio)
        # A soft shoulder keeps highlights from burning out to flat white.
        light = np.where(light > 0.7, 1 - 0.09 / np.maximum(light - 0.4, 0.3), light)
        light = resize(light, size, Image.Resampling.BILINEAR)
        if layer.material.pattern:
            light = _pattern(layer.material.pattern, size, window.frame.scale, light)
        cover = layer.cover
        if layer.material.opacity < 1:
            facing = np.clip(layer.normal[..., 1] * sin - layer.normal[..., 2] * cos, 0, 1)
            seen = 1 - np.float32(1 - layer.material.opacity) * facing
            cover = cover * resize(seen, size, Image.Resampling.BILINEAR)
        place = (slice(window.y0, window.y1), slice(window.x0, window.x1))
        light -= canvas[place]
        light *= cover[..., None]
        canvas[place] += light
        if not layer.ghost:
            part = truth[place]
            np.maximum(part, layer.cover + part * (1 - layer.cover), out=part)
    return truth
