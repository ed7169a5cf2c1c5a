"""How lines of text lie: which way round, in which order, and where their words begin and end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float64]
"""A rectangle's corners [4, x and y], clockwise from the top left of the text as it is read."""

_ELONGATED = 1.5
"""A rectangle this much longer than wide is read along its long side, PP-OCR's own rule."""
_FEW_LETTERS = 3
"""A standing rectangle less elongated than this may hold one upright letter, such as I."""


def sides(quad: Quad) -> tuple[float, float]:
    """Width and height."""
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    return float(np.hypot(*along)), float(np.hypot(*down))


def as_read(corners: NDArray[np.float64]) -> Quad:
    """The quad of a rectangle whose text lies within 90 degrees of the horizontal."""
    width, height = sides(corners)
    long, short = max(width, height), min(width, height)
    standing = height > width if long >= _ELONGATED * short else _steep(corners)
    return _rightwards(np.roll(corners, -1, axis=0) if standing else corners)


def other_ways(quad: Quad, doubtful: bool) -> Iterator[Quad]:
    """How else the text may lie: on its head where the first reading is `doubtful`, as one upright letter."""
    if doubtful:
        yield np.roll(quad, 2, axis=0)
    width, height = sides(quad)
    if _steep(quad) and width < _FEW_LETTERS * height:
        yield _rightwards(np.roll(quad, 1, axis=0))


def reading_order(quads: Sequence[Quad]) -> list[int]:
    """Indices of `quads` row by row. Rows run along the sum of all lines, so that a turned page keeps its order."""
    if not quads:
        return []
    stacked = np.stack(quads)
    across = (stacked[:, 1] - stacked[:, 0]).sum(axis=0)
    length = np.hypot(*across) or 1.0
    right, down = across / length, np.array([-across[1], across[0]]) / length
    middles, starts = stacked.mean(axis=1) @ down, stacked[:, 0] @ right
    rows: list[list[int]] = []
    for index in np.argsort(middles, kind="stable").tolist():
        if rows and middles[index] - middles[rows[-1][0]] < sides(quads[index])[1] / 2:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=starts.__getitem__)]


def word_bounds(places: Sequence[float], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[float, float]]:
    """Where each word begins and ends, as ratios of its line.

    `places` are the middles of the line's characters, `spans` the first character of each word and the one behind
    its last. A word reaches half a character beyond its outer middles, at most half-way to its neighbour's; the
    line's ends are the ends of its outer words.
    """
    for number, (first, behind) in enumerate(spans):
        half = float(np.median(np.diff(places[first:behind]))) / 2 if behind - first > 1 else 1.0
        begin, end = 0.0, 1.0
        if number > 0:
            begin = max(places[first] - half, (places[first] + places[spans[number - 1][1] - 1]) / 2)
        if number + 1 < len(spans):
            end = min(places[behind - 1] + half, (places[behind - 1] + places[spans[number + 1][0]]) / 2)
        yield begin, end


def between(quad: Quad, begin: float, end: float) -> Quad:
    """The part of a line from `begin` to `end`, ratios of its length."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    return np.stack([quad[0] + begin * top, quad[0] + end * top, quad[3] + end * bottom, quad[3] + begin * bottom])


def _steep(quad: Quad) -> bool:
    along = quad[1] - quad[0]
    return bool(abs(along[1]) > abs(along[0]))


def _rightwards(quad: Quad) -> Quad:
    return quad if quad[1, 0] >= quad[0, 0] else np.roll(quad, 2, axis=0)
