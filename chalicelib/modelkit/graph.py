"""ONNX graphs: built node by node, stored small, written the same everywhere.

The sum of a built model is pinned in the manifest, so the bytes may depend on nothing but the weights: the versions
below are stated, names are running numbers, and `finish` drops what exporters leave behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
"""The first IR version of opset 17: any onnxruntime since 1.12 reads it."""
LEAST_HALVED = 1024
"""Elements from which a weight is stored as float16. Below it (biases, norms) there is nothing to gain."""
LARGEST_HALF = 65504.0

Shape = list[int | str]
"""A tensor's dimensions; a string names one that may vary."""


class Graph:
    """A graph under construction: every method returns the name of the tensor that it adds."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[TensorProto] = []

    def constant(self, value: NDArray[Any], name: str | None = None) -> str:
        """A weight, a shape or a scalar, in its own dtype."""
        name = name or f"c{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, name: str | None = None, also: Sequence[str] = (), **attributes: Any) -> str:
        """A node of the operator `kind`; `also` names its outputs after the first."""
        name = name or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name, *also], **attributes))
        return name

    def clip(self, x: str, low: float, high: float, name: str | None = None) -> str:
        """x, but at least `low` and at most `high`."""
        bounds = [self.constant(np.array(bound, np.float32)) for bound in (low, high)]
        return self.add("Clip", x, *bounds, name=name)

    def prelu(self, x: str, slope: NDArray[np.float32]) -> str:
        """Relu(x) + slope * Min(x, 0): onnxruntime's own PRelu took the face mesh from 1.1 to 3.3 ms."""
        negative = self.add("Min", x, self.constant(np.array(0, np.float32)))
        return self.add("Add", self.add("Relu", x), self.add("Mul", negative, self.constant(slope)))

    def model(
        self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], integers: Mapping[str, Shape] | None = None
    ) -> onnx.ModelProto:
        """The finished model; inputs and outputs are float32, the `integers`, which come last, int64 outputs."""
        results = [*_values(outputs), *_values(integers or {}, TensorProto.INT64)]
        graph = helper.make_graph(self._nodes, "graph", _values(inputs), results, self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


class Norm(NamedTuple):
    """What a batch normalisation knows of each channel."""

    mean: NDArray[np.float32]
    variance: NDArray[np.float32]
    gamma: NDArray[np.float32]
    beta: NDArray[np.float32]


def fold_norm(
    kernel: NDArray[np.float32], norm: Norm, epsilon: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel and bias of a convolution without bias ([out, ...]) and the batch normalisation after it, as one."""
    scale = norm.gamma.astype(np.float64) / np.sqrt(norm.variance.astype(np.float64) + epsilon)
    scaled = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
    return scaled.astype(np.float32), (norm.beta - norm.mean * scale).astype(np.float32)


def rename(model: onnx.ModelProto, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> onnx.ModelProto:
    """Give a model's inputs and outputs, in their order, our names and dimensions.

    CenterFace states [10, 3, 32, 32] though every operator in it takes any size; exporters of old also list the
    weights among the inputs, which keeps onnxruntime from folding them.
    """
    graph = model.graph
    weights = {weight.name for weight in graph.initializer}
    old_inputs = [value.name for value in graph.input if value.name not in weights]
    old_outputs = [value.name for value in graph.output]
    names = dict(zip([*old_inputs, *old_outputs], [*inputs, *outputs], strict=True))
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    _replace(graph.input, [_shaped(value, names, inputs) for value in graph.input if value.name not in weights])
    _replace(graph.output, [_shaped(value, names, outputs) for value in graph.output])
    return model


def take_bytes(model: onnx.ModelProto, mean: float, deviation: float, bgr: bool) -> onnx.ModelProto:
    """Let the model's one input be bytes, as pictures are: (x - mean) / deviation becomes the graph's own first step.

    In the graph it costs nothing that could be measured, before it 2 ms of 43 at 640x480. With `bgr` the bytes' first
    channel is what the network takes for its last.
    """
    graph = model.graph
    (pixels,) = graph.input
    pixels.type.tensor_type.elem_type = TensorProto.UINT8
    for node in graph.node:
        node.input[:] = ["pixels" if name == pixels.name else name for name in node.input]
    steps: list[tuple[str, NDArray[Any] | None, dict[str, Any]]] = []
    if bgr:
        steps.append(("Gather", np.array([2, 1, 0]), {"axis": 1}))
    steps.append(("Cast", None, {"to": TensorProto.FLOAT}))
    if mean:
        steps.append(("Sub", np.array(mean, np.float32), {}))
    if deviation != 1:
        steps.append(("Div", np.array(deviation, np.float32), {}))
    nodes, last = [], pixels.name
    for place, (kind, operand, attributes) in enumerate(steps, 1):
        inputs = [last]
        if operand is not None:
            graph.initializer.append(numpy_helper.from_array(operand, f"pixels.{kind}"))
            inputs.append(f"pixels.{kind}")
        last = "pixels" if place == len(steps) else f"pixels.{place}"
        nodes.append(helper.make_node(kind, inputs, [last], **attributes))
    _replace(graph.node, [*nodes, *graph.node])
    return model


def finish(model: onnx.ModelProto) -> bytes:
    """Store large weights as float16, drop what nothing reads, serialise. It computes in float32 as before.

    onnxruntime folds the casts when it loads the model, so a run costs the same as with float32 weights.
    """
    graph = model.graph
    _constants_to_weights(graph)
    used = {name for node in graph.node for name in node.input}
    _replace(graph.initializer, [weight for weight in graph.initializer if weight.name in used])
    casts = [_halve(weight) for weight in graph.initializer if _worth_halving(weight)]
    _replace(graph.node, [*casts, *graph.node])
    for node in graph.node:
        node.ClearField("doc_string")
    del graph.value_info[:]
    graph.name = "graph"
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version = "lookalike", ""
    for field in ("doc_string", "domain", "model_version"):
        model.ClearField(field)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def _values(tensors: Mapping[str, Shape], kind: int = TensorProto.FLOAT) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, kind, shape) for name, shape in tensors.items()]


def _shaped(value: onnx.ValueInfoProto, names: Mapping[str, str], shapes: Mapping[str, Shape]) -> onnx.ValueInfoProto:
    name = names[value.name]
    return helper.make_tensor_value_info(name, value.type.tensor_type.elem_type, shapes[name])


def _replace(field: Any, values: Iterable[Any]) -> None:
    kept = list(values)
    copies = [type(value).FromString(value.SerializeToString()) for value in kept]
    del field[:]
    field.extend(copies)


def _constants_to_weights(graph: onnx.GraphProto) -> None:
    """Constant nodes hold weights too (PaddlePaddle's exporter writes all of them so)."""
    others = []
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            weight = graph.initializer.add()
            weight.CopyFrom(node.attribute[0].t)
            weight.name = node.output[0]
        else:
            others.append(node)
    _replace(graph.node, others)


def _worth_halving(weight: TensorProto) -> bool:
    if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < LEAST_HALVED:
        return False
    return bool(np.abs(numpy_helper.to_array(weight)).max() <= LARGEST_HALF)


def _halve(weight: TensorProto) -> onnx.NodeProto:
    """Turn the weight into float16 under another name; the cast returned gives it its old name and type."""
    name = weight.name
    half = numpy_helper.to_array(weight).astype(np.float16)
    weight.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
    return helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT)
