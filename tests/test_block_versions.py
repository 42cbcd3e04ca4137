"""Blocks that another version of Darkroom has saved load, or say what to do."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.blocks.core import Block
from pydantic import Field, create_model

from blocks import Bedrock, ImageStore
from darkroom.errors import InvalidRequest
from tests.test_blocks import save_raw

pytestmark = pytest.mark.drill


def other(kind: type[Block], **fields: Any) -> type[Block]:
    """The block as another version has it, with more fields; it registers a schema of its own."""
    made: type[Block] = create_model(kind.__name__, __base__=kind, **fields)
    made._block_type_name = kind.get_block_type_name()
    made._block_type_slug = kind.get_block_type_slug()
    return made


def fields(block: Block) -> dict[str, Any]:
    """What a block says, whatever it is saved as."""
    return {name: getattr(block, name) for name in type(block).model_fields}


def test_a_block_of_an_older_version_gets_defaults(prefect_api: None) -> None:
    """Fields that were not there when a block was saved have their defaults."""
    save_raw(Bedrock, "older", {"region_name": "us-east-1"})
    found = Bedrock.find("older")
    assert fields(found) == fields(Bedrock(region_name="us-east-1"))


def test_a_field_at_its_default_says_nothing(prefect_api: None) -> None:
    """A block with a field that is not here loads while the field is empty or as it came."""
    newer = other(Bedrock, tries=(int, Field(5)), proxy=(str | None, Field(None)))
    newer(region_name="us-east-1").save("newer")
    found = Bedrock.find("newer")
    assert type(found) is Bedrock
    assert fields(found) == fields(Bedrock(region_name="us-east-1"))


def test_a_field_with_a_value_is_refused_by_name(prefect_api: None) -> None:
    """A block with a value in a field that is not here says which, and what to do; no value."""
    newer = other(Bedrock, proxy=(str | None, Field(None)))
    newer(proxy="http://user:s3cret@proxy").save("proxied")
    with pytest.raises(InvalidRequest, match="with the field proxy") as caught:
        Bedrock.find("proxied")
    assert "page Blocks" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_block_within_a_block_is_looked_at_too(prefect_api: None) -> None:
    """Credentials within a store that another version has saved load, or are refused by name."""
    newer = other(Bedrock, tries=(int, Field(5)))
    newer(region_name="us-east-1").save("inner")
    ImageStore(bucket="studio", credentials=newer.load("inner")).save("outer")
    found = ImageStore.find("outer")
    assert found.credentials is not None
    assert found.credentials.region_name == "us-east-1"
    newer(tries=7).save("inner", overwrite=True)
    with pytest.raises(InvalidRequest, match="with the field tries"):
        ImageStore.find("outer")


def test_a_value_that_breaks_a_new_rule_is_told(prefect_api: None) -> None:
    """A value that an older version took and this one does not is refused with its rule."""
    save_raw(Bedrock, "lax", {"region_name": "US West"})
    with pytest.raises(InvalidRequest, match="'lax': region_name: 'US West' is no AWS region"):
        Bedrock.find("lax")


def test_a_missing_block_names_those_that_are_there(prefect_api: None) -> None:
    """A name that no block has is refused with the names that there are."""
    ImageStore(folder="/srv/pictures").save("campaigns")
    with pytest.raises(InvalidRequest, match=r"store = 'gone': no ImageStore.*campaigns.*Blocks"):
        ImageStore.find("gone")
