"""The vectors of one log in memory, and what each stands for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .table import Floats, Table

SLOT_BITS = 12
"""Vectors of one record: at most 4,096."""
_WORTH_FITTING = 1024
"""Vectors below which any axes will do."""


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


class Index:
    """A table of vectors named by record and slot. One thread writes at a time; reads go on meanwhile.

    Appending changes nothing that a reader reads. A removal does, and raises the generation before and after: a
    reader that saw it move reads again.
    """

    def __init__(self, dimensions: int) -> None:
        self.length = 0
        """Records of the log folded so far; whoever folds says so."""
        self._table = Table.empty(dimensions)
        self._payloads: list[Any] = []
        self._fitted = 0
        self._generation = 0
        self._writing = threading.RLock()

    def __len__(self) -> int:
        return self._table.length

    @property
    def memory(self) -> int:
        """Bytes, without the payloads."""
        return self._table.memory

    def nearest(self, vector: Floats, count: int, radius: float = np.inf) -> list[Match]:
        """The `count` nearest within `radius`, nearest first, ties in the order of the log."""
        for _ in range(4):
            generation = self._generation
            matches = self._nearest(vector, count, radius)
            if generation == self._generation and not generation % 2:
                return matches
        with self._writing:
            return self._nearest(vector, count, radius)

    def vector(self, record: int, slot: int) -> Floats | None:
        """The vector at a place of the log, if there is one still."""
        with self._writing:
            row = self._row(record, slot)
            if row is None or not self._table.holds(row):
                return None
            found: Floats = self._table.vectors[row].copy()
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
            table = self._table
            last = int(table.order[table.length - 1]) >> SLOT_BITS if table.length else -1
            self._append([entry for entry in entries if entry.record > last and len(entry.slots)])
            for entry in entries:
                if entry.record <= last:
                    self._replace(entry)

    def _nearest(self, vector: Floats, count: int, radius: float) -> list[Match]:
        rows, squares = self._table.nearest(vector, count, radius * radius)
        return [
            Match(distance, self._payloads[row])
            for distance, row in zip(np.sqrt(squares).tolist(), rows.tolist(), strict=True)
        ]

    def _append(self, entries: Sequence[Entries]) -> None:
        if not entries:
            return
        added = np.concatenate([entry.vectors for entry in entries])
        table = self._table.with_room(len(added))
        first, length = table.length, table.length + len(added)
        table.write(first, added)
        table.order[first:length] = [entry.record << SLOT_BITS | slot for entry in entries for slot in entry.slots]
        for entry in entries:
            self._payloads.extend(entry.payloads)
        table = table._replace(length=length)
        if length >= 2 * max(self._fitted, _WORTH_FITTING // 2):
            table = table.fitted()
            self._fitted = length
        self._table = table

    def _replace(self, entry: Entries) -> None:
        new = dict(zip(entry.slots, range(len(entry.slots)), strict=True))
        order = self._table.order[: self._table.length]
        first, last = np.searchsorted(order, [entry.record << SLOT_BITS, entry.record + 1 << SLOT_BITS])
        self._generation += 1
        for row in range(first, last):
            at = new.get(int(order[row]) & (1 << SLOT_BITS) - 1)
            if at is None:
                self._table.erase(row)
            else:
                self._table.write(row, entry.vectors[at : at + 1])
            self._payloads[row] = None if at is None else entry.payloads[at]
        self._generation += 1

    def _row(self, record: int, slot: int) -> int | None:
        order, place = self._table.order[: self._table.length], record << SLOT_BITS | slot
        row = int(np.searchsorted(order, place))
        return row if row < len(order) and order[row] == place else None
