"""What a prompt asks for: the thing, its color, its material, the backdrop's color."""

import re
from dataclasses import dataclass

import numpy as np

from darkroom.standin.draw.chance import chance
from darkroom.standin.draw.palette import Color, from_hex, from_hsv

COLORS = {
    "red": "b3261e",
    "crimson": "9c1730",
    "scarlet": "c42a1c",
    "burgundy": "6b1426",
    "maroon": "651822",
    "orange": "d9722a",
    "terracotta": "b9603c",
    "rust": "9a4a24",
    "coral": "e8745a",
    "peach": "f0b490",
    "yellow": "e6b83a",
    "mustard": "c99a2e",
    "gold": "d8a94a",
    "golden": "d8a94a",
    "amber": "c98222",
    "green": "3f7d4a",
    "emerald": "1f7a55",
    "olive": "77783a",
    "sage": "9aaa86",
    "mint": "a6d3bd",
    "lime": "9dbb3a",
    "teal": "1f7a7c",
    "turquoise": "3aa9a6",
    "cyan": "3db4c8",
    "blue": "2f5fa8",
    "navy": "1f2f55",
    "cobalt": "2346a0",
    "indigo": "37347c",
    "sky": "8dbbdc",
    "purple": "6a3f8f",
    "violet": "70489c",
    "lavender": "b3a2d0",
    "lilac": "c0a5cf",
    "plum": "6b2f58",
    "magenta": "b8327f",
    "pink": "e39ab0",
    "rose": "d98a94",
    "brown": "744a2e",
    "chocolate": "50301f",
    "tan": "c39a6b",
    "beige": "d8c6a6",
    "khaki": "a3936a",
    "cream": "eee1c6",
    "ivory": "f0e8d6",
    "white": "eeece8",
    "black": "24242a",
    "charcoal": "35363b",
    "grey": "8b8c90",
    "gray": "8b8c90",
    "silver": "c9ccd2",
    "copper": "c27a4e",
    "bronze": "9c7040",
    "brass": "c9a24e",
    "pastel": "e7c9c4",
}
"""sRGB of color words."""

NOUNS = {
    "mug": "mug cup teacup espresso coffee tea",
    "wine": "wineglass goblet wine champagne",
    "glass": "tumbler glass whisky whiskey water juice cocktail",
    "perfume": "perfume fragrance cologne parfum scent",
    "bottle": "bottle flask thermos shampoo lotion beer",
    "vase": "vase urn amphora pottery carafe jug pitcher",
    "lamp": "lamp lampshade light lantern",
    "bowl": "bowl dish basin",
    "candle": "candle",
    "jar": "jar cream honey jam cosmetic cosmetics moisturizer skincare pot-of-cream",
    "ball": "ball sphere orb globe basketball football",
    "sneaker": "sneaker sneakers shoe shoes trainer trainers boot boots",
    "watch": "watch wristwatch chronograph smartwatch",
    "chair": "chair armchair stool seat",
    "box": "box package parcel carton gift cube",
    "bag": "bag handbag purse tote backpack satchel",
    "plant": "plant houseplant succulent cactus fern planter flower flowers",
    "phone": "phone smartphone iphone tablet mobile",
    "headphones": "headphones headphone headset earphones",
    "teapot": "teapot kettle",
    "can": "can tin soda cola",
    "book": "book notebook journal diary",
    "apple": "apple fruit orange-fruit peach-fruit tomato",
    "speaker": "speaker loudspeaker radio",
    "tube": "tube toothpaste sunscreen lipstick",
    "woman": "woman women girl lady",
    "man": "man men boy guy gentleman",
    "person": "person people human mannequin adult someone",
}
"""Things that can be drawn, and the words that mean them."""

GARMENTS = {
    "tshirt": "tshirt tee polo",
    "shirt": "shirt blouse",
    "sweater": "sweater sweatshirt jumper pullover longsleeve cardigan turtleneck",
    "hoodie": "hoodie",
    "tank": "tanktop camisole singlet vest",
    "jacket": "jacket blazer bomber windbreaker",
    "coat": "coat overcoat raincoat trenchcoat parka",
    "dress": "dress dresses gown frock sundress",
    "skirt": "skirt miniskirt",
    "trousers": "trousers jeans pants chinos slacks sweatpants joggers leggings",
    "shorts": "shorts",
}
"""Clothes that can be drawn. Apart from `NOUNS`: in a picture they may be part of a person."""
PEOPLE = ("woman", "man", "person")
"""Those of the nouns that wear clothes."""

_MATERIALS = {
    "ceramic": "ceramic porcelain clay stoneware glazed",
    "glass": "glass crystal transparent clear",
    "metal": "metal metallic steel chrome silver brass gold copper bronze aluminum aluminium iron",
    "wood": "wood wooden oak walnut bamboo teak pine",
    "leather": "leather suede",
    "matte": "matte matt rubber paper concrete cardboard felt fabric canvas linen",
    "plastic": "plastic glossy lacquered acrylic shiny",
    "speckle": "speckled speckle handmade rustic",
}
_BACK = re.compile(
    r"\b(?:on|against|over|with|in front of)\s+(?:an?\s+|the\s+)?((?:[\w-]+\s+){0,4}?)"
    r"(?:background|backdrop|wall|paper|surface|studio)\b"
)
# Names of clothes in several words, made one; whose clothes they are says nothing of a person.
_PHRASES = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\b(?:wom[ae]n|m[ae]n|girl|boy|lad(?:y|ie)|guy|gentlem[ae]n)s? s\b", ""),
        (r"\bt[- ]?shirts?\b", "tshirt"),
        (r"\blong[- ]?sleeved? ((?:[a-z]+ ){0,2})(?:tshirt|shirt|top|tee)\b", r"\1longsleeve"),
        (r"\bshort[- ]?sleeved? ((?:[a-z]+ ){0,2})(?:tshirt|shirt|top|tee)\b", r"\1tshirt"),
        (r"\b(?:sleeveless|tank|crop) ((?:[a-z]+ ){0,2})(?:tshirt|shirt|top|tee)\b", r"\1tanktop"),
        (r"\b(?:rain|trench|over)[- ]coat\b", "overcoat"),
        (r"\bmodel(?= (?:in|wear\w*|stand\w*|pos\w*|walk\w*)\b|$)", "person"),
    )
]
_METAL_COLORS = {"gold", "golden", "silver", "copper", "bronze", "brass"}
_PRETTY = ["1f7a7c", "b9603c", "e6b83a", "9c1730", "2f5fa8", "9aaa86", "d98a94", "37347c", "eee1c6"]
_NEUTRAL = ["8b8c90", "43597a", "7d8a72", "35363b", "7a5f52", "5a7f8c"]
_PAPERS = ["c6d2de", "cad6d8", "c3cfe0", "d0d6dd"]
_DENIM = "3d5475"


def tokens(text: str) -> list[str]:
    """The words of a text, lower case."""
    return re.findall(r"[a-z]+", text.lower())


def _is(word: str, known: list[str]) -> bool:
    """Whether the word, or its singular, is one of the known ones."""
    return word in known or (word.endswith("s") and word[:-1] in known)


def _means(word: str) -> bool:
    return any(_is(word, meanings.split()) for meanings in (NOUNS | GARMENTS).values())


def _wears(words: list[str], avoid: set[str]) -> tuple[tuple[str, Color | None], ...]:
    """The clothes and shoes in the words, each with the color named before it, or None."""
    known = GARMENTS | {"sneaker": NOUNS["sneaker"]}
    worn: list[tuple[str, Color | None]] = []
    color, light = None, 1.0
    for word in words:
        if word in COLORS and word not in avoid:
            color = from_hex(COLORS[word])
        elif word in ("dark", "light", "pale"):
            light = 0.6 if word == "dark" else 1.25
        name = next((name for name, text in known.items() if _is(word, text.split())), "")
        if name:
            if color is None and word == "jeans":
                color = from_hex(_DENIM)
            lit = None if color is None else np.clip(color * np.float32(light), 0, 0.9)
            worn.append((name, lit))
            color, light = None, 1.0
    return tuple(worn)


@dataclass(frozen=True)
class Look:
    """What a prompt asks for.

    Attributes:
        noun: A key of `NOUNS` or `GARMENTS`, or "" if the prompt names nothing known.
        color: Main color, linear light.
        accent: A second color that goes with it.
        material: A key of the materials, or "".
        backdrop: Color of the backdrop, or None if the prompt leaves it open.
        named: Whether the prompt itself gave the color.
        wears: For people: keys of `GARMENTS`, or "sneaker", and their colors where named.
    """

    noun: str
    color: Color
    accent: Color
    material: str
    backdrop: Color | None
    named: bool
    wears: tuple[tuple[str, Color | None], ...] = ()


def _colors(words: list[str], avoid: set[str]) -> list[str]:
    return [word for word in words if word in COLORS and word not in avoid]


def read(prompt: str, negative_prompt: str = "") -> Look:
    """Understand a prompt, as far as a drawing program can.

    Args:
        prompt: What is wanted.
        negative_prompt: What is not wanted; its colors are not used.
    """
    text = " ".join(re.findall(r"[a-z-]+", prompt.lower()))
    avoid = set(tokens(negative_prompt))
    rng = chance("look", text)
    backdrop = None
    behind = _BACK.search(text)
    if behind:
        named = _colors(tokens(behind[1]), avoid)
        if named:
            dark = from_hex("3c3d41") if "dark" in behind[1] else None
            backdrop = (
                from_hex(COLORS[named[-1]])
                if dark is None
                else dark * from_hex(COLORS[named[-1]]) * 3
            )
        elif "dark" in tokens(behind[1]):
            backdrop = from_hex("3c3d41")
        text = text[: behind.start()] + " " + text[behind.end() :]
    for pattern, name in _PHRASES:
        text = pattern.sub(name, text)
    words = every = tokens(text)
    # "a red mug on an oak table": what it stands on is not what it is made of.
    before = tokens(re.split(r"\b(?:on|against|beside|near|in front of|next to|in|at)\b", text)[0])
    if any(_means(word) for word in before):
        words = before

    noun, place = "", len(words)
    for name, meanings in (NOUNS | GARMENTS).items():
        known = meanings.split()
        spots = [i for i, word in enumerate(words) if _is(word, known)]
        if name in GARMENTS:
            # "a dress watch", "denim shorts": the last of adjoining nouns is the thing.
            spots = [i for i in spots if i + 1 == len(words) or not _means(words[i + 1])]
        # "a glass bottle": what comes last of adjoining words is the thing, so later beats "glass".
        if spots and (not noun or noun == "glass" or (spots[0] < place and name != "glass")):
            noun, place = name, spots[0]
    material = ""
    for name, meanings in _MATERIALS.items():
        if set(words) & set(meanings.split()) and not (name == noun == "glass"):
            material = name
            break
    if noun in ("glass", "wine") and not material:
        material = "glass"

    # What people are in is theirs: "a man in a blue shirt".
    wears = _wears(every, avoid) if noun in PEOPLE else ()
    found = _colors(every if noun in PEOPLE else words, avoid)
    if noun == "jar" and "cream" in found and words.count("cream") == 1:
        found.remove("cream")
    if noun == "apple" and "orange" in found:
        found.remove("orange")
    if found and found[0] in _METAL_COLORS and not material:
        material = "metal"
    if found:
        color = from_hex(COLORS[found[0]])
    elif {"jeans", "denim"} & set(words) and noun in GARMENTS:
        color = from_hex(_DENIM)
    elif noun in PEOPLE:
        color = from_hex(_NEUTRAL[int(rng.integers(len(_NEUTRAL)))])
    elif material == "metal":
        color = from_hex(COLORS["silver"])
    elif material == "wood":
        color = from_hex("9a6a3f")
    elif material == "leather":
        color = from_hex("8a5230")
    elif material == "glass":
        color = from_hex("a9c4c4")
    else:
        color = from_hex(_PRETTY[int(rng.integers(len(_PRETTY)))])
    light = 1.25 if {"light", "pale", "pastel"} & set(words) else 0.6 if "dark" in words else 1.0
    color = np.clip(color * np.float32(light), 0, 0.9)
    if len(found) > 1:
        accent = from_hex(COLORS[found[1]])
    else:
        accent = from_hsv(
            float(rng.random()), float(rng.uniform(0.1, 0.45)), float(rng.uniform(0.75, 0.95))
        )
    upper = [hue for name, hue in wears if name not in ("skirt", "trousers", "shorts", "sneaker")]
    if upper and upper[0] is not None:
        color = upper[0]
    elif noun in PEOPLE and wears:
        # The colors named are those of what else is worn.
        color = from_hex(_NEUTRAL[int(rng.integers(len(_NEUTRAL)))])
    if noun in PEOPLE and backdrop is None:
        # Cool paper: no skin and few clothes are like it.
        pale = float(np.sqrt(color).min()) > 0.6
        backdrop = from_hex("71808f" if pale else _PAPERS[int(rng.integers(len(_PAPERS)))])
    return Look(noun, color, accent, material, backdrop, bool(found), wears)
