"""What a server is given so that a team can work: pool, blocks, quota limits, deployments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import httpx
from prefect.client.orchestration import get_client

from flows.up import blocks_of, deploy
from flows.up.blocks_of import Found, Service
from flows.up.deploy import Deployed
from flows.up.home import Home
from flows.up.interrupted import resume
from flows.up.screen import Screen


class Furnish:
    """Makes what is missing, and leaves what is there.

    Args:
        home: The folder, which remembers what an `up` before this one has made.
        environment: That of programs which use the server.
        screen: Is told how far it is.
    """

    def __init__(self, home: Home, environment: Mapping[str, str], screen: Screen) -> None:
        self._home, self._environment, self._screen = home, environment, screen

    def before_work(self) -> list[str]:
        """Make the work pool; gives the runs that go on, which another `up` had under way."""
        with get_client(sync_client=True) as client:
            self._home.note(command=deploy.pool(client, self._home.known.get("command")))
            return resume(client)

    def service(self, wanted: Service) -> Found:
        """Save the Bedrock block, and make the quota limits that its calls ask for."""
        with self._screen.step("saving blocks and quota limits", "blocks and quota limits"):
            known = self._home.known.get("service")
            found = blocks_of.bedrock(wanted, Service(**known) if known else None)
            if found.block:
                blocks_of.limits(found.block)
            self._home.note(service=wanted.noted())
        return found

    def store(self) -> str:
        """Save the ImageStore block; gives where the pictures are."""
        return blocks_of.store(self._home.pictures)

    def flows(self) -> Deployed:
        """Deploy what is missing or has changed."""
        with self._screen.step("deploying the flows", "deployments"):
            log = self._home.logs / "deploy.log"
            with get_client(sync_client=True) as client:
                known = self._home.known.get("deployed", {})
                done = deploy.deploy(client, self._environment, self._home.folder, log, known)
            self._home.note(deployed=done.marks)
        return done


def leave_runs(since: datetime) -> list[str]:
    """Schedule the runs that were under way when their worker was ended; gives their names."""
    try:
        with get_client(sync_client=True) as client:
            return resume(client, since)
    except httpx.HTTPError:
        return []  # the next `up` does it when it starts
