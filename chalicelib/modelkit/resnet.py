"""dlib's face embedding, from the layers of its file to ONNX.

Architecture: King, "High Quality Face Recognition with Deep Metric Learning" (2017), a ResNet of 29 convolutions.
Folded: the input's (x - mean) / 256 into the first convolution, which has no padding, and each affine layer into the
convolution before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from . import dlib
from .dlib import INPUT_SIDE, Layer
from .graph import Graph, Shape


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
        """The largest or the mean of each window; a window of no size is the whole."""
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

    def features(self, x: Tensor, before: Tensor) -> Tensor:
        """What the network knew before it forgot all but the identity: its last pool, and its last module's input.

        Of the latter the columns are averaged and the rows kept: a beard is below, glasses are above.
        """
        rows = self.graph.add("ReduceMean", before.name, axes=[3], keepdims=0)
        flat = [self.graph.add("Flatten", name) for name in (x.name, rows)]
        name = self.graph.add("Concat", *flat, axis=1, name="features")
        return Tensor(name, (x.size[0] + before.size[0] * before.size[1], 1, 1))

    def model(self, *outputs: Tensor) -> onnx.ModelProto:
        shapes: dict[str, Shape] = {output.name: ["N", output.size[0]] for output in outputs}
        return self.graph.model({"input": ["N", 3, INPUT_SIDE, INPUT_SIDE]}, shapes)


def convert(data: bytes) -> onnx.ModelProto:
    """The network as ONNX: `input` [N, 3, 150, 150] RGB 0 to 255, `embedding` [N, 128], compared by L2 distance.

    A second output, `features` [N, 1280], is what the heads for attributes look at.
    Raises ValueError where the data is not dlib's metric network.
    """
    means, layers = dlib.read(data)
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
            case "fc" if after.kind == "end" and len(tagged) > 1:
                features = network.features(x, tagged[-2])
                return network.model(network.dense(x, layer), features)
            case _:
                raise ValueError(f"a {layer.kind} layer where none is expected")
        previous = layer.kind
    raise ValueError("the network does not end in a dense layer")
