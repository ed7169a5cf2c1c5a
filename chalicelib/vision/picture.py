"""Encoded bytes to a picture: the only place that decodes PNG and JPEG."""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
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
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SIDEWAYS = (Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90)
_SHRUNK = (8, 4, 2, 1)
"""By how much libjpeg can divide a JPEG's sides while it reads it."""
_LARGE = 4_000_000
"""Pixels up to which a JPEG is read whole: at 1280x960 half the sides take nine tenths of the time, and a small face
would need the whole again."""
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
"""What Pillow's decoders raise on bytes that are cut short or altered."""


def planes(image: Image.Image, out: NDArray[np.uint8]) -> None:
    """Write an RGB image into `out` [3, height, width], as the models take it; by Pillow, in half of numpy's time."""
    for plane, band in zip(out, "RGB", strict=True):
        plane[:] = np.frombuffer(image.tobytes("raw", band), np.uint8).reshape(plane.shape)


class Picture:
    """A picture as every model here takes it: upright, RGB, eight bits. Safe to share between threads."""

    def __init__(self, image: Image.Image, encoded: bytes, form: str, size: tuple[int, int]) -> None:
        """`image`: upright pixels, or a JPEG's header, whose pixels are read when they are looked at."""
        self.encoded = encoded
        """The file it is read from, empty for pixels that were never encoded."""
        self.format = form
        """JPEG or PNG, or RAW for pixels that were never encoded."""
        self.width, self.height = size
        self._unread = image if isinstance(image, JpegImageFile) else None
        self._decoded = {} if self._unread else {1: image}
        self._reading = threading.Lock()

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Picture:
        """A picture of pixels already decoded, such as a video frame: [height, width, 3], RGB."""
        return cls(Image.fromarray(pixels), b"", "RAW", (pixels.shape[1], pixels.shape[0]))

    @property
    def image(self) -> Image.Image:
        """Pillow's form, mode RGB, EXIF orientation applied: crops and resizes cost no copy of the whole.

        Raises InvalidImageFormatException where the bytes are damaged or cut short.
        """
        return self.reduced(1)

    def reduced(self, ratio: float) -> Image.Image:
        """The picture with its sides divided by at most `ratio`: what suffices for a look that shrinks it by that much.

        A large JPEG is read at an eighth, a quarter or half of its sides, in a quarter to half of the time. Who asks
        for what, in which order, decides what is read; a reading that suffices is not repeated. Raises as `image`.
        """
        ratio = max(ratio, 1) if self.width * self.height > _LARGE else 1
        with self._reading:
            enough = [shrunk for shrunk in self._decoded if shrunk <= ratio]
            shrunk = max(enough) if enough else next(each for each in _SHRUNK if each <= ratio)
            if shrunk not in self._decoded:
                source, self._unread = self._unread or JpegImageFile(BytesIO(self.encoded)), None
                self._decoded[shrunk] = _read_jpeg(source, shrunk)
            return self._decoded[shrunk]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the encoded bytes, else of the pixels: the same bytes give the same ImageId."""
        return hashlib.sha256(self.encoded or self.image.tobytes()).digest()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """[height, width, 3], RGB. A copy at each asking (.6 ms a million pixels): ask once."""
        return np.asarray(self.image)


def decode(data: bytes, *, smallest: int = SMALLEST_SIDE, largest: int = LARGEST_SIDE) -> Picture:
    """The picture in `data`, a JPEG or a PNG whose sides measure `smallest` to `largest` pixels.

    The sides are read from the header, so that a bomb is refused before any of it is inflated. The pixels of a JPEG
    are read when they are first looked at, at the scale that this look needs.
    Raises InvalidImageFormatException for other formats and for damaged or truncated bytes (of a JPEG: then),
    InvalidParameterException for a side below `smallest`, ImageTooLargeException for one above
    `largest` (AWS's error for resolution; that it is this one for faces too is unconfirmed).
    """
    try:
        source = _opened(data)
        if min(source.size) < smallest:
            raise InvalidParameterException("Request has invalid parameters")
        if max(source.size) > largest:
            raise ImageTooLargeException("Image size is too large")
        if isinstance(source, JpegImageFile):
            size = source.size[::-1] if _turn(source) in _SIDEWAYS else source.size
            return Picture(source, data, "JPEG", size)
        return Picture(_rgb(source), data, "PNG", source.size)
    except _DAMAGED as error:
        raise InvalidImageFormatException("Request has invalid image format") from error


def _read_jpeg(source: JpegImageFile, shrunk: int) -> Image.Image:
    """The pixels of a JPEG with its sides divided by 8, 4, 2 or 1, upright."""
    try:
        source.draft(None, (source.width // shrunk, source.height // shrunk))
        turn = _turn(source)
        image = _rgb(source)
    except _DAMAGED as error:
        raise InvalidImageFormatException("Request has invalid image format") from error
    return image if turn is None else image.transpose(turn)


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


def _turn(source: ImageFile) -> Transpose | None:
    """How a JPEG's EXIF says to turn it; a PNG is never turned (AWS)."""
    return _TURNS.get(_orientation(source)) if "exif" in source.info else None


def _orientation(source: ImageFile) -> int:
    try:
        return int(source.getexif().get(_ORIENTATION, 1))
    except (*_DAMAGED, TypeError):
        return 1  # damaged metadata does not spoil a sound picture
