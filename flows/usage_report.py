"""Report what was made in a period, what it cost, and what went wrong."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from blocks import ImageStore
from darkroom.dollars import dollars
from darkroom.errors import StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.period import Period
from darkroom.store import Store
from darkroom.usage import Usage
from flows import _usage_words as words
from flows._charts import charts
from flows._collect import collect
from flows._form import Filled, formed
from tasks import _events, _show

Since = Annotated[
    str, Field(title="Since", examples=["1d", "7d", "30d", "2026-11-01"], min_length=1)
]
Until = Annotated[str, Field(title="Until", examples=["2026-11-30"])]
Limit = Annotated[float, Field(title="Limit in US$", ge=0)]
StoreName = Annotated[str, Field(title="Store")]


@formed
@flow(name="usage_report")
def usage_report(
    since: Since = "1d",
    until: Annotated[Until | None, Filled] = None,
    limit_usd: Limit | None = None,
    store: Annotated[StoreName | None, Filled] = None,
) -> State[Any]:
    """Report usage: pictures, calls, spend, filters, failures, seconds, models near their end.

    Args:
        since: How far back: 12h, 1d, 7d, 4w, or a day such as 2026-11-01.
        until: The last day, such as 2026-11-30. Empty: until now.
        limit_usd: US dollars that the period may cost. What costs more ends as OverLimit, and the
            event darkroom.spend.reported says "passed", which an automation can wait for.
        store: Name of the ImageStore block whose pictures count. Empty: the default one.
    """
    period = Period.of(since, until)
    opened = ImageStore.find(store).open()
    usage = collect(period, opened)
    _show_all(usage, _kept(usage, opened))
    _events.spent(usage, limit_usd)
    told = words.headline(usage)
    get_run_logger().info("%s: %s", period, told)
    for sentence in (*words.endings(usage), *usage.unknown):
        get_run_logger().warning("%s", sentence)
    if limit_usd is not None and usage.total.spend_usd > limit_usd:
        message = f"{dollars(usage.total.spend_usd)} is more than {dollars(limit_usd)}: {told}"
        return Completed(name="OverLimit", message=message, data=usage)
    return Completed(message=told, data=usage)


def _kept(usage: Usage, store: Store) -> str:
    """Keep the report as JSON in the store; gives where, or "" where it cannot be."""
    if isinstance(store, FolderStore) and not store.folder.is_dir():
        return ""  # whoever misspelt a folder shall not find it made
    name = f"reports/usage-{usage.since:%Y-%m-%dT%H%M}-{usage.until:%Y-%m-%dT%H%M}.json"
    try:
        store.write(name, usage.model_dump_json(indent=2).encode())
    except StoreFailed as error:
        get_run_logger().warning("The report could not be kept: %s", error)
        return ""
    return store.uri_of(name)


def _show_all(usage: Usage, kept: str) -> None:
    """The report in the run's artifacts; what goes wrong with that is only logged."""
    try:
        for chart in charts(usage):
            create_image_artifact(
                chart.data_uri,
                key=f"usage-{chart.name}",
                description=f"![preview]({_show.data_uri(chart.png, 480)})\n\n"
                f"**{_show.escaped(chart.title)}** {_show.escaped(words.period_of(usage))}",
            )
        headings, lines = words.by_model(usage)
        create_table_artifact(
            [dict(zip(headings, line, strict=True)) for line in lines],
            key="usage-models",
            description=f"**usage by model** {_show.escaped(words.period_of(usage))}",
        )
        create_markdown_artifact(
            as_markdown(usage, kept),
            key="usage-report",
            description=f"**usage** {_show.escaped(words.headline(usage))}",
        )
        create_markdown_artifact(
            f"```json\n{usage.model_dump_json(indent=2)}\n```",
            key="usage-json",
            description="**usage** as data, for machines",
        )
    except _show.TROUBLE as error:
        get_run_logger().warning("No artifact of the report: %s", error)


def as_markdown(usage: Usage, kept: str = "") -> str:
    """The report as a page.

    Args:
        usage: The report.
        kept: Where it is kept as JSON; "" if it is not.
    """
    parts = [
        "## Usage",
        _show.escaped(words.period_of(usage)),
        _show.escaped(words.headline(usage)),
    ]
    if usage.models:
        parts += ["### By model", _table(words.by_model(usage))]
        parts += ["### By flow", _table(words.by_flow(usage))]
    for title, counts in words.reasons(usage):
        parts += [f"### {title}", "\n".join(f"- {n} x {_show.escaped(why)}" for why, n in counts)]
    if ending := words.endings(usage):
        parts += ["### Models near their end of life", _list(ending)]
    if usage.unknown:
        parts += ["### What this report does not know", _list(usage.unknown)]
    if kept:
        parts.append(f"As data: {_show.escaped(kept)}")
    return "\n\n".join(parts)


def _table(table: words.Table) -> str:
    headings, lines = table
    rows = [f"| {' | '.join(headings)} |", f"| --- |{' ---: |' * (len(headings) - 1)}"]
    rows += [f"| {' | '.join(_show.escaped(cell) for cell in line)} |" for line in lines]
    return "\n".join(rows)


def _list(sentences: list[str]) -> str:
    return "\n".join(f"- {_show.escaped(each)}" for each in sentences)
