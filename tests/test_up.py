"""`darkroom up` as a program: what it makes, what it leaves alone, and how it ends."""

from __future__ import annotations

from tests.dashboard import Dashboard, dashboard

__all__ = ["dashboard"]  # pytest finds the fixture here


def test_a_deployment_runs_on_the_standin(dashboard: Dashboard) -> None:
    """A run that is started from the dashboard ends well, with its picture in the home's store."""
    run = dashboard.run("text_to_image", prompt="a brass desk lamp", seed=7)
    assert run["state_name"] == "Completed", run
    assert "text-to-image-text-to-image" in dashboard.artifacts(run["id"])
    assert list(dashboard.pictures.rglob("*.png"))
