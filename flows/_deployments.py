"""Where the files of `deployments/` are, and the pictures in the deployments' descriptions."""

from __future__ import annotations

import base64
from pathlib import Path


def folder() -> Path:
    """`deployments/` beside the packages in a clone, and what of it a wheel has."""
    root = Path(__file__).parent.parent
    clone = root / "deployments"
    return clone if (clone / "prefect.yaml").exists() else root / "darkroom_deployments"


def pictures() -> dict[str, str]:
    """Each small picture by its name, as an address that needs no server.

    A step of `prefect deploy`: descriptions name them as `{{ pictures.run_batch }}`.
    """
    found = {}
    for path in sorted((folder() / "pictures" / "small").glob("*.webp")):
        data = base64.b64encode(path.read_bytes()).decode()
        found[path.stem] = f"data:image/webp;base64,{data}"
    return found
