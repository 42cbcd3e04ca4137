"""Who may import whom (ARCHITECTURE.md): down only, and each room knows only what it needs."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ["flows", "tasks", "blocks", "darkroom"]
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
# Pillow and what prepares its work; the rest of darkroom/ needs the standard library and pydantic.
CORE = {"PIL", "pydantic", "pydantic_core", "filelock", "pybase64", "yaml"}
STANDIN = CORE | {"starlette", "uvicorn", "jsonschema", "numpy", "anyio", "h11"}


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_go_down_only(path: Path) -> None:
    """A file imports from its own room and from those below it."""
    room = path.relative_to(ROOT).parts[0]
    above = ROOMS[: ROOMS.index(room)]
    assert not [name for name in imported(path) if name.split(".")[0] in above]


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_prefect_and_boto3_stay_in_their_rooms(path: Path) -> None:
    """Only blocks know boto3, and darkroom/ does not know Prefect either."""
    room = path.relative_to(ROOT).parts[0]
    roots = {name.split(".")[0] for name in imported(path)}
    if room != "blocks":
        assert not roots & {"boto3", "botocore"}
    if room == "darkroom":
        assert not roots & {"prefect", "prefect_aws"}
        allowed = STANDIN if "standin" in path.parts else CORE
        assert roots - set(sys.stdlib_module_names) - {"darkroom"} <= allowed


@pytest.mark.parametrize("folder", ["flows", "tasks", "darkroom/modes"])
def test_siblings_do_not_know_each_other(folder: str) -> None:
    """No flow imports another flow, no mode's task another's, no mode another mode."""
    here = folder.replace("/", ".")
    modes = {path.stem for path in (ROOT / "darkroom/modes").glob("*.py")} - {"__init__", "base"}
    flows = {"product_shot", "run_pipeline", "run_batch", "compare_models", "modes"}
    siblings = flows if folder == "flows" else modes
    checked = 0
    for path in (ROOT / folder).glob("*.py"):
        if path.stem not in siblings:
            continue
        checked += 1
        others = {f"{here}.{name}" for name in siblings - {path.stem}}
        assert not others & set(imported(path))
    assert checked == len(siblings)


@pytest.mark.parametrize("path", sorted((ROOT / "darkroom/standin").rglob("*.py")), ids=ids)
def test_the_standin_shares_no_encoder(path: Path) -> None:
    """The stand-in cannot agree with a mistake of ours, because it does not know our encoders."""
    ours = ("darkroom.modes", "darkroom.dialects", "darkroom.client", "darkroom.limits")
    assert not [name for name in imported(path) if name.startswith((*ours, "darkroom.wire"))]


def test_every_mode_has_its_five_places() -> None:
    """A mode's file, class, task file and task have the same word, and a model that does it."""
    from darkroom import catalog, modes

    assert modes.names()
    for mode in modes.names():
        assert modes.find(mode).mode == mode
        task = getattr(importlib.import_module(f"tasks.{mode}"), mode)
        assert task.name == mode
        assert catalog.models_for(mode)


@pytest.mark.parametrize("room", ["flows", "tasks", "blocks"])
def test_no_file_shadows_an_installed_module(room: str) -> None:
    """A flow loaded by its file's path would hide modules of the same name."""
    ours = {*ROOMS, "tests", "deployments", "benchmarks"}
    for path in (ROOT / room).glob("*.py"):
        if path.stem == "__init__" or path.stem in ours:
            continue
        assert path.stem not in sys.stdlib_module_names
        assert importlib.util.find_spec(path.stem) is None, f"{path.stem} is installed"


def test_the_core_imports_without_prefect_and_boto3() -> None:
    """darkroom/ can be used where neither is installed."""
    code = (
        "import sys; sys.modules['prefect'] = sys.modules['boto3'] = None;"
        "import darkroom.client, darkroom.store, darkroom.modes as m;"
        "[m.find(name) for name in m.names()]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
