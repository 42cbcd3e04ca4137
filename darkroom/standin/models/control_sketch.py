"""Stable Image Control Sketch, from the page "Stability AI Image Services"."""

from __future__ import annotations

from darkroom.standin.model import Model
from darkroom.standin.stability import SERVICE, US
from darkroom.standin.stability_control import control

ID = "stability.stable-image-control-sketch-v1:0"

MODELS = [Model(ID, SERVICE, US, profile=True)]
MODES = [control(ID, "sketch")]
