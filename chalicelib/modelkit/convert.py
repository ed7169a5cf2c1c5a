"""From a published file's bytes to ours: one converter for each format, then what is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import onnx

from . import efficientnet, graph, keras, minifasnet, resnet, tflite
from .manifest import Model

CONVERTERS: Mapping[str, Callable[[bytes], onnx.ModelProto]] = {
    "onnx": onnx.load_from_string,
    "dlib": resnet.convert,
    "tflite": tflite.convert,
    "keras/mini_xception": keras.convert,
    "torch/efficientnet_lite0": efficientnet.convert,
    "torch/minifasnet": minifasnet.convert,
}


def build(model: Model, data: bytes) -> bytes:
    """The ONNX file of `model`, made of the bytes of its source; the same bytes on every machine.

    Raises ValueError where `data` is not in the format that the manifest states.
    """
    kind = f"{model.format}/{model.network}" if model.network else model.format
    converted = CONVERTERS[kind](data)
    named = graph.rename(converted, model.inputs, model.outputs)
    if (pixels := model.pixels) is not None:
        named = graph.take_bytes(named, pixels.mean, pixels.deviation, pixels.bgr)
    return graph.finish(named)
