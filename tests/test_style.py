"""Habits that a linter does not know."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = sorted(
    path
    for room in ("darkroom", "blocks", "tasks", "flows")
    for path in (ROOT / room).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").glob("test_*.py"))
EMPTY_WORDS = {"utils", "helpers", "common", "core", "manager", "service", "handler"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_every_test_says_in_a_sentence_what_is_true(path: Path) -> None:
    """Each test has a docstring, which is one paragraph that ends with a full stop."""
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert functions
    for function in functions:
        said = ast.get_docstring(function) or ""
        assert said.endswith("."), f"{path.name}: {function.name}"
        assert "\n\n" not in said, f"{path.name}: {function.name}"


@pytest.mark.parametrize("path", CODE, ids=name)
def test_what_is_caught_blindly_is_raised_again(path: Path) -> None:
    """`except Exception` is followed by a raise, and no bare except is there at all."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            assert caught, f"line {node.lineno}: bare except"
            if caught in ("Exception", "BaseException"):
                assert any(isinstance(each, ast.Raise) for each in ast.walk(node)), node.lineno


@pytest.mark.parametrize("path", CODE, ids=name)
def test_no_file_has_an_empty_name_or_is_two(path: Path) -> None:
    """Names say what is inside, and a file of more than 400 lines is asked to be two."""
    assert not EMPTY_WORDS & set(path.with_suffix("").parts)
    assert len(path.read_text("utf-8").splitlines()) <= 400
