"""TFLite to ONNX: the reader on files built by hand, operators against their definitions, built models pinned."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image

from chalicelib.modelkit.flatbuffer import Table
from chalicelib.modelkit.flatbuffer import flexbuffer as read_flexbuffer
from chalicelib.modelkit.graph import finish
from chalicelib.modelkit.tflite import convert, read
from chalicelib.vision.sessions import Sessions

from .flatbuffers_by_hand import flatbuffer, flexbuffer, network

Array = NDArray[np.float32]

CONV, DEPTHWISE, DEQUANTIZE, MAX_POOL, RESHAPE, RESIZE, PAD, MEAN, PRELU = 3, 4, 6, 17, 22, 23, 34, 40, 54
RELU6 = 3


def run(data: bytes, x: NDArray[Any]) -> Array:
    """The converted network on `x` [N, H, W, C], as the pack stores it."""
    session = onnxruntime.InferenceSession(finish(convert(data)), providers=["CPUExecutionProvider"])
    feed = np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)
    result: Array = session.run(None, {session.get_inputs()[0].name: feed})[0]
    return result


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# The reader


def test_a_table_gives_its_fields_and_its_defaults() -> None:
    root = Table.root(flatbuffer({0: -3, 2: b"name", 4: [{1: 7}, {}], 5: np.array([1, 2], np.int32)}, b"TEST"), b"TEST")
    assert root.number(0, "i") == -3
    assert root.number(1, "i", 9) == 9
    assert root.number(99, "i", 8) == 8
    assert root.text(2) == "name"
    assert [table.number(1, "i") for table in root.tables(4)] == [7, 0]
    assert root.array(5, np.int32).tolist() == [1, 2]
    assert root.table(3) is None
    assert root.tables(3) == []


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not a TFL3 flatbuffer"):
        convert(flatbuffer({}, b"TEST"))
    with pytest.raises(ValueError, match="not a TFL3 flatbuffer"):
        convert(b"")


def test_a_file_cut_short_is_refused_wherever_it_is_cut() -> None:
    data = network([[1, 2, 2, 3], [1, 12]], {}, [(RESHAPE, [0], 1, {})])
    for length in range(len(data)):
        with pytest.raises(ValueError, match=r"cut short|not a TFL3|past the end|one subgraph"):
            read(data[:length])


def test_options_of_custom_operators() -> None:
    options: dict[str, Any] = {"height": 16, "scale": 1.5, "indices": [3, 300, 7], "turn": -0.25}
    assert read_flexbuffer(flexbuffer(options)) == options


def test_options_as_mediapipe_writes_them() -> None:
    """From TransformTensorBilinear of the face mesh: one byte a number."""
    data = b"output_height\0output_width\0\x02\x1c\x0f\x02\x01\x02\x10\x10\x04\x04\x04$\x01"
    assert read_flexbuffer(data) == {"output_height": 16, "output_width": 16}


# The operators, against their definitions


@pytest.mark.parametrize(("size", "stride", "before"), [(5, 2, 1), (6, 2, 0), (6, 1, 1), (7, 3, 1)])
def test_same_padding_puts_the_odd_pixel_right_and_below(size: int, stride: int, before: int) -> None:
    kernel = random(2, 3, 3, 4).astype(np.float16)
    out = -(-size // stride)
    data = network(
        [[1, size, size, 4], [2, 3, 3, 4], [2, 3, 3, 4], [2], [1, out, out, 2]],
        {1: kernel, 3: np.array([0.5, -0.5], np.float32)},
        [(DEQUANTIZE, [1], 2, {}), (CONV, [0, 2, 3], 4, {4: {1: stride, 2: stride, 3: RELU6}})],
    )
    x = random(2, size, size, 4, seed=1)
    padded = np.pad(x, ((0, 0), (before, 3), (before, 3), (0, 0)))
    expected = np.zeros((2, out, out, 2))
    for row in range(out):
        for column in range(out):
            window = padded[:, row * stride : row * stride + 3, column * stride : column * stride + 3]
            expected[:, row, column] = np.einsum("nhwc,ohwc->no", window, kernel.astype(np.float32))
    expected += np.array([0.5, -0.5])
    np.testing.assert_allclose(run(data, x), expected.clip(0, 6), atol=1e-5)


def test_a_depthwise_convolution_keeps_channels_apart() -> None:
    kernel = random(1, 1, 1, 3)
    data = network(
        [[1, 2, 2, 3], [1, 1, 1, 3], [3], [1, 2, 2, 3]],
        {1: kernel, 2: np.array([1, 2, 3], np.float32)},
        [(DEPTHWISE, [0, 1, 2], 3, {4: {0: 1}})],
    )
    x = random(1, 2, 2, 3, seed=1)
    np.testing.assert_allclose(run(data, x), x * kernel + [1, 2, 3], atol=1e-6)


def test_prelu_slopes_differ_by_channel() -> None:
    slope = np.array([[[0.1, 0.5]]], np.float32)
    data = network([[1, 3, 3, 2], [1, 1, 2], [1, 3, 3, 2]], {1: slope}, [(PRELU, [0, 1], 2, {})])
    x = random(4, 3, 3, 2)
    np.testing.assert_allclose(run(data, x), np.where(x > 0, x, x * slope), atol=1e-6)


def test_padding_and_reshaping_count_channels_last() -> None:
    pads = np.array([[0, 0], [0, 0], [1, 0], [0, 2]], np.int32)
    data = network(
        [[1, 2, 2, 3], [4, 2], [1, 2, 3, 5], [1, 30]],
        {1: pads},
        [(PAD, [0, 1], 2, {}), (RESHAPE, [2], 3, {})],
    )
    x = random(3, 2, 2, 3)
    np.testing.assert_array_equal(run(data, x), np.pad(x, ((0, 0), *pads[1:])).reshape(3, 30))


def test_pooling_and_mean() -> None:
    data = network(
        [[1, 4, 4, 2], [1, 2, 2, 2], [2], [1, 2]],
        {2: np.array([1, 2], np.int32)},
        [(MAX_POOL, [0], 1, {4: {1: 2, 2: 2, 3: 2, 4: 2}}), (MEAN, [1, 2], 3, {})],
    )
    x = random(2, 4, 4, 2)
    expected = x.reshape(2, 2, 2, 2, 2, 2).max(axis=(2, 4)).mean(axis=(1, 2))
    np.testing.assert_allclose(run(data, x), expected, atol=1e-6)


def test_what_is_not_known_is_refused() -> None:
    shapes = [[1, 2, 2, 1], [2], [1, 4, 4, 1]]
    with pytest.raises(ValueError, match="operator 126 is not known"):
        convert(network(shapes, {}, [(126, [0], 2, {})]))
    with pytest.raises(ValueError, match="operator Mystery is not known"):
        convert(network(shapes, {}, [("Mystery", [0], 2, {})]))
    with pytest.raises(ValueError, match="half-pixel centres"):
        convert(network(shapes, {1: np.array([4, 4], np.int32)}, [(RESIZE, [0, 1], 2, {})]))


# The operators of MediaPipe

REGION: dict[str, Any] = {
    "left_rotation_idx": 0,
    "output_height": 4,
    "output_width": 4,
    "right_rotation_idx": 1,
    "scale_x": 1.5,
    "scale_y": 2.0,
    "subset_idxs": [0, 1, 2, 2],
    "target_rotation_radians": 0.0,
}


def test_landmarks_become_the_matrix_of_their_region() -> None:
    """Each face of a batch has its own: upright after a turn of 90 degrees, as wide as its points are apart."""
    data = network(
        [[1, 1, 1, 9], [1, 3, 3], [1, 4, 4]],
        {},
        [
            (RESHAPE, [0], 1, {}),
            ("Landmarks2TransformMatrix", [1], 2, {5: np.frombuffer(flexbuffer(REGION), np.uint8)}),
        ],
    )
    level = [[0, 0, 5], [8, 0, 5], [4, 2, 5]]
    upended = [[10, 0, 0], [10, 8, 0], [8, 4, 0]]
    matrices = run(data, np.array([level, upended]).reshape(2, 1, 1, 9))
    # The corner of the output is the centre less half the scaled size; its axes are an output pixel long.
    expected = np.array([
        [[3, 0, 0, 4 - 6], [0, 1, 0, 1 - 2], [0, 0, 1, 0], [0, 0, 0, 1]],
        [[0, -1, 0, 9 + 2], [3, 0, 0, 4 - 6], [0, 0, 1, 0], [0, 0, 0, 1]],
    ])  # fmt: skip
    np.testing.assert_allclose(matrices, expected, atol=1e-5)


def test_a_region_that_is_turned_is_refused() -> None:
    options = flexbuffer(REGION | {"target_rotation_radians": 0.5})
    data = network(
        [[1, 1, 1, 9], [1, 3, 3], [1, 4, 4]],
        {},
        [(RESHAPE, [0], 1, {}), ("Landmarks2TransformMatrix", [1], 2, {5: np.frombuffer(options, np.uint8)})],
    )
    with pytest.raises(ValueError, match="turned upright"):
        convert(data)


def test_a_region_is_cut_out_of_its_own_feature_map() -> None:
    """The identity cuts the corner out; the feature map's first eight numbers are the rows of the matrix."""
    size = {"output_height": 2, "output_width": 2}
    steps: list[Any] = [
        (RESHAPE, [0], 1, {}),
        (4, [0, 3, 4], 2, {4: {0: 1}}),
        ("TransformTensorBilinear", [2, 1], 5, {5: np.frombuffer(flexbuffer(size), np.uint8)}),
    ]
    constants = {3: np.ones((1, 1, 1, 1), np.float32), 4: np.zeros(1, np.float32)}
    data = network([[1, 4, 4, 1], [1, 4, 4], [1, 4, 4, 1], [1, 1, 1, 1], [1], [1, 2, 2, 1]], constants, steps)
    moved = np.eye(4)
    moved[0, 3], moved[1, 3] = 1, 2
    result = run(data, np.stack([np.eye(4), moved])[..., None])
    np.testing.assert_allclose(result[..., 0], [[[1, 0], [0, 1]], [[0, 1], [0, 0]]], atol=1e-6)


# The built models. Pinned where TensorFlow Lite's own interpreter gave the same to 2e-4, MediaPipe to .2 px.


def portrait(photo: bytes, box: tuple[int, int, int, int], side: int) -> NDArray[np.uint8]:
    """Part of a photo as [1, 3, side, side], RGB."""
    crop = Image.open(io.BytesIO(photo)).convert("RGB").resize((side, side), Image.Resampling.BILINEAR, box)
    return np.asarray(crop).transpose(2, 0, 1)[None]


def test_face_mesh(sessions: Sessions, astronaut: bytes) -> None:
    face = portrait(astronaut, (135, 35, 315, 215), 192)
    mesh, lips, left_eye, right_eye, left_iris, right_iris, flag = sessions.run("face_mesh", {"input": face})
    expected = [[95.5, 102.5], [64.3, 68.6], [129.3, 72.2], [70.8, 112.4], [118.4, 113.7], [94.1, 152.7]]
    np.testing.assert_allclose(mesh[0, [1, 33, 263, 61, 291, 152], :2], expected, atol=0.6)
    np.testing.assert_allclose([left_iris[0, 0], right_iris[0, 0]], [[72.7, 70.3], [119.1, 73.0]], atol=0.6)
    np.testing.assert_allclose(lips[0, 0], [72.2, 111.0], atol=0.6)
    assert left_eye[0, :, 0].max() < right_eye[0, :, 0].min()
    assert flag[0, 0] > 10


def test_a_batch_of_faces_gives_what_each_gives_alone(sessions: Sessions, astronaut: bytes) -> None:
    boxes = [(135, 35, 315, 215), (150, 50, 300, 200), (0, 0, 512, 512)]
    faces = np.concatenate([portrait(astronaut, box, 192) for box in boxes])
    together = sessions.run("face_mesh", {"input": faces})
    alone = [sessions.run("face_mesh", {"input": faces[i : i + 1]}) for i in range(3)]
    for output, *singles in zip(together, *alone, strict=True):
        np.testing.assert_allclose(output, np.concatenate(singles), atol=1e-3)


def test_selfie_segmentation(sessions: Sessions, astronaut: bytes) -> None:
    (mask,) = sessions.run("selfie_segmentation", {"input": portrait(astronaut, (0, 0, 512, 512), 256)})
    assert mask.shape == (1, 256, 256)
    assert mask[0, 60, 110] > 0.95  # her forehead
    assert mask[0, 5, 5] < 0.05  # the flag behind her
    assert mask.mean() == pytest.approx(0.540, abs=0.01)


def gradient(side: int) -> NDArray[np.uint8]:
    return np.rint(np.linspace(0, 255, 3 * side * side)).astype(np.uint8).reshape(1, 3, side, side)


def test_palm_detection(sessions: Sessions) -> None:
    if not sessions.available("palm_detection"):
        pytest.skip("the hands pack is not built: run `lookalike models pull hands`")
    boxes, scores = sessions.run("palm_detection", {"input": gradient(192)})
    np.testing.assert_allclose(boxes[0, 0, :4], [-5.56, -4.42, 18.59, 18.59], atol=0.05)
    np.testing.assert_allclose(scores[0, :4], [-9.97, -14.94, -12.90, -14.98], atol=0.05)


def test_hand_landmark(sessions: Sessions) -> None:
    if not sessions.available("hand_landmark"):
        pytest.skip("the hands pack is not built: run `lookalike models pull hands`")
    landmarks, presence, right, world = sessions.run("hand_landmark", {"input": gradient(224)})
    np.testing.assert_allclose(landmarks[0, :2, :2], [[123.6, 177.7], [122.8, 160.4]], atol=0.5)
    assert presence[0, 0] == pytest.approx(0.0011, abs=0.0005)
    assert right[0, 0] == pytest.approx(0.831, abs=0.01)
    assert world.shape == (1, 21, 3)
