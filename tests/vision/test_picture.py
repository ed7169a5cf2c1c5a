"""Bytes to pictures: what is accepted, what is refused, and as what."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from chalicelib.errors import ImageTooLargeException, InvalidImageFormatException, InvalidParameterException
from chalicelib.vision.picture import Picture, decode

pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's own, and what is tested here


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises width x height pixels and holds none of them."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def quadrants(mode: str = "RGB") -> Image.Image:
    """Red, green, blue and white quarters, 160 wide and 100 high."""
    image = Image.new("RGB", (160, 100), "white")
    for colour, corner in (("red", (0, 0)), ("lime", (80, 0)), ("blue", (0, 50))):
        image.paste(colour, (*corner, corner[0] + 80, corner[1] + 50))
    return image.convert(mode)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_picture_keeps_its_pixels_sides_and_format(form: str) -> None:
    picture = decode(encoded(quadrants(), form))
    assert (picture.width, picture.height, picture.format) == (160, 100, form)
    assert picture.pixels.shape == (100, 160, 3)
    assert picture.pixels.dtype == np.uint8
    assert np.abs(picture.pixels[25, 40].astype(int) - (255, 0, 0)).max() <= 3


def test_the_same_bytes_have_the_same_digest() -> None:
    data = encoded(quadrants())
    assert decode(data).digest == decode(data).digest != decode(encoded(quadrants(), "JPEG")).digest


@pytest.mark.parametrize(
    ("orientation", "top_left"),
    [(1, "red"), (2, "lime"), (3, "white"), (4, "blue"), (5, "red"), (6, "blue"), (7, "white"), (8, "lime")],
)
def test_exif_orientation_of_a_jpeg_is_applied(orientation: int, top_left: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encoded(quadrants(), "JPEG", exif=exif, quality=95))
    assert (picture.width, picture.height) == ((160, 100) if orientation < 5 else (100, 160))
    expected = Image.new("RGB", (1, 1), top_left).getpixel((0, 0))
    assert np.abs(picture.pixels[20, 20].astype(int) - expected).max() <= 6


def test_exif_orientation_of_a_png_is_not_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encoded(quadrants(), "PNG", exif=exif)).width == 160


def test_damaged_exif_does_not_spoil_a_sound_picture() -> None:
    data = encoded(quadrants(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x00garbage")
    assert decode(data).width == 160


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_any_png_mode_becomes_rgb(mode: str) -> None:
    assert decode(encoded(quadrants(mode))).pixels.shape == (100, 160, 3)


def test_cmyk_jpegs_become_rgb() -> None:
    assert np.abs(decode(encoded(quadrants("CMYK"), "JPEG")).pixels[75, 40].astype(int) - (0, 0, 255)).max() <= 6


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    ramp = np.linspace(0, 65535, 100, dtype=np.uint16).repeat(100).reshape(100, 100)
    shades = decode(encoded(Image.fromarray(ramp))).pixels[:, 50, 0].astype(int)
    assert (np.diff(shades) >= 0).all()
    assert len(set(shades.tolist())) == 100


def test_what_is_transparent_shows_white() -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    assert (decode(encoded(image)).pixels == 255).all()


@pytest.mark.parametrize("form", ["GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_refused(form: str) -> None:
    with pytest.raises(InvalidImageFormatException, match="Request has invalid image format"):
        decode(encoded(quadrants(), form))


@pytest.mark.parametrize("data", [b"", b"x", b"not an image", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\x00" * 5000])
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidImageFormatException):
        decode(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_pictures_are_refused(form: str, kept: float, astronaut: bytes) -> None:
    data = encoded(Image.open(BytesIO(astronaut)), form)
    cut = data[: int(len(data) * kept)]
    with pytest.raises(InvalidImageFormatException):
        _ = decode(cut).image
    with pytest.raises(InvalidImageFormatException):
        decode(cut).reduced(8)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_is_read_as_small_as_it_is_looked_at(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encoded(quadrants().resize((2883, 1802)), "JPEG", exif=exif, quality=95))
    assert picture.reduced(4.9).size == ((721, 451) if orientation == 1 else (451, 721))
    assert picture.reduced(8) is picture.reduced(4.0)  # what suffices is not read again
    assert picture.reduced(2.5).width == (1442 if orientation == 1 else 901)
    assert picture.reduced(1.9) is picture.image is picture.reduced(0.5)
    assert picture.image.size == (picture.width, picture.height)
    whole = np.asarray(picture.image.resize(picture.reduced(4).size, Image.Resampling.BOX)).astype(int)
    assert np.abs(whole - np.asarray(picture.reduced(4))).mean() < 2


def test_a_png_and_a_small_jpeg_are_read_whole() -> None:
    assert decode(encoded(quadrants().resize((3000, 2000)))).reduced(8).size == (3000, 2000)
    assert decode(encoded(quadrants(), "JPEG")).reduced(8).size == (160, 100)


@pytest.mark.parametrize("size", [(1, 1), (79, 500), (500, 79)])
def test_a_side_below_eighty_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidParameterException, match="Request has invalid parameters"):
        decode(encoded(Image.new("RGB", size)))


def test_the_limits_are_the_callers() -> None:
    data = encoded(Image.new("RGB", (70, 90)))
    assert decode(data, smallest=64).width == 70
    with pytest.raises(ImageTooLargeException):
        decode(data, smallest=64, largest=80)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_001, 100), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLargeException, match="Image size is too large"):
        decode(png_header(*size))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
@settings(max_examples=60, deadline=None)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_altered_bytes_never_raise_anything_else(form: str, places: list[tuple[float, int]]) -> None:
    data = bytearray(encoded(quadrants(), form))
    for place, byte in places:
        data[min(int(place * len(data)), len(data) - 1)] = byte
    with suppress(InvalidImageFormatException, InvalidParameterException, ImageTooLargeException):
        _ = decode(bytes(data)).image


def test_a_picture_of_pixels() -> None:
    pixels = np.arange(90 * 100 * 3, dtype=np.uint32).astype(np.uint8).reshape(90, 100, 3)
    picture = Picture.of(pixels)
    assert (picture.pixels == pixels).all()
    assert picture.digest == Picture.of(pixels.copy()).digest
