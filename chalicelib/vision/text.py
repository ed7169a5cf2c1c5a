"""Reads the text of a picture with PP-OCRv6: regions, upright crops, characters, words.

The angle classifier that PP-OCR puts between detection and recognition is not used. A line read with little
confidence is read the other way round too, and the surer reading stands: that told upright from upside-down on
98.4 % of 250 photographed words (ICDAR 2013), the classifier on 91 %, and costs nothing where a line reads well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .alignment import inverse, warp
from .geometry import Point
from .picture import Picture
from .sessions import Sessions
from .text_layout import Quad, as_read, between, other_ways, reading_order, sides, word_bounds
from .text_lines import LINE_HEIGHT, LineReader, Reading
from .text_regions import find_regions

_LONG_SIDE, _PIXELS = 960, 960 * 540
"""Larger pictures are searched at this long side, banners at this many pixels, smaller ones at their own size.

Of the lines of 20 receipts of 1,400 pixels 91.0 % were read at 960 and 90.8 % at 1,280; enlarging 150 word
photos of some 140 pixels twice took the words read from 92 % to 89 %, three times to 88 %.
"""
_NARROWEST, _WIDEST = 8, 3200
"""Of a crop, in pixels: one column of the recogniser's output, and some 200 characters."""
_SURE = 0.95
"""A reading above this confidence is not doubted: 93 % of upright words are above it, 6 % of upside-down ones."""
_LEGIBLE = 0.5
_FILLING = 0.4
"""Of the picture: a single character as large as that is a shape taken for one. Of 120 photos of things, animals and
people, 17 had one, at confidences up to 97. The price: of the 37 single characters among ICDAR's cut-out words, which
fill theirs, 20 are read instead of 33."""


@dataclass(frozen=True, slots=True)
class Word:
    """Characters without a space between them, in any script."""

    text: str
    confidence: float
    """0 to 100: the mean of its characters'."""
    polygon: tuple[Point, ...]
    """Four corners, clockwise from the top left of the text as it is read, however it is turned."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words along one straight line."""

    text: str
    confidence: float
    polygon: tuple[Point, ...]
    words: tuple[Word, ...]


class Text:
    """Reads lines at any angle, in the scripts of the model's character list: Latin, Chinese, kana, some Greek."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._reader = LineReader(sessions)

    def read(self, picture: Picture) -> list[Line]:
        """The lines row by row, each row from left to right; rows run as the longest lines do."""
        image = picture.image
        regions = find_regions(self._sessions, image, _scale(*image.size))
        quads, readings = self._surest(image, [as_read(region.corners) for region in regions])
        size = np.array(image.size)
        return [
            _line(quads[index] / size, readings[index])
            for index in reading_order(quads)
            if readings[index].confidence >= _LEGIBLE and _is_text(readings[index].text.strip(), quads[index] / size)
        ]

    def _surest(self, image: Image.Image, quads: list[Quad]) -> tuple[list[Quad], list[Reading]]:
        """Each quad and its reading, the way round that reads best."""
        readings = self._reader.read([_crop(image, quad) for quad in quads])
        doubts = [
            (index, way)
            for index, (quad, reading) in enumerate(zip(quads, readings, strict=True))
            for way in other_ways(quad, doubtful=reading.confidence < _SURE)
        ]
        others = self._reader.read([_crop(image, way) for _, way in doubts])
        quads = list(quads)
        for (index, way), other in zip(doubts, others, strict=True):
            if other.confidence > readings[index].confidence:
                quads[index], readings[index] = way, other
        return quads, readings


def _is_text(text: str, quad: Quad) -> bool:
    """Whether what was read in `quad`, in ratios of the picture, is more than a shape like a character."""
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    return len(text) > 1 or (len(text) == 1 and abs(float(across[0] * down[1] - across[1] * down[0])) < _FILLING)


def _scale(width: int, height: int) -> float:
    """What the picture is shrunk to for the search, at most 1."""
    return min(1.0, max(_LONG_SIDE / max(width, height), math.sqrt(_PIXELS / (width * height))))


def _crop(image: Image.Image, quad: Quad) -> NDArray[np.uint8]:
    """The line inside `quad`, upright: [LINE_HEIGHT, width, 3]."""
    long, high = sides(quad)
    width = int(np.clip(round(long / high * LINE_HEIGHT), _NARROWEST, _WIDEST))
    to_picture = np.column_stack([(quad[1] - quad[0]) / width, (quad[3] - quad[0]) / LINE_HEIGHT, quad[0]])
    return np.asarray(warp(image, inverse(to_picture), (width, LINE_HEIGHT)))


def _line(quad: Quad, reading: Reading) -> Line:
    """`quad` in ratios of the picture."""
    return Line(reading.text.strip(), reading.confidence * 100, _points(quad), tuple(_words(quad, reading)))


def _words(quad: Quad, reading: Reading) -> Iterator[Word]:
    spans = [word.span() for word in re.finditer(r"\S+", reading.text)]
    for (first, behind), bounds in zip(spans, word_bounds(reading.places, spans), strict=True):
        confidence = float(np.mean(reading.confidences[first:behind])) * 100
        yield Word(reading.text[first:behind], confidence, _points(between(quad, *bounds)))


def _points(quad: Quad) -> tuple[Point, ...]:
    return tuple(Point(x, y) for x, y in quad.tolist())
