"""EfficientNet-Lite0, from the tensors of its checkpoint to ONNX.

Architecture: Tan and Le, "EfficientNet" (2019), in the Lite variant: ReLU6, no squeeze and excitation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from . import torch
from .graph import Graph, fold_norm

EPSILON = 1e-3
MAPS = 32
"""Class activation maps are computed for so many classes, the likeliest of each image."""


class Stage(NamedTuple):
    """Blocks of one width; the first of them takes the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def convert(data: bytes) -> onnx.ModelProto:
    """The classifier with what localises its classes.

    `input` [N, 3, H, W]: RGB, (x - 127) / 128, sides multiples of 32 (trained at 224).
    `logits` [N, 1000]: ImageNet-1k. `features` [N, 1280, H/32, W/32]: what is averaged and classified.
    `maps` [N, 32, H/32, W/32]: class activation maps, weights times features (Zhou et al., CVPR 2016), of the
    classes `top` [N, 32] (int64), the likeliest of each image, best first.
    """
    network = _Network(torch.read(data))
    x = network.convolve("input", "_conv_stem", "_bn0", stride=2, active=True)
    for name, stage, first in _blocks():
        x = network.block(x, name, stage, first)
    features = network.convolve(x, "_conv_head", "_bn1", active=True, output="features")
    network.classify(features)
    return network.graph.model(
        {"input": ["N", 3, "H", "W"]},
        {
            "logits": ["N", 1000],
            "features": ["N", 1280, "h", "w"],
            "maps": ["N", MAPS, "h", "w"],
        },
        integers={"top": ["N", MAPS]},
    )


def _blocks() -> Iterator[tuple[str, Stage, bool]]:
    number = count()
    for stage in STAGES:
        for repeat in range(stage.repeats):
            yield f"_blocks.{next(number)}", stage, repeat == 0


class _Network:
    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self.graph = Graph()
        self._tensors = tensors

    def convolve(
        self,
        x: str,
        weights: str,
        norm: str,
        *,
        stride: int = 1,
        depthwise: bool = False,
        active: bool = False,
        output: str | None = None,
    ) -> str:
        """Convolution, batch normalisation and, where `active`, ReLU6.

        TensorFlow's SAME padding on even sides: the odd pixel comes right and below.
        """
        kernel = self._tensors[f"{weights}.weight"]
        side = kernel.shape[-1]
        before, after = (side - stride) // 2, (side - stride + 1) // 2
        inputs = [self.graph.constant(array) for array in fold_norm(kernel, torch.norm(self._tensors, norm), EPSILON)]
        y = self.graph.add(
            "Conv",
            x,
            *inputs,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=len(kernel) if depthwise else 1,
        )
        return self.graph.clip(y, 0, 6, name=output) if active else y

    def block(self, x: str, name: str, stage: Stage, first: bool) -> str:
        """Mobile inverted bottleneck: widen, filter each channel, narrow; added to its input if of the same size."""
        stride = stage.stride if first else 1
        y = x
        if stage.expansion > 1:
            y = self.convolve(y, f"{name}._expand_conv", f"{name}._bn0", active=True)
        y = self.convolve(y, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, depthwise=True, active=True)
        y = self.convolve(y, f"{name}._project_conv", f"{name}._bn2")
        return y if first else self.graph.add("Add", y, x)

    def classify(self, features: str) -> None:
        """Logits from the averaged features, and the maps of the likeliest classes from the features themselves."""
        add, constant = self.graph.add, self.graph.constant
        weights, bias = constant(self._tensors["_fc.weight"]), constant(self._tensors["_fc.bias"])
        pooled = add("Flatten", add("GlobalAveragePool", features))
        logits = add("Gemm", pooled, weights, bias, transB=1, name="logits")
        add("TopK", logits, constant(np.array([MAPS], np.int64)), also=["top"])
        flat = add("Reshape", features, constant(np.array([0, 0, -1], np.int64)))
        maps = add("MatMul", add("Gather", weights, "top"), flat)
        size = add("Concat", constant(np.array([0, 0], np.int64)), add("Shape", features, start=2), axis=0)
        add("Reshape", maps, size, name="maps")
