"""HDF5, on files written by hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.modelkit import hdf5

Tree = Mapping[str, "NDArray[Any] | Tree"]
UNDEFINED = (1 << 64) - 1


class Writer:
    """Writes groups of at most one leaf; a member's header comes before the group that names it."""

    def __init__(self, *, split_headers: bool) -> None:
        self.data = bytearray(96)
        self._split = split_headers

    def file(self, tree: Tree) -> bytes:
        root = self._object(tree)
        versions = bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
        addresses = struct.pack("<4Q", 0, UNDEFINED, len(self.data), UNDEFINED)
        self.data[:72] = hdf5.SIGNATURE + versions + addresses + struct.pack("<QQ", 0, root)
        return bytes(self.data)

    def _append(self, block: bytes) -> int:
        self.data += bytes(-len(self.data) % 8)
        self.data += block
        return len(self.data) - len(block)

    def _object(self, node: NDArray[Any] | Tree) -> int:
        if isinstance(node, Mapping):
            return self._header([(hdf5.SYMBOL_TABLE, struct.pack("<QQ", *self._group(node)))])
        start = self._append(node.tobytes())
        space = struct.pack("<BBB5x", 1, node.ndim, 0) + struct.pack(f"<{node.ndim}Q", *node.shape)
        kind = hdf5.FLOAT32 + bytes(12) if node.dtype == np.float32 else b"\x10\x08\0\0\x08\0\0\0" + bytes(4)
        layout = hdf5.CONTIGUOUS + struct.pack("<QQ", start, node.nbytes)
        return self._header([(hdf5.DATASPACE, space), (hdf5.DATATYPE, kind), (hdf5.LAYOUT, layout)])

    def _header(self, messages: list[tuple[int, bytes]]) -> int:
        blocks = [struct.pack("<HHB3x", kind, len(body), 0) + body for kind, body in messages]
        if self._split:
            rest = b"".join(blocks[1:])
            link = struct.pack("<QQ", self._append(rest), len(rest))
            blocks = [blocks[0], struct.pack("<HHB3x", hdf5.CONTINUATION, 16, 0) + link]
        count = len(messages) + self._split
        body = b"".join(blocks)
        return self._append(struct.pack("<BxHII4x", 1, count, 1, len(body)) + body)

    def _group(self, tree: Tree) -> tuple[int, int]:
        members = {name: self._object(node) for name, node in sorted(tree.items())}
        names = bytearray(8)
        entries = b""
        for name, header in members.items():
            entries += struct.pack("<QQ24x", len(names), header)
            names += name.encode() + b"\0"
        segment = self._append(bytes(names))
        heap = self._append(b"HEAP" + bytes(4) + struct.pack("<QQQ", len(names), UNDEFINED, segment))
        leaf = self._append(b"SNOD" + struct.pack("<BxH", 1, len(members)) + entries)
        child = struct.pack("<QQQ", 0, leaf, len(names))
        return self._append(b"TREE" + struct.pack("<BBHQQ", 0, 0, 1, UNDEFINED, UNDEFINED) + child), heap


KERNEL = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
BIAS = np.array([0.5, -1], np.float32)
TREE: Tree = {
    "model_weights": {"conv": {"conv": {"kernel:0": KERNEL, "bias:0": BIAS}}, "empty": {}},
    "optimizer": {"iterations": np.array([9])},
}


@pytest.mark.parametrize("split", [False, True], ids=["whole headers", "continued headers"])
def test_arrays_by_their_paths(split: bool) -> None:
    arrays = hdf5.read(Writer(split_headers=split).file(TREE))
    assert set(arrays) == {"model_weights/conv/conv/kernel:0", "model_weights/conv/conv/bias:0"}
    np.testing.assert_array_equal(arrays["model_weights/conv/conv/kernel:0"], KERNEL)
    np.testing.assert_array_equal(arrays["model_weights/conv/conv/bias:0"], BIAS)


WHOLE = Writer(split_headers=False).file(TREE)


@pytest.mark.parametrize("length", range(0, len(WHOLE) - 64, 97))
def test_a_file_that_ends_too_soon_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="HDF5"):
        hdf5.read(WHOLE[:length])


def test_damage_is_an_error_or_changes_numbers_never_a_crash() -> None:
    random = np.random.default_rng(3)
    for _ in range(500):
        data = bytearray(WHOLE)
        data[random.integers(len(data))] = random.integers(256)
        with suppress(ValueError):
            hdf5.read(bytes(data))


@pytest.mark.parametrize("at", [0, 8, 13])
def test_another_file_or_layout_is_refused(at: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= 7
    with pytest.raises(ValueError, match="not an HDF5 file"):
        hdf5.read(bytes(data))


def test_a_dataset_in_pieces_is_refused() -> None:
    data = WHOLE.replace(hdf5.CONTIGUOUS, b"\x03\x02")
    with pytest.raises(ValueError, match="not stored in one piece"):
        hdf5.read(data)
