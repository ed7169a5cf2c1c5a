"""What is MediaPipe's own in its TFLite files: the operators that TensorFlow lacks, and the meaning of the outputs.

The face mesh with attention looks twice: it turns its first landmarks of the lips and of each eye into an affine
matrix, cuts that region out of an early feature map, finds finer landmarks there and maps them back.
Source of the operators' arithmetic: mediapipe/util/tflite/operations (version 2 of each).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .flatbuffer import flexbuffer
from .graph import Graph
from .tflite_operators import Step

if TYPE_CHECKING:
    from .tflite import Conversion, Operator


INPUTS = {"input_1": "input"}
"""RGB, 0 to 1."""

OUTPUTS: Mapping[tuple[str, ...], Mapping[str, tuple[int, ...]]] = {
    (
        "output_mesh_identity",
        "output_lips",
        "output_left_eye",
        "output_right_eye",
        "output_left_iris",
        "output_right_iris",
        "conv_faceflag",
    ): {
        # Points are in pixels of the 192x192 input. "left" is the eye that an unmirrored picture shows on the left.
        "mesh": (468, 3),
        "lips": (80, 2),
        "left_eye": (71, 2),
        "right_eye": (71, 2),
        "left_iris": (5, 2),
        "right_iris": (5, 2),
        "flag": (1,),  # a logit
    },
    ("activation_10",): {"mask": (256, 256)},  # 0 to 1
    ("Identity", "Identity_1"): {
        "boxes": (2016, 18),  # centre, size and 7 key points in pixels of the 192x192 input, from the anchor
        "scores": (2016,),  # logits
    },
    ("Identity", "Identity_1", "Identity_2", "Identity_3"): {
        "landmarks": (21, 3),  # in pixels of the 224x224 input
        "presence": (1,),  # 0 to 1, as is the next
        "right": (1,),
        "world": (21, 3),  # metres from the hand's middle
    },
}
"""Which network it is, by the names of its output tensors; its outputs' names and shapes without the batch."""

_PLANE = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], np.float32)
"""[x, y] @ _PLANE + _ORIGIN is [x, y, 0, 1]; [x, y, z, w] @ _PLANE.T is [x, y]."""
_ORIGIN = np.array([0, 0, 0, 1], np.float32)


def _transform_matrix(c: Conversion, op: Operator) -> str:
    """Landmarks [N, L, 3] to the matrix [N, 4, 4] that maps an output pixel to where it lies in the landmarks' frame.

    The region is the bounding box of a subset of the landmarks, upright once two of them are level, scaled.
    """
    options = _options(op)
    if options["target_rotation_radians"] != 0:
        raise ValueError("only regions that are turned upright are known here")
    g, shape = c.graph, [options["output_width"], options["output_height"]]
    points = g.add("MatMul", c.names[op.inputs[0]], g.constant(np.eye(3, 2, dtype=np.float32)))
    turn = _rotation(g, points, options["left_rotation_idx"], options["right_rotation_idx"])
    subset = g.add("Gather", points, g.constant(np.array(options["subset_idxs"])), axis=1)
    upright = g.add("MatMul", subset, g.add("Transpose", turn, perm=[0, 2, 1]))
    high = g.add("ReduceMax", upright, axes=[1])
    low = g.add("ReduceMin", upright, axes=[1])
    middle = g.add("Mul", g.add("Add", high, low), g.constant(np.array(0.5, np.float32)))
    scale = np.array([options["scale_x"], options["scale_y"]]) / shape
    size = g.add("Mul", g.add("Sub", high, low), g.constant(scale.astype(np.float32)))
    axes = g.add("Mul", g.add("Transpose", turn, perm=[0, 2, 1]), size)
    half = g.add("MatMul", axes, g.constant(np.array(shape, np.float32)[:, None] / 2))
    centre = g.add("Transpose", g.add("MatMul", middle, turn), perm=[0, 2, 1])
    affine = g.add("Concat", axes, g.add("Sub", centre, half), axis=2)
    rows = g.add("MatMul", affine, g.constant(np.eye(4, dtype=np.float32)[[0, 1, 3]]))
    full = g.add("MatMul", g.constant(_PLANE.T.copy()), rows)
    return g.add("Add", full, g.constant(np.diag([0, 0, 1, 1]).astype(np.float32)))


def _rotation(g: Graph, points: str, left: int, right: int) -> str:
    """[N, 2, 2]: its rows are the direction from `left` to `right` and the one at right angles to it."""
    pair = g.add("Gather", points, g.constant(np.array([left, right])), axis=1)
    across = g.add("MatMul", g.constant(np.array([[-1, 1]], np.float32)), pair)
    across = g.add("Div", across, g.add("ReduceL2", across, axes=[2]))
    down = g.add("MatMul", across, g.constant(np.array([[0, 1], [-1, 0]], np.float32)))
    return g.add("Concat", across, down, axis=1)


def _transform_tensor(c: Conversion, op: Operator) -> str:
    """Cut the region that the matrix [N, 4, 4] tells out of a feature map; outside it is zero."""
    options = _options(op)
    width, height = options["output_width"], options["output_height"]
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    pixels = np.stack([x, y, 0 * x, 0 * x + 1], axis=-1).reshape(-1, 4).astype(np.float32)
    features, matrix = (c.names[i] for i in op.inputs)
    _, source_height, source_width, _ = c.shape(op.inputs[0])
    g = c.graph
    # GridSample counts from -1 at the left edge to 1 at the right one.
    to_grid = _PLANE.T * np.array([2 / source_width, 2 / source_height], np.float32)
    where = g.add("MatMul", g.constant(pixels), g.add("Transpose", matrix, perm=[0, 2, 1]))
    where = g.add("Sub", g.add("MatMul", where, g.constant(to_grid)), g.constant(np.array(1, np.float32)))
    grid = g.add("Reshape", where, g.constant(np.array([-1, height, width, 2])))
    return g.add("GridSample", features, grid, mode="bilinear", padding_mode="zeros", align_corners=0)


def _transform_landmarks(c: Conversion, op: Operator) -> str:
    """Map points [N, L, 2] by the matrix [N, 4, 4]."""
    g = c.graph
    points, matrix = (c.names[i] for i in op.inputs)
    full = g.add("Add", g.add("MatMul", points, g.constant(_PLANE)), g.constant(_ORIGIN))
    moved = g.add("MatMul", full, g.add("Transpose", matrix, perm=[0, 2, 1]))
    return g.add("MatMul", moved, g.constant(_PLANE.T.copy()))


def _transposed_convolution(c: Conversion, op: Operator) -> str:
    """A transposed convolution whose kernel equals its stride, so that nothing overlaps and nothing is cut off."""
    _, stride_width, stride_height = np.frombuffer(op.custom_options, "<i4").tolist()
    weights = c.constant(op.inputs[1]).transpose(3, 0, 1, 2)
    stride = [stride_height, stride_width]
    if list(weights.shape[2:]) != stride:
        raise ValueError("a transposed convolution is known here only where its kernel equals its stride")
    operands = c.names[op.inputs[0]], c.graph.constant(weights), c.graph.constant(c.constant(op.inputs[2]))
    return c.graph.add("ConvTranspose", *operands, kernel_shape=stride, strides=stride)


def _options(op: Operator) -> dict[str, Any]:
    return flexbuffer(op.custom_options)


STEPS: Mapping[int | str, Step] = {
    "Convolution2DTransposeBias": _transposed_convolution,
    "Landmarks2TransformMatrix": _transform_matrix,
    "TransformLandmarks": _transform_landmarks,
    "TransformTensorBilinear": _transform_tensor,
}
