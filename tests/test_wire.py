"""JSON and base64 as they go over the wire: quick for pictures, exact for all else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkroom import wire
from darkroom.errors import BadAnswer

PICTURE = bytes(range(256)) * 200
TEXT = base64.b64encode(PICTURE).decode()

# Texts about as long as the border between short and long, with and without what needs escapes.
texts = st.text(st.sampled_from('aé☃😀"\\\n\x00'), max_size=8).flatmap(
    lambda part: st.sampled_from([part, part * 9, "x" * 12_000 + part, "x" * 12_001 + part])
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def whole(value: Any) -> Any:
    """`value` with each view read as text."""
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return str(value, "utf-8") if isinstance(value, memoryview) else value


@given(values, st.booleans(), st.sampled_from([None, 2]))
@settings(max_examples=300, deadline=None)
def test_what_is_read_is_what_the_standard_library_reads(
    value: Any, ascii_only: bool, indent: int | None
) -> None:
    """Long texts come as views, yet every value and every name is the same."""
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()

    assert whole(wire.loads(data)) == json.loads(data)


@given(values)
@settings(max_examples=100, deadline=None)
def test_what_was_read_can_be_written(value: Any) -> None:
    """A view is written as the text that it is of."""
    data = json.dumps(value, ensure_ascii=False).encode()

    assert json.loads(wire.dumps(wire.loads(data))) == json.loads(data)


def test_a_picture_is_decoded_from_where_it_arrived() -> None:
    """The base64 of an answer is a view into it, and decodes to the same bytes."""
    data = json.dumps({"images": [TEXT, "c2hvcnQ="], "seeds": [1]}).encode()

    long, short = wire.loads(data)["images"]

    assert isinstance(long, memoryview)
    assert long.obj is data
    assert (wire.decode(long), wire.decode(short)) == (PICTURE, b"short")


def test_a_number_is_as_exact_as_it_came() -> None:
    """A large integer is no float, and the last of equal names holds."""
    data = b'{"a": 1, "a": 123456789012345678901234567890, "b": ["%s"]}' % TEXT.encode()

    assert wire.loads(data)["a"] == 123456789012345678901234567890


def test_a_long_name_is_a_name() -> None:
    """Not only values can be long."""
    name = "n" * 20_000

    assert wire.loads(json.dumps({name: TEXT, "x": name}).encode()).keys() == {name, "x"}


def test_the_text_of_a_view_is_elided_as_any_long_text() -> None:
    """What is shown has the length in place of the picture."""
    shown = wire.elided(wire.loads(json.dumps({"images": [TEXT]}).encode()))

    assert shown == {"images": [f"<{len(TEXT):,} characters>"]}


@pytest.mark.parametrize(
    "data",
    [
        b'{"images": ["%s]}' % TEXT.encode(),
        b'{"images": ["%s"]' % TEXT.encode(),
        b'"%s" "more"' % TEXT.encode(),
        b'{"images": "%s" 1}' % TEXT.encode(),
        b'{"%s"}' % TEXT.encode(),
        b"<html>" + b'"' * 30_000,
        b" " * 20_000,
        b'"\x00' + b'0" ' * 7000,
    ],
)
def test_what_is_no_json_is_a_bad_answer_however_long(data: bytes) -> None:
    """The quick way around long texts lets nothing through that the parser would refuse."""
    with pytest.raises(BadAnswer, match="not JSON"):
        wire.loads(data)


@pytest.mark.parametrize("spoiled", [TEXT[:-3], TEXT[:-1] + "\n", TEXT + "é", TEXT + "\x01"])
def test_long_base64_that_is_none_is_a_bad_answer(spoiled: str) -> None:
    """Cut off, broken into lines, or with a letter of another alphabet."""
    data = b'{"images": ["%s"]}' % spoiled.encode()

    with pytest.raises(BadAnswer):
        wire.decode(wire.loads(data)["images"][0])


def test_an_answer_of_many_texts_is_read() -> None:
    """A search for long texts that gives up early leaves the rest to the parser."""
    many = ["short"] * (wire.MOST_TEXTS + 5) + [TEXT]

    assert wire.loads(json.dumps(many).encode()) == many
