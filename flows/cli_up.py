"""`darkroom up`: all of Darkroom on this computer, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

_PORT = click.IntRange(0, 65535)


@click.command()
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for all data: database, pictures, results, locks, logs.  "
    "[default: ~/.darkroom/up, or $DARKROOM_HOME/up]",
)
@click.option(
    "--port",
    type=_PORT,
    default=4200,
    show_default=True,
    help="The dashboard's, on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--standin",
    is_flag=True,
    help="Start the local stand-in too, and let the Bedrock block reach it: free, no AWS account.",
)
@click.option(
    "--standin-port",
    type=_PORT,
    help="The stand-in's; 0 picks a free one.  [default: that of last time, else 8808]",
)
@click.option(
    "--quota",
    type=click.IntRange(1),
    help="Calls a minute of each model that the stand-in answers.  [default: no limit]",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Flow runs that are done at the same time.",
)
def up(
    home: Path | None,
    port: int,
    standin: bool,
    standin_port: int | None,
    quota: int | None,
    at_once: int,
) -> int:
    """Start a Prefect server, a worker and all that they need, until Ctrl-C.

    Makes the work pool, the blocks, the quota limits and the deployments that are missing, and
    leaves what is there: started again, it changes nothing. What was under way when it ended goes
    on then. Without --standin calls reach Amazon Bedrock, and are paid for.
    """
    if not standin and (standin_port is not None or quota is not None):
        raise click.UsageError("--standin-port and --quota are the stand-in's: give --standin too.")
    from darkroom import store
    from flows.up.run import Wanted
    from flows.up.run import up as run

    folder = home or store.home() / "up"
    return run(Wanted(folder, port, standin, standin_port, quota, at_once))
