"""The float arrays of an HDF5 file, as much of the format as Keras weights need.

A group is a B-tree whose leaves (symbol table nodes) list its members by name; a member's object header is a list of
messages: a symbol table makes it a group, a data layout a dataset. That is the layout that HDF5 writes by default, with
each dataset in one piece; compressed and chunked ones are refused.
Format: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t11.html (superblock 0, object header 1).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89HDF\r\n\x1a\n"
ROOT_ENTRY = 56
"""Where superblock version 0 keeps the root group's symbol table entry, given addresses of eight bytes."""
DATASPACE, DATATYPE, LAYOUT, CONTINUATION, SYMBOL_TABLE = 0x01, 0x03, 0x08, 0x10, 0x11
FLOAT32 = b"\x11\x20\x1f\x00\x04\x00\x00\x00"
"""A little-endian IEEE single: class and version, three bytes of bits, the size."""
CONTIGUOUS = b"\x03\x01"


def read(data: bytes) -> Mapping[str, NDArray[np.float32]]:
    """The float32 datasets by their full path, such as `model_weights/conv2d_1/conv2d_1/kernel:0`.

    Datasets of other types (step counters) are left out. Raises ValueError where the file is damaged or laid out in
    another way.
    """
    if not data.startswith(SIGNATURE) or data[8] != 0 or data[13:15] != b"\x08\x08":
        raise ValueError("not an HDF5 file with a superblock of version 0")
    try:
        (root,) = struct.unpack_from("<Q", data, ROOT_ENTRY + 8)
        return dict(_File(data).datasets(root, ""))
    except (struct.error, LookupError, OverflowError, RecursionError) as error:
        raise ValueError("the HDF5 file is cut short or damaged") from error


class _File:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def datasets(self, header: int, path: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """The datasets at and below the object whose header is at `header`."""
        messages = self._messages(header)
        if (table := messages.get(SYMBOL_TABLE)) is not None:
            tree, heap = struct.unpack_from("<QQ", table)
            for name, member in self._members(tree, heap):
                yield from self.datasets(member, f"{path}/{name}" if path else name)
        elif LAYOUT in messages and messages[DATATYPE].startswith(FLOAT32):
            yield path, self._array(messages, path)

    def _messages(self, header: int) -> Mapping[int, bytes]:
        """The messages of an object by type; of those we read, each occurs once."""
        version, count, size = struct.unpack_from("<BxH4xI", self._data, header)
        if version != 1:
            raise ValueError(f"HDF5 object header version {version}, expected 1")
        messages: dict[int, bytes] = {}
        blocks = [(header + 16, size)]
        at = end = 0
        for _ in range(count):
            if at >= end:
                at, size = blocks.pop()
                end = at + size
            kind, size = struct.unpack_from("<HH", self._data, at)
            messages[kind] = self._data[at + 8 : at + 8 + size]
            if kind == CONTINUATION:
                blocks.append(struct.unpack("<QQ", messages[kind]))
            at += 8 + size
        return messages

    def _members(self, tree: int, heap: int) -> Iterator[tuple[str, int]]:
        """Name and header of each member of a group; leaves are at level 0 of the tree, in order of name."""
        self._expect(tree, b"TREE")
        level, children = struct.unpack_from("<BH", self._data, tree + 5)
        for number in range(children):
            (child,) = struct.unpack_from("<Q", self._data, tree + 32 + 16 * number)
            yield from self._members(child, heap) if level else self._leaf(child, heap)

    def _leaf(self, node: int, heap: int) -> Iterator[tuple[str, int]]:
        self._expect(node, b"SNOD")
        self._expect(heap, b"HEAP")
        (names,) = struct.unpack_from("<Q", self._data, heap + 24)
        (count,) = struct.unpack_from("<H", self._data, node + 6)
        for number in range(count):
            offset, header = struct.unpack_from("<QQ", self._data, node + 8 + 40 * number)
            start = names + offset
            yield self._data[start : self._data.index(b"\0", start)].decode(), header

    def _array(self, messages: Mapping[int, bytes], path: str) -> NDArray[np.float32]:
        space, layout = messages[DATASPACE], messages[LAYOUT]
        if space[0] != 1 or layout[:2] != CONTIGUOUS:
            raise ValueError(f"the HDF5 dataset {path} is not stored in one piece")
        shape = struct.unpack_from(f"<{space[1]}Q", space, 8)
        start, size = struct.unpack_from("<QQ", layout, 2)
        count = int(np.prod(shape, dtype=object))
        if size != 4 * count or start + size > len(self._data):
            raise ValueError(f"the HDF5 dataset {path} reaches past the end of the file")
        return np.frombuffer(self._data, "<f4", count, start).reshape(shape)

    def _expect(self, at: int, mark: bytes) -> None:
        if self._data[at : at + 4] != mark:
            raise ValueError(f"the HDF5 file is damaged: no {mark.decode()} at byte {at}")
