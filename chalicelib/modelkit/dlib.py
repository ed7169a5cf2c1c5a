"""dlib's serialised networks (`.dat`): their layers, in the order in which they run.

The file is a C++ template's object written from the outside in: the headers of all layers, outermost first, then the
layers' bodies, innermost first. Tags and skips are headers without a body and without a name; which is which follows
from their neighbours (`resnet.convert`). The layout is that of dlib's `dnn/core.h` and `dnn/layers.h`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INPUT_SIDE = 150
INNERMOST, LAYER, TAG = 3, 2, 1
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as stored: `kind` is dlib's name for it, `sizes` its integers, `weights` its flat parameters."""

    kind: str
    sizes: tuple[int, ...] = ()
    weights: Array | None = None


class Reader:
    """dlib's portable serialisation: integers of variable length, floats as mantissa and exponent."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes. Raises ValueError where the file ends before."""
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("the dlib file ends too soon")
        self._at += count
        return taken

    def integer(self) -> int:
        """A size byte, whose highest bit is the sign, and so many bytes of magnitude, the lowest first."""
        control = self.take(1)[0]
        magnitude = int.from_bytes(self.take(control & 0x0F), "little")
        return -magnitude if control & 0x80 else magnitude

    def integers(self, count: int) -> tuple[int, ...]:
        """The next integers."""
        return tuple(self.integer() for _ in range(count))

    def real(self) -> float:
        """Exponents from 32000 mark infinities and NaN, which no stored weight or setting is."""
        mantissa, exponent = self.integers(2)
        if exponent >= 32000:
            raise ValueError("the dlib file holds a number that is not finite")
        return float(mantissa * 2.0**exponent)

    def reals(self, count: int) -> tuple[float, ...]:
        return tuple(self.real() for _ in range(count))

    def text(self) -> str:
        return self.take(self.integer()).decode("ascii")

    def flags(self, count: int) -> None:
        if self.take(count).strip(b"01"):
            raise ValueError("a flag of the dlib file is neither 0 nor 1")

    def tensor(self) -> Array:
        """Four dimensions and raw values; returned flat, for their meaning is the layer's."""
        if (version := self.integer()) != 2:
            raise ValueError(f"tensor version {version}, expected 2")
        sizes = self.integers(4)
        return np.frombuffer(self.take(4 * int(np.prod(sizes))), "<f4")

    def alias(self) -> None:
        """A view into the parameters: version and four dimensions, which the layer's integers already tell."""
        self.integers(5)


def read(data: bytes) -> tuple[tuple[float, ...], list[Layer]]:
    """The input's three channel means, and the layers in the order in which they run.

    Raises ValueError where the file is not the serialised metric network that is expected.
    """
    source = Reader(data)
    if source.integer() != 1 or source.text() != "loss_metric_2":
        raise ValueError("not a dlib metric network")
    source.reals(2)  # margin and threshold of the training loss
    headers = [source.integer()]
    while headers[-1] != INNERMOST:
        headers.append(source.integer())
    if source.text() != "input_rgb_image_sized":
        raise ValueError("not a network of sized RGB images")
    means = source.reals(3)
    if source.integers(2) != (INPUT_SIDE, INPUT_SIDE):
        raise ValueError(f"not a network of {INPUT_SIDE}x{INPUT_SIDE} images")
    return means, [_layer(source, header) for header in reversed(headers)]


def _layer(source: Reader, header: int) -> Layer:
    if header == TAG:
        return Layer("tag")
    if header not in (LAYER, INNERMOST):
        raise ValueError(f"layer version {header}, expected 1 to 3")
    layer = _details(source)
    source.flags(3)
    for _ in range(3):  # gradients and the last output
        source.tensor()
    if header == INNERMOST:
        source.integer()
    return layer


def _details(source: Reader) -> Layer:
    kind = source.text()
    match kind:
        case "con_4":
            weights, sizes = source.tensor(), source.integers(7)
            source.alias()
            source.alias()
            source.reals(4)
            return Layer("con", sizes, weights)
        case "affine_":
            weights = source.tensor()
            source.alias()
            source.alias()
            source.integer()
            return Layer("affine", (), weights)
        case "fc_2":
            sizes, weights = source.integers(2), source.tensor()
            source.alias()
            source.alias()
            source.integer()
            source.reals(4)
            return Layer("fc", sizes, weights)
        case "max_pool_2" | "avg_pool_2":
            return Layer(kind.removesuffix("_2"), source.integers(6))
        case "relu_" | "add_prev_":
            return Layer(kind.removesuffix("_"))
    raise ValueError(f"unknown dlib layer {kind!r}")
