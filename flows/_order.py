"""What a batch is, as its flow and each of its shards are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from blocks import Bedrock, ImageStore
from darkroom.client import Keep
from darkroom.pipeline.pipeline import Pipeline
from flows._batch import Batch, Retry
from flows._given import read_pipeline, rows_of


class Order(BaseModel):
    """What every shard of a batch is told of the batch.

    Attributes: see `run_batch`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    rows: str | None = None
    name: str | None = None
    matrix: dict[str, list[Any]] | None = None
    params: dict[str, Any] | None = None
    retry: Retry = "missing"
    again: bool = False
    pictures: str | None = None
    keep: Keep = "no"
    bedrock: str | None = None
    store: str | None = None

    def batch(
        self,
        shard: tuple[int, int] = (0, 1),
        blocks: tuple[Bedrock, ImageStore] | None = None,
    ) -> Batch:
        """The batch, or one shard of it, checked as far as that goes without looking at each row.

        Args:
            shard: Which shard of how many.
            blocks: What to use instead of the blocks that are named.

        Raises:
            InvalidRequest: Something is wrong; nothing was paid.
        """
        made = read_pipeline(self.pipeline)
        rows = rows_of(made, self.rows, self.matrix or {}, self.params or {}, self.pictures)
        bedrock, store = blocks or (Bedrock.find(self.bedrock), ImageStore.find(self.store))
        store.open().check()
        return Batch(
            self.name or name_of(made, self.rows),
            made,
            rows,
            bedrock,
            store,
            retry=self.retry,
            again=self.again,
            keep=self.keep,
            shard=shard,
        )


def name_of(pipeline: Pipeline, rows: str | None) -> str:
    """The name of a batch that was given none."""
    words = "-".join([pipeline.name, *([Path(rows).stem] if rows else [])])
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", words).strip("-.")[:80]
