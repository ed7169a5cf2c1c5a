"""MiniFASNet, from the tensors of its checkpoint to ONNX: is this face live, or a print or a screen?

Architecture: Minivision, "Silent Face Anti-Spoofing" (2020), `MiniFASNet.py`; a MobileFaceNet pruned to .4 million
weights. V1SE has squeeze and excitation in the last block of each stage; which blocks have it, the tensors' names tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from numpy.typing import NDArray

from . import torch
from .graph import Graph, fold_norm

EPSILON = 1e-5
SIDE = 80
CLASSES = 3
STAGES = (("conv_23", "conv_3", 4), ("conv_34", "conv_4", 6), ("conv_45", "conv_5", 2))
"""Of each stage the block that halves the sides, the blocks after it, and their number."""


def convert(data: bytes) -> onnx.ModelProto:
    """The classifier: `input` [N, 3, 80, 80] BGR 0 to 255, `probabilities` [N, 3], of which the second is "live".

    Raises ValueError where the data is no checkpoint of this network.
    """
    network = _Network(torch.read(data))
    x = network.convolve("input", "conv1", stride=2, active=True)
    x = network.convolve(x, "conv2_dw", active=True)
    for shrinking, keeping, blocks in STAGES:
        x = network.block(x, shrinking, stride=2)
        for number in range(blocks):
            x = network.graph.add("Add", x, network.block(x, f"{keeping}.model.{number}", stride=1))
    x = network.convolve(x, "conv_6_sep", active=True)
    network.classify(network.convolve(x, "conv_6_dw", pad=0))
    return network.graph.model({"input": ["N", 3, SIDE, SIDE]}, {"probabilities": ["N", CLASSES]})


class _Network:
    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self.graph = Graph()
        self._tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
        if "conv1.conv.weight" not in self._tensors:
            raise ValueError("not a checkpoint of MiniFASNet")

    def convolve(self, x: str, name: str, *, stride: int = 1, pad: int | None = None, active: bool = False) -> str:
        """Convolution, batch normalisation and, where `active`, PReLU; padded to keep the sides if not told."""
        y = self._convolution(x, f"{name}.conv", f"{name}.bn", stride, pad)
        return self.graph.prelu(y, self._tensors[f"{name}.prelu.weight"].reshape(-1, 1, 1)) if active else y

    def block(self, x: str, name: str, stride: int) -> str:
        """Widen, filter each channel, narrow; weigh the channels where the checkpoint says how."""
        y = self.convolve(x, f"{name}.conv", active=True)
        y = self.convolve(y, f"{name}.conv_dw", stride=stride, active=True)
        y = self.convolve(y, f"{name}.project")
        return self._excite(y, f"{name}.se_module") if f"{name}.se_module.fc1.weight" in self._tensors else y

    def classify(self, x: str) -> None:
        """Embed, normalise, classify."""
        kernel, bias = fold_norm(self._tensors["linear.weight"], torch.norm(self._tensors, "bn"), EPSILON)
        flat = self.graph.add("Flatten", x)
        embedding = self.graph.add("Gemm", flat, self.graph.constant(kernel), self.graph.constant(bias), transB=1)
        logits = self.graph.add("MatMul", embedding, self.graph.constant(self._tensors["prob.weight"].T))
        self.graph.add("Softmax", logits, axis=1, name="probabilities")

    def _excite(self, x: str, name: str) -> str:
        y = self._convolution(self.graph.add("GlobalAveragePool", x), f"{name}.fc1", f"{name}.bn1")
        y = self._convolution(self.graph.add("Relu", y), f"{name}.fc2", f"{name}.bn2")
        return self.graph.add("Mul", x, self.graph.add("Sigmoid", y))

    def _convolution(self, x: str, weights: str, norm: str, stride: int = 1, pad: int | None = None) -> str:
        """A kernel with one input channel filters each channel by itself."""
        kernel, bias = fold_norm(self._tensors[f"{weights}.weight"], torch.norm(self._tensors, norm), EPSILON)
        filters, channels, side, _ = kernel.shape
        return self.graph.add(
            "Conv",
            x,
            self.graph.constant(kernel),
            self.graph.constant(bias),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[side // 2 if pad is None else pad] * 4,
            group=filters if channels == 1 else 1,
        )
