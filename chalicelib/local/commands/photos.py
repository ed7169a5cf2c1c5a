"""Photos as people have them: in folders, of many megabytes, in formats that Rekognition does not take."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from ...errors import SetupError

SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Of files that are taken from a folder, in lower case: also of photos that cannot be read, which is told of each. A
file that is named itself may have any."""
LARGEST = 4 * 1024 * 1024
"""Bytes that every operation takes in a request."""
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_SIDES = (4096, 2896, 2048)
_QUALITY = 92


def photos_of(paths: Iterable[Path]) -> list[Path]:
    """Files as they are named, and what pictures lie in folders, at any depth, by name; each once.

    Raises SetupError where there is none at all.
    """
    photos = list(dict.fromkeys(photo for path in paths for photo in (_in(path) if path.is_dir() else [path])))
    if not photos:
        raise SetupError("no photo there: files of a folder are taken that end in " + ", ".join(sorted(SUFFIXES)))
    return photos


def _in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def bytes_of(photo: Path) -> bytes:
    """The file as Rekognition takes it: as it is, if a JPEG or PNG of up to 4 MB, else made a JPEG that fits.

    What is told of places on it holds for the file itself too: they are ratios. Raises OSError for what cannot be read.
    """
    data = photo.read_bytes()
    if data.startswith(_MAGIC) and len(data) <= LARGEST:
        return data
    return _fitting(data)


def _fitting(data: bytes) -> bytes:
    """A JPEG of at most 4 MB, upright, its longer side at most 4096 pixels."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as source:
            upright = ImageOps.exif_transpose(source).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise OSError("not a picture that can be read: save it as JPEG or PNG") from error
    for side in _SIDES:
        upright.thumbnail((side, side))
        written = BytesIO()
        upright.save(written, "JPEG", quality=_QUALITY)
        if written.tell() <= LARGEST:
            break
    return written.getvalue()
