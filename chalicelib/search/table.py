"""The nearest of a million vectors, exactly, without reading all of them.

Rotate the space so that its first axes carry most of the variance (PCA). Keep of each vector x its first 30 coordinates
l, the length r of what remains, and s = |x|². For a query with l', r', s':

    |x - q|² = s + s' - 2 x·q  >=  s + s' - 2 (l·l' + r r')          since the remainders' product is at most r r'

(Cauchy and Schwarz). The right side is one product with 32 numbers a vector, [l, r, s]·[-2 l', -2 r', 1], instead of
128. Of the vectors that this leaves, the next 22 coordinates m and the length of what then remains raise the bound, and
what that leaves is compared: in float32, and the few that are near in float64. Vectors of the smallest bounds go first,
since the k-th best of any of them is a distance that nothing farther can beat.

Of a million vectors with the spectrum of face embeddings, asked for the 80 nearest: 20,000 pass the first bound, 1,100
the second. With 28 numbers twice as many pass; with 36 fewer, which saves no more than reading more numbers costs.

Rounding. Every number of a bound is rounded to float32, a relative error of u = 2^-24 each, and sums of n products add
at most n u of the sum of their sizes (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1). Here
n is at most 56 and the sizes sum to 3 (s + s') at most: a bound is wrong by less than 256 u (s + s'). It is lowered by
so much, s at storing and s' at asking. A squared distance in float32 is wrong by at most 3 u for its differences and
128 u for their sum, relatively. So no vector is missed, and any orthonormal axes around any centre are as right as the
best.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

COARSE = 32
"""Numbers of the first bound: coordinates, r and s."""
FINE = 24
"""Numbers of the second bound: coordinates, the length of the rest, and r again, which it replaces."""
_BLOCK = 8192
"""Vectors prepared or compared at once, to need no memory to speak of."""
_SLACK = 256 * 2.0**-24
_ROUNDED = 1 + 256 * 2.0**-24
_FIRST = 2048
"""Vectors bounded finely first, or more when more are wanted."""
_FEW = 256
"""Of these, vectors compared, or more when more are wanted."""
_SAMPLE = 16384
"""Vectors that decide the axes; a larger sample turns them by less than a degree."""
_SAMPLED_BOUNDS = 16384
_INFINITE = np.float32(np.inf)
_LARGEST = np.finfo(np.float32).max


class Table(NamedTuple):
    """Vectors, and what bounds their distances. Rows from `length` on are room for more."""

    length: int
    vectors: Floats
    """[capacity, dimensions]"""
    coarse: Floats
    """[COARSE, capacity]: l, r and s; s is infinite for a row that is never found. Read whole, number by number: twice
    as fast as row by row."""
    fine: Floats
    """[capacity, FINE]: m, the length of the rest, and r."""
    order: NDArray[np.int64]
    """[capacity]: the names of the rows, ascending."""
    centre: NDArray[np.float64]
    axes: NDArray[np.float64]
    """[dimensions, COARSE - 2 + FINE - 2], orthonormal; fewer where there are fewer dimensions."""

    @classmethod
    def empty(cls, dimensions: int) -> Self:
        """No rows, along the axes as they are."""
        kept = min(COARSE + FINE - 4, dimensions)
        coarse = min(COARSE - 2, dimensions)
        return cls(
            0,
            np.empty((0, dimensions), np.float32),
            np.empty((coarse + 2, 0), np.float32),
            np.empty((0, kept - coarse + 2), np.float32),
            np.empty(0, np.int64),
            np.zeros(dimensions),
            np.eye(dimensions)[:, :kept],
        )

    @property
    def memory(self) -> int:
        """Bytes."""
        return self.vectors.nbytes + self.coarse.nbytes + self.fine.nbytes + self.order.nbytes

    def with_room(self, added: int) -> Self:
        """Room for `added` rows. Who reads the table as it was keeps its arrays."""
        needed = self.length + added
        if needed <= len(self.order):
            return self
        capacity = max(needed, len(self.order) * 3 // 2, 64)

        def enlarged(array: NDArray[Any]) -> NDArray[Any]:
            larger = np.empty((capacity, *array.shape[1:]), array.dtype)
            larger[: self.length] = array[: self.length]
            return larger

        coarse = np.empty((len(self.coarse), capacity), np.float32)
        coarse[:, : self.length] = self.coarse[:, : self.length]

        return self._replace(
            vectors=enlarged(self.vectors),
            coarse=coarse,
            fine=enlarged(self.fine),
            order=enlarged(self.order),
        )

    def write(self, first: int, vectors: Floats) -> None:
        """Write rows; one of NaN is never found."""
        for start in range(0, len(vectors), _BLOCK):
            block = vectors[start : start + _BLOCK]
            rows = slice(first + start, first + start + len(block))
            self.vectors[rows] = block
            self._bound(rows, block - self.centre)

    def erase(self, row: int) -> None:
        """Overwrite a row; it is never found again."""
        self.vectors[row] = 0
        self._bound(slice(row, row + 1), np.full((1, self.vectors.shape[1]), np.nan))

    def holds(self, row: int) -> bool:
        """Whether the row can be found."""
        return bool(np.isfinite(self.coarse[-1, row]))

    def fitted(self) -> Self:
        """The same rows, bounded along their own principal axes."""
        live = np.flatnonzero(np.isfinite(self.coarse[-1, : self.length]))
        if live.size < 2:
            return self
        sample = self.vectors[live[:: max(1, live.size // _SAMPLE)]].astype(np.float64)
        _, axes = np.linalg.eigh(np.atleast_2d(np.cov(sample, rowvar=False)))
        table = self._replace(
            centre=sample.mean(axis=0),
            axes=np.ascontiguousarray(axes[:, ::-1][:, : self.axes.shape[1]]),
            coarse=np.empty_like(self.coarse),
            fine=np.empty_like(self.fine),
        )
        for start in range(0, self.length, _BLOCK):
            rows = slice(start, min(start + _BLOCK, self.length))
            hidden = ~np.isfinite(self.coarse[-1, rows])
            centred = self.vectors[rows] - table.centre
            centred[hidden] = np.nan
            table._bound(rows, centred)
        return table

    def nearest(self, query: Floats, count: int, reach: float) -> tuple[Rows, NDArray[np.float64]]:
        """Rows and squared distances of the `count` nearest within the squared distance `reach`, nearest first.

        Ties by row.
        """
        rows, squares = self._within(query, count, reach)
        best = np.lexsort((rows, squares))[:count]
        return rows[best], squares[best]

    def _within(self, query: Floats, count: int, reach: float) -> tuple[Rows, NDArray[np.float64]]:
        """At least the `count` nearest within `reach`, in any order."""
        bound = _Bound(self, query)
        coarse = bound.coarse @ self.coarse[:, : self.length]
        some = _smallest(coarse, max(_FIRST, 4 * count))
        few = some[np.argsort(bound.raised(coarse, some))[: max(_FEW, 2 * count)]]
        reach = min(reach, self._kth(query, few, count))
        rows = np.flatnonzero(coarse <= bound.limit(reach))
        rows = rows[bound.raised(coarse, rows) <= bound.limit(reach)]
        rows = rows[self._squares(query, rows) <= _ROUNDED * reach]
        squares = np.sum((self.vectors[rows] - query.astype(np.float64)) ** 2, axis=1)
        return rows[squares <= reach], squares[squares <= reach]

    def _kth(self, query: Floats, rows: Rows, count: int) -> float:
        """A squared distance that at least `count` of `rows` are within; infinite where there are fewer."""
        if rows.size < count:
            return np.inf
        return _ROUNDED * float(np.partition(self._squares(query, rows), count - 1)[count - 1])

    def _squares(self, query: Floats, rows: Rows) -> Floats:
        """Squared distances in float32; `_ROUNDED` says how right."""
        squares = np.empty(rows.size, np.float32)
        for start in range(0, rows.size, _BLOCK):
            difference = self.vectors[rows[start : start + _BLOCK]]
            difference -= query
            np.einsum("ij,ij->i", difference, difference, out=squares[start : start + _BLOCK])
        return squares

    def _bound(self, rows: slice, centred: NDArray[np.float64]) -> None:
        """Write the bounds of rows whose vectors, less the centre, are these; NaN hides one."""
        split = len(self.coarse) - 2
        leading = centred @ self.axes
        square = np.sum(centred * centred, axis=1)
        without = square - np.sum(leading[:, :split] ** 2, axis=1)
        remainder = np.sqrt(np.maximum(0, without))
        self.coarse[:-2, rows] = leading[:, :split].T
        self.coarse[-2, rows] = remainder
        self.coarse[-1, rows] = square * (1 - _SLACK)
        self.fine[rows, :-2] = leading[:, split:]
        self.fine[rows, -2] = np.sqrt(np.maximum(0, without - np.sum(leading[:, split:] ** 2, axis=1)))
        self.fine[rows, -1] = remainder
        hidden = rows.start + np.flatnonzero(~np.isfinite(square))
        self.coarse[:, hidden] = 0
        self.coarse[-1, hidden] = np.inf
        self.fine[hidden] = 0


class _Bound:
    """Bounds of squared distances to one query, all less the query's own square."""

    def __init__(self, table: Table, query: Floats) -> None:
        centred = query - table.centre
        leading = centred @ table.axes
        split = len(table.coarse) - 2
        self._table = table
        self._square = float(centred @ centred)
        without = max(0.0, self._square - float(leading[:split] @ leading[:split])) ** 0.5
        rest = max(0.0, self._square - float(leading @ leading)) ** 0.5
        self.coarse = np.concatenate([-2 * leading[:split], [-2 * without, 1]]).astype(np.float32)
        self._fine = np.concatenate([-2 * leading[split:], [-2 * rest, 2 * without]]).astype(np.float32)

    def raised(self, coarse: Floats, rows: Rows) -> Floats:
        """The second bound of `rows`, given the first of all."""
        bounds = coarse[rows]
        for start in range(0, rows.size, _BLOCK):
            block = rows[start : start + _BLOCK]
            bounds[start : start + _BLOCK] += self._table.fine.take(block, axis=0) @ self._fine
        return bounds

    def limit(self, reach: float) -> np.float32:
        """What the bound of a row within `reach` does not exceed, slack included, rounded up."""
        limit = np.nextafter(np.float32(reach - self._square + _SLACK * self._square), _INFINITE)
        return min(limit, _LARGEST)  # an infinite reach does not reach what is hidden


def _smallest(bounds: Floats, count: int) -> Rows:
    """Rows of about the `count` smallest bounds, as a sample tells; none that is hidden."""
    step = max(1, bounds.size // _SAMPLED_BOUNDS)
    sample = bounds[::step]
    place = min(count // step, sample.size - 1)
    limit = np.partition(sample, place)[place] if sample.size else _LARGEST
    return np.flatnonzero(bounds <= min(limit, _LARGEST))
