"""PyTorch checkpoints of before version 1.6 (`.pth`, no zip): the tensors of a state dict, without torch.

Five pickles in sequence (magic number, protocol, system, state dict, keys of the storages), then for each key, in that
order, the number of elements (int64) and the raw values. A pickle may name any function of any module; this reader
knows the three that a state dict needs and refuses the rest.
Format: `torch/serialization.py`, `_legacy_save`.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .graph import Norm

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MALFORMED = (pickle.UnpicklingError, EOFError, LookupError, TypeError, AttributeError, OverflowError)
"""What unpickling damaged bytes, or looking into what they hold, may end in beside ValueError."""
DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of values that follows the pickles."""

    key: str
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class View:
    """A tensor whose storage has not been read yet; offset and strides count elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """The tensor in its storage's values ([n]), copied. Raises ValueError where it reaches outside."""
        steps = [step * values.itemsize for step in self.strides]
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if 0 in self.shape or min([self.offset, *self.strides]) < 0 or last >= len(values):
            raise ValueError("a tensor of the checkpoint reaches outside its storage")
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps).copy()


def read(data: bytes) -> Mapping[str, NDArray[Any]]:
    """The tensors of a checkpoint by name.

    Raises ValueError where the data is no legacy checkpoint, names code outside of a state dict, or ends too soon.
    """
    try:
        return _read(io.BytesIO(data))
    except MALFORMED as error:
        raise ValueError(f"not a legacy torch checkpoint, or a damaged one: {error}") from error


def _read(file: io.BytesIO) -> Mapping[str, NDArray[Any]]:
    if _Unpickler(file).load() != MAGIC or _Unpickler(file).load() != PROTOCOL:
        raise ValueError("not a legacy torch checkpoint")
    _Unpickler(file).load()  # byte order and sizes of integers: little-endian wherever torch runs
    views: Mapping[str, View] = _Unpickler(file).load()
    keys: list[str] = _Unpickler(file).load()
    dtypes = {view.storage.key: view.storage.dtype for view in views.values()}
    storages = {key: _values(file, dtypes[key]) for key in keys}
    return {name: view.of(storages[view.storage.key]) for name, view in views.items()}


def _values(file: io.BytesIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    count = int.from_bytes(file.read(8), "little")
    raw = file.read(count * dtype.itemsize)
    if len(raw) < count * dtype.itemsize:
        raise ValueError("the checkpoint ends too soon")
    return np.frombuffer(raw, dtype)


def norm(tensors: Mapping[str, NDArray[Any]], name: str) -> Norm:
    """The batch normalisation that torch keeps under `name`."""
    return Norm(*(tensors[f"{name}.{each}"] for each in ("running_mean", "running_var", "weight", "bias")))


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _view
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no state dict needs")

    def persistent_load(self, pid: Any) -> Storage:
        kind, dtype, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"it refers to a {kind}, which no state dict needs")
        return Storage(key, dtype)


def _view(storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> View:
    return View(storage, offset, tuple(shape), tuple(strides))
