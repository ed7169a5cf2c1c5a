"""TensorFlow Lite to ONNX, for the convolutional networks that MediaPipe publishes.

A TFLite file is a flatbuffer: operators in the order in which they run, over numbered tensors laid out [N, H, W, C].
The ONNX graph keeps every four-dimensional tensor as [N, C, H, W], which is what onnxruntime is fast at, and every
other tensor as it is; the two meet at RESHAPE and MEAN. The batch is left open.

Source of the field numbers and operator codes: tensorflow/lite/schema/schema.fbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from . import mediapipe, tflite_operators
from .flatbuffer import Table
from .graph import Graph, Shape
from .tflite_operators import Step, channels_first

Array = NDArray[Any]

DTYPES: Mapping[int, np.dtype[Any]] = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("<i4")}
DEQUANTIZE = 6
STEPS: Mapping[int | str, Step] = {**tflite_operators.STEPS, **mediapipe.STEPS}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as the file states it."""

    name: str
    shape: tuple[int, ...]
    """[N, H, W, C] where it has four dimensions; N is 1."""
    value: Array | None
    """A constant's value, None for what is computed."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of the network."""

    kind: int | str
    """A builtin operator's code, or the name of a custom one."""
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    table: Table

    def option(self, field: int, kind: str = "b", default: int = 0) -> int:
        """A builtin option, by the index of its field in the operator's own options table."""
        options = self.table.table(4)
        return options.number(field, kind, default) if options else default

    @property
    def custom_options(self) -> bytes:
        """The options of a custom operator, in a form of its own."""
        return self.table.array(5, np.uint8).tobytes()


@dataclass(frozen=True, slots=True)
class Network:
    """A file, read."""

    tensors: Sequence[Tensor]
    operators: Sequence[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(data: bytes) -> Network:
    """Read the only subgraph of a TFLite file."""
    root = Table.root(data, b"TFL3")
    graphs = root.tables(2)
    if len(graphs) != 1:
        raise ValueError(f"one subgraph was expected, not {len(graphs)}")
    # Codes above 127 do not fit the field of old, which then holds 127.
    kinds = [code.text(1) or max(code.number(0, "b"), code.number(3, "i")) for code in root.tables(1)]
    buffers = root.tables(4)
    return Network(
        tensors=[_tensor(table, buffers) for table in graphs[0].tables(0)],
        operators=[
            Operator(kinds[table.number(0, "I")], _indices(table, 1), _indices(table, 2), table)
            for table in graphs[0].tables(3)
        ],
        inputs=_indices(graphs[0], 1),
        outputs=_indices(graphs[0], 2),
    )


def convert(data: bytes) -> onnx.ModelProto:
    """The same network in ONNX.

    Inputs are [batch, C, H, W]; the outputs of the networks that `mediapipe` knows have its names and shapes, those
    of others keep the names of their tensors. Weights that the file stores as float16 come out as the same numbers in
    float32; `graph.finish` stores them small again without loss.

    Raises ValueError where the bytes are no TFLite file, end too soon, or hold an operator or an option that is not
    known here.
    """
    return Conversion(read(data)).model()


def _indices(table: Table, field: int) -> tuple[int, ...]:
    return tuple(table.array(field, np.int32).tolist())


def _tensor(table: Table, buffers: Sequence[Table]) -> Tensor:
    shape = _indices(table, 0)
    raw = buffers[table.number(2, "I")].array(0, np.uint8)
    value = None
    if raw.size:
        kind = table.number(1, "b")
        if kind not in DTYPES:
            raise ValueError(f"{table.text(3)}: constants of type {kind} are not known here")
        value = raw.view(DTYPES[kind]).reshape(shape)
    return Tensor(table.text(3), shape, value)


class Conversion:
    """A network on its way: `names` holds for each tensor number its name in the ONNX graph."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.graph = Graph()
        self.names: dict[int, str] = {}
        self.constants = {i: tensor.value for i, tensor in enumerate(network.tensors) if tensor.value is not None}

    def model(self) -> onnx.ModelProto:
        """Convert everything, in the order of the file."""
        inputs: dict[str, Shape] = {}
        for index in self.network.inputs:
            _, height, width, channels = self.shape(index)
            self.names[index] = mediapipe.INPUTS.get(self.network.tensors[index].name, f"input_{index}")
            inputs[self.names[index]] = ["batch", channels, height, width]
        for operator in self.network.operators:
            self.step(operator)
        return self.graph.model(inputs, self.outputs())

    def step(self, operator: Operator) -> None:
        """Add one operator's nodes to the graph, or fold it where it only unpacks a constant."""
        result = operator.outputs[0]
        if operator.kind == DEQUANTIZE:
            self.constants[result] = self.constant(operator.inputs[0]).astype(np.float32)
        elif operator.kind in STEPS:
            self.names[result] = STEPS[operator.kind](self, operator)
        else:
            raise ValueError(f"the operator {operator.kind} is not known here")

    def shape(self, index: int) -> tuple[int, ...]:
        """A tensor's shape as the file states it: [N, H, W, C] where it has four dimensions."""
        return self.network.tensors[index].shape

    def constant(self, index: int) -> Array:
        """The value of a tensor that must be constant."""
        if index not in self.constants:
            raise ValueError(f"{self.network.tensors[index].name} should be a constant")
        return self.constants[index]

    def operand(self, index: int, rank: int) -> str:
        """The ONNX name of what is broadcast against a tensor of `rank` dimensions, constant or not."""
        if index not in self.constants:
            return self.names[index]
        value = self.constants[index]
        return self.graph.constant(channels_first(value) if rank == 4 else value)

    def outputs(self) -> dict[str, Shape]:
        """Give the outputs their names and shapes."""
        tensors = [self.network.tensors[i] for i in self.network.outputs]
        known = mediapipe.OUTPUTS.get(tuple(tensor.name for tensor in tensors))
        shapes = known or {tensor.name: tensor.shape[1:] for tensor in tensors}
        for index, (name, shape) in zip(self.network.outputs, shapes.items(), strict=True):
            flat = self.channels_last(index)
            self.graph.add("Reshape", flat, self.graph.constant(np.array([-1, *shape])), name=name)
        return {name: ["batch", *shape] for name, shape in shapes.items()}

    def channels_last(self, index: int) -> str:
        """The tensor with its elements in TFLite's order (where H = W = 1 or C = 1 they are already)."""
        shape = self.shape(index)
        if len(shape) != 4 or shape[3] == 1 or shape[1] == shape[2] == 1:
            return self.names[index]
        return self.graph.add("Transpose", self.names[index], perm=[0, 2, 3, 1])
