"""Saves the blocks of the drill, with Prefect's settings of the process that it runs in.

python -m deployments.drill_blocks NAME SERVICE PACE STORE QUOTA MODEL...
"""

from __future__ import annotations

import sys

from pydantic import SecretStr

from blocks import Bedrock, ImageStore


def save(name: str, service: str, pace: str, store: str, quota: str, *models: str) -> None:
    """Save how to reach the service, and where pictures are kept.

    Args:
        name: What both blocks are called.
        service: Address of the stand-in.
        pace: Address of the Redis of the shared pace.
        store: Folder of the store.
        quota: Calls a minute of each model.
        models: Their ids.
    """
    bedrock = Bedrock(
        region_name="us-west-2",
        endpoint_url=service,
        aws_access_key_id="any",
        aws_secret_access_key=SecretStr("any"),
        quotas=dict.fromkeys(models, int(quota)),
        shared_pace=SecretStr(pace),
    )
    bedrock.save(name)
    ImageStore(folder=store).save(name)


if __name__ == "__main__":
    save(*sys.argv[1:])
