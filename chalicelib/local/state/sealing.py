"""Rows as the state file holds them: sealed, and named so that only who has the key can tell which is which.

A data key of the directory does both; it lies in the file, wrapped by the key file. A row's place is a keyed hash of
what it belongs to, since the name of an object or the key of an item may itself tell of a person.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from ...store.vault import Seal

SEPARATOR = "\x1f"
"""Between the parts of a row's owner or name; no account, region, table, bucket or upload has it."""


class Row(NamedTuple):
    """What a value belongs to."""

    service: str
    owner: str
    """Account and region."""
    kind: str
    name: str


class RowSeal:
    """Seals and names rows with a data key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._names = hashlib.blake2b(b"names", key=key, digest_size=32).digest()
        self._seal = Seal(hashlib.blake2b(b"rows", key=key, digest_size=32).digest())

    def place(self, row: Row) -> bytes:
        """The row's name in the file, 20 bytes."""
        return hashlib.blake2b("\0".join(row).encode(), key=self._names, digest_size=20).digest()

    def parent(self, row: Row) -> bytes:
        """The place of the bucket, table or whatever stands before the separator in its name, with the separator."""
        return self.place(row._replace(name=row.name.partition(SEPARATOR)[0] + SEPARATOR))

    def seal(self, row: Row, place: bytes, value: bytes) -> bytes:
        """`value`, with what it belongs to."""
        return self._seal.seal(msgspec.msgpack.encode((row, value)), place.hex())

    def open(self, place: bytes, sealed: bytes) -> tuple[Row, bytes]:
        """What `seal` was given; raises SealError where it was changed or moved."""
        row, value = msgspec.msgpack.decode(self._seal.open(sealed, place.hex()), type=tuple[Row, bytes])
        return row, value
