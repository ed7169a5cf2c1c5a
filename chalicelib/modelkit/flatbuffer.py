"""A reader of flatbuffers, as much of one as a TFLite file needs.

A flatbuffer is read in place: a *table* begins with a signed offset back to its vtable, and the
vtable holds for each field the offset of its value within the table, or 0 where the writer left
the field at its default. Vectors, strings and tables are stored elsewhere and reached through an
unsigned offset relative to where it stands. All numbers are little-endian.
Source: https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a flatbuffer; fields are named by their index in the schema."""

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes, identifier: bytes) -> Table:
        """The outermost table of `data`, whose bytes 4 to 8 must be `identifier`."""
        if data[4:8] != identifier:
            raise ValueError(f"not a {identifier.decode()} flatbuffer: it holds {data[4:8]!r}")
        return cls(data, _unpack("<I", data, 0))

    def number(self, field: int, kind: str, default: int = 0) -> int:
        """The scalar at `field`; `kind` is its struct code, such as "b" for int8, "i" for int32."""
        at = self._field(field)
        return default if at is None else _unpack("<" + kind, self.data, at)

    def table(self, field: int) -> Table | None:
        """The table that `field` points to."""
        at = self._field(field)
        return None if at is None else Table(self.data, _follow(self.data, at))

    def tables(self, field: int) -> Sequence[Table]:
        """The tables in the vector at `field`; none where it is absent."""
        start, count = self._vector(field)
        return [Table(self.data, _follow(self.data, start + 4 * i)) for i in range(count)]

    def array(self, field: int, dtype: DTypeLike) -> NDArray[np.generic]:
        """The vector of scalars at `field`, a view into the file; empty where it is absent."""
        start, count = self._vector(field)
        kind = np.dtype(dtype).newbyteorder("<")
        if start + count * kind.itemsize > len(self.data):
            raise ValueError(f"a vector of {count} at byte {start} runs past the end")
        return np.frombuffer(self.data, kind, count, start)

    def text(self, field: int) -> str:
        """The string at `field`; "" where it is absent."""
        return self.array(field, np.uint8).tobytes().decode()

    def _field(self, field: int) -> int | None:
        """Where the value of `field` (or its offset) stands, None where it is at its default."""
        vtable = self.position - _unpack("<i", self.data, self.position)
        entry = 4 + 2 * field
        if entry >= _unpack("<H", self.data, vtable):
            return None
        offset = _unpack("<H", self.data, vtable + entry)
        return self.position + offset if offset else None

    def _vector(self, field: int) -> tuple[int, int]:
        at = self._field(field)
        if at is None:
            return 0, 0
        start = _follow(self.data, at)
        return start + 4, _unpack("<I", self.data, start)


def _follow(data: bytes, at: int) -> int:
    return at + _unpack("<I", data, at)


def _unpack(kind: str, data: bytes, at: int) -> int:
    try:
        value: int = struct.unpack_from(kind, data, at)[0]
    except struct.error as error:
        raise ValueError(f"cut short or damaged at byte {at}") from error
    return value


def flexbuffer(data: bytes) -> dict[str, int | float | list[int]]:
    """The map that a custom operator's options are, written schemaless at the root of a flexbuffer.

    Knows maps of integers, floats and integer vectors. The last three bytes are the root, its type
    and its width in bytes; a type is `kind << 2 | log2(width)`.
    Source: https://flatbuffers.dev/flatbuffers_internals/#flexbuffers
    """
    width, kind = data[-1], data[-2]
    if kind >> 2 != _MAP:
        raise ValueError(f"the options are no map but of kind {kind >> 2}")
    values = _back(data, len(data) - 2 - width, width)
    width = 1 << (kind & 3)
    count = _unsigned(data, values - width, width)
    keys_width = _unsigned(data, values - 2 * width, width)
    keys = _back(data, values - 3 * width, width)
    types = values + count * width
    return {
        _key(data, _back(data, keys + i * keys_width, keys_width)): _value(
            data, values + i * width, width, data[types + i]
        )
        for i in range(count)
    }


_INTEGER, _FLOAT, _MAP, _INTEGERS = 1, 3, 9, 11


def _value(data: bytes, at: int, width: int, kind: int) -> int | float | list[int]:
    if kind >> 2 == _INTEGER:
        return int.from_bytes(data[at : at + width], "little", signed=True)
    if kind >> 2 == _FLOAT:
        return float(np.frombuffer(data, f"<f{width}", 1, at)[0])
    if kind >> 2 == _INTEGERS:
        start, each = _back(data, at, width), 1 << (kind & 3)
        values: list[int] = np.frombuffer(data, f"<i{each}", _unsigned(data, start - each, each), start).tolist()
        return values
    raise ValueError(f"an option of kind {kind >> 2} is not known here")


def _back(data: bytes, at: int, width: int) -> int:
    """Where the backward offset at `at` leads."""
    return at - _unsigned(data, at, width)


def _unsigned(data: bytes, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")


def _key(data: bytes, at: int) -> str:
    return data[at : data.index(0, at)].decode()
