"""A plan as an artifact of the run."""

from __future__ import annotations

from prefect import get_run_logger
from prefect.artifacts import MarkdownArtifact

from darkroom.plan import HEADINGS, Plan, cells, sentences
from tasks import _show


def plan_artifact(plan: Plan) -> None:
    """Show a plan in the run's artifacts; what goes wrong with that is only logged."""
    rows = ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    rows += ["| " + " | ".join(_show.escaped(cell) for cell in line) + " |" for line in cells(plan)]
    said = [_show.escaped(line) for line in sentences(plan)]
    try:
        _show.put(
            MarkdownArtifact(
                markdown="## Plan\n\n" + "\n\n".join([said[0], "\n".join(rows), *said[1:]]),
                key=_show.artifact_key(plan.name, "plan"),
                description=f"**plan** {said[0]}",
            )
        )
    except _show.TROUBLE as error:
        get_run_logger().warning("No artifact of the plan: %s", error)
