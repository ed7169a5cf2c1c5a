"""The faces of people who want to be in no collection: sealed vectors, and when they were added; nothing else.

The list is a collection of its own, under a name that no CollectionId can have: the same log, data key, snapshots and
erasure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from numpy import float32
from numpy.typing import NDArray

from ..errors import ResourceAlreadyExistsException, ResourceNotFoundException
from .collections import RESERVED, Collections
from .faces import Faces, Found
from .ledger import Ledger, length
from .records import Image
from .tables import Head

SECONDS = 5.0
"""How long another process may not know of a change: a search that asked at each call took half as long again."""
_LIST = f"{RESERVED}opt-outs"
_NOWHERE = (0.0, 0.0, 0.0, 0.0)


class OptOut(NamedTuple):
    """One face that is kept out."""

    id: str
    added: datetime
    """UTC."""


class OptOuts:
    """The list of an account. `clock` gives seconds of any origin."""

    def __init__(
        self, ledger: Ledger, collections: Collections, faces: Faces, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._collections = collections
        self._faces = faces
        self._clock = clock
        self._known: tuple[float, Head | None] | None = None

    def head(self, *, now: bool = False) -> Head | None:
        """The list as a collection, None while there is none; up to `SECONDS` old unless it must be of `now`."""
        known = self._known
        if known is None or now or self._clock() - known[0] > SECONDS:
            known = (self._clock(), self._read())
            self._known = known
        return known[1]

    def add(self, vectors: Sequence[NDArray[float32]], model: str, now: datetime) -> list[OptOut]:
        """Put faces on the list, each known by a new id."""
        head = self._read() or self._made(model, now)
        found = [Found(_NOWHERE, 0.0, vector) for vector in vectors]
        added = self._faces.add(head, os.urandom(32), None, found, now)  # the photo's own digest would tell of it
        self._known = None
        return [OptOut(face.id, now) for face in added]

    def remove(self, ids: Collection[str]) -> list[str]:
        """Take faces off the list; returns those that were on it."""
        if (head := self._read()) is None:
            return []
        unknown = self._faces.remove(head, ids)
        self._known = None
        return [one for one in ids if one not in unknown]

    def all(self) -> Iterator[OptOut]:
        """In the order in which they were added."""
        if (head := self._read()) is not None:
            for entry in self._ledger.read(head, "faces", range(length(head, "faces"))):
                if isinstance(image := entry.content, Image):
                    yield from (OptOut(face.id, datetime.fromtimestamp(image.indexed, UTC)) for face in image.faces)

    def forget(self) -> None:
        """What was read is out of date."""
        self._known = None

    def _read(self) -> Head | None:
        try:
            return self._collections.get(_LIST)
        except ResourceNotFoundException:
            return None

    def _made(self, model: str, now: datetime) -> Head:
        try:
            return self._collections.create(_LIST, model, {}, now)
        except ResourceAlreadyExistsException:
            return self._collections.get(_LIST)
