"""dlib's format, on a network of four channels written by hand and computed by its definition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from chalicelib.modelkit import dlib, resnet
from chalicelib.modelkit.graph import finish

Array = NDArray[np.float32]
RANDOM = np.random.default_rng(11)
MEANS = (122.5, 117.0, 104.25)


def integer(value: int) -> bytes:
    magnitude = abs(value).to_bytes((abs(value).bit_length() + 7) // 8, "little")
    return bytes([len(magnitude) | (0x80 if value < 0 else 0)]) + magnitude


def integers(*values: int) -> bytes:
    return b"".join(map(integer, values))


def real(value: float) -> bytes:
    """All reals of the tests are multiples of 1/4."""
    return integers(round(value * 4), -2)


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def tensor(values: Array) -> bytes:
    return integers(2, values.size, 1, 1, 1) + values.astype("<f4").tobytes()


ALIAS = integers(1, 0, 0, 0, 0)
NOTHING = tensor(np.zeros(0, np.float32))
REALS = real(1) + real(0.25) + real(0) + real(-0.5)


def layer(details: bytes, version: int = 2) -> bytes:
    return details + b"010" + NOTHING * 3 + (integer(0) if version == 3 else b"")


def convolution(kernel: Array, bias: Array, stride: int, pad: int) -> bytes:
    filters, _, rows, columns = kernel.shape
    sizes = integers(filters, rows, columns, stride, stride, pad, pad)
    return text("con_4") + tensor(np.append(kernel, bias)) + sizes + ALIAS * 2 + REALS


def affine(gamma: Array, beta: Array) -> bytes:
    return text("affine_") + tensor(np.append(gamma, beta)) + ALIAS * 2 + integer(0)


def pool(kind: str, side: int, stride: int) -> bytes:
    return text(kind) + integers(side, side, stride, stride, 0, 0)


RELU, ADD = text("relu_"), text("add_prev_")

STEM = RANDOM.normal(size=(4, 3, 7, 7)).astype(np.float32), RANDOM.normal(size=4).astype(np.float32)
DOWN = RANDOM.normal(size=(6, 4, 3, 3)).astype(np.float32), RANDOM.normal(size=6).astype(np.float32)
SCALES = [RANDOM.uniform(0.5, 2, n).astype(np.float32) for n in (4, 4, 6, 6)]
DENSE = RANDOM.normal(size=(6, 5)).astype(np.float32)


def network() -> bytes:
    """Stem, one module that halves the sides and widens (tag1, ..., tag2, skip1, pool, add), average, dense."""
    tag = None
    body = [
        layer(convolution(*STEM, 2, 0), version=3),
        layer(affine(*SCALES[:2])),
        layer(RELU),
        layer(pool("max_pool_2", 3, 2)),
        tag,
        layer(convolution(*DOWN, 2, 0)),
        layer(affine(*SCALES[2:])),
        tag,
        tag,
        layer(pool("avg_pool_2", 2, 2)),
        layer(ADD),
        layer(pool("avg_pool_2", 0, 1)),
        layer(text("fc_2") + integers(5, 6) + tensor(DENSE) + ALIAS * 2 + integer(1) + REALS),
    ]
    headers = [1 if each is tag else 2 for each in body]
    headers[0] = 3
    start = integer(1) + text("loss_metric_2") + real(0.25) + real(0.5)
    image = text("input_rgb_image_sized") + b"".join(map(real, MEANS)) + integers(150, 150)
    return start + integers(*reversed(headers)) + image + b"".join(each for each in body if each is not tag)


def windows(x: Array, side: int, stride: int) -> Array:
    view: Array = sliding_window_view(x, (side, side), axis=(1, 2))[:, ::stride, ::stride]
    return view


def by_definition(pixels: Array) -> tuple[Array, Array]:
    """The embedding, and the features: the last average, and the rows of what the last module was given."""
    x = (pixels - np.reshape(MEANS, (3, 1, 1))) / 256
    x = np.einsum("cyxij,fcij->fyx", windows(x, 7, 2), STEM[0]) + STEM[1][:, None, None]
    x = np.maximum(x * SCALES[0][:, None, None] + SCALES[1][:, None, None], 0)
    x = windows(x, 3, 2).max((3, 4))
    y = np.einsum("cyxij,fcij->fyx", windows(x, 3, 2), DOWN[0]) + DOWN[1][:, None, None]
    y = y * SCALES[2][:, None, None] + SCALES[3][:, None, None]
    shortcut = windows(x, 2, 2).mean((3, 4))
    total = np.zeros(np.maximum(y.shape, shortcut.shape))
    for each in (y, shortcut):
        total[: each.shape[0], : each.shape[1], : each.shape[2]] += each
    features = np.append(total.mean((1, 2)), x.mean(2))
    return total.mean((1, 2)) @ DENSE, features


def test_a_network_computes_what_its_layers_define() -> None:
    pixels = RANDOM.uniform(0, 255, (2, 3, 150, 150)).astype(np.float32)
    session = onnxruntime.InferenceSession(finish(resnet.convert(network())))
    found = session.run(["embedding", "features"], {"input": pixels})
    for output, expected in zip(found, zip(*map(by_definition, pixels), strict=True), strict=True):
        np.testing.assert_allclose(output, expected, rtol=2e-3, atol=2e-3)


def test_numbers() -> None:
    reader = dlib.Reader(integers(0, 1, -1, 255, -256, 1 << 40) + integers(3, 5) + real(-104.25))
    assert reader.integers(6) == (0, 1, -1, 255, -256, 1 << 40)
    assert reader.reals(2) == (3 * 2**5, -104.25)


def damaged() -> Iterator[tuple[str, bytes]]:
    whole = network()
    for length in (0, 1, 20, len(whole) // 2, len(whole) - 1):
        yield f"cut to {length}", whole[:length]
    yield "another kind of network", whole.replace(b"loss_metric_2", b"loss_ranking_")
    yield "another input", whole.replace(b"input_rgb_image_sized", b"input_rgb_image_other")
    yield "an unknown layer", whole.replace(b"max_pool_2", b"sum_pool_2")
    yield "numbers that are not finite", whole.replace(real(0.25) + real(0.5), integers(1, 32000) + real(0.5), 1)
    yield "nothing of dlib's", b"GIF89a" + bytes(100)


@pytest.mark.parametrize(("name", "data"), list(damaged()), ids=[name for name, _ in damaged()])
def test_a_damaged_file_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"dlib|expected|network"):
        resnet.convert(data)


def test_a_layer_out_of_place_is_refused() -> None:
    header = integer(1) + text("loss_metric_2") + real(0.25) + real(0.5) + integers(3)
    image = text("input_rgb_image_sized") + b"".join(map(real, MEANS)) + integers(150, 150)
    with pytest.raises(ValueError, match="affine layer where none is expected"):
        resnet.convert(header + image + layer(affine(*SCALES[:2]), version=3))
