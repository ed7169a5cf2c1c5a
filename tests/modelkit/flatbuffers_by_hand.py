"""Writes the flatbuffers and flexbuffers that the tests read: small TFLite networks, built field by field."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Field = int | bytes | NDArray[Any] | Mapping[int, Any] | list[Any]
"""A scalar of 4 bytes, a string, a vector of scalars, a table (its fields by index), or a vector of tables."""


def flatbuffer(root: Mapping[int, Field], identifier: bytes) -> bytes:
    """A file whose outermost table is `root`."""
    data = bytearray(struct.pack("<I4s", 0, identifier))
    struct.pack_into("<I", data, 0, _table(data, root))
    return bytes(data)


def _table(data: bytearray, fields: Mapping[int, Field]) -> int:
    count = max(fields, default=-1) + 1
    vtable = len(data)
    slots = {field: 4 + 4 * i for i, field in enumerate(fields)}
    data += struct.pack("<HH", 4 + 2 * count, 4 + 4 * len(fields))
    data += b"".join(struct.pack("<H", slots.get(field, 0)) for field in range(count))
    table = len(data)
    data += struct.pack("<i", table - vtable) + bytes(4 * len(fields))
    for field, value in fields.items():
        _store(data, table + slots[field], value)
    return table


def _store(data: bytearray, at: int, value: Field) -> None:
    if isinstance(value, int):
        struct.pack_into("<i", data, at, value)
        return
    if isinstance(value, Mapping):
        target = _table(data, value)
    elif isinstance(value, list):
        target = len(data)
        data += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for i, entry in enumerate(value):
            _store(data, target + 4 + 4 * i, entry)
    else:
        array = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
        target = len(data)
        data += struct.pack("<I", array.size) + array.tobytes()
    struct.pack_into("<I", data, at, target - at)


def network(
    shapes: Sequence[Sequence[int]],
    constants: Mapping[int, NDArray[Any]],
    operators: Sequence[tuple[int | str, list[int], int, dict[int, Field]]],
) -> bytes:
    """A TFLite file that reads tensor 0 and answers the last operator's result.

    `operators` are (builtin code or custom name, inputs, output, fields of the operator beside those: 4 for the
    options' table, 5 for custom options).
    """
    kinds = list(dict.fromkeys(kind for kind, *_ in operators))
    types = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2}
    buffers: list[Any] = [{}]
    tensors: list[Any] = []
    for i, shape in enumerate(shapes):
        tensor: dict[int, Field] = {0: np.array(shape, np.int32), 3: f"tensor{i}".encode()}
        if i in constants:
            tensor |= {1: types[constants[i].dtype], 2: len(buffers)}
            buffers.append({0: np.frombuffer(constants[i].tobytes(), np.uint8)})
        tensors.append(tensor)
    steps = [
        {0: kinds.index(kind), 1: np.array(inputs, np.int32), 2: np.array([output], np.int32), **fields}
        for kind, inputs, output, fields in operators
    ]
    ends = {1: np.array([0], np.int32), 2: np.array([operators[-1][2]], np.int32)}
    codes: list[Any] = [{1: kind.encode()} if isinstance(kind, str) else {3: kind} for kind in kinds]
    return flatbuffer({0: 3, 1: codes, 2: [{0: tensors, **ends, 3: steps}], 4: buffers}, b"TFL3")


def flexbuffer(options: Mapping[str, int | float | list[int]]) -> bytes:
    """A map of integers, floats and integer vectors, four bytes each, keys in the order given."""
    data = bytearray()
    keys = []
    for key in options:
        keys.append(len(data))
        data += key.encode() + b"\0"
    vectors: dict[str, int] = {}
    for key, value in options.items():
        if isinstance(value, list):
            vectors[key] = len(data) + 4
            data += struct.pack(f"<{len(value) + 1}i", len(value), *value)
    data += struct.pack("<I", len(keys))
    start = len(data)
    data += b"".join(struct.pack("<I", start + 4 * i - at) for i, at in enumerate(keys))
    data += struct.pack("<III", len(data) - start, 4, len(keys))
    values = len(data)
    for key, value in options.items():
        if isinstance(value, list):
            data += struct.pack("<I", len(data) - vectors[key])
        else:
            data += struct.pack("<f" if isinstance(value, float) else "<i", value)
    kinds = [11 if isinstance(v, list) else 3 if isinstance(v, float) else 1 for v in options.values()]
    data += bytes(kind << 2 | 2 for kind in kinds)
    data += bytes([len(data) - values, 9 << 2 | 2, 1])
    return bytes(data)
