"""What a comparison asks of each model: all combinations, each in the words of its model."""

from __future__ import annotations

from typing import Any

import pytest

from darkroom import catalog
from darkroom.comparison import MOST, Comparison, measured
from darkroom.errors import InvalidRequest


def test_every_combination_is_one_step() -> None:
    """They come by model first, and are named by what differs between them."""
    asked = Comparison(prompt="x", models=("core", "sd3.5"), sizes=("1:1", "4:5"), seeds=(7,))
    made = asked.combinations()
    assert [each.name for each in made] == ["core 1:1", "core 4:5", "sd3.5 1:1", "sd3.5 4:5"]
    assert made[0].axes == ("model", "size")
    step = asked.step(made[1], catalog.find("core"))
    assert (step.mode, step.model) == ("text_to_image", "core")
    assert step.fields == {"prompt": "${params.prompt}", "aspect_ratio": "4:5", "seed": 7}


def test_without_models_all_living_ones_that_can_are_compared() -> None:
    """Retired models are compared only where they are named."""
    named = [each.name for each in Comparison(prompt="a mug").combinations()]
    living = [each.short for each in catalog.models_for("text_to_image") if not each.is_gone]
    assert named == living
    upscaled = Comparison(image="mug.png", mode="upscale").combinations()
    assert {each.model for each in upscaled} == {"fast", "conservative", "creative"}


def test_all_have_the_same_seed_which_follows_from_what_is_asked() -> None:
    """Only other words, or asking again, draw another one; a model without seeds gets none."""

    def seed(**how: Any) -> Any:
        asked = Comparison(**how)
        steps = [asked.step(each, catalog.find(each.model)) for each in asked.combinations()]
        (found,) = {step.fields.get("seed") for step in steps}
        return found

    assert seed(prompt="a mug") == seed(prompt="a mug", sizes=("1:1", "4:5"))
    assert seed(prompt="a mug") != seed(prompt="a vase")
    assert seed(prompt="a mug") != seed(prompt="a mug", again="run 2")
    assert seed(image="a.png", mode="remove_background") is None


@pytest.mark.parametrize(
    ("size", "model", "said"),
    [
        ("1024x1024", "core", {"aspect_ratio": "1:1"}),
        ("1920x1080", "core", {"aspect_ratio": "16:9"}),
        ("4:5", "core", {"aspect_ratio": "4:5"}),
        ("1:1", "titan", {"size": [1024, 1024]}),
        ("3:2", "titan", {"size": [1152, 768]}),
        ("16:9", "nova-canvas", {"size": [1280, 720]}),
        ("1024x768", "nova-canvas", {"size": [1024, 768]}),
        ("5:3", "titan", {"size": [1280, 768]}),
    ],
)
def test_a_size_is_said_as_the_model_says_it(
    size: str, model: str, said: dict[str, object]
) -> None:
    """Pixels become proportions and the other way round, where they are just the same."""
    assert measured(size, catalog.find(model), "text_to_image") == said


@pytest.mark.parametrize(
    ("size", "model", "told"),
    [
        ("1344x768", "core", "size = '1344x768': Stable Image Core takes proportions, and none"),
        ("1344x768", "core", "The nearest is 16:9."),
        ("16:9", "titan", "aspect_ratio = '16:9': Titan Image Generator G1 v2 takes sizes"),
        ("16:9", "titan", "The nearest size is 1408 x 768."),
        ("big", "core", 'Write "1024x768", or "16:9".'),
        ("0x4", "core", "pixels or proportions are expected"),
    ],
)
def test_what_a_model_can_only_nearly_say_is_refused(size: str, model: str, told: str) -> None:
    """The refusal names the field, the value, the model, and what is nearest."""
    with pytest.raises(InvalidRequest) as error:
        measured(size, catalog.find(model), "text_to_image")
    assert told in str(error.value)


def test_a_style_is_asked_for_by_the_field_that_the_model_has() -> None:
    """Stability AI's are style presets, and Nova's are styles."""
    asked = Comparison(prompt="x", models=("sdxl", "nova-canvas"), styles=("anime",))
    first, second = asked.combinations()
    assert asked.step(first, catalog.find("sdxl")).fields["style_preset"] == "anime"
    assert asked.step(second, catalog.find("nova-canvas")).fields["style"] == "anime"


def test_words_that_look_like_references_are_words() -> None:
    """A prompt with the signs of a reference is given as it is."""
    asked = Comparison(prompt="a ${mug} of ${params.x}", models=("core",))
    (one,) = asked.combinations()
    pipeline = asked.pipeline({one.name: asked.step(one, catalog.find("core"))})
    assert asked.values() == {"prompt": "a ${mug} of ${params.x}"}
    assert pipeline.params["prompt"].type == "text"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, "prompt, image: give one of them"),
        ({"prompt": "x", "mode": "inpant"}, "Did you mean inpaint?"),
        ({"prompt": "x", "mode": "upscale"}, "image = None: upscale starts from a picture"),
        ({"image": "a.png", "mode": "text_to_image"}, "text_to_image takes no picture"),
        ({"image": "a.png", "sizes": ("1:1",)}, "image_to_image takes no size"),
        ({"image": "a.png", "mode": "remove_background", "seeds": (1,)}, "takes no seed"),
        ({"prompt": "x", "sizes": ("wide",)}, "sizes = 'wide': pixels or proportions"),
        ({"prompt": "x", "fields": {"stile": "anime"}}, "Did you mean style?"),
        ({"prompt": "x", "fields": {"seed": 3}}, "the comparison has it by itself"),
        ({"prompt": "x", "fields": {"extras": {"a": "${b}"}}}, "what looks like a reference"),
        ({"prompt": "x", "models": ("core",), "seeds": tuple(range(MOST + 1))}, "101 combinations"),
    ],
)
def test_what_is_wrong_for_all_is_refused(how: dict[str, Any], told: str) -> None:
    """The field, its value, the rule and the way on, before any model is asked."""
    with pytest.raises(InvalidRequest) as error:
        Comparison(**how).check()
    assert told in str(error.value)
