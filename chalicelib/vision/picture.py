"""Encoded bytes to a picture: the only place that decodes PNG and JPEG."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Transpose
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from ..errors import ImageTooLargeException, InvalidImageFormatException, InvalidParameterException

SMALLEST_SIDE = 80
"""Pixels below which AWS refuses an image (64 for protective equipment)."""
LARGEST_SIDE = 10_000
"""Pixels above which AWS refuses an image for labels and moderation (4,096 for protective equipment)."""

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 0x0112  # the EXIF tag
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
"""What Pillow's decoders raise on bytes that are cut short or altered."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as every model here takes it: upright, RGB, eight bits."""

    image: Image.Image
    """Pillow's form, mode RGB, EXIF orientation applied: crops and resizes cost no copy of the whole."""
    encoded: bytes
    """The file it was decoded from, empty for pixels that were never encoded."""
    format: str
    """JPEG or PNG, or RAW for pixels that were never encoded."""

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Picture:
        """A picture of pixels already decoded, such as a video frame: [height, width, 3], RGB."""
        return cls(Image.fromarray(pixels), b"", "RAW")

    @property
    def digest(self) -> bytes:
        """SHA-256 of the encoded bytes, else of the pixels: the same bytes give the same ImageId."""
        return hashlib.sha256(self.encoded or self.image.tobytes()).digest()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """[height, width, 3], RGB. A copy at each asking (.6 ms a million pixels): ask once."""
        return np.asarray(self.image)

    @property
    def width(self) -> int:
        return self.image.width

    @property
    def height(self) -> int:
        return self.image.height


def decode(data: bytes, *, smallest: int = SMALLEST_SIDE, largest: int = LARGEST_SIDE) -> Picture:
    """The picture in `data`, a JPEG or a PNG whose sides measure `smallest` to `largest` pixels.

    The sides are read from the header, so that a bomb is refused before any of it is inflated.
    Raises InvalidImageFormatException for other formats and for damaged or truncated bytes,
    InvalidParameterException for a side below `smallest`, ImageTooLargeException for one above
    `largest` (AWS's error for resolution; that it is this one for faces too is unconfirmed).
    """
    try:
        source = _opened(data)
        if min(source.size) < smallest:
            raise InvalidParameterException("Request has invalid parameters")
        if max(source.size) > largest:
            raise ImageTooLargeException("Image size is too large")
        image = _upright(_rgb(source), source)
    except _DAMAGED as error:
        raise InvalidImageFormatException("Request has invalid image format") from error
    return Picture(image, data, source.format or "")


def _opened(data: bytes) -> ImageFile:
    """The file with its header read. Its class is called directly: `Image.open` warns at sizes of its own."""
    if data.startswith(_JPEG):
        return JpegImageFile(BytesIO(data))
    if data.startswith(_PNG):
        return PngImageFile(BytesIO(data))
    raise InvalidImageFormatException("Request has invalid image format")


def _rgb(source: ImageFile) -> Image.Image:
    """Eight bits of red, green and blue; what is transparent shows white, as in a browser."""
    source.load()
    if source.mode == "RGB" and "transparency" not in source.info:
        return source
    if source.mode.startswith("I"):  # 16 bits of grey: Pillow's own conversion clips them at 255
        return _grey16(source)
    if source.mode in ("LA", "PA", "RGBA") or "transparency" in source.info:
        return _on_white(source.convert("RGBA"))
    return source.convert("RGB")


def _grey16(source: ImageFile) -> Image.Image:
    grey = np.asarray(source, dtype=np.int32) >> 8
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _upright(image: Image.Image, source: ImageFile) -> Image.Image:
    """`image` as its JPEG's EXIF says to show it; a PNG is never turned (AWS)."""
    if source.format != "JPEG" or "exif" not in source.info:
        return image
    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(_orientation(source))
    return image if turn is None else image.transpose(turn)


def _orientation(source: ImageFile) -> int:
    try:
        return int(source.getexif().get(_ORIENTATION, 1))
    except (*_DAMAGED, TypeError):
        return 1  # damaged metadata does not spoil a sound picture
