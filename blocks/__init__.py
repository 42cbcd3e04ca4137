"""Prefect blocks: how to reach Bedrock, and where pictures are kept.

The entry point `prefect.collections` names this package, so that Prefect knows both blocks by name.
"""

from blocks.bedrock import Bedrock
from blocks.image_store import ImageStore

__all__ = ["Bedrock", "ImageStore"]
