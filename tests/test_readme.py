"""The README cannot drift: its table, its commands and its example are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click

from flows.cli import darkroom
from flows.cli_models import as_markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_table_of_models_is_the_catalogs() -> None:
    """What `darkroom models --markdown` prints stands in the README."""
    assert as_markdown() in README


def commands(group: click.Group, *above: str) -> dict[str, click.Command]:
    found = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        words = (*above, name)
        if isinstance(command, click.Group):
            found |= commands(command, *words)
        else:
            found[" ".join(words)] = command
    return found


def test_every_command_and_option_in_the_readme_exists() -> None:
    """Each `darkroom ...` that the README shows is a command, with options that it has."""
    known = commands(darkroom)
    from flows.cli import run

    made = run.get_command(
        click.Context(run), str(ROOT / "deployments/pipelines/autumn_banner.yaml")
    )
    assert made
    known["run"] = known["run product_shot"]
    known |= {"run banner.yaml": made}
    known |= {f"{group} MODE": known[f"{group} upscale"] for group in ("run", "request")}
    shown = re.findall(r"(?:^|`|bin/)darkroom ([a-z][^`\n#]*)", README, re.MULTILINE)
    assert len(shown) >= 8
    for line in shown:
        name = max((each for each in known if line.startswith(each)), key=len, default=None)
        assert name, f"darkroom {line}"
        options = {option for each in known[name].params for option in each.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= options | {"--help"}, line


def test_the_make_targets_in_the_readme_exist() -> None:
    """Each `make ...` that the README shows is a target."""
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    shown = re.findall(r"make ([a-z]+)\b", README)
    assert {"demo", "test"} <= set(shown)
    assert {each for each in shown if each in ("demo", "test", "check", "fix")} <= set(targets)


def test_the_files_that_the_readme_names_exist() -> None:
    """No link leads nowhere."""
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(links) >= 4
    for link in links:
        assert (ROOT / link).is_file(), link


def test_the_faults_in_the_readme_are_the_standins() -> None:
    """Every kind of fault that the README lists can be asked for."""
    from darkroom.standin.faults import Kind

    listed = re.search(r"Kinds: (.*?)\. A prompt", README, re.DOTALL)
    assert listed
    assert set(re.findall(r"`([a-z_]+)`", listed[1])) == set(get_args(Kind))


def test_the_python_example_runs(prefect_api: None, tmp_path: Path) -> None:
    """The example of the README makes a picture that is 800 pixels wider."""
    from prefect.settings import PREFECT_API_URL

    (example,) = re.findall(r"```python\n(from prefect import flow.*?)```", README, re.DOTALL)
    script = tmp_path / "banner.py"
    script.write_text(example)
    env = os.environ | {
        "PREFECT_API_URL": str(PREFECT_API_URL.value()),
        "DARKROOM_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, str(script)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    from PIL import Image

    with Image.open(done.stdout.strip()) as image:
        assert image.width >= 1600
