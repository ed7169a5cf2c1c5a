"""Which logs are in memory, and that each is up to date when it is searched."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from ..errors import TooLargeToSearchError
from .index import Entries, Index, Match
from .table import Floats

MEMORY = 2 * 1024**3
"""Bytes of vectors that stay in memory, unless told otherwise: three million faces."""


class Log(Protocol):
    """A log of records, as long as it was when its collection was read."""

    @property
    def key(self) -> str:
        """Names the log for ever: a collection made anew has another."""
        ...

    @property
    def length(self) -> int:
        """Records that it has; the same length means that nothing changed."""
        ...

    def since(self, start: int) -> Iterator[Sequence[Entries]]:
        """The records from `start` on, some at a time, ascending; then those before it that were rewritten since."""
        ...


@dataclass(slots=True)
class _Fold:
    index: Index
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Folding is done once, by whoever comes first; the others wait for it."""


class Search:
    """The logs of many collections, those searched last, within `memory` bytes.

    A log that takes more than `limit` bytes, if that is not 0, is not searched: TooLargeToSearchError.
    """

    def __init__(self, dimensions: int, memory: int = MEMORY, limit: int = 0) -> None:
        self.dimensions = dimensions
        """Of every vector."""
        self._memory = memory
        self._limit = limit
        self._folds: OrderedDict[str, _Fold] = OrderedDict()
        self._changing = threading.Lock()

    def nearest(self, log: Log, vector: Floats, count: int, radius: float = np.inf) -> list[Match]:
        """The `count` nearest to `vector` within `radius` (Euclidean), nearest first; ties as in the log."""
        return self.index(log).nearest(vector, count, radius)

    def index(self, log: Log) -> Index:
        """The index of `log`, at least as long as the log."""
        fold = self._fold(log.key)
        if fold.index.length < log.length:
            with fold.turn:
                if fold.index.length < log.length:
                    self._advance(fold, log)
        return fold.index

    def refresh(self, log: Log) -> None:
        """Bring `log` up to date if it is in memory: what was erased from it is erased there, too."""
        if log.key in self._folds:
            self.index(log)

    def forget(self, prefix: str) -> None:
        """Drop the logs whose key begins with `prefix`: their collection was deleted."""
        with self._changing:
            for key in [key for key in self._folds if key.startswith(prefix)]:
                del self._folds[key]

    @property
    def memory(self) -> int:
        """Bytes that the vectors in memory take."""
        with self._changing:
            return sum(fold.index.memory for fold in self._folds.values())

    def _fold(self, key: str) -> _Fold:
        with self._changing:
            if key not in self._folds:
                self._folds[key] = _Fold(Index(self.dimensions))
            self._folds.move_to_end(key)
            return self._folds[key]

    def _advance(self, fold: _Fold, log: Log) -> None:
        try:
            for entries in log.since(fold.index.length):
                fold.index.apply(entries)
                if 0 < self._limit < fold.index.memory:
                    raise TooLargeToSearchError(self._limit)
            fold.index.length = log.length
        except BaseException:
            self.forget(log.key)  # half a fold is none: what was rewritten comes last
            raise
        self._shrink(log.key)

    def _shrink(self, kept: str) -> None:
        """Drop the logs not searched for longest, never the one in use, until the rest fits."""
        with self._changing:
            size = sum(fold.index.memory for fold in self._folds.values())
            for key in list(self._folds):
                if size <= self._memory:
                    return
                if key != kept:
                    size -= self._folds.pop(key).index.memory
