"""dlib's face embedding: a serialised network (`.dat`) becomes ONNX.

The file is a C++ template's object written from the outside in: the headers of all layers, outermost first, then the
layers' bodies, innermost first. Tags and skips are headers without a body and without a name; which is which follows
from their neighbours (`convert`). The layout is that of dlib's `dnn/core.h` and `dnn/layers.h`.

Fold: the input's (x - mean) / 256 into the first convolution, which has no padding, and each affine layer into the
convolution before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from .graph import Graph, Shape

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
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("the dlib file ends too soon")
        self._at += count
        return taken

    def integer(self) -> int:
        control = self.take(1)[0]
        magnitude = int.from_bytes(self.take(control & 0x0F), "little")
        return -magnitude if control & 0x80 else magnitude

    def integers(self, count: int) -> tuple[int, ...]:
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


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph and its size without the batch: [C, H, W]."""

    name: str
    size: tuple[int, int, int]


class Network:
    """Writes dlib layers as ONNX nodes, keeping the sizes that its zero padding needs."""

    def __init__(self, means: tuple[float, ...]) -> None:
        self.graph = Graph()
        self._means: tuple[float, ...] | None = means
        self._tagged: dict[str, Tensor] = {}

    def convolution(self, x: Tensor, layer: Layer, affine: Layer) -> Tensor:
        """A convolution and the affine layer after it as one: gamma (Wx + b) + beta."""
        assert layer.weights is not None
        assert affine.weights is not None
        filters, rows, columns, *steps = layer.sizes
        *weights, biases = np.split(layer.weights.astype(np.float64), [len(layer.weights) - filters])
        kernel = weights[0].reshape(filters, x.size[0], rows, columns)
        gamma, beta = affine.weights.astype(np.float64).reshape(2, filters)
        if self._means is not None:
            kernel = kernel / 256
            biases = biases - (kernel * np.reshape(self._means, (1, 3, 1, 1))).sum((1, 2, 3))
            self._means = None
        kernel, bias = kernel * gamma[:, None, None, None], biases * gamma + beta
        return self._window("Conv", x, (rows, columns, *steps), filters, kernel, bias)

    def _window(
        self, kind: str, x: Tensor, window: tuple[int, ...], channels: int, *weights: NDArray[np.float64]
    ) -> Tensor:
        rows, columns, down, right, top, left = window
        inputs = [self.graph.constant(weight.astype(np.float32)) for weight in weights]
        name = self.graph.add(
            kind, x.name, *inputs, kernel_shape=[rows, columns], strides=[down, right], pads=[top, left, top, left]
        )
        height = (x.size[1] + 2 * top - rows) // down + 1
        width = (x.size[2] + 2 * left - columns) // right + 1
        return Tensor(name, (channels, height, width))

    def pool(self, x: Tensor, layer: Layer) -> Tensor:
        if layer.sizes[0] == 0:
            return Tensor(self.graph.add("GlobalAveragePool", x.name), (x.size[0], 1, 1))
        kind = {"max_pool": "MaxPool", "avg_pool": "AveragePool"}[layer.kind]
        return self._window(kind, x, layer.sizes, x.size[0])

    def sum(self, x: Tensor, y: Tensor) -> Tensor:
        """dlib adds tensors of unlike sizes as if zeros followed the smaller, in channels, rows and columns."""
        size = tuple(max(a, b) for a, b in zip(x.size, y.size, strict=True))
        assert len(size) == 3
        return Tensor(self.graph.add("Add", self._grow(x, size), self._grow(y, size)), size)

    def _grow(self, x: Tensor, size: tuple[int, int, int]) -> str:
        if x.size == size:
            return x.name
        after = [0, *(b - a for a, b in zip(x.size, size, strict=True))]
        return self.graph.add("Pad", x.name, self.graph.constant(np.array([0, 0, 0, 0, *after], np.int64)))

    def dense(self, x: Tensor, layer: Layer) -> Tensor:
        assert layer.weights is not None
        flat = self.graph.add("Flatten", x.name)
        weights = self.graph.constant(layer.weights.reshape(x.size[0], layer.sizes[0]))
        name = self.graph.add("MatMul", flat, weights, name="embedding")
        return Tensor(name, (layer.sizes[0], 1, 1))

    def features(self, x: Tensor, block: Tensor) -> Tensor:
        """What the network knew before it forgot all but the identity: its last pool, and rows of the block before."""
        rows = self.graph.add("ReduceMean", block.name, axes=[3], keepdims=0)
        flat = [self.graph.add("Flatten", name) for name in (x.name, rows)]
        name = self.graph.add("Concat", *flat, axis=1, name="features")
        return Tensor(name, (x.size[0] + block.size[0] * block.size[1], 1, 1))


def convert(data: bytes) -> onnx.ModelProto:
    """The network as ONNX: `input` [N, 3, 150, 150] RGB 0 to 255, `embedding` [N, 128], compared by L2 distance.

    A second output, `features` [N, 1280], is what the heads for attributes look at.
    Raises ValueError where the data is not dlib's metric network.
    """
    means, layers = read(data)
    network = Network(means)
    x = Tensor("input", (3, INPUT_SIDE, INPUT_SIDE))
    tagged: list[Tensor] = []
    previous = ""
    for layer, after in zip(layers, [*layers[1:], Layer("end")], strict=True):
        match layer.kind:
            case "con" if after.kind == "affine":
                x = network.convolution(x, layer, after)
            case "affine" if previous == "con":
                pass  # it went into the convolution
            case "relu":
                x = Tensor(network.graph.add("Relu", x.name), x.size)
            case "max_pool" | "avg_pool":
                x = network.pool(x, layer)
            case "tag" if previous != "tag":
                tagged.append(x)
            case "tag":  # a skip: back to what the tag before the last one saw
                x = tagged[-2]
            case "add_prev":
                x = network.sum(x, tagged[-1])
            case "fc" if after.kind == "end":
                features = network.features(x, tagged[-1])
                x = network.dense(x, layer)
            case _:
                raise ValueError(f"a {layer.kind} layer where none is expected")
        previous = layer.kind
    outputs: dict[str, Shape] = {output.name: ["N", output.size[0]] for output in (x, features)}
    return network.graph.model({"input": ["N", 3, INPUT_SIDE, INPUT_SIDE]}, outputs)
