"""Folds in S3, so that a process that starts does not read every record of a large collection.

A snapshot holds the records of a log as they were at some length, sealed by the collection's key. Who had to read much
writes one, who starts reads it, and erasing a vector removes it. It is derived: losing it loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
import numpy as np
from botocore.exceptions import BotoCoreError, ClientError
from numpy.typing import NDArray

from ..telemetry import logger
from .ledger import Kind
from .objects import Objects
from .records import IndexedFace, IndexedUser
from .tables import Head
from .vault import Seal

LARGEST = 2**31 - 1
"""Bytes that AES-GCM seals at once: a million and a half faces. A larger log has no snapshot."""

P = TypeVar("P")


class Change(NamedTuple):
    """What a record holds now, as a search wants it."""

    record: int
    slots: Sequence[int]
    payloads: Sequence[Any]
    """IndexedFace, or IndexedUser."""
    vectors: NDArray[np.float32]
    """[slots, dimensions]; NaN for a user without faces."""


class _Packed(msgspec.Struct, Generic[P], array_like=True):
    length: int
    records: list[int]
    slots: list[list[int]]
    payloads: list[list[P]]
    vectors: bytes
    """float32, little-endian, of all slots."""


_FORMS: dict[Kind, Any] = {"faces": _Packed[IndexedFace], "users": _Packed[IndexedUser]}


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of all logs, in one bucket."""

    objects: Objects
    bucket: str
    largest: int = LARGEST
    """Bytes of a snapshot that are read at most."""

    def load(self, head: Head, kind: Kind, seal: Seal, dimensions: int) -> tuple[int, list[Change]]:
        """The length up to which there is a snapshot, 0 for none, and what it holds. Raises TooLargeToSearchError."""
        key = _key(head.uid, kind)
        try:
            sealed = self.objects.get_large(self.bucket, key, self.largest)
        except (ClientError, BotoCoreError) as error:
            logger.warning("the snapshot of %s is not read: %s", head.id, error)
            sealed = None
        if sealed is None:
            return 0, []
        packed = msgspec.msgpack.decode(seal.open(sealed, key), type=_FORMS[kind])
        vectors = np.frombuffer(packed.vectors, "<f4").reshape(-1, dimensions)
        ends = np.cumsum([len(slots) for slots in packed.slots])
        held = zip(packed.records, packed.slots, packed.payloads, ends, strict=True)
        return packed.length, [
            Change(record, slots, payloads, vectors[end - len(slots) : end]) for record, slots, payloads, end in held
        ]

    def save(self, head: Head, kind: Kind, seal: Seal, length: int, changes: Sequence[Change]) -> None:
        """Keep what `changes` hold, ascending, as the snapshot up to `length`. Where that fails there is none."""
        key = _key(head.uid, kind)
        packed = _Packed(
            length,
            [change.record for change in changes],
            [list(change.slots) for change in changes],
            [list(change.payloads) for change in changes],
            b"".join(change.vectors.astype("<f4").tobytes() for change in changes),
        )
        text = msgspec.msgpack.encode(packed)
        if len(text) > LARGEST:
            logger.warning("%s is too large for a snapshot", head.id)
            return
        try:
            self.objects.put(self.bucket, key, seal.seal(text, key))
        except (ClientError, BotoCoreError) as error:
            logger.warning("no snapshot of %s is kept: %s", head.id, error)

    def erase(self, uid: str, kind: Kind) -> None:
        """Remove a snapshot, all versions: a vector that it may hold is erased.

        Called after each erasure, also where there is none: with this removal a data directory drops what the records
        held before, so that the vector is found in no file when the caller is answered (`local.state`).
        """
        self.objects.delete(self.bucket, _key(uid, kind))


def _key(uid: str, kind: Kind) -> str:
    return f"snapshots/{uid}/{kind}"
