"""Creates the automations in `automations/`, which tell of what goes wrong to one address.

    python -m deployments.alerts URL

URL takes a POST with JSON: {"text": "subject, newline, body"}, as the incoming webhooks of Slack,
Mattermost, Teams and others do. It is kept in the block custom-webhook/alerts of the Prefect server
that is configured; the automations that are there already are changed to what their files say.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import AutomationCore

FOLDER = Path(__file__).with_name("automations")
BLOCK = "alerts"
"""Name of the block that all of them notify; in capitals it stands for its id in the files."""


def read(block_id: str) -> list[dict[str, Any]]:
    """The automations, as data.

    Args:
        block_id: Id of the block that they notify.
    """
    texts = [path.read_text("utf-8") for path in sorted(FOLDER.glob("*.yaml"))]
    return [yaml.safe_load(text.replace(BLOCK.upper(), block_id)) for text in texts]


def save_block(url: str) -> str:
    """Save the block with an address; gives its id."""
    block = CustomWebhookNotificationBlock(
        name="Darkroom", url=url, json_data={"text": "{{subject}}\n{{body}}"}
    )
    return str(block.save(BLOCK, overwrite=True, _sync=True))  # type: ignore[call-arg]


def create(url: str) -> list[str]:
    """Save the block, and create or change the automations; gives their names."""
    wanted = [AutomationCore.model_validate(each) for each in read(save_block(url))]
    with get_client(sync_client=True) as client:
        for each in wanted:
            known = client.read_automations_by_name(each.name)
            for old in known:
                client.update_automation(old.id, each)
            if not known:
                client.create_automation(each)
    return [each.name for each in wanted]


def main() -> None:
    """Create them, and say which."""
    if len(sys.argv) != 2 or "://" not in sys.argv[1]:
        sys.exit("python -m deployments.alerts URL: where to send what goes wrong.")
    print("\n".join(create(sys.argv[1])))  # noqa: T201


if __name__ == "__main__":
    main()
