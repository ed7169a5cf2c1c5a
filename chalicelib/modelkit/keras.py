"""mini-Xception, from the weights that Keras saved to ONNX.

Architecture: Arriaga, Valdenegro-Toro and Plöger, "Real-time Convolutional Neural Networks for Emotion and Gender
Classification" (2017): two convolutions, four modules of separable convolutions beside a strided one, an average.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from . import hdf5
from .graph import Graph, Norm, fold_norm

EPSILON = 1e-3
MODULES = 4
SIDE = 64
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def convert(data: bytes) -> onnx.ModelProto:
    """The classifier of expressions: `input` [N, 1, 64, 64] gray, (x / 255 - .5) * 2, `probabilities` [N, 7].

    The probabilities are in the order of `EXPRESSIONS`. Raises ValueError where the file is not as expected.
    """
    network = _Network(hdf5.read(data))
    x = network.relu(network.convolve("input", 1, norm=1, pad="VALID"))
    x = network.relu(network.convolve(x, 2, norm=2, pad="VALID"))
    for module in range(MODULES):
        x = network.module(x, module)
    network.classify(x)
    return network.graph.model({"input": ["N", 1, SIDE, SIDE]}, {"probabilities": ["N", len(EXPRESSIONS)]})


class _Network:
    """Writes layers by the numbers that Keras gave them."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.graph = Graph()
        self._weights = weights

    def relu(self, x: str) -> str:
        return self.graph.add("Relu", x)

    def module(self, x: str, number: int) -> str:
        """Two separable convolutions and a pool, added to a strided 1x1 convolution of the same input."""
        y = self.relu(self.separate(x, 2 * number + 1, norm=3 * number + 4))
        y = self.separate(y, 2 * number + 2, norm=3 * number + 5)
        y = self.graph.add("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
        return self.graph.add("Add", y, self.convolve(x, number + 3, norm=3 * number + 3, pad="VALID", stride=2))

    def convolve(self, x: str, number: int, *, norm: int, pad: str, stride: int = 1) -> str:
        kernel = self._weight(f"conv2d_{number}", "kernel").transpose(3, 2, 0, 1)
        return self._convolution(x, *self._fold(kernel, norm), auto_pad=pad, strides=[stride, stride])

    def separate(self, x: str, number: int, *, norm: int) -> str:
        """Each channel filtered by itself, then all mixed; Keras stores the filters as [rows, columns, channels, 1]."""
        name = f"separable_conv2d_{number}"
        filters = self._weight(name, "depthwise_kernel").transpose(2, 3, 0, 1)
        mixing = self._weight(name, "pointwise_kernel").transpose(3, 2, 0, 1)
        y = self._convolution(x, filters, auto_pad="SAME_UPPER", group=len(filters))
        return self._convolution(y, *self._fold(mixing, norm))

    def classify(self, x: str) -> None:
        kernel, bias = self._weight("conv2d_7", "kernel").transpose(3, 2, 0, 1), self._weight("conv2d_7", "bias")
        y = self._convolution(x, kernel, bias, auto_pad="SAME_UPPER")
        averages = self.graph.add("Flatten", self.graph.add("GlobalAveragePool", y))
        self.graph.add("Softmax", averages, axis=1, name="probabilities")

    def _convolution(self, x: str, *weights: NDArray[np.float32], **attributes: Any) -> str:
        inputs = [self.graph.constant(weight) for weight in weights]
        return self.graph.add("Conv", x, *inputs, kernel_shape=weights[0].shape[2:], **attributes)

    def _fold(self, kernel: NDArray[np.float32], norm: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        name = f"batch_normalization_{norm}"
        statistics = (self._weight(name, each) for each in ("moving_mean", "moving_variance", "gamma", "beta"))
        return fold_norm(kernel, Norm(*statistics), EPSILON)

    def _weight(self, layer: str, name: str) -> NDArray[np.float32]:
        path = f"model_weights/{layer}/{layer}_1/{name}:0"
        if path not in self._weights:
            raise ValueError(f"the Keras file lacks {path}")
        return self._weights[path]
