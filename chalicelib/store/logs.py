"""A collection's logs as a search reads them: records opened, vectors unsealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ResourceNotFoundException
from .faces import indexed, sealed_faces, vector_of
from .ledger import BATCH, Entry, Kind, Ledger, chunks, length
from .parallel import in_order
from .records import IndexedUser, Rewritten, User, place_of
from .snapshots import Change, Snapshots
from .tables import Head
from .vault import Seal

WORTH_A_SNAPSHOT = 500
"""Records that are read in .1 s or so; replaying more than that writes a snapshot."""


@dataclass(frozen=True, slots=True)
class Log:
    """One log of a collection at the length that its head has."""

    ledger: Ledger
    snapshots: Snapshots
    head: Head
    kind: Kind
    dimensions: int

    @property
    def key(self) -> str:
        """Names the log among all of the account's."""
        return f"{self.head.uid}/{self.kind}"

    @property
    def length(self) -> int:
        """Records in it."""
        return length(self.head, self.kind)

    def since(self, start: int) -> Iterator[Sequence[Change]]:
        """The records from `start` on, ascending; then those before it that were rewritten since.

        From the beginning, a snapshot comes first; when much had to be read after it, there is a new one.
        """
        if start > 0 or self.length < WORTH_A_SNAPSHOT:
            yield from self._replayed(start)
            return
        seal = self.ledger.seal(self.head)
        start, held = self.snapshots.load(self.head, self.kind, seal, self.dimensions)
        yield from chunks(held, BATCH)
        records = {change.record: change for change in held}
        for changes in self._replayed(start):
            records |= {change.record: change for change in changes}
            yield changes
        if self.length - start >= max(WORTH_A_SNAPSHOT, self.length // 5):
            changes = [records[number] for number in sorted(records) if records[number].slots]
            self.snapshots.save(self.head, self.kind, seal, self.length, changes)
            if self._erased_meanwhile():
                self.snapshots.erase(self.head.uid, self.kind)

    def _replayed(self, start: int) -> Iterator[Sequence[Change]]:
        opened = self._opener(self.ledger.seal(self.head))
        rewritten: set[int] = set()
        for entries in in_order(self._entries, list(chunks(range(start, self.length), BATCH))):
            rewritten.update(*(entry.content.records for entry in entries if isinstance(entry.content, Rewritten)))
            yield [change for entry in entries if (change := opened(entry)).slots]
        again = list(chunks(sorted(number for number in rewritten if number < start), BATCH))
        for numbers, entries in zip(again, in_order(self._entries, again), strict=True):
            found = {entry.number: opened(entry) for entry in entries}
            yield [found.get(number) or self._nothing(number) for number in numbers]

    def _entries(self, numbers: Sequence[int]) -> list[Entry]:
        return list(self.ledger.read(self.head, self.kind, numbers))

    def _erased_meanwhile(self) -> bool:
        """Whether something of this log was rewritten after it was read."""
        try:
            now = self.ledger.head(self.head.id)
        except ResourceNotFoundException:
            return True
        later = self.ledger.read(now, self.kind, range(self.length, length(now, self.kind)))
        return now.uid != self.head.uid or any(isinstance(entry.content, Rewritten) for entry in later)

    def _opener(self, seal: Seal) -> Callable[[Entry], Change]:
        def faces(entry: Entry) -> Change:
            found = list(indexed(entry))
            vectors = [vector_of(seal, sealed, face_id) for face_id, sealed in sealed_faces(entry)]
            slots = [place_of(face.id)[1] for face in found]
            return Change(entry.number, slots, found, self._matrix(vectors))

        def users(entry: Entry) -> Change:
            if not isinstance(user := entry.content, User):
                return self._nothing(entry.number)
            vectors = [vector_of(seal, sealed, user.name) for sealed in entry.vectors]
            matrix = self._matrix(vectors) if vectors else np.full((1, self.dimensions), np.nan, np.float32)
            return Change(entry.number, (0,), (IndexedUser(user.id, bool(user.faces)),), matrix)

        return faces if self.kind == "faces" else users

    def _matrix(self, vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        return np.stack(vectors) if vectors else np.empty((0, self.dimensions), np.float32)

    def _nothing(self, number: int) -> Change:
        return Change(number, (), (), self._matrix(()))
