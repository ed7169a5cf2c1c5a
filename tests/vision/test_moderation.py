"""Moderation: AWS's taxonomy, and no label without evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from chalicelib.vision.moderation import Moderation, moderation_labels
from chalicelib.vision.nudity import Nudity
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.taxonomy import taxonomy

PHOTOS = Path(__file__).parents[1] / "photos"
PARTS = ["FACE_FEMALE", "FEMALE_BREAST_EXPOSED", "MALE_BREAST_EXPOSED"]


def nudity_pack(folder: Path, *scores: float) -> None:
    """A pack `nudity` whose model gives the PARTS these scores whatever it is shown."""
    cells = np.zeros((1, 4 + len(PARTS), 5), dtype=np.float32)
    cells[0, 4:, 2] = scores
    answer = helper.make_node("Constant", [], ["boxes"], value=numpy_helper.from_array(cells))
    shown = helper.make_tensor_value_info("images", onnx.TensorProto.UINT8, [1, 3, 320, 320])
    given = helper.make_tensor_value_info("boxes", onnx.TensorProto.FLOAT, list(cells.shape))
    model = helper.make_model(
        helper.make_graph([answer], "fixed", [shown], [given]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    helper.set_model_props(model, {"names": str(dict(enumerate(PARTS)))})
    (folder / "nudity").mkdir()
    onnx.save(model, str(folder / "nudity" / "nudenet_320n.onnx"))


def test_the_taxonomy_has_aws_s_ten_top_labels() -> None:
    assert [label.name for label in moderation_labels().values() if label.level == 1] == [
        "Explicit",
        "Non-Explicit Nudity of Intimate parts and Kissing",
        "Swimwear or Underwear",
        "Violence",
        "Visually Disturbing",
        "Drugs & Tobacco",
        "Alcohol",
        "Rude Gestures",
        "Gambling",
        "Hate Symbols",
    ]
    assert {label.level for label in moderation_labels().values()} == {1, 2, 3}


def test_evidence_is_known_to_the_models() -> None:
    for label in moderation_labels().values():
        assert set(label.labels) <= taxonomy().labels.keys(), label


def test_evidence_of_a_label_is_no_evidence_of_its_sibling() -> None:
    """One class speaks for one label: what it says of ancestors follows from that."""
    stated = [name for label in moderation_labels().values() for name in (*label.labels, *label.nudity)]
    assert len(stated) == len(set(stated))


@pytest.mark.parametrize("name", ["chelsea.jpg", "coffee.jpg", "astronaut.jpg"])
def test_harmless_photos_have_no_label(sessions: Sessions, name: str) -> None:
    found = Moderation(sessions).detect(decode((PHOTOS / name).read_bytes()))
    assert found.labels == ()
    assert found.content_types == ()


@pytest.mark.parametrize("value", [0, 255])
def test_blank_pictures_have_no_label(sessions: Sessions, value: int) -> None:
    assert Moderation(sessions).detect(Picture.of(np.full((200, 300, 3), value, dtype=np.uint8))).labels == ()


def test_a_label_without_evidence_is_never_reported(models: Path) -> None:
    """Even asked for everything: no core model sees the categories that the table leaves empty."""
    core = Moderation(_Core(models))
    names = {label.name for label, _ in core.detect(decode((PHOTOS / "astronaut.jpg").read_bytes()), 0).labels}
    assert not names & {
        "Explicit",
        "Graphic Violence",
        "Hate Symbols",
        "Smoking",
        "Middle Finger",
        "Visually Disturbing",
    }


class _Core(Sessions):
    """The core pack alone, whatever else is built beside it."""

    def available(self, model: str) -> bool:
        return model != "nudenet_320n" and super().available(model)


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("revolver", [("Violence", "", 1), ("Weapons", "Violence", 2)]),
        ("slot", [("Gambling", "", 1)]),
        ("broccoli", []),
    ],
)
def test_real_photos_by_what_they_show(
    models: Path, shared_data: Path, photo: str, expected: list[tuple[str, str, int]]
) -> None:
    rows = (shared_data / "imagenet" / "labels.csv").read_text().splitlines()
    (file,) = (row.split(",")[0] for row in rows if row.endswith(f",{photo}"))
    found = Moderation(_Core(models)).detect(decode((shared_data / "imagenet" / file).read_bytes()))
    assert [(label.name, label.parent, label.level) for label, _ in found.labels] == expected


def test_a_nude_brings_its_ancestors(models: Path, tmp_path: Path) -> None:
    (tmp_path / "core").symlink_to(models / "core")
    nudity_pack(tmp_path, 0.9, 0.8, 0.1)
    found = Moderation(Sessions(tmp_path)).detect(decode((PHOTOS / "chelsea.jpg").read_bytes()))
    assert [label.name for label, _ in found.labels] == ["Explicit", "Explicit Nudity", "Exposed Female Nipple"]
    assert [confidence for _, confidence in found.labels] == pytest.approx([80, 80, 80], abs=0.01)


def test_bare_parts_by_their_best_box(tmp_path: Path) -> None:
    nudity_pack(tmp_path, 0.9, 0.2, 0.6)
    seen = Nudity(Sessions(tmp_path)).detect(Picture.of(np.zeros((80, 300, 3), dtype=np.uint8)))
    assert seen == pytest.approx({"FACE_FEMALE": 90, "MALE_BREAST_EXPOSED": 60})


def test_without_the_pack_nothing_is_bare(tmp_path: Path) -> None:
    assert Nudity(Sessions(tmp_path)).detect(Picture.of(np.zeros((80, 80, 3), dtype=np.uint8))) == {}
