"""Anybody's image files: what is read as it is, what is converted visibly, what is refused."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from darkroom.errors import BadPicture
from darkroom.image_file import facts, open_file, prepared
from tests.conftest import encoded

RED = Image.new("RGB", (40, 30), (200, 30, 20))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_ordinary_picture_is_taken_as_it_is(kind: str) -> None:
    """Not one byte of a good PNG, JPEG or WebP changes."""
    data = encoded(RED, kind)
    assert prepared(data) == (data, ())


def test_transparency_is_kept() -> None:
    """A cut-out stays a cut-out."""
    data = encoded(Image.new("RGBA", (8, 8), (1, 2, 3, 0)))
    assert prepared(data) == (data, ())
    assert facts(data).alpha


def test_an_opaque_alpha_channel_is_no_transparency() -> None:
    """Only pixels that let something through count."""
    assert not facts(encoded(Image.new("RGBA", (8, 8), (1, 2, 3, 255)))).alpha


def cmyk() -> bytes:
    return encoded(RED.convert("CMYK"), "JPEG", quality=95)


def cmyk_with_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(RED.convert("CMYK"), "JPEG", quality=95, icc_profile=profile)


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(RED, "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize(
    ("data", "note", "size"),
    [
        (cmyk(), "CMYK", (40, 30)),
        (cmyk_with_profile(), "CMYK", (40, 30)),
        (encoded(RED.quantize(8)), "from P ", (40, 30)),
        (encoded(RED.convert("L")), "from L ", (40, 30)),
        (encoded(RED.convert("1")), "from 1 ", (40, 30)),
        (encoded(RED.convert("LA")), "from LA ", (40, 30)),
        (encoded(Image.new("I;16", (40, 30), 65535)), "from I;16 ", (40, 30)),
        (encoded(RED, "BMP"), "from BMP to PNG", (40, 30)),
        (encoded(RED, "TIFF"), "from TIFF to PNG", (40, 30)),
        (rotated(), "EXIF orientation (6)", (30, 40)),
    ],
)
def test_what_models_cannot_read_is_converted_and_said(
    data: bytes, note: str, size: tuple[int, int]
) -> None:
    """CMYK, palettes, greys, 16 bits, other formats and EXIF turns become upright RGB PNGs."""
    ready, notes = prepared(data)
    assert note in "; ".join(notes)
    with Image.open(io.BytesIO(ready)) as image:
        assert image.format == "PNG"
        assert image.mode in ("RGB", "RGBA")
        assert image.size == size
        assert not image.getexif().get(0x0112)


def deep(mode: str) -> bytes:
    """A PNG with 16 bits for each channel, which Pillow reads and does not write."""
    channels = {"RGB": (2, 3), "RGBA": (6, 4)}[mode]

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 8, 8, 16, channels[0], 0, 0, 0)
    rows = b"".join(b"\0" + b"\xc8\x00" * channels[1] * 8 for _ in range(8))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_sixteen_bits_of_color_become_eight(mode: str) -> None:
    """A deep PNG is converted and said to be, though Pillow calls it RGB."""
    ready, notes = prepared(deep(mode))
    assert notes == ("converted from 16 to 8 bits",)
    assert ready[24] == 8
    with Image.open(io.BytesIO(ready)) as image:
        assert image.mode == mode
        assert image.getpixel((1, 1))[:3] == (200, 200, 200)


def test_colors_survive_the_conversion() -> None:
    """A CMYK red is still that red, and a 16-bit white is white."""
    with Image.open(io.BytesIO(prepared(cmyk())[0])) as image:
        red, green, blue = image.getpixel((20, 15))
        assert red > 170
        assert max(green, blue) < 70
    white = encoded(Image.new("I;16", (4, 4), 65535))
    with Image.open(io.BytesIO(prepared(white)[0])) as image:
        assert image.getpixel((1, 1)) == (255, 255, 255)


def animated() -> bytes:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green")]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"not an image at all", "no image"),
        (encoded(RED)[:70], "damaged or cut off"),
        (encoded(RED, "JPEG")[:400], "damaged or cut off"),
        (animated(), r"animated \(2 frames\)"),
    ],
    ids=["empty", "text", "cut PNG", "cut JPEG", "animated"],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """The refusal names the file and says what is wrong with it."""
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    with pytest.raises(BadPicture, match=f"photo.png: .*{words}"):
        open_file(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_cut_off_answer_is_noticed_without_decoding_it(kind: str) -> None:
    """Bytes that stop before the format's end are no picture, even if they could be shown."""
    data = encoded(Image.effect_noise((64, 64), 90).convert("RGB"), kind)
    assert facts(data).size == (64, 64)
    with pytest.raises(BadPicture, match="cut off"):
        facts(data[:-20])


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Both are named, each with its own sentence."""
    with pytest.raises(BadPicture, match=r"nowhere\.png: there is no such file"):
        open_file(tmp_path / "nowhere.png")
    with pytest.raises(BadPicture, match="this is a folder"):
        open_file(tmp_path)


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file that would unfold to more than Pillow's limit is not unfolded."""
    bomb = encoded(Image.new("1", (15000, 15000)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000_000)
    with pytest.raises(BadPicture, match="smaller picture"):
        prepared(bomb)
