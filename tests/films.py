"""Videos made for one test: a few frames of photos in the public domain, encoded with PyAV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PHOTOS = Path(__file__).parent / "photos"
SIZE = (320, 240)

Pixels = NDArray[np.uint8]


def photo(name: str, size: tuple[int, int] = SIZE) -> Pixels:
    """One of tests/photos, fitted into a frame."""
    with Image.open(PHOTOS / f"{name}.jpg") as image:
        return np.asarray(image.convert("RGB").resize(size))


def card(text: str, size: tuple[int, int] = SIZE) -> Pixels:
    """Black letters on white."""
    image = Image.new("RGB", size, "white")
    font = ImageFont.load_default(size[1] / 5)
    ImageDraw.Draw(image).text((size[0] / 2, size[1] / 2), text, "black", font, anchor="mm")
    return np.asarray(image)


def plain(colour: str, size: tuple[int, int] = SIZE) -> Pixels:
    return np.asarray(Image.new("RGB", size, colour))


def film(
    frames: Iterable[Pixels],
    rate: Fraction | int = 10,
    *,
    container: str = "mp4",
    codec: str = "libx264",
    times: Sequence[int] | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    skip: int = 0,
    between: int = 0,
) -> bytes:
    """An encoded video of `frames`.

    `times` gives each frame its own time in milliseconds. `rotation` goes into the display matrix, degrees
    counter-clockwise. `skip` shifts the times that many frames below zero, which MP4 writes as an edit list. `between`
    is how many B-frames may follow each other.
    """
    out = BytesIO()
    with av.open(out, "w", format=container, options=options or {}) as opened:
        stream: Any = opened.add_stream(codec, rate=rate)
        base = Fraction(1, 1000) if times else 1 / Fraction(rate)
        stream.codec_context.time_base = base
        stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "18", "bf": str(between), "b_strategy": "0"}
        for number, pixels in enumerate(frames):
            if number == 0:
                stream.height, stream.width = pixels.shape[:2]
                if rotation:
                    stream.set_display_rotation(rotation)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = times[number] if times else number - skip, base
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode(None))
    return out.getvalue()
