"""ONNX graphs: what is stored small, what is dropped, what stays."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from chalicelib.modelkit.graph import LEAST_HALVED, Graph, Norm, finish, fold_norm, rename, take_bytes

RANDOM = np.random.default_rng(5)


def affine(weights: np.ndarray) -> onnx.ModelProto:
    graph = Graph()
    graph.add("MatMul", "input", graph.constant(weights), name="output")
    return graph.model({"input": ["N", len(weights)]}, {"output": ["N", weights.shape[1]]})


def run(data: bytes, x: np.ndarray) -> np.ndarray:
    name = onnx.load_from_string(data).graph.input[0].name
    result: np.ndarray = onnxruntime.InferenceSession(data).run(None, {name: x})[0]
    return result


def test_large_weights_are_stored_in_half_the_space_and_computed_in_full_precision() -> None:
    weights = RANDOM.normal(size=(64, 64)).astype(np.float32)
    full = affine(weights).SerializeToString()
    half = finish(affine(weights))
    assert len(half) < 0.6 * len(full)
    x = RANDOM.normal(size=(3, 64)).astype(np.float32)
    assert run(half, x).dtype == np.float32
    np.testing.assert_array_equal(run(half, x), run(finish(affine(weights.astype(np.float16).astype(np.float32))), x))
    np.testing.assert_allclose(run(half, x), x @ weights, atol=0.02)


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param(np.full((1, LEAST_HALVED - 1), 0.1, np.float32), id="small"),
        pytest.param(np.full((64, 64), 1e5, np.float32), id="beyond the range of float16"),
    ],
)
def test_what_half_precision_would_not_pay_or_not_hold_stays_as_it_is(weights: np.ndarray) -> None:
    (stored,) = onnx.load_from_string(finish(affine(weights))).graph.initializer
    np.testing.assert_array_equal(numpy_helper.to_array(stored), weights)


def test_the_same_model_gives_the_same_bytes() -> None:
    weights = RANDOM.normal(size=(64, 64)).astype(np.float32)
    other = affine(weights)
    other.producer_name, other.producer_version, other.doc_string = "another exporter", "9", "made on a Monday"
    other.graph.node[0].doc_string = "line 7"
    assert finish(other) == finish(affine(weights))


def test_constants_become_weights_and_what_nothing_reads_is_dropped() -> None:
    value = RANDOM.normal(size=(64, 64)).astype(np.float32)
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(value)),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 64]) for name in ("x", "y")]
    unread = numpy_helper.from_array(np.array([1, 2, 3]), "num_batches_tracked")
    model = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:], [unread]), opset_imports=[helper.make_opsetid("", 11)]
    )
    finished = finish(model)
    graph = onnx.load_from_string(finished).graph
    assert [node.op_type for node in graph.node] == ["Cast", "MatMul"]
    assert [weight.data_type for weight in graph.initializer] == [TensorProto.FLOAT16]
    np.testing.assert_allclose(run(finished, np.eye(64, dtype=np.float32)), value, rtol=1e-3, atol=1e-6)


def test_renaming_keeps_types_and_frees_dimensions() -> None:
    graph = Graph()
    graph.add("TopK", "x", graph.constant(np.array([2])), name="values", also=["indices"])
    model = graph.model({"x": [1, 8]}, {"values": [1, 2]}, integers={"indices": [1, 2]})
    data = finish(rename(model, {"input": ["N", "W"]}, {"best": ["N", 2], "where": ["N", 2]}))
    session = onnxruntime.InferenceSession(data)
    best, where = session.run(["best", "where"], {"input": np.array([[1, 5, 3], [9, 0, 8]], np.float32)})
    assert best.tolist() == [[5, 3], [9, 8]]
    assert where.tolist() == [[1, 2], [0, 2]]


def test_renaming_takes_weights_out_of_the_inputs() -> None:
    model = affine(np.eye(4, dtype=np.float32))
    model.graph.input.append(helper.make_tensor_value_info("c0", TensorProto.FLOAT, [4, 4]))
    renamed = rename(model, {"input": ["N", 4]}, {"output": ["N", 4]})
    assert [value.name for value in renamed.graph.input] == ["input"]


@pytest.mark.parametrize(
    ("mean", "deviation", "bgr", "expected"),
    [
        (0, 1, False, [1, 2, 3]),
        (127, 128, False, [-126 / 128, -125 / 128, -124 / 128]),
        (0, 255, True, [3 / 255, 2 / 255, 1 / 255]),
    ],
)
def test_bytes_become_what_the_network_was_trained_on(
    mean: float, deviation: float, bgr: bool, expected: list[float]
) -> None:
    found = run(
        finish(take_bytes(affine(np.eye(3, dtype=np.float32)), mean, deviation, bgr)), np.array([[1, 2, 3]], np.uint8)
    )
    np.testing.assert_allclose(found, [expected], rtol=1e-6)


def test_a_folded_normalisation_is_the_convolution_and_then_the_normalisation() -> None:
    kernel = RANDOM.normal(size=(5, 3)).astype(np.float32)
    norm = Norm(*RANDOM.uniform(0.5, 2, (4, 5)).astype(np.float32))
    folded, bias = fold_norm(kernel, norm, epsilon=1e-3)
    x = RANDOM.normal(size=3).astype(np.float32)
    expected = (kernel @ x - norm.mean) / np.sqrt(norm.variance + 1e-3) * norm.gamma + norm.beta
    np.testing.assert_allclose(folded @ x + bias, expected, rtol=1e-5)


def test_prelu() -> None:
    graph = Graph()
    y = graph.prelu("input", np.array([0.25, 2], np.float32))
    data = finish(graph.model({"input": ["N", 2]}, {y: ["N", 2]}))
    assert run(data, np.array([[-4, -4], [3, 3]], np.float32)).tolist() == [[-1, -8], [3, 3]]
