"""The built models: their inputs and outputs are the manifest's, and on a synthetic picture they answer what is pinned.

The picture is a sum of waves, which no decoder or resizer can change. The pins were written by the models as built on
2026-11-22 and are wide enough for the kernels of other processors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from chalicelib.errors import SetupError
from chalicelib.modelkit import packs
from chalicelib.modelkit.manifest import Manifest, Model
from chalicelib.vision.sessions import Sessions

MANIFEST = Manifest.load()
SIZES = {"N": 2, "H": 96, "W": 128}

PINS: Mapping[str, Mapping[str, list[float]]] = {
    "centerface": {
        "heatmap": [0.0015136, 0.0048316, 0.0013944, 0.0041248, 0.0024996, 0.0018521],
        "scale": [2.1176, 2.7601, 3.0069, 2.5421, 2.2117, 1.6255],
        "offset": [0.057406, -0.055512, -0.018261, 0.019028, -0.078731, -0.12265],
        "landmarks": [0.39348, 0.74656, 0.36177, 0.3537, 0.5185, 0.66139],
    },
    "face_embedding": {
        "embedding": [-0.089755, 0.14665, 0.0073783, -0.25303, 0.33337, 0.00013326],
        "features": [1.554, 1.5393, 1.5451, 1.063, 2.2372, 1.4067],
    },
    "face_mesh": {
        "mesh": [98.936, 56.461, 117.3, 104.29, 100.34, 5.3973],
        "lips": [72.477, 122.14, 126.8, 128.93, 140.59, 134.91],
        "left_eye": [55.31, 65.665, 86.997, 84.084, 69.988, 82.504],
        "right_eye": [119.3, 118.37, 81.561, 76.341, 120.84, 77.984],
        "left_iris": [73.777, 71.686, 72.489, 82.01, 78.423, 85.456],
        "right_iris": [116.76, 70.768, 70.896, 78.587, 75.16, 82.061],
        "flag": [-12.753, -12.753, -12.753, -12.753, -12.753, -12.667],
    },
    "selfie_segmentation": {
        "mask": [0.57321, 1.0, 1.0, 1.0, 1.0, 1.0],
    },
    "efficientnet_lite0": {
        "logits": [0.34891, 0.36983, -4.6897, 1.5285, 4.0586, -3.2027],
        "features": [0.0, 0.0, 0.0, 0.86375, 0.0, 0.0],
        "maps": [7.314, 8.5122, 6.5191, 7.9618, 7.3303, 3.6087],
        "top": [616.0, 65.0, 998.0, 398.0, 971.0, 406.0],
    },
    "expressions": {
        "probabilities": [0.073159, 0.037942, 0.0078462, 0.15793, 0.32508, 0.39928],
    },
    "ocr_detection": {
        "probability": [0.0, 0.001028, 0.00063208, 0.00015554, 0.0073958, 8.9407e-07],
    },
    "ocr_recognition": {
        "probabilities": [0.99975, 8.2672e-09, 3.4794e-09, 6.9944e-09, 1.7824e-08, 1.6785e-05],
    },
    "palm_detection": {
        "boxes": [-0.11358, 2.6635, -7.7291, 32.991, 6.2823, 6.8373],
        "scores": [-6.6181, -6.5459, -5.591, -6.1345, -10.172, -8.8676],
    },
    "hand_landmark": {
        "landmarks": [123.34, 94.466, -12.215, 116.21, 93.125, -11.167],
        "presence": [0.00011799, 0.00011799, 0.00011799, 0.00011799, 0.00011799, 5.8502e-05],
        "right": [0.63603, 0.63603, 0.63603, 0.63603, 0.63603, 0.65358],
        "world": [0.0063522, -0.06025, 0.082509, -0.0025987, -0.07618, 0.05166],
    },
    "fastestdet": {
        "cells": [0.0091868, 0.014689, 0.0042771, 0.0055019, 0.016253, 0.016675],
    },
    "yunet": {
        "cls_8": [0.62914, 0.55266, 0.52698, 0.66647, 0.58786, 0.55624],
        "cls_16": [0.58464, 0.52752, 0.51367, 0.52325, 0.54116, 0.57805],
        "cls_32": [0.60982, 0.5782, 0.59757, 0.56676, 0.57573, 0.547],
        "obj_8": [3.9637e-06, 4.1693e-05, 0.00014567, 0.00010508, 3.8743e-07, 0.0011568],
        "obj_16": [0.00044295, 2.3037e-05, 9.4175e-05, 9.0003e-06, 2.6882e-05, 0.0024201],
        "obj_32": [0.00010586, 0.00023496, 0.00069511, 0.00077364, 0.0010248, 0.0004274],
        "bbox_8": [0.5131, 0.43273, 1.5843, 0.64189, 0.18535, 0.97903],
        "bbox_16": [0.45271, 0.30049, 0.34818, 0.24146, 0.45043, 0.18313],
        "bbox_32": [1.1792, 1.4367, 1.0963, -0.26413, 0.24647, 1.1226],
        "kps_8": [-0.041948, -0.99705, 2.3872, 0.18737, 1.6121, 0.77624],
        "kps_16": [0.20163, 0.59375, 0.30144, 0.84283, 0.38252, 0.50656],
        "kps_32": [0.76251, 0.40064, 1.4261, -0.003521, 0.48118, 0.97514],
    },
    "minifasnet_v2": {
        "probabilities": [1.2143e-06, 0.88222, 0.11778, 3.0916e-07, 0.27648, 0.72352],
    },
    "minifasnet_v1se": {
        "probabilities": [7.5077e-06, 0.93207, 0.067925, 1.2185e-06, 0.97529, 0.024705],
    },
    "nudenet_320n": {
        "boxes": [14.925, 5.2631e-05, 0.00015792, 1.3679e-05, 1.7017e-05, 0.00023395],
    },
}


def waves(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Pictures [N, C, H, W], each image and channel with waves of its own, 0 to 1."""
    image, channel, row, column = np.indices(shape)
    phase = 0.11 * row + 0.07 * column + 0.9 * channel + 1.7 * image
    wave = (np.sin(phase) + np.sin(0.031 * row * (1 + channel) - 0.05 * column)) / 4 + 0.5
    pictures: NDArray[np.float32] = wave.astype(np.float32)
    return pictures


def picture(model: Model) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Bytes where the model takes them, else -1 to 1; red first where the pins' blue was."""
    (shape,) = model.inputs.values()
    wave = waves(tuple(SIZES[each] if isinstance(each, str) else each for each in shape))
    if model.pixels is None:
        return wave * 2 - 1
    return np.rint(255 * (wave[:, ::-1] if model.pixels.bgr else wave)).astype(np.uint8)


def sample(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Six values from all over an output."""
    return values.flat[np.linspace(0, values.size - 1, 6).astype(int)]


def answers(sessions: Sessions, name: str) -> Mapping[str, NDArray[np.float32]]:
    if not sessions.available(name):
        pytest.skip(f"the pack {MANIFEST.models[name].pack} is not built: `lookalike models pull` it")
    names = [output.name for output in sessions.session(name).get_outputs()]
    return dict(zip(names, sessions.run(name, {"input": picture(MANIFEST.models[name])}), strict=True))


@pytest.mark.parametrize("name", MANIFEST.models)
def test_inputs_and_outputs_are_the_manifests(sessions: Sessions, name: str) -> None:
    model = MANIFEST.models[name]
    found = answers(sessions, name)
    assert list(found) == list(model.outputs)
    session = sessions.session(name)
    assert {each.name: each.shape for each in session.get_inputs()} == model.inputs
    for output, shape in model.outputs.items():
        fixed = [(size, found[output].shape[i]) for i, size in enumerate(shape) if isinstance(size, int)]
        assert all(stated == real for stated, real in fixed), output
        assert len(shape) == found[output].ndim
        assert "N" not in shape or found[output].shape[0] == SIZES["N"]


@pytest.mark.parametrize("name", MANIFEST.models)
def test_outputs_are_what_they_were(sessions: Sessions, name: str) -> None:
    for output, values in answers(sessions, name).items():
        pin = np.array(PINS[name][output])
        np.testing.assert_allclose(sample(values), pin, rtol=0.02, atol=0.01 * max(1e-3, np.abs(values).max()))


@pytest.mark.parametrize("name", [name for name, model in MANIFEST.models.items() if model.inputs["input"][0] == "N"])
def test_a_batch_answers_what_each_of_its_images_does(sessions: Sessions, name: str) -> None:
    batch = answers(sessions, name)
    images = picture(MANIFEST.models[name])
    alone = [sessions.run(name, {"input": image[None]}) for image in images]
    for number, values in enumerate(batch.values()):
        if values.dtype == np.float32:
            np.testing.assert_allclose(values, np.concatenate([each[number] for each in alone]), rtol=1e-2, atol=2e-3)


def test_the_recognition_model_keeps_its_characters(models: Path) -> None:
    model = onnx.load(models / "core" / "ocr_recognition.onnx")
    (characters,) = (entry.value.split("\n") for entry in model.metadata_props if entry.key == "character")
    _, _, classes = MANIFEST.models["ocr_recognition"].outputs["probabilities"]
    assert len(characters) + 2 == classes  # the blank before them and the space after them
    assert "A" in characters


def test_activation_maps_are_the_logits_before_averaging(sessions: Sessions) -> None:
    found = answers(sessions, "efficientnet_lite0")
    logits = np.take_along_axis(found["logits"], found["top"].astype(int), axis=1)
    assert (np.diff(logits, axis=1) <= 0).all()
    bias = logits - found["maps"].mean((2, 3))
    again = sessions.run(
        "efficientnet_lite0",
        {"input": picture(MANIFEST.models["efficientnet_lite0"])[:, :, ::-1].copy()},
    )
    other = dict(zip(MANIFEST.models["efficientnet_lite0"].outputs, again, strict=True))
    for image in range(len(logits)):
        biases = dict(zip(found["top"][image], bias[image], strict=True))
        rest = np.take_along_axis(other["logits"], other["top"].astype(int), axis=1) - other["maps"].mean((2, 3))
        shared = [(biases[top], rest[image][i]) for i, top in enumerate(other["top"][image]) if top in biases]
        np.testing.assert_allclose([a for a, _ in shared], [b for _, b in shared], atol=5e-3)


# The manifest itself


def test_every_model_says_all_that_a_person_should_know() -> None:
    for name, model in MANIFEST.models.items():
        assert model.pack in MANIFEST.packs, name
        assert all([model.licence, model.trained_on, model.stated, model.measured, model.meaning]), name
        assert all(len(each) == 64 for each in (model.sha256, model.member_sha256)), name
        assert MANIFEST.sources[model.source].sha256, name
        assert not MANIFEST.packs[model.pack].accept or model.licence == MANIFEST.packs[model.pack].accept


def test_every_source_is_pinned_and_comes_from_somewhere() -> None:
    for name, source in MANIFEST.sources.items():
        assert len(source.sha256) == 64, name
        assert source.requirement.count("==") == 1 or source.url.startswith("https://"), name
        assert name in {model.source for model in MANIFEST.models.values()}


def test_the_68_point_predictor_is_not_used() -> None:
    """It was trained on iBUG 300-W, which excludes commercial use."""
    assert not [name for name, model in MANIFEST.models.items() if "68" in model.member]


def test_the_core_pack_asks_for_no_acceptance_and_for_no_address() -> None:
    sources = {model.source for model in MANIFEST.of("core").values()}
    assert not MANIFEST.packs["core"].accept
    assert all(MANIFEST.sources[name].requirement for name in sources)


def test_the_built_core_pack_has_the_pinned_sums(models: Path) -> None:
    assert {each.name: each.state for each in packs.verify(models, "core")} == dict.fromkeys(
        MANIFEST.of("core"), "built"
    )


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="lookalike models pull"):
        Sessions(tmp_path).session("centerface")
