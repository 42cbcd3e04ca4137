"""Text in a PNG is spliced in beside its pixels, never into a sealed picture, and read back."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime

import pytest
from PIL import Image

from darkroom.errors import BadPicture
from darkroom.image_file import facts
from darkroom.picture import Picture, Provenance
from darkroom.png_text import read_text, with_text
from tests.conftest import encoded

HOW = Provenance(
    mode="inpaint",
    model="stability.stable-image-inpaint-v1:0",
    region="us-west-2",
    endpoint="https://studio.internal",
    parameters={
        "prompt": "ein Gefäß, 花瓶 🏺 </x>\nsecond line",
        "image": {"sha256": "a" * 64, "uri": "file:///home/ada/secret/photo.png"},
        "images": [{"sha256": "b" * 64, "uri": "s3://private/x.png"}],
    },
    seed=7,
    request_id="REQ-1",
    parents=("a" * 64,),
    price_usd=0.07,
    made_at=datetime(2026, 11, 21, tzinfo=UTC),
    flow_run="blue-lion",
    notes=("flattened on #808080",),
)
PNG = encoded(Image.effect_noise((64, 48), 80).convert("RGB"))


def picture(data: bytes = PNG) -> Picture:
    return Picture(**dict(facts(data)), uri="file:///a.png", provenance=HOW)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each chunk, by a reader of the test's own; checks each CRC."""
    found, stream = [], io.BytesIO(data[8:])
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        body = stream.read(length)
        assert struct.unpack(">I", stream.read(4))[0] == zlib.crc32(kind + body)
        found.append((kind, body))
    return found


def with_chunk(kind: bytes, body: bytes) -> bytes:
    """The PNG with one more chunk after its head."""
    extra = struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
    return PNG[:33] + extra + PNG[33:]


def test_the_pixels_stay_to_the_byte() -> None:
    """All that was in the picture is in it still, and only texts were added, before the pixels."""
    made = with_text(PNG, picture())
    added = [each for each in chunks(made) if each not in chunks(PNG)]
    assert [kind for kind, _ in added] == [b"iTXt"] * 3
    assert [each for each in chunks(made) if each not in added] == chunks(PNG)
    kinds = [kind for kind, _ in chunks(made)]
    assert kinds.index(b"iTXt") < kinds.index(b"IDAT")


def test_what_was_written_is_read_back() -> None:
    """Mode, model, parameters, seed, parents and notes come back, and the original's hash."""
    told = read_text(with_text(PNG, picture()))
    assert told
    assert told.sha256 == picture().sha256
    for name in ("mode", "model", "seed", "parents", "made_at", "notes"):
        assert getattr(told.provenance, name) == getattr(HOW, name)
    assert told.provenance.parameters["prompt"] == HOW.parameters["prompt"]
    assert told.provenance.parameters["image"] == {"sha256": "a" * 64}


def test_other_programs_find_the_prompt() -> None:
    """Pillow reads the prompt and the program under the names that the PNG specification has."""
    with Image.open(io.BytesIO(with_text(PNG, picture()))) as image:
        assert image.text["Description"] == HOW.parameters["prompt"]
        assert image.text["Software"] == "Darkroom, stability.stable-image-inpaint-v1:0"


def test_nothing_private_is_written() -> None:
    """No path, address, account, run or price is in the file."""
    made = with_text(PNG, picture())
    for private in (b"/home/ada", b"s3://", b"studio.internal", b"REQ-1", b"blue-lion", b"0.07"):
        assert private not in made
    assert b"a" * 64 in made


def test_a_second_text_takes_the_place_of_the_first() -> None:
    """Written twice, a picture has each text as it was written last."""
    twice = with_text(with_text(PNG, picture()), picture())
    assert twice == with_text(PNG, picture())


def test_a_sealed_picture_is_refused() -> None:
    """A picture with Content Credentials is not touched, and the error says why."""
    with pytest.raises(
        BadPicture, match=r"a\.png: it carries Content Credentials \(a caBX chunk\)"
    ):
        with_text(with_chunk(b"caBX", b"jumb"), picture(), "a.png")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_formats_are_refused(kind: str) -> None:
    """Only a PNG takes text; the error says what to do instead."""
    with pytest.raises(BadPicture, match=r"only a PNG takes text\. Keep its \.json file"):
        with_text(encoded(Image.new("RGB", (8, 8)), kind), picture())


@pytest.mark.parametrize("length", [8, 20, 33, 40, len(PNG) - 1])
def test_a_damaged_png_is_refused(length: int) -> None:
    """A PNG that was cut off gets no text, and none is read from it."""
    with pytest.raises(BadPicture, match="damaged or cut off"):
        with_text(PNG[:length], picture())
    assert read_text(PNG[:length]) is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0\0\0\0not json",
        b"\0\0\0\0[1]",
        b"\0\0\0\0{}",
        b'\0\0\0\0{"sha256": "x", "mode": 7}',
        b"\0\0\0\0" + b"[" * 100_000,
        b"\1\0\0\0x",
    ],
)
def test_a_text_of_somebody_else_is_not_read(said: bytes) -> None:
    """A text under our name that says something else is none."""
    assert read_text(with_chunk(b"iTXt", b"Darkroom\0" + said)) is None
    assert read_text(b"no png") is None
