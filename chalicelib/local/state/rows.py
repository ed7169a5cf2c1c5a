"""moto's objects as rows of the state, and moto's backends by the owner that a row names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.base_backend import BackendDict

from . import pickling
from .sealing import SEPARATOR, Row
from .state import Changes, State


def owned(backends: BackendDict[Any]) -> Iterator[tuple[str, Any]]:
    """The backends of a service that exist, by owner: account and region."""
    for account, region, backend in list(backends.iter_backends()):
        yield f"{account}{SEPARATOR}{region}", backend


def of(backends: BackendDict[Any], owner: str) -> Any:
    """The owner's backend, made when absent."""
    account, region = owner.split(SEPARATOR)
    return backends[account][region]


class Rows:
    """Puts values into changes and reads them back."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._kept: dict[Row, bytes] = {}

    def put(self, changes: Changes, row: Row, value: object) -> None:
        """Have `value` kept; None removes the row."""
        if value is None:
            changes.values[row] = None
        else:
            self._write(changes, row, *pickling.dumps(value, self._state.bodies))

    def compare(self, changes: Changes, row: Row, value: object) -> bool:
        """Have `value` kept if it differs from what is; says whether the row is new. For definitions, which are few."""
        content, bodies, written = pickling.dumps(value, self._state.bodies)
        new = row not in self._kept
        if self._kept.get(row) != content:
            self._kept[row] = content
            self._write(changes, row, content, bodies, written)
        return new

    def drop(self, changes: Changes, row: Row) -> None:
        """Remove a row that was compared."""
        if self._kept.pop(row, None) is not None:
            changes.values[row] = None

    def compared(self, service: str, owner: str, kind: str) -> list[Row]:
        """The rows of that kind that are compared. Other services' threads may add theirs meanwhile."""
        return [row for row in list(self._kept) if row[:3] == (service, owner, kind)]

    def read(self, service: str, kind: str, *, compared: bool = False) -> Iterator[tuple[Row, Any]]:
        """All values of that kind; those that `compare` is to know are named so."""
        for row, content in self._state.rows(service, kind):
            if compared:
                self._kept[row] = content
            yield row, pickling.loads(content, self._state.bodies)

    def _write(self, changes: Changes, row: Row, content: bytes, bodies: frozenset[str], written: list[str]) -> None:
        changes.values[row] = content
        changes.bodies[row] = bodies
        changes.written += written
