"""Connected components of a mask and the smallest rectangle around points.

A mask is read as runs: a run is a stretch of set pixels in one row. Runs are few (thousands, where pixels
are half a million), so joining them costs less than the threshold that made the mask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_QUARTER_TURN = np.arange(0.0, 90.0)
_FINER = np.arange(-0.9, 0.95, 0.1)


@dataclass(frozen=True, slots=True)
class Components:
    """The runs of a mask, sorted by component and, inside one, from top to bottom."""

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    """The column behind a run's last pixel."""
    firsts: NDArray[np.intp]
    """Where each component's runs begin."""

    def __len__(self) -> int:
        return len(self.firsts)

    @property
    def pixels(self) -> NDArray[np.intp]:
        """How many pixels each component has."""
        return np.asarray(np.add.reduceat(self.ends - self.starts, self.firsts))

    def means(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The mean of `values`, an array of the mask's shape, over each component's pixels."""
        row = self.rows * values.shape[1]
        bounds = np.stack([row + self.starts, row + self.ends], axis=1).ravel()
        flat = np.append(values.ravel(), np.float32(0))  # a run may end at the last pixel
        sums = np.add.reduceat(flat, bounds)[::2]
        return np.asarray(np.add.reduceat(sums, self.firsts, dtype=np.float64) / self.pixels)

    def outline(self, index: int) -> NDArray[np.float64]:
        """The corners of one component's runs [n, x and y]: the corners of its convex hull are among them."""
        last = self.firsts[index + 1] if index + 1 < len(self) else None
        rows, starts, ends = (part[self.firsts[index] : last] for part in (self.rows, self.starts, self.ends))
        x, y = np.concatenate([starts, ends, starts, ends]), np.concatenate([rows, rows, rows + 1, rows + 1])
        return np.stack([x, y], axis=1).astype(np.float64)


def components(mask: NDArray[np.bool_]) -> Components:
    """Pixels that touch by a side or a corner belong together. `mask` is [height, width]."""
    rows, starts, ends = _runs(mask)
    labels = _joined(len(rows), *_touching(rows, starts, ends, stride=mask.shape[1] + 2))
    order = np.argsort(labels, kind="stable")
    firsts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    return Components(rows[order], starts[order], ends[order], firsts)


def smallest_rectangle(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rectangle of least area around `points` [n, x and y]: its 4 corners, clockwise in an image.

    The angle is found to a tenth of a degree, which moves the end of a line of 1,000 pixels by less than one.
    """
    coarse = _least_area(points, _QUARTER_TURN)
    turn = np.radians(_least_area(points, coarse + _FINER))
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = points @ axes
    (left, top), (right, bottom) = turned.min(axis=0), turned.max(axis=0)
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return np.asarray(corners @ axes.T)


def _least_area(points: NDArray[np.float64], angles: NDArray[np.float64]) -> float:
    """The one of `angles`, in degrees, at which a rectangle around `points` is smallest."""
    turns = np.radians(angles)
    along = points @ np.stack([np.cos(turns), np.sin(turns)])
    across = points @ np.stack([-np.sin(turns), np.cos(turns)])
    return float(angles[(np.ptp(along, axis=0) * np.ptp(across, axis=0)).argmin()])


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    height, width = mask.shape
    padded = np.zeros((height, width + 1), dtype=np.int8)
    padded[:, :-1] = mask
    changes = np.flatnonzero(np.diff(padded.ravel(), prepend=np.int8(0)))
    rows, starts = np.divmod(changes[::2], width + 1)
    return rows, starts, changes[1::2] - rows * (width + 1)


def _touching(
    rows: NDArray[np.intp], starts: NDArray[np.intp], ends: NDArray[np.intp], stride: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of runs in neighbouring rows that touch. `stride` keeps a row's end clear of the next row's start."""
    first, behind = rows * stride + starts, rows * stride + ends
    low = np.searchsorted(behind, first + stride, "left")
    high = np.searchsorted(first, behind + stride, "right")
    counts = np.maximum(high - low, 0)
    above = np.repeat(np.arange(len(rows)), counts)
    below = np.arange(len(above)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
    return above, below


def _joined(count: int, one: NDArray[np.intp], other: NDArray[np.intp]) -> NDArray[np.intp]:
    """Union-find over all pairs at once: the least member of its set, for each of `count`."""
    parents = np.arange(count)
    while True:
        mine, yours = parents[one], parents[other]
        if np.array_equal(mine, yours):
            return parents
        np.minimum.at(parents, np.maximum(mine, yours), np.minimum(mine, yours))
        while not np.array_equal(grand := parents[parents], parents):
            parents = grand
