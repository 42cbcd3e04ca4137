"""Both blocks keep Prefect's own standard, and Prefect knows them by name."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.blocks.core import Block
from prefect.settings import PREFECT_API_URL
from prefect.testing.standard_test_suites import BlockStandardTestSuite

import blocks
from blocks import Bedrock, ImageStore
from blocks.saved import find
from darkroom.errors import InvalidRequest, Unreachable

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("block", [Bedrock, ImageStore])
class TestStandard(BlockStandardTestSuite):
    """Prefect's standard for blocks: description, documentation, field descriptions, example."""

    block = None  # parametrized above
    test_has_a_valid_image = None  # it downloads the logo, and tests need no network


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python in another folder, which finds this project only where it is installed."""
    command = [sys.executable, *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("block", [Bedrock, ImageStore])
def test_the_form_explains_itself(block: type[Block]) -> None:
    """Each field of the form has a title and a description, and none has to be filled in."""
    schema = block.model_json_schema()
    assert not schema.get("required")
    for name, field in schema["properties"].items():
        assert field.get("title"), name
        assert name == "credentials" or field.get("description"), name


def test_every_secret_is_one() -> None:
    """Whatever opens a door is a secret field; Prefect stores it encrypted and shows stars."""
    assert set(Bedrock.model_json_schema()["secret_fields"]) == {
        "aws_secret_access_key",
        "aws_session_token",
        "bedrock_api_key",
        "role_external_id",
        "shared_pace",
    }


def test_the_entry_point_names_both() -> None:
    """Prefect finds this package by its entry point, and both blocks in it."""
    (found,) = [
        each for each in entry_points(group="prefect.collections") if each.value == "blocks"
    ]
    assert found.load() is blocks
    assert {Bedrock, ImageStore} <= {getattr(blocks, name) for name in blocks.__all__}


def test_prefect_registers_both(prefect_api: None) -> None:
    """`prefect block register -m blocks` ends well, and the API then has both types."""
    url = PREFECT_API_URL.value()
    command = ["-m", "prefect", "block", "register", "-m", "blocks"]
    done = python(*command, PREFECT_API_URL=str(url))
    assert done.returncode == 0, done.stderr
    for block in (Bedrock, ImageStore):
        kind = httpx.get(f"{url}/block_types/slug/{block.get_block_type_slug()}").json()
        assert kind["name"] == block.get_block_type_name()
        assert kind["description"]
        assert "BLOCK_NAME" in kind["code_example"]


def test_a_fresh_process_loads_by_name(prefect_api: None, tmp_path: Path) -> None:
    """A process that imported nothing of ours gets the saved block by its slug and name."""
    ImageStore(folder=str(tmp_path)).save("fresh-process")
    program = (
        "from prefect.blocks.core import Block\n"
        "print(Block.load('darkroom-image-store/fresh-process').folder)"
    )
    done = python("-c", program, PREFECT_API_URL=str(PREFECT_API_URL.value()))
    assert done.stdout.strip() == str(tmp_path), done.stderr


def save_raw(kind: type[Block], name: str, data: dict[str, Any]) -> None:
    """Save what the form of the UI would: the server checks no rule of ours."""
    kind.register_type_and_schema()
    url = PREFECT_API_URL.value()
    document = {
        "name": name,
        "data": data,
        "block_type_id": str(kind._block_type_id),
        "block_schema_id": str(kind._block_schema_id),
    }
    httpx.post(f"{url}/block_documents/", json=document).raise_for_status()


def test_a_mistake_in_the_form_is_told_without_values(prefect_api: None) -> None:
    """A saved block that breaks a rule is refused by name and rule; no secret is in the error."""
    secret = "wJalrXUtnFEMI"
    save_raw(Bedrock, "half", {"aws_secret_access_key": secret, "read_timeout": 300})
    with pytest.raises(InvalidRequest) as caught:
        Bedrock.find("half")
    assert str(caught.value) == (
        "Bedrock block 'half': aws_access_key_id and aws_secret_access_key go together: set both. "
        "Correct it and save it."
    )
    save_raw(Bedrock, "hasty", {"read_timeout": 3})
    with pytest.raises(InvalidRequest, match="'hasty': read_timeout: Input should be greater than"):
        Bedrock.find("hasty")


def test_validation_errors_show_no_values() -> None:
    """The error of a wrong block in code names the rule and no value of any field."""
    with pytest.raises(ValueError, match="go together") as caught:
        Bedrock(aws_secret_access_key="wJalrXUtnFEMI")  # type: ignore[arg-type]
    assert "wJalr" not in str(caught.value) + repr(caught.value)
    with pytest.raises(ValueError, match="prefix, credentials and") as caught:
        ImageStore(credentials=Bedrock(bedrock_api_key="wJalrXUtnFEMI"))  # type: ignore[arg-type]
    assert "wJalr" not in str(caught.value) + repr(caught.value)


def test_an_api_that_is_away_is_said() -> None:
    """Where the Prefect API does not answer, the error says so and what to do."""
    from prefect.settings import temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(Unreachable, match="'studio' cannot be loaded: the Prefect API does not"),
    ):
        find(Bedrock, "studio")


def test_finding_works_in_async_code(prefect_api: None) -> None:
    """Blocks are found in a running event loop as well."""
    import asyncio

    async def ask() -> Bedrock:
        return Bedrock.find()

    assert asyncio.run(ask()) == Bedrock()
