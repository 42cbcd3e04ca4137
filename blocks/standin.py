"""The block for the local stand-in, which lives in this process."""

from __future__ import annotations

import threading

from pydantic import SecretStr

from blocks.access import REGION
from blocks.bedrock import Bedrock
from darkroom import catalog
from darkroom.standin.server import StandIn

_block: Bedrock | None = None
_starting = threading.Lock()


def in_process_standin() -> Bedrock:
    """A block for the stand-in of this process, which is started at the first call."""
    global _block
    with _starting:
        if _block is None:
            server = StandIn()
            server.start()
            _block = Bedrock(
                region_name=REGION,
                endpoint_url=server.url,
                aws_access_key_id="standin",
                aws_secret_access_key=SecretStr("standin"),
                # One place for all models, as no account on AWS has it.
                regions={
                    row.id: row.regions[0]
                    for row in catalog.models().values()
                    if REGION not in row.regions
                },
                allow_retired=True,
            )
            _block._stands_in = True
        return _block
