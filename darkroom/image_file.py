"""Image files: what their bytes say about themselves, and how anybody's file becomes usable."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from darkroom.errors import BadPicture
from darkroom.mask import Grey
from darkroom.picture import Facts, MediaType, local_path

# What Pillow calls the formats that every part of the service reads.
_MEDIA_TYPES: dict[str, MediaType] = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    # A JPEG with a second picture behind it, as phones write it: the first is the picture.
    "MPO": "image/jpeg",
    "WEBP": "image/webp",
}
_ORIENTATION = 0x0112


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Image.Image]:
    """Open image bytes, and say in one sentence what is wrong with them where they are no image."""
    if not data:
        raise BadPicture(f"{name}: the file is empty. Choose a PNG, JPEG or WebP image.")
    try:
        with Image.open(io.BytesIO(data)) as image:
            yield image
    except UnidentifiedImageError as error:
        raise BadPicture(
            f"{name}: this is no image that can be read. Choose a PNG, JPEG or WebP image."
        ) from error
    except Image.DecompressionBombError as error:
        raise BadPicture(f"{name}: {error}. Choose a smaller picture.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadPicture(
            f"{name}: the image is damaged or cut off ({error}). Save it again from its source."
        ) from error


def _whole(data: bytes, media_type: MediaType) -> bool:
    """Whether the file goes on to its end mark; found without decoding it."""
    if media_type == "image/webp":
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    # Cameras write things of their own behind a JPEG's end.
    return b"IEND" in data[-64:] if media_type == "image/png" else b"\xff\xd9" in data[-65536:]


def _transparent(image: Image.Image) -> bool:
    """Whether any pixel lets something through. Decodes only what has an alpha channel at all."""
    if not image.has_transparency_data:
        return False
    low, _ = image.convert("RGBA").getchannel("A").getextrema()
    return bool(low != 255)


def facts(data: bytes, name: str = "picture") -> Facts:
    """What the image bytes say; raises `BadPicture` (which names `name`) for what is no image."""
    with _opened(data, name) as image:
        media_type = _MEDIA_TYPES.get(image.format or "")
        if media_type is None:
            raise BadPicture(f"{name}: {image.format} is not PNG, JPEG or WebP.")
        if not _whole(data, media_type):
            raise BadPicture(f"{name}: the image is cut off after {len(data):,} bytes.")
        return Facts(
            sha256=hashlib.sha256(data).hexdigest(),
            media_type=media_type,
            width=image.width,
            height=image.height,
            alpha=_transparent(image),
            size_bytes=len(data),
        )


def png(image: Image.Image) -> bytes:
    """Encode as PNG, quickly: what is made here is one step's input and lives for that step."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def edited(data: bytes, edits: Sequence[Callable[[Image.Image], Image.Image]]) -> bytes:
    """The image after `edits`, as PNG."""
    with Image.open(io.BytesIO(data)) as opened:
        image: Image.Image = opened
        for edit in edits:
            image = edit(image)
        return png(image)


def prepared(data: bytes, name: str = "picture") -> tuple[bytes, tuple[str, ...]]:
    """Turn anybody's image file into one that the models read, and say what was changed.

    A PNG, JPEG or WebP with 8 bits of RGB (or RGBA) comes back as it is. Greys, palettes, CMYK,
    16 bits, other formats and an orientation that only EXIF knows are converted to an upright RGB
    PNG, with a note for each change.

    Args:
        data: The file's bytes.
        name: What to call it in errors.

    Returns:
        The bytes to use and the notes, which are empty when nothing was changed.

    Raises:
        BadPicture: It is empty, damaged, no image, or moves.
    """
    with _opened(data, name) as image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":
            raise BadPicture(
                f"{name}: animated ({frames} frames), and models take still pictures. "
                "Save the frame you want as PNG."
            )
        image.load()
        notes: list[str] = []
        upright = image
        orientation = image.getexif().get(_ORIENTATION, 1)
        if orientation not in (0, 1):
            notes.append(f"turned upright as its EXIF orientation ({orientation}) says")
            upright = ImageOps.exif_transpose(image)
        if image.format == "PNG" and data[24] == 16 and upright.mode in ("RGB", "RGBA"):
            notes.append("converted from 16 to 8 bits")  # which Pillow did when it opened the file
        if upright.mode not in ("RGB", "RGBA"):
            notes.append(f"converted from {upright.mode} to 8-bit RGB")
            upright = _rgb(upright)
        if image.format not in _MEDIA_TYPES:
            notes.append(f"converted from {image.format} to PNG")
        return (png(upright) if notes else data), tuple(notes)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey
        return Grey()(image).convert("RGB")
    if image.mode == "CMYK" and (profile := image.info.get("icc_profile")):
        try:
            converted = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except ImageCms.PyCMSError:
            converted = None  # a broken profile says nothing: Pillow's plain conversion is next
        if converted is not None:
            return converted
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def source_path(text: str) -> Path:
    """The local file that a user names, by its path or `file:` URI.

    Raises:
        BadPicture: It is an address of another kind.
    """
    path = local_path(text)
    if path is None and "://" in text:
        raise BadPicture(
            f"{text}: only local files can be read here, and s3://BUCKET/KEY by flows. Download it "
            "first."
        )
    return path or Path(text)


def open_file(path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Read and prepare a user's image file; see `prepared`.

    Raises:
        BadPicture: It is not there, not a file, not readable, or not usable.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadPicture(f"{path}: there is no such file.") from error
    except IsADirectoryError as error:
        raise BadPicture(f"{path}: this is a folder; name one picture in it.") from error
    except OSError as error:
        raise BadPicture(f"{path}: cannot be read ({error.strerror}).") from error
    return prepared(data, str(path))
