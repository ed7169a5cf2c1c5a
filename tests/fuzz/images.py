"""Pictures in every form that JPEG and PNG have, and what becomes of them when their files are damaged."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from PIL import Image

from tests.conftest import ROOT

_SIDE = 96
"""Pixels: small, so that the time goes into what is odd. AWS takes no smaller ones than 80."""
_NUMBERS = (0, 1, 2, 7, 8, 79, 80, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_MARKERS = tuple(
    bytes((0xFF, kind)) for kind in (0xC0, 0xC2, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xEE, 0xFE)
)


@cache
def bases() -> tuple[bytes, ...]:
    """The public-domain photos, small, in each form."""
    return tuple(_forms())


def each(count: int, start: int, send: Callable[[bytes, random.Random], None]) -> None:
    """Send so many damaged pictures, the same for the same `start`."""
    for number in range(count):
        chance = random.Random(f"{start}/{number}")
        send(damaged(chance.choice(bases()), chance), chance)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The file with some of it changed."""
    body = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16))):
        chance.choice(_DAMAGES)(body, chance)
    return bytes(body) or b"\0"


def _forms() -> Iterator[bytes]:
    for name in ("astronaut", "chelsea", "coffee"):
        with Image.open(ROOT / "tests" / "photos" / f"{name}.jpg") as photo:
            small = photo.convert("RGB").resize((_SIDE, _SIDE + 8))
        exif = Image.Exif()
        exif[0x0112] = 6  # turned
        exif[0x010E] = "a description"
        for mode, options in (
            ("RGB", {"quality": 80}),
            ("RGB", {"progressive": True, "exif": exif}),
            ("L", {"optimize": True}),
            ("CMYK", {"quality": 60}),
            ("RGB", {"subsampling": 0, "restart_marker_blocks": 3, "comment": b"a comment"}),
        ):
            yield _saved(small.convert(mode), "JPEG", **options)
        for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"):
            yield _saved(small.convert("I").convert("I;16") if mode == "I;16" else small.convert(mode), "PNG")
        yield _saved(small, "PNG", pnginfo=None, exif=exif, compress_level=1)


def _saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


# ---- damages: each changes a file in place


def _flip(body: bytearray, chance: random.Random) -> None:
    if body:
        body[chance.randrange(len(body))] ^= 1 << chance.randint(0, 7)


def _flip_early(body: bytearray, chance: random.Random) -> None:
    if body:
        body[chance.randrange(min(len(body), 700))] = chance.randint(0, 255)


def _cut_off(body: bytearray, chance: random.Random) -> None:
    del body[chance.randint(0, len(body)) :]


def _cut_out(body: bytearray, chance: random.Random) -> None:
    at = chance.randint(0, len(body))
    del body[at : at + chance.choice((1, 2, 16, 500))]


def _double(body: bytearray, chance: random.Random) -> None:
    at = chance.randint(0, len(body))
    body[at:at] = body[at : at + chance.choice((1, 16, 500))]


def _number(body: bytearray, chance: random.Random) -> None:
    form = chance.choice(("B", ">H", ">I", "<H", "<I"))
    at, value = chance.randint(0, min(len(body), 700)), chance.choice(_NUMBERS)
    text = struct.pack(form, value & ((1 << 8 * struct.calcsize(form)) - 1))
    body[at : at + len(text)] = text


def _marker(body: bytearray, chance: random.Random) -> None:
    at = chance.randint(0, len(body))
    body[at:at] = chance.choice(_MARKERS) + chance.choice((b"", b"\0\0", b"\0\2", b"\xff\xff"))


def _size(body: bytearray, chance: random.Random) -> None:
    """Promise another size, with a sum that is right."""
    sides = (
        chance.choice((0, 1, 80, 96, 5000, 15_000, 65_500, 2**31 - 1)),
        chance.choice((0, 1, 80, 97, 20_000, 65_500)),
    )
    if body.startswith(b"\x89PNG") and len(body) > 33:
        body[16:24] = struct.pack(">II", *sides)
        body[29:33] = struct.pack(">I", zlib.crc32(body[12:29]))
        return
    for frame in (b"\xff\xc0", b"\xff\xc2"):
        if (at := body.find(frame)) >= 0:
            body[at + 5 : at + 9] = struct.pack(">HH", *(side & 0xFFFF for side in sides))


def _png_chunk(body: bytearray, chance: random.Random) -> None:
    """Another chunk, or a chunk again, with sums that are right."""
    if not body.startswith(b"\x89PNG"):
        return
    kind = chance.choice((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"zTXt", b"iCCP", b"eXIf", b"acTL", b"gAMA"))
    data = chance.choice((b"", b"\0" * 13, b"name\0\0" + zlib.compress(bytes(300_000)), chance.randbytes(40)))
    at = chance.choice((8, 33, len(body) - 12))
    body[at:at] = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _splice(body: bytearray, chance: random.Random) -> None:
    """The end of another file."""
    other = chance.choice(bases())
    body[chance.randint(0, len(body)) :] = other[chance.randint(0, len(other)) :]


_DAMAGES = (
    _flip, _flip, _flip_early, _cut_off, _cut_out, _double, _number, _number, _marker, _size, _png_chunk, _splice,
)  # fmt: skip
