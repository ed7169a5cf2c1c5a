"""The legacy torch format, on checkpoints written opcode by opcode, without torch."""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.modelkit import torch

REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
MARK, TUPLE, REDUCE, PERSISTENT, STOP, SET_ITEMS = b"(", b"t", b"R", b"Q", b".", b"u"


def value(thing: Any) -> bytes:
    """The opcodes that push `thing`: its pickle less the frame."""
    return pickle.dumps(thing, 2)[2:-1]


def tensor(key: str, kind: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """The opcodes that push a tensor which looks into storage `key`."""
    storage = (
        MARK + value("storage") + f"ctorch\n{kind}\n".encode() + value(key) + value("cpu") + value(9) + value(None)
    )
    hooks = value(OrderedDict())
    arguments = storage + TUPLE + PERSISTENT + value(offset) + value(shape) + value(strides) + value(False) + hooks
    return REBUILD + MARK + arguments + TUPLE + REDUCE


def state(tensors: dict[str, bytes]) -> bytes:
    entries = b"".join(value(name) + pushed for name, pushed in tensors.items())
    return b"\x80\x02" + value(OrderedDict()) + MARK + entries + SET_ITEMS + STOP


def checkpoint(tensors: dict[str, bytes], storages: dict[str, NDArray[Any]], magic: int = torch.MAGIC) -> bytes:
    heads = b"".join(pickle.dumps(each, 2) for each in (magic, torch.PROTOCOL, {"little_endian": True}))
    tail = b"".join(struct.pack("<q", each.size) + each.tobytes() for each in storages.values())
    return heads + state(tensors) + pickle.dumps(list(storages), 2) + tail


NUMBERS = np.arange(12, dtype=np.float32) / 8
WHOLE = checkpoint(
    {
        "matrix": tensor("0", "FloatStorage", 0, (3, 4), (4, 1)),
        "transposed": tensor("0", "FloatStorage", 0, (4, 3), (1, 4)),
        "tail": tensor("0", "FloatStorage", 10, (2,), (1,)),
        "count": tensor("1", "LongStorage", 0, (), ()),
    },
    {"0": NUMBERS, "1": np.array([7], np.int64)},
)

TENSORS = {"x": tensor("0", "FloatStorage", 0, (12,), (1,))}
SMALL = checkpoint(TENSORS, {"0": NUMBERS})


def test_tensors_are_views_into_storages() -> None:
    tensors = torch.read(WHOLE)
    np.testing.assert_array_equal(tensors["matrix"], NUMBERS.reshape(3, 4))
    np.testing.assert_array_equal(tensors["transposed"], NUMBERS.reshape(3, 4).T)
    np.testing.assert_array_equal(tensors["tail"], NUMBERS[10:])
    assert tensors["count"] == 7
    assert tensors["matrix"].dtype == np.float32


def test_a_checkpoint_may_not_name_other_code(tmp_path: Path) -> None:
    proof = tmp_path / "was run"
    attack = b"\x80\x02cpathlib\nPath.touch\n" + MARK + value(str(proof)) + TUPLE + REDUCE + STOP
    for data in (attack, pickle.dumps(torch.MAGIC, 2) + attack):
        with pytest.raises(ValueError, match="no state dict needs"):
            torch.read(data)
    assert not proof.exists()


@pytest.mark.parametrize("length", [0, 1, 40, len(WHOLE) // 2, len(WHOLE) - 9, len(WHOLE) - 1])
def test_a_checkpoint_that_ends_too_soon_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        torch.read(WHOLE[:length])


@pytest.mark.parametrize(
    ("offset", "shape", "strides"), [(11, (2,), (1,)), (0, (4, 4), (4, 1)), (-1, (1,), (1,)), (8, (3,), (-4,))]
)
def test_a_tensor_may_not_look_outside_its_storage(
    offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    data = checkpoint({"x": tensor("0", "FloatStorage", offset, shape, strides)}, {"0": NUMBERS})
    with pytest.raises(ValueError, match="outside its storage"):
        torch.read(data)


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not a legacy torch checkpoint"):
        torch.read(checkpoint({}, {}, magic=1))
    with pytest.raises(ValueError, match="not a legacy torch checkpoint"):
        torch.read(b"PK\x03\x04" + bytes(100))


def test_contents_that_do_not_fit_together_are_refused() -> None:
    """Each is a pickle that loads."""
    keys = pickle.dumps(["0"], 2)
    for old, new in [(keys, pickle.dumps(["9"], 2)), (keys, pickle.dumps(5, 2)), (state(TENSORS), value(3) + STOP)]:
        with pytest.raises(ValueError, match="torch checkpoint"):
            torch.read(SMALL.replace(old, new))
