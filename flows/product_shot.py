"""Product shot: generate (or bring) a product, cut it out, set it in a scene, vary the result."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from blocks import Bedrock, ImageStore
from darkroom import catalog
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.image_file import facts
from darkroom.mask import Flatten
from darkroom.modes.outpaint import Expand, Outpaint
from darkroom.modes.remove_background import RemoveBackground
from darkroom.modes.text_to_image import TextToImage
from darkroom.modes.variation import Variation
from darkroom.resolve import OnRetired, seed_of
from flows._form import Grown, formed, menu
from flows._parameters import BedrockName, KeepResponses, Retired, StoreName, Text
from flows._run import Run
from tasks.outpaint import outpaint
from tasks.picture import background_mask, flatten
from tasks.remove_background import remove_background
from tasks.text_to_image import text_to_image
from tasks.variation import variation

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Variations = Annotated[int, Field(ge=0, le=20)]
Similarity = Annotated[float, Field(ge=0, le=1)]


_ONE_OF_THEM = (
    "words to make the product from, or a picture: its path where the worker is, or its s3:// "
    "address. An event that starts this flow has the picture in its payload, as image."
)


class Models(BaseModel):
    """A model for each step, by id or short name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(
        "core",
        description="Makes the product from words.",
        json_schema_extra=menu("text_to_image"),
    )
    cutout: str = Field(
        "remove-bg",
        description="Cuts the product out.",
        json_schema_extra=menu("remove_background"),
    )
    scene: str = Field(
        "inpaint",
        description="Paints the scene around the product.",
        json_schema_extra=menu("outpaint", "mask"),
    )
    wider: str = Field(
        "outpaint",
        description="Grows the canvas, where the scene's model cannot.",
        json_schema_extra=menu("outpaint", "expand"),
    )
    variation: str = Field(
        "sd3.5",
        description="Makes the variations.",
        json_schema_extra=menu("variation"),
    )


class Order(BaseModel):
    """What the flow is asked for: its parameters, whose defaults it has, minus the blocks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Words | None
    image: str | None
    scene: Words
    expand: Expand | None
    variations: Variations
    similarity: Similarity
    seed: int | None
    background: str
    fit: Literal["refuse", "shrink"]
    models: Models
    on_retired: OnRetired = "refuse"

    def variation_prompt(self, model: Model) -> str:
        """The product and its scene in words, as long as `model` takes them."""
        limit = model.limit("variation", "prompt")
        words = f"{self.prompt}, {self.scene}" if self.prompt else self.scene
        return words[: limit.max_length if limit else None]

    def check(self, bedrock: Bedrock, store: ImageStore) -> dict[str, Model]:
        """The models of the steps, once all that can be known beforehand is in order.

        Raises:
            DarkroomError: Something is not; nothing was paid.
        """
        if bool(self.prompt) == bool(self.image):
            both = ", not both" if self.prompt else ""
            raise InvalidRequest(f"prompt, image: give one of them{both}: {_ONE_OF_THEM}")
        Flatten(self.background)
        scene = self._model("scene", bedrock)
        if "mask" not in scene.takes("outpaint").fields:
            raise InvalidRequest.of(
                "models.scene", self.models.scene, "it cannot paint around a mask", "Use inpaint."
            )
        steps = {"cutout": "remove_background", "scene": "outpaint"}
        if self.prompt:
            steps["subject"] = "text_to_image"
        if self.expand and "expand" not in scene.takes("outpaint").fields:
            steps["wider"] = "outpaint"
        if self.variations:
            steps["variation"] = "variation"
        return {step: self._checked(step, mode, bedrock, store) for step, mode in steps.items()}

    def _model(self, step: str, bedrock: Bedrock) -> Model:
        model = bedrock.model(getattr(self.models, step))
        gone = model.status(catalog.today()) == "retired"
        if gone and self.on_retired == "substitute":
            # All that this flow asks for, the step's own default takes.
            model = bedrock.model(Models.model_fields[step].default)
        return model

    def _checked(self, step: str, mode: str, bedrock: Bedrock, store: ImageStore) -> Model:
        model = self._model(step, bedrock)
        fields = model.takes(mode).fields
        if not bedrock.allow_retired:
            model.check_alive(mode, catalog.today())
        model.check_region(bedrock.region_of(model))
        known: dict[str, tuple[str, Any]] = {
            "prompt": ("prompt", self.prompt) if step == "subject" else ("scene", self.scene),
            "similarity": ("similarity", self.similarity),
            "seed": ("seed", self.seed),
            "expand": ("expand", self.expand),
        }
        if step == "cutout" and self.image and self.fit == "refuse":
            known["image"] = ("image", facts(store.source(self.image)[0], self.image))
        for field, (name, value) in known.items():
            if value is not None and field in fields and (limit := model.limit(mode, field)):
                limit.check(name, value, model.name)
        return model


@formed
@flow(name="product_shot", task_runner=ThreadPoolTaskRunner(max_workers=32))  # type: ignore[arg-type]
def product_shot(
    prompt: Annotated[
        Text, Field(title="Product in words", examples=["a teal ceramic mug"])
    ] = None,
    image: Annotated[Text, Field(title="Or your picture", examples=["/pictures/mug.png"])] = None,
    scene: Words = "on an oak table in warm autumn light",
    expand: Annotated[Expand | None, Grown] = Expand(left=256, right=256),  # noqa: B008 - frozen
    variations: Variations = 3,
    similarity: Similarity = 0.7,
    seed: Annotated[int | None, Field(examples=[7])] = None,
    background: Annotated[str, Field(title="Background color")] = "#808080",
    fit: Annotated[Literal["refuse", "shrink"], Field(title="If too large")] = "refuse",
    models: Models = Models(),  # noqa: B008 - frozen
    on_retired: Retired = "refuse",
    keep: KeepResponses = "no",
    bedrock: BedrockName = None,
    store: StoreName = None,
) -> State[Any]:
    """Set a product in a scene, and make variations of it.

    Generates the product (or takes your own picture of it), removes its background, paints the
    scene around it while its pixels stay, grows the canvas, and makes variations side by side.

    Args:
        prompt: The product, in words. Leave empty when you give a picture.
        image: Your own picture of the product, instead of words: the whole path of its file where
            the worker is, or s3://BUCKET/KEY.
        scene: What to paint around the product.
        expand: Pixels to add on each side; none at all keeps the size.
        variations: How many variations to make, 0 to 20.
        similarity: How near variations stay to the scene: 1 is like it, 0 ignores it.
        seed: Same seed, same pictures. Empty: drawn once for this run, and recorded.
        background: Color that the cut-out is flattened on before the scene is painted.
        fit: What to do with a picture that is larger than a model takes: refuse or shrink it.
        models: A model for each step.
        on_retired: What to do about a model past its end of life: refuse it, or substitute the
            step's default.
        keep: Whether to keep the service's whole responses beside the pictures: no, elided without
            the base64, or full.
        bedrock: Name of the Bedrock block; "standin" is the local stand-in.
        store: Name of the ImageStore block.
    """
    order = Order(
        prompt=prompt,
        image=image,
        scene=scene,
        expand=expand,
        variations=variations,
        similarity=similarity,
        seed=seed if seed is not None else seed_of(str(flow_run.get_id())),
        background=background,
        fit=fit,
        models=models,
        on_retired=on_retired,
    )
    run = Run("product_shot", bedrock, store, on_retired=on_retired, keep=keep)
    step_models = order.check(run.bedrock, run.store)
    return run.through(lambda: _all_steps(run, order, step_models))


def _all_steps(run: Run, order: Order, models: dict[str, Model]) -> None:
    seed, fit = order.seed, order.fit
    if order.image:
        subject = run.load("subject", order.image)
    else:
        wish = TextToImage(prompt=order.prompt or "", seed=seed)
        subject = run.pay("subject", text_to_image, wish, models["subject"])

    cut = RemoveBackground(image=subject, fit=fit)
    cutout = run.pay("cutout", remove_background, cut, models["cutout"])
    mask, flat = run.free(
        "cutout", (background_mask, [cutout]), (flatten, [cutout, order.background])
    )

    # A model that grows the canvas itself does both at once; the others need another step.
    expand = order.expand if "wider" not in models else None
    around = Outpaint(image=flat, mask=mask, prompt=order.scene, expand=expand, seed=seed, fit=fit)
    scene = run.pay("scene", outpaint, around, models["scene"])
    if "wider" in models:
        wider = Outpaint(image=scene, prompt=order.scene, expand=order.expand, seed=seed, fit=fit)
        scene = run.pay("wider", outpaint, wider, models["wider"])

    if order.variations:
        model = models["variation"]
        like = Variation(
            images=(scene,),
            prompt=order.variation_prompt(model),
            similarity=order.similarity,
            count=order.variations,
            seed=seed,
            fit=fit,
        )
        run.pay_all("variation", variation, like, model)
