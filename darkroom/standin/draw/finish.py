"""Materials for the parts of a subject, from what the prompt asks for."""

from darkroom.standin.draw.light import Material
from darkroom.standin.draw.palette import Color, from_hex, luminance
from darkroom.standin.draw.words import Look

BRASS = Material(from_hex("d0a552"), rough=0.25, metal=1.0)
STEEL = Material(from_hex("c4c8ce"), rough=0.25, metal=1.0)
DARK = Material(from_hex("242429"), rough=0.4)
WHITE = Material(from_hex("e9e6df"), rough=0.5)
PAPER = Material(from_hex("ece5d6"), rough=0.9)
LEAF = Material(from_hex("4f7f45"), rough=0.45)
SOIL = Material(from_hex("3a2a20"), rough=1.0, pattern="leather")
WOOD = Material(from_hex("a5713f"), rough=0.55, pattern="wood")


def main(look: Look, default: str = "ceramic") -> Material:
    """The material of the main part.

    Args:
        look: What the prompt asks for.
        default: What such a thing is made of when the prompt does not say.
    """
    kind, color = look.material or default, look.color
    if kind == "metal":
        return Material(color, rough=0.28, metal=1.0)
    if kind == "glass":
        return Material(color * 0.8, rough=0.03, opacity=0.62)
    if kind == "wood":
        return Material(color, rough=0.6, pattern="wood")
    if kind == "leather":
        return Material(color, rough=0.5, pattern="leather")
    if kind == "matte":
        return Material(color, rough=0.95)
    if kind == "plastic":
        return Material(color, rough=0.12)
    if kind == "speckle":
        return Material(color, rough=0.6, pattern="speckle")
    return Material(color, rough=0.3)


def shaded(material: Material, by: float) -> Material:
    """The same material, darker: what lies in a hollow gets little light."""
    return Material(
        material.color * by,
        material.rough,
        material.metal,
        material.glow,
        material.opacity,
        material.pattern,
    )


def other(look: Look, rough: float = 0.5) -> Material:
    """A second material that stands out from the main one."""
    color: Color = look.accent
    if abs(float(luminance(color)) - float(luminance(look.color))) < 0.08:
        color = from_hex("e9e2d2") if float(luminance(look.color)) < 0.3 else from_hex("3a3c42")
    return Material(color, rough=rough)
