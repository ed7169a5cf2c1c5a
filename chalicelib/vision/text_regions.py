"""Where text is: PP-OCRv6's differentiable binarisation (Liao et al. 2020, arXiv:1911.08947) on numpy alone.

The network was trained on regions shrunk by their area / perimeter, so that neighbouring lines stay apart; each
component of its map is grown back by that much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .components import components, smallest_rectangle
from .sessions import Sessions

_STRIDE = 32
"""The network halves its input five times."""
_MEAN = np.array([0.485, 0.456, 0.406])
_DEVIATION = np.array([0.229, 0.224, 0.225])
_SCALE = (1 / (255 * _DEVIATION)).astype(np.float32)[:, None, None]
_OFFSET = (_MEAN / _DEVIATION).astype(np.float32)[:, None, None]
"""ImageNet's, in RGB's order on BGR pixels, as in PaddleOCR's training: recall on half of Street View Text is .80,
with the rapidocr library's (x / 255 - .5) / .5 it is .75."""
_TEXT = 0.3
"""A pixel above this probability is text; a region's mean must reach `_REGION`."""
_REGION = 0.5
_GROWTH = 1.6
_THINNEST = 3
"""In pixels of the map: a thinner component holds no legible text."""
_MOST = 1000
"""Regions of one picture; noise could make thousands."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A rotated rectangle that holds a line of text."""

    corners: NDArray[np.float64]
    """[4, x and y] in pixels of the picture, clockwise."""
    score: float
    """Mean probability of text, 0 to 1."""


def find_regions(sessions: Sessions, image: Image.Image, scale: float) -> list[Region]:
    """The lines of text in `image` (RGB), looked for at `scale` times its size."""
    probabilities = _text_map(sessions, image, scale)
    found = components(probabilities > _TEXT)
    scores = found.means(probabilities)
    likely = np.flatnonzero((scores >= _REGION) & (found.pixels >= _THINNEST**2))
    likely = likely[np.argsort(-found.pixels[likely], kind="stable")[:_MOST]]
    rectangles = ((smallest_rectangle(found.outline(index)), float(scores[index])) for index in likely.tolist())
    return [
        Region(_grown(corners) / scale, score) for corners, score in rectangles if _sides(corners).min() >= _THINNEST
    ]


def _text_map(sessions: Sessions, image: Image.Image, scale: float) -> NDArray[np.float32]:
    """Each pixel's probability of text, [height x scale, width x scale]."""
    width, height = (max(round(side * scale), 1) for side in image.size)
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    padded = np.zeros((1, 3, -(-height // _STRIDE) * _STRIDE, -(-width // _STRIDE) * _STRIDE), dtype=np.float32)
    bgr = pixels[..., ::-1].transpose(2, 0, 1)  # trained on OpenCV's channel order
    window = padded[0, :, :height, :width]
    np.multiply(bgr, _SCALE, out=window)
    window -= _OFFSET
    (probabilities,) = sessions.run("ocr_detection", {"input": padded})
    return np.ascontiguousarray(probabilities[0, 0, :height, :width])


def _sides(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Width and height of a rectangle."""
    return np.asarray(np.hypot(*(corners[[1, 3]] - corners[0]).T))


def _grown(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moves every side outwards by area x `_GROWTH` / perimeter."""
    width, height = sides = _sides(corners)
    distance = width * height * _GROWTH / (2 * (width + height))
    along, across = (corners[[1, 3]] - corners[0]) / sides[:, None] * distance
    return np.asarray(corners + np.array([-along - across, along - across, along + across, across - along]))
