"""What a model takes and needs, and which fields go together: rules that are no single value's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from darkroom import catalog, modes
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.modes.image_to_image import ImageToImage
from darkroom.modes.outpaint import Expand
from tests.plain import PLAIN, plain, shot

CELLS = [
    pytest.param(model, mode, id=f"{model.short}-{mode}")
    for model in catalog.models().values()
    for mode in model.modes
]
CLEAR = shot(alpha=True)


@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_plain_request_is_taken(model: Model, mode: str) -> None:
    """What is needed is enough."""
    plain(model, mode).check(model)


@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_field_that_a_model_does_not_take_is_refused(model: Model, mode: str) -> None:
    """Nothing is dropped in silence: the field and the model are named, and one that takes it."""
    kind, known = modes.find(mode), model.modes[mode].fields
    for field in sorted(kind.model_fields.keys() - {*known, *kind.on_the_way}):
        takers = [each for each in catalog.models_for(mode) if field in each.modes[mode].fields]
        with pytest.raises(InvalidRequest) as refused:
            plain(model, mode, **{field: PLAIN[field]}).check(model)
        text = str(refused.value)
        assert text.startswith(f"{field} = ")
        assert f"{model.name} takes no {field}" in text
        others = {"size", "aspect_ratio"} - {field}
        if len(others) == 1 and others <= set(known):
            assert "the nearest is" in text
        else:
            assert "Leave it out" in text
            assert all(each.label in text for each in takers)


@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_missing_field_is_named(model: Model, mode: str) -> None:
    """A request without what the model needs says which field that is."""
    for field in model.modes[mode].required:
        with pytest.raises(InvalidRequest, match=f"^{field} = None: .*needs it for {mode}"):
            plain(model, mode, **{field: None}).check(model)


def alternatives() -> Iterator[Any]:
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            if takes.one_of:
                yield pytest.param(model, mode, takes.one_of, id=f"{model.short}-{mode}")


@pytest.mark.parametrize(("model", "mode", "names"), list(alternatives()))
def test_one_of_several_fields_is_needed(model: Model, mode: str, names: tuple[str, ...]) -> None:
    """Each of them alone will do; without any, all are named."""
    for name in names:
        plain(model, mode, **{name: PLAIN[name]}).check(model)
    told = f"^{' or '.join(names)}: {model.name} needs one of them for {mode}"
    with pytest.raises(InvalidRequest, match=told):
        plain(model, mode, **dict.fromkeys(names)).check(model)


@pytest.mark.parametrize(
    ("name", "mode", "given", "told"),
    [
        ("titan", "inpaint", ("mask", "mask_prompt"), "what to repaint is said once"),
        ("nova-canvas", "inpaint", ("mask", "mask_prompt"), "what to repaint is said once"),
        ("titan-v1", "erase_object", ("mask", "mask_prompt"), "what to erase is said once"),
        ("titan", "outpaint", ("mask", "mask_prompt"), "what stays is said once"),
        ("titan", "outpaint", ("expand", "mask_prompt"), "a mask prompt knows no larger canvas"),
        ("nova-canvas", "virtual_try_on", ("mask", "mask_prompt"), "where it goes is said once"),
        ("nova-canvas", "virtual_try_on", ("mask", "garment_class"), "where it goes is said once"),
        (
            "nova-canvas",
            "virtual_try_on",
            ("mask", "mask_prompt", "garment_class"),
            "where it goes is said once",
        ),
    ],
)
def test_what_says_the_same_is_said_once(
    name: str, mode: str, given: tuple[str, ...], told: str
) -> None:
    """Of fields that exclude each other all are named, and to give one is the way on."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest) as refused:
        plain(model, mode, **{field: PLAIN[field] for field in given}).check(model)
    assert str(refused.value) == f"{', '.join(given)}: {told}: give one of them."


@pytest.mark.parametrize("name", ["titan", "nova-canvas"])
def test_mask_and_larger_canvas_go_together(name: str) -> None:
    """What is painted may be white in the mask and new on the canvas at once."""
    model = catalog.find(name)
    plain(model, "outpaint", mask=shot(), expand=Expand(up=8)).check(model)


MASKED = [
    pytest.param(model, mode, id=f"{model.short}-{mode}")
    for model in catalog.models().values()
    for mode, takes in model.modes.items()
    if "mask" in takes.fields
]


@pytest.mark.parametrize(("model", "mode"), MASKED)
def test_mask_measures_what_its_image_does(model: Model, mode: str) -> None:
    """A mask of another size is refused with both sizes."""
    with pytest.raises(InvalidRequest, match=r"^mask = '1024 x 1025'.* 1024 x 1024\. .*resize it"):
        plain(model, mode, mask=shot(1024, 1025)).check(model)


@pytest.mark.parametrize(
    ("name", "mode", "what"),
    [
        ("inpaint", "inpaint", "repaint"),
        ("sdxl", "inpaint", "repaint"),
        ("erase", "erase_object", "erase"),
    ],
)
def test_transparency_stands_for_a_mask(name: str, mode: str, what: str) -> None:
    """Without a mask the picture says by its alpha what to do, and one without alpha is refused."""
    model = catalog.find(name)
    plain(model, mode, mask=None, image=CLEAR).check(model)
    told = rf"^mask = None: it says what to {what}, unless .* transparency\. .*`darkroom mask`"
    with pytest.raises(InvalidRequest, match=told):
        plain(model, mode, mask=None).check(model)


@pytest.mark.parametrize(
    ("source", "mask", "told"),
    [
        ("INIT_IMAGE_ALPHA", shot(), "it is for pictures without a mask"),
        ("MASK_IMAGE_WHITE", None, "it needs a mask"),
        ("MASK_IMAGE_BLACK", None, "it needs a mask"),
        ("INIT_IMAGE_ALPHA", None, ""),
        ("MASK_IMAGE_WHITE", shot(), ""),
        ("MASK_IMAGE_BLACK", shot(), ""),
    ],
)
def test_mask_source_is_what_there_is(source: str, mask: Any, told: str) -> None:
    """SDXL is told of a mask where there is one, and of transparency where there is none."""
    sdxl = catalog.find("sdxl")
    request = plain(sdxl, "inpaint", image=CLEAR, mask=mask, mask_source=source)
    if not told:
        request.check(sdxl)
        return
    with pytest.raises(InvalidRequest, match=f"^mask_source = '{source}': {told}"):
        request.check(sdxl)


@pytest.mark.parametrize("preset", ["FAST_BLUE", "SLOWEST"])
@pytest.mark.parametrize("sampler", ["DDIM", "K_LMS", None])
@pytest.mark.parametrize("mode", ["text_to_image", "image_to_image", "inpaint"])
def test_guidance_needs_an_ancestral_sampler(mode: str, sampler: str | None, preset: str) -> None:
    """The samplers that will do are named; without guidance any is taken."""
    sdxl = catalog.find("sdxl")
    plain(sdxl, mode, clip_guidance_preset="NONE", sampler=sampler).check(sdxl)
    for ancestral in ("K_DPMPP_2S_ANCESTRAL", "K_DPM_2_ANCESTRAL", "K_EULER_ANCESTRAL"):
        plain(sdxl, mode, clip_guidance_preset=preset, sampler=ancestral).check(sdxl)
    told = f"^clip_guidance_preset = '{preset}': SDXL 1.0 wants sampler .*K_EULER_ANCESTRAL"
    with pytest.raises(InvalidRequest, match=told):
        plain(sdxl, mode, clip_guidance_preset=preset, sampler=sampler).check(sdxl)


SCHEDULED = "STEP_SCHEDULE"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"init_image_mode": SCHEDULED}, ""),
        (
            {"init_image_mode": SCHEDULED, "step_schedule_start": 0.6, "step_schedule_end": 0.6},
            "",
        ),
        (
            {"init_image_mode": SCHEDULED, "step_schedule_start": 0.5, "step_schedule_end": 0.6},
            "step_schedule_end = 0.6: the schedule runs down from its start, 0.5",
        ),
        (
            {"init_image_mode": SCHEDULED, "similarity": 0.0},
            "similarity = 0.0: the step schedule says it. Leave one of them out",
        ),
        ({"step_schedule_start": 0.0}, "step_schedule_start = 0.0: it needs init_image_mode"),
        (
            {"init_image_mode": "IMAGE_STRENGTH", "step_schedule_end": 0.0},
            "step_schedule_end = 0.0: it needs init_image_mode STEP_SCHEDULE",
        ),
    ],
)
def test_step_schedule_is_told_instead_of_a_similarity(given: dict[str, Any], told: str) -> None:
    """SDXL hears of the source's influence in one way, and a schedule runs down."""
    sdxl = catalog.find("sdxl")
    request = ImageToImage(prompt="a mug", image=shot(), **given)
    if not told:
        request.check(sdxl)
        return
    with pytest.raises(InvalidRequest) as refused:
        request.check(sdxl)
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize("field", ["long_sleeve_style", "tucking_style", "outer_layer_style"])
@pytest.mark.parametrize("where", ["mask", "mask_prompt"])
def test_styling_needs_a_garment(field: str, where: str) -> None:
    """How sleeves are worn is said of a kind of garment only."""
    nova = catalog.find("nova-canvas")
    styled = {field: PLAIN[field]}
    plain(nova, "virtual_try_on", garment_class="UPPER_BODY", **styled).check(nova)
    told = f"^{field} = '{PLAIN[field]}': it needs a garment_class"
    with pytest.raises(InvalidRequest, match=told):
        plain(nova, "virtual_try_on", **{where: PLAIN[where]}, **styled).check(nova)


def test_mask_has_its_own_shape() -> None:
    """A shape is for masks that the model finds."""
    nova = catalog.find("nova-canvas")
    for found in ("mask_prompt", "garment_class"):
        shaped = {found: PLAIN[found], "mask_shape": "BOUNDING_BOX"}
        plain(nova, "virtual_try_on", **shaped).check(nova)
    with pytest.raises(InvalidRequest, match=r"^mask_shape = 'CONTOUR': the mask has"):
        plain(nova, "virtual_try_on", mask=shot(), mask_shape="CONTOUR").check(nova)


@pytest.mark.parametrize(
    ("name", "image", "grows", "told"),
    [
        ("titan", (1400, 700), {"left": 9}, "1409 x 700"),
        ("nova-canvas", (2000, 2000), {"down": 98}, "2000 x 2098"),
        ("nova-canvas", (320, 640), {"up": 641}, "320 x 1281"),
    ],
)
def test_grown_canvas_keeps_the_limits(
    name: str, image: tuple[int, int], grows: dict[str, int], told: str
) -> None:
    """Where the canvas is grown here, what is sent must be within the model's limits as a whole."""
    model = catalog.find(name)
    side, pixels = next(iter(grows.items()))
    plain(model, "outpaint", image=shot(*image), expand=Expand(**{side: pixels - 1})).check(model)
    with pytest.raises(InvalidRequest, match=f"^expand = '{told} in all': .*Expand by less"):
        plain(model, "outpaint", image=shot(*image), expand=Expand(**grows)).check(model)
