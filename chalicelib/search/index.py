"""The nearest of a million vectors, exactly, without reading all of them.

Rotate the space so that its first 16 axes carry most of the variance (PCA; of face embeddings they carry 63 %), keep
of each vector x those 16 coordinates l, the length r of what remains, and s = |x|². For a query with l', r', s':

    |x - q|² = s + s' - 2 x·q  >=  s + s' - 2 (l·l' + r r')          since the remainders' product is at most r r'

(Cauchy and Schwarz). The right side is one product with 18 numbers a vector, [l, r, s]·[-2 l', -2 r', 1], instead of
128. Only vectors whose bound lies within the k-th best distance so far are compared in full, in float64.

Rounding. Every number above is rounded to float32, a relative error of u = 2^-24 each, and a product of 18 terms
adds at most 18 u of the sum of their sizes (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1);
that sum is at most 2 (s + s'). The bound is therefore wrong by less than 64 u (s + s'). It is lowered by so much, s at
storing and s' at asking: no vector is missed, and any orthonormal axes around any centre are as right as the best.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

LEADING = 16
"""Axes kept of each vector; 8 let through ten times as many vectors, 32 cost twice the reading."""
SLOT_BITS = 12
"""Vectors of one record: at most 4,096."""
_BLOCK = 8192
"""Vectors bounded at once: 590 kB, which stay in the cache until the best were picked."""
_SLACK = 64 * 2.0**-24
_SAMPLE = 16384
"""Vectors that decide the axes; a larger sample turns them by less than a degree."""

Floats = NDArray[np.float32]


class Match(NamedTuple):
    """A vector within reach."""

    distance: float
    """Euclidean."""
    payload: Any


class Entries(Protocol):
    """What one record of a log holds now."""

    @property
    def record(self) -> int: ...

    @property
    def slots(self) -> Sequence[int]:
        """Ascending; those of the record that are not named any more are gone."""
        ...

    @property
    def payloads(self) -> Sequence[Any]:
        """What a match answers with, by slot."""
        ...

    @property
    def vectors(self) -> Floats:
        """[slots, dimensions]; a row of NaN is kept but never found."""
        ...


class _View(NamedTuple):
    """What a reader reads. Rows past `length` may be written at any time, rows before it only by a removal."""

    length: int
    vectors: Floats
    """[capacity, dimensions]"""
    bounds: Floats
    """[capacity, LEADING + 2]: l, r and s; a removed row has infinite s."""
    order: NDArray[np.int64]
    """[capacity]: record << SLOT_BITS | slot, ascending: ties are answered in the order of the log."""
    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    """[dimensions, LEADING], orthonormal."""


class Index:
    """The vectors of one log in memory. One thread writes at a time; reads go on meanwhile.

    Appending changes nothing that a reader reads. A removal does, and raises the generation before and after: a
    reader that saw it move reads again.
    """

    def __init__(self, dimensions: int) -> None:
        self.length = 0
        """Records of the log folded so far; whoever folds says so."""
        self._payloads: list[Any] = []
        self._fitted = 0
        self._generation = 0
        self._writing = threading.RLock()
        leading = min(LEADING, dimensions)
        self._view = _View(
            0,
            np.empty((0, dimensions), np.float32),
            np.empty((0, leading + 2), np.float32),
            np.empty(0, np.int64),
            np.zeros(dimensions),
            np.eye(dimensions)[:, :leading],
        )

    def __len__(self) -> int:
        return self._view.length

    @property
    def memory(self) -> int:
        """Bytes, without the payloads."""
        return self._view.vectors.nbytes + self._view.bounds.nbytes + self._view.order.nbytes

    def nearest(self, vector: Floats, count: int, radius: float = np.inf) -> list[Match]:
        """The `count` nearest within `radius`, nearest first, ties in the order of the log."""
        for _ in range(4):
            generation = self._generation
            matches = _nearest(self._view, self._payloads, vector.astype(np.float64), count, radius)
            if generation == self._generation and not generation % 2:
                return matches
        with self._writing:
            return _nearest(self._view, self._payloads, vector.astype(np.float64), count, radius)

    def vector(self, record: int, slot: int) -> Floats | None:
        """The vector at a place of the log, if there is one still."""
        with self._writing:
            view, row = self._view, self._row(record, slot)
            if row is None or not np.isfinite(view.bounds[row, -1]):
                return None
            found: Floats = view.vectors[row].copy()
            return found

    def payload(self, record: int, slot: int) -> Any:
        """What was stored with the vector at a place of the log; None when there is none."""
        with self._writing:
            row = self._row(record, slot)
            return None if row is None else self._payloads[row]

    def payloads(self) -> list[Any]:
        """What was stored with each vector that is there still, in the order of the log."""
        with self._writing:
            return [payload for payload in self._payloads if payload is not None]

    def apply(self, entries: Sequence[Entries]) -> None:
        """Fold records in: new ones, ascending, are appended; the others replace what they held before."""
        with self._writing:
            last = int(self._view.order[self._view.length - 1]) >> SLOT_BITS if self._view.length else -1
            self._append([entry for entry in entries if entry.record > last and len(entry.slots)])
            for entry in entries:
                if entry.record <= last:
                    self._replace(entry)

    def _append(self, entries: Sequence[Entries]) -> None:
        if not entries:
            return
        added = sum(len(entry.slots) for entry in entries)
        view = self._view = _grown(self._view, added)
        rows = slice(view.length, view.length + added)
        view.vectors[rows] = np.concatenate([entry.vectors for entry in entries])
        view.order[rows] = [entry.record << SLOT_BITS | slot for entry in entries for slot in entry.slots]
        view.bounds[rows] = _bounds(view, view.vectors[rows])
        for entry in entries:
            self._payloads.extend(entry.payloads)
        view = view._replace(length=rows.stop)
        if view.length >= 2 * max(self._fitted, _BLOCK // 2):
            view = _fitted(view)
            self._fitted = view.length
        self._view = view

    def _replace(self, entry: Entries) -> None:
        view, new = self._view, dict(zip(entry.slots, range(len(entry.slots)), strict=True))
        first, last = np.searchsorted(
            view.order[: view.length], [entry.record << SLOT_BITS, entry.record + 1 << SLOT_BITS]
        )
        self._generation += 1
        for row in range(first, last):
            at = new.get(int(view.order[row]) & (1 << SLOT_BITS) - 1)
            view.vectors[row] = 0 if at is None else entry.vectors[at]
            self._payloads[row] = None if at is None else entry.payloads[at]
            view.bounds[row] = _gone(view) if at is None else _bounds(view, view.vectors[row : row + 1])[0]
        self._generation += 1

    def _row(self, record: int, slot: int) -> int | None:
        view, place = self._view, record << SLOT_BITS | slot
        row = int(np.searchsorted(view.order[: view.length], place))
        return row if row < view.length and view.order[row] == place else None


_INFINITE = np.float32(np.inf)
_LARGEST = np.finfo(np.float32).max


def _nearest(view: _View, payloads: list[Any], query: NDArray[np.float64], count: int, radius: float) -> list[Match]:
    rows, squares = _within(view, query, count, radius * radius)
    best = np.lexsort((rows, squares))[:count]
    return [
        Match(float(distance), payloads[row]) for distance, row in zip(np.sqrt(squares[best]), rows[best], strict=True)
    ]


def _within(
    view: _View, query: NDArray[np.float64], count: int, reach: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows and squared distances of at least the `count` nearest within the squared distance `reach`."""
    centred = query - view.centre
    leading = centred @ view.axes
    square = float(centred @ centred)
    remainder = max(0.0, square - float(leading @ leading)) ** 0.5
    weights = np.concatenate([-2 * leading, [-2 * remainder, 1]]).astype(np.float32)
    rows, squares = np.empty(0, np.int64), np.empty(0)
    for start in range(0, view.length, _BLOCK):
        bounds = view.bounds[start : min(start + _BLOCK, view.length)] @ weights
        near = np.flatnonzero(bounds <= _limit(reach, square))
        if near.size > 2 * count:  # a few of them in full will shorten the reach for the others
            some = near[np.argpartition(bounds[near], count)[:count]]
            reach = min(reach, float(np.max(_squares(view, query, start + some))))
            near = near[bounds[near] <= _limit(reach, square)]
        if near.size:
            rows = np.concatenate([rows, start + near])
            squares = np.concatenate([squares, _squares(view, query, start + near)])
        if rows.size >= count:
            reach = min(reach, float(np.partition(squares, count - 1)[count - 1]))
            keep = squares <= reach
            rows, squares = rows[keep], squares[keep]
    keep = squares <= reach
    return rows[keep], squares[keep]


def _limit(reach: float, square: float) -> np.float32:
    """What a bound without the query's own square must not exceed, slack included, rounded up."""
    limit = np.nextafter(np.float32(reach - square + _SLACK * square), _INFINITE)
    return min(limit, _LARGEST)  # an infinite reach does not reach the removed


def _squares(view: _View, query: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared distances in full."""
    difference = view.vectors[rows] - query
    squares: NDArray[np.float64] = np.sum(difference * difference, axis=1)
    return squares


def _bounds(view: _View, vectors: Floats) -> Floats:
    """l, r and s of each vector."""
    bounds = np.empty((len(vectors), view.bounds.shape[1]), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = slice(start, start + _BLOCK)
        centred = vectors[block] - view.centre
        leading = centred @ view.axes
        square = np.sum(centred * centred, axis=1)
        bounds[block, :-2] = leading
        bounds[block, -2] = np.sqrt(np.maximum(0, square - np.sum(leading * leading, axis=1)))
        bounds[block, -1] = square * (1 - _SLACK)
    bounds[~np.isfinite(bounds[:, -1])] = _gone(view)
    return bounds


def _gone(view: _View) -> Floats:
    """The bound of a removed vector, beyond every reach."""
    return np.array([0] * (view.bounds.shape[1] - 1) + [np.inf], np.float32)


def _fitted(view: _View) -> _View:
    """The same vectors along their own principal axes."""
    live = np.flatnonzero(np.isfinite(view.bounds[: view.length, -1]))
    sample = view.vectors[live[:: max(1, live.size // _SAMPLE)]].astype(np.float64)
    centre = sample.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(sample, rowvar=False))
    view = view._replace(centre=centre, axes=np.ascontiguousarray(axes[:, ::-1][:, : view.axes.shape[1]]))
    bounds = np.empty_like(view.bounds)
    bounds[: view.length] = _gone(view)
    for start in range(0, live.size, _BLOCK):
        some = live[start : start + _BLOCK]
        bounds[some] = _bounds(view, view.vectors[some])
    return view._replace(bounds=bounds)


def _grown(view: _View, added: int) -> _View:
    """Room for more rows; a reader keeps the arrays that it has."""
    needed = view.length + added
    if needed <= len(view.order):
        return view
    capacity = max(needed, len(view.order) * 3 // 2, 64)

    def enlarged(array: NDArray[Any]) -> NDArray[Any]:
        larger = np.empty((capacity, *array.shape[1:]), array.dtype)
        larger[: view.length] = array[: view.length]
        return larger

    return view._replace(vectors=enlarged(view.vectors), bounds=enlarged(view.bounds), order=enlarged(view.order))
