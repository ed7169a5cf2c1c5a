"""The key of a data directory replaced: a new one wraps every data key, and what these sealed stays as it is.

First the key file gets the new key beside the old one, then every data key is wrapped anew, and last the old key is
dropped. A stop at any instant leaves a key file that opens everything; to rotate again then finishes it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ...store.store import Store
from ...store.vault import LocalKeys, new_key
from .state import State


class Rotated(msgspec.Struct, frozen=True, rename="pascal"):
    """What was done."""

    key_file: str
    collections: int
    """Whose data keys were wrapped anew; by KMS where a KMS key is named."""
    old_key_dropped: bool


class Rotation:
    """Rotates the key of an open directory, whose `state.keys` the store wraps with too, unless it asks KMS.

    `key_file` is the user's own, None where it lies in the directory.
    """

    def __init__(self, state: State, store: Store, key_file: Path | None) -> None:
        self._state = state
        self._store = store
        self._own = key_file is None
        self._path = key_file or state.folder / "key"
        self._turn = threading.Lock()

    def run(self, drop: bool | None = None) -> Rotated:
        """Rotate. The old key is dropped where `drop` says so, or, for None, where the key file is the directory's own:
        another file may open other directories too. Raises SealError or OSError; then the old key is still there."""
        dropped = self._own if drop is None else drop
        with self._turn:
            *_, collections = self.steps(dropped)
        return Rotated(str(self._path), collections, dropped)

    def steps(self, drop: bool) -> Iterator[int]:
        """After each, everything can be opened with what is on the disk; the last tells how many collections."""
        both = LocalKeys([new_key(), *LocalKeys.from_file(self._path).keys])
        both.save(self._path)  # before anything is wrapped by it
        yield 0
        self._state.keys.replace(both.keys)
        self._state.rewrap()
        yield 0
        collections = 0
        for _ in range(2):  # the second time, what was being made when the key changed
            self._store.access.rewrap()
            yield collections
            collections = self._store.collections.rewrap()
            yield collections
        if drop:
            self._state.keys.replace(both.keys[:1])
            self._state.keys.save(self._path)
        yield collections
