"""TFLite's builtin operators in ONNX: one function each, listed in STEPS.

Operands of four dimensions are [N, C, H, W] in the ONNX graph and [N, H, W, C] in the file. Option fields are numbered
as in tensorflow/lite/schema/schema.fbs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .graph import Graph

if TYPE_CHECKING:
    from .tflite import Conversion, Operator

Array = NDArray[Any]
Step = Callable[["Conversion", "Operator"], str]
"""Adds an operator's nodes to the graph and returns the name of its result."""

VALID = 1
"""The padding of the schema that pads nothing; 0 is SAME."""


def channels_first(value: Array) -> Array:
    """A constant as it broadcasts against [N, C, H, W]: [N, H, W, C], [H, W, C] and [C] have the channels moved."""
    full = value.reshape((1,) * (4 - value.ndim) + value.shape)
    return np.ascontiguousarray(full.transpose(0, 3, 1, 2))


def _pads(
    padding: int, size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int] = (1, 1)
) -> list[int]:
    """ONNX pads [top, left, bottom, right] of TensorFlow's SAME or VALID; an odd pixel goes right and below."""
    if padding == VALID:
        return [0, 0, 0, 0]
    total = [
        max((-(-i // s) - 1) * s + (k - 1) * d + 1 - i, 0)
        for i, k, s, d in zip(size, kernel, stride, dilation, strict=True)
    ]
    return [t // 2 for t in total] + [t - t // 2 for t in total]


@dataclass(frozen=True, slots=True)
class Fields:
    """Where a convolution's options stand, which differs between the two kinds."""

    activation: int
    dilation_height: int
    dilation_width: int


CONV = Fields(activation=3, dilation_height=5, dilation_width=4)
DEPTHWISE = Fields(activation=4, dilation_height=6, dilation_width=5)


def _conv(c: Conversion, op: Operator) -> str:
    return _convolution(c, op, c.constant(op.inputs[1]).transpose(0, 3, 1, 2), CONV)


def _depthwise(c: Conversion, op: Operator) -> str:
    return _convolution(c, op, c.constant(op.inputs[1]).transpose(3, 0, 1, 2), DEPTHWISE)


def _convolution(c: Conversion, op: Operator, weights: Array, fields: Fields) -> str:
    """`weights` are [out, in / groups, kH, kW]."""
    stride = _stride(op)
    dilation = [op.option(fields.dilation_height, "i", 1), op.option(fields.dilation_width, "i", 1)]
    kernel = list(weights.shape[2:])
    _, height, width, channels = c.shape(op.inputs[0])
    operands = [c.names[op.inputs[0]], c.graph.constant(weights)]
    operands += [c.graph.constant(c.constant(bias)) for bias in op.inputs[2:]]
    result = c.graph.add(
        "Conv",
        *operands,
        kernel_shape=kernel,
        strides=stride,
        dilations=dilation,
        pads=_pads(op.option(0), (height, width), kernel, stride, dilation),
        group=channels // weights.shape[1],
    )
    return _activate(c.graph, result, op.option(fields.activation))


def _stride(op: Operator) -> list[int]:
    """[vertical, horizontal]; convolutions and pools keep them in the same fields."""
    return [op.option(2, "i", 1), op.option(1, "i", 1)]


def _pool(kind: str) -> Step:
    def step(c: Conversion, op: Operator) -> str:
        stride = _stride(op)
        kernel = [op.option(4, "i", 1), op.option(3, "i", 1)]
        pads = _pads(op.option(0), c.shape(op.inputs[0])[1:3], kernel, stride)
        result = c.graph.add(kind, c.names[op.inputs[0]], kernel_shape=kernel, strides=stride, pads=pads)
        return _activate(c.graph, result, op.option(5))

    return step


def _binary(kind: str) -> Step:
    def step(c: Conversion, op: Operator) -> str:
        rank = len(c.shape(op.outputs[0]))
        return _activate(c.graph, c.graph.add(kind, *(c.operand(i, rank) for i in op.inputs)), op.option(0))

    return step


def _unary(kind: str) -> Step:
    return lambda c, op: c.graph.add(kind, c.names[op.inputs[0]])


def _prelu(c: Conversion, op: Operator) -> str:
    slope = c.constant(op.inputs[1])
    flat = len(c.shape(op.inputs[0])) != 4
    return c.graph.prelu(c.names[op.inputs[0]], slope if flat else channels_first(slope))


def _pad(c: Conversion, op: Operator) -> str:
    pads = c.constant(op.inputs[1]).astype(np.int64)
    if len(pads) == 4:
        pads = pads[[0, 3, 1, 2]]
    return c.graph.add("Pad", c.names[op.inputs[0]], c.graph.constant(pads.T.ravel()))


def _mean(c: Conversion, op: Operator) -> str:
    axes = sorted(int(axis) for axis in c.constant(op.inputs[1]).ravel())
    if len(c.shape(op.inputs[0])) != 4 or axes != [1, 2]:
        raise ValueError(f"the mean over axes {axes} is not known here")
    return c.graph.add("ReduceMean", c.names[op.inputs[0]], axes=[2, 3], keepdims=op.option(0))


def _fully_connected(c: Conversion, op: Operator) -> str:
    weights, bias = (c.graph.constant(c.constant(i)) for i in op.inputs[1:])
    return _activate(c.graph, c.graph.add("Gemm", c.names[op.inputs[0]], weights, bias, transB=1), op.option(0))


def _reshape(c: Conversion, op: Operator) -> str:
    shape = c.shape(op.outputs[0])
    if prod(shape[1:]) != prod(c.shape(op.inputs[0])[1:]):
        raise ValueError("a reshape may not touch the batch")
    flat = c.channels_last(op.inputs[0])
    result = c.graph.add("Reshape", flat, c.graph.constant(np.array([-1, *shape[1:]])))
    return c.graph.add("Transpose", result, perm=[0, 3, 1, 2]) if len(shape) == 4 else result


def _concatenation(c: Conversion, op: Operator) -> str:
    rank = len(c.shape(op.outputs[0]))
    axis = op.option(0, "i") % rank
    axis = [0, 2, 3, 1][axis] if rank == 4 else axis
    return _activate(c.graph, c.graph.add("Concat", *(c.names[i] for i in op.inputs), axis=axis), op.option(1))


def _resize(c: Conversion, op: Operator) -> str:
    if op.option(2) or not op.option(3):
        raise ValueError("a resize is known here only with half-pixel centres")
    source, target = c.shape(op.inputs[0]), c.shape(op.outputs[0])
    scales = np.array([1, 1, target[1] / source[1], target[2] / source[2]], np.float32)
    operands = c.names[op.inputs[0]], "", c.graph.constant(scales)
    return c.graph.add("Resize", *operands, mode="linear", coordinate_transformation_mode="half_pixel")


def _identity_slice(c: Conversion, op: Operator) -> str:
    """MediaPipe's exporter slices a tensor whole in order to give it a second name."""
    if c.shape(op.inputs[0]) != c.shape(op.outputs[0]):
        raise ValueError("a strided slice is known here only where it takes everything")
    return c.names[op.inputs[0]]


def _activate(graph: Graph, result: str, activation: int) -> str:
    """Apply the activation that TFLite fuses into the operator before it."""
    if activation == 0:
        return result
    if activation == 1:
        return graph.add("Relu", result)
    if activation == 3:
        return graph.clip(result, 0, 6)
    raise ValueError(f"the fused activation {activation} is not known here")


STEPS: Mapping[int | str, Step] = {
    0: _binary("Add"),
    1: _pool("AveragePool"),
    2: _concatenation,
    3: _conv,
    4: _depthwise,
    9: _fully_connected,
    14: _unary("Sigmoid"),
    17: _pool("MaxPool"),
    18: _binary("Mul"),
    19: _unary("Relu"),
    22: _reshape,
    23: _resize,
    34: _pad,
    40: _mean,
    45: _identity_slice,
    54: _prelu,
    117: _unary("HardSwish"),
}
