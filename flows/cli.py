"""The command line. What needs Prefect or boto3 is imported by the command that needs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from darkroom.errors import DarkroomError, InvalidRequest, ModelRetired, NoCredentials
from flows import temporary_server
from flows.cli_batch import batch
from flows.cli_compare import compare_models
from flows.cli_doctor import doctor
from flows.cli_gallery import gallery
from flows.cli_graph import graph
from flows.cli_mask import mask
from flows.cli_pipeline import check, plan, schema
from flows.cli_review import review
from flows.cli_show import show
from flows.cli_up import up
from flows.cli_usage import usage
from flows.cli_words import use_standin, whole


class _Modes(click.Group):
    """A group with a command for each mode, beside those that it was given."""

    def __init__(self, *args: Any, of: Callable[[str], click.Command], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of = of

    def list_commands(self, ctx: click.Context) -> list[str]:
        from darkroom import modes  # pydantic, which the first screen does without

        return [*super().list_commands(ctx), *modes.names()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own or cmd_name not in self.list_commands(ctx):
            return own
        return self._of(cmd_name)


class _Runnable(_Modes):
    """A group with a command for each mode, and for each pipeline file."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if Path(cmd_name).suffix in (".yaml", ".yml"):
            from flows.cli_pipeline import run_command

            return run_command(Path(cmd_name), _PIPELINE)
        return super().get_command(ctx, cmd_name)


_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print data for machines.")
_VERBOSE = click.Option(["--verbose"], is_flag=True, help="Show Prefect's log.")
_OUT = click.Option(
    ["--out"], type=click.Path(path_type=Path), help="Copy the pictures into this folder."
)
_SHOWN = [_OUT, _VERBOSE, _JSON]
"""The options about what is shown of a run."""

_MODEL = [click.Option(["--model"], help="Id, ARN or short name of the model.")]
_RUN = [
    click.Option(
        ["--on-retired"],
        type=click.Choice(["refuse", "substitute"]),
        help="What to do about a model past its end of life.  [default: refuse]",
    ),
    click.Option(
        ["--raw"],
        is_flag=False,
        flag_value="elided",
        type=click.Choice(["elided", "full"]),
        help="Keep the whole response beside the pictures; `--raw full` with its base64.",
    ),
    click.Option(["--bedrock"], help="Name of a saved Bedrock block."),
    click.Option(["--store"], help="Name of a saved ImageStore block."),
    click.Option(["--standin"], is_flag=True, help="Use the local stand-in: free, no AWS account."),
    *_SHOWN,
]
"""The options of everything that runs."""


_PIPELINE = [option for option in _RUN if option.name != "on_retired"]
"""Those of a pipeline, whose steps say themselves what to do about retired models."""


def _with(options: list[click.Option]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command `options`, after its own."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        command.__click_params__ = [  # type: ignore[attr-defined]
            *reversed(options),
            *getattr(command, "__click_params__", []),
        ]
        return command

    return decorate


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. Exit codes: 0 all done, 1 something failed, 2 bad usage."""
    try:
        code = darkroom(arguments, prog_name="darkroom", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except DarkroomError as error:
        click.echo(f"{click.style('darkroom:', fg='red', bold=True)} {error}", err=True)
        code = 2 if isinstance(error, InvalidRequest | NoCredentials | ModelRetired) else 1
    except (KeyboardInterrupt, click.Abort):
        click.echo(
            "Stopped. What was made stays: darkroom resume goes on, with the id printed above.",
            err=True,
        )
        code = 1
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("prefect", "httpx"):
            raise
        told = f"Prefect's API does not answer as it should: {error or type(error).__name__}"
        remedy = "What was made stays: the same command goes on. `darkroom doctor` looks at it."
        click.echo(f"{click.style('darkroom:', fg='red', bold=True)} {told}\n{remedy}", err=True)
        code = 1
    sys.exit(code)


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 15 ms that no other command needs

        click.echo(f"darkroom {version('darkroom')}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, callback=_version, is_eager=True, help="Show the version.")
def darkroom(version: bool) -> None:
    """Multi-step image pipelines on Amazon Bedrock, orchestrated by Prefect."""


@darkroom.command()
@click.option("--mode", help="Only models that can do this.")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day.")
@click.option("--markdown", is_flag=True, help="Print the table of modes and models.")
@_with([_JSON])
def models(mode: str | None, on: Any, markdown: bool, as_json: bool) -> int:
    """List the models and what they can do."""
    from flows.cli_models import as_markdown, listing

    if markdown and (as_json or mode or on):
        raise click.UsageError("--markdown prints the whole table: leave the other options out.")
    if markdown:
        click.echo(as_markdown())
        return 0
    return listing(mode, on.date() if on else None, as_json=as_json)


@darkroom.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8808,
    show_default=True,
    help="On 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--latency",
    type=click.FloatRange(0, 3600),
    default=0.0,
    show_default=True,
    help="Seconds to add to each call.",
)
@click.option("--seed", default=0, show_default=True, help="Changes all that is drawn.")
@click.option(
    "--alias",
    "aliases",
    type=(str, str),
    multiple=True,
    metavar="ID LIKE",
    help="Serve an id or ARN of your own like another model. Can be repeated.",
)
@click.option(
    "--lifecycle",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Answer as Bedrock does on this day: models come and go.  [default: all are served]",
)
@click.option(
    "--canned",
    is_flag=False,
    flag_value="1024x1024",
    default="",
    metavar="[WIDTHxHEIGHT]",
    help="Answer with prepared PNGs of one size (1024x1024 if none is said) rather than draw: for "
    "measurements. They do not measure what was asked for.",
)
@click.option(
    "--quota",
    type=click.IntRange(1),
    help="Calls a minute of each model; what is more gets ThrottlingException.  [default: no "
    "limit]",
)
@click.option(
    "--burst",
    type=click.IntRange(1),
    help="Calls of the quota that may come at once.  [default: those of a second]",
)
def standin(
    port: int, aliases: tuple[tuple[str, str], ...], lifecycle: Any, canned: str, **how: Any
) -> int:
    """Serve the local stand-in for Amazon Bedrock until Ctrl-C."""
    from darkroom.standin.server import serve
    from darkroom.standin.settings import Settings

    def ready(url: str) -> None:
        click.echo(f"The stand-in listens at {url} (Ctrl-C ends it). Use it from boto3 with")
        click.echo(
            f"  endpoint_url={url!r} and any keys, or from a Bedrock block with that endpoint."
        )
        if lifecycle:
            click.echo(f"Its models are those of {lifecycle:%Y-%m-%d}.")
        if canned:
            click.echo(f"Its pictures are prepared ones of {canned}, whatever is asked for.")
        click.echo(f"What was called: {url}/_standin/calls")

    day = lifecycle.date() if lifecycle else None
    settings = Settings(aliases=dict(aliases), lifecycle=day, canned=canned, **how)
    serve(port, settings, ready=ready)
    return 0


def _run_command(mode: str) -> click.Command:
    from flows.cli_mode import command

    return command(mode, _run_mode, [*_MODEL, *_RUN])


def _run_mode(
    mode: str,
    fields: dict[str, Any],
    *,
    standin: bool,
    raw: str | None,
    out: Path | None,
    verbose: bool,
    as_json: bool,
    **options: Any,
) -> int:
    how = {name: value for name, value in options.items() if value is not None}
    use_standin(how, standin)
    how["keep"] = raw or "no"

    from darkroom import modes

    fields = modes.find(mode).with_pictures(fields, lambda _, path: whole(path))
    ready = temporary_server.start()
    from flows.cli_run import run_mode as start

    return start(mode, fields, how, out, ready, verbose=verbose, as_json=as_json)


@darkroom.group(cls=_Runnable, of=_run_command)
def run() -> None:
    """Run a flow, a pipeline's FILE.yaml, or a single mode, in this process."""


def _request_command(mode: str) -> click.Command:
    more = [*_MODEL, click.Option(["--full"], is_flag=True, help="Print the pictures as well.")]
    json_ = click.Option(["--json", "as_json"], is_flag=True, help="Print the calls as one list.")
    from flows.cli_mode import command

    return command(mode, _request, [*more, json_])


def _request(mode: str, fields: dict[str, Any], **options: Any) -> int:
    from flows.cli_request import show

    return show(mode, fields, **options)


@darkroom.group(cls=_Modes, of=_request_command)
def request() -> None:
    """Print the body that a model would be sent, and send nothing."""


@run.command(name="product_shot")
@click.option("--prompt", help="The product, in words.")
@click.option("--image", type=click.Path(), help="Your own picture of it instead.")
@click.option(
    "--scene",
    help="What to paint around it.  [default: on an oak table in warm autumn light]",
)
@click.option(
    "--expand",
    help="Pixels to add to left, right, up, down; none keeps the size.  "
    "[default: left=256,right=256]",
)
@click.option("--variations", type=int, help="How many, 0 to 20.  [default: 3]")
@click.option(
    "--similarity",
    type=float,
    help="Of the variations: 1 is like the scene, 0 ignores it.  [default: 0.7]",
)
@click.option("--seed", type=int, help="Same seed, same pictures. Without: drawn and recorded.")
@click.option("--background", help="Color under the cut-out.  [default: #808080]")
@click.option(
    "--fit",
    type=click.Choice(["refuse", "shrink"]),
    help="What to do with a picture that is larger than a model takes.  [default: refuse]",
)
@click.option("--subject-model", help="Makes the product.  [default: core]")
@click.option("--cutout-model", help="Cuts it out.  [default: remove-bg]")
@click.option("--scene-model", help="Paints the scene.  [default: inpaint]")
@click.option("--wider-model", help="Grows the canvas.  [default: outpaint]")
@click.option("--variation-model", help="Makes the variations.  [default: sd3.5]")
@_with(_RUN)
def product_shot(
    standin: bool, out: Path | None, verbose: bool, as_json: bool, **options: Any
) -> int:
    """Make a product's picture, cut it out, set it in a scene, and make variations.

    Calls Amazon Bedrock with the usual credentials of the AWS tools, unless told otherwise.
    """
    given = {name: value for name, value in options.items() if value is not None}
    use_standin(given, standin)
    given["keep"] = given.pop("raw", "no")
    if "expand" in given:
        from flows.cli_mode import sides

        none = given["expand"].strip().lower() == "none"
        given["expand"] = None if none else sides(given["expand"])
    if "image" in given:
        given["image"] = whole(given["image"])
    chosen = [name for name in given if name.endswith("_model")]
    given["models"] = {name.removesuffix("_model"): given.pop(name) for name in chosen}
    ready = temporary_server.start()
    from flows.cli_run import product_shot as start

    return start(given, out, ready, verbose=verbose, as_json=as_json)


@darkroom.command()
@click.argument("flow_run")
@_with(_SHOWN)
def resume(flow_run: str, out: Path | None, verbose: bool, as_json: bool) -> int:
    """Go on with a flow run, by its id.

    What it had finished is not paid for again.
    """
    ready = temporary_server.start()
    from flows.cli_run import resume as start

    return start(flow_run, out, ready, verbose=verbose, as_json=as_json)


@darkroom.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo-out"),
    show_default=True,
    help="Copy the pictures into this folder.",
)
@_with([_VERBOSE, _JSON])
@click.pass_context
def demo(context: click.Context, /, **options: Any) -> int:
    """Run the flagship flow on the stand-in.

    No AWS account, no server, no question asked.
    """
    code: int = context.invoke(
        product_shot,
        prompt="a teal ceramic mug",
        standin=True,
        **options,
    )
    return code


compare_models.params += _PIPELINE
run.add_command(compare_models)

# Its --out is for the manifest; all else is as of any pipeline.
batch.params += [option for option in _PIPELINE if option.name != "out"]

for _command in (batch, check, doctor, gallery, graph, mask, plan, review, schema, show, up, usage):
    darkroom.add_command(_command)


if __name__ == "__main__":
    main()
