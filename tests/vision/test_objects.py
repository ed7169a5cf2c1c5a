"""The detector's boxes: read by its own definition, and on a real photo where its pack is built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from chalicelib.vision.objects import Objects
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions

PHOTOS = Path(__file__).parents[1] / "photos"
CELLS = 22


def model_that_answers(folder: Path, cells: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Sessions:
    """Sessions over a model file that gives `cells` whatever it is shown."""
    answer = helper.make_node("Constant", [], ["cells"], value=numpy_helper.from_array(cells))
    shown = helper.make_tensor_value_info("input", onnx.TensorProto.UINT8, [1, 3, 352, 352])
    given = helper.make_tensor_value_info("cells", onnx.TensorProto.FLOAT, list(cells.shape))
    model = helper.make_model(
        helper.make_graph([answer], "fixed", [shown], [given]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    (folder / "objects").mkdir()
    onnx.save(model, str(folder / "objects" / "fastestdet.onnx"))
    return Sessions(folder)


def cells_with(*things: tuple[int, int, int, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """No objects but `things`: row, column, class and objectness, each half the picture wide and high."""
    cells = np.zeros((1, 85, CELLS, CELLS), dtype=np.float32)
    for row, column, kind, objectness in things:
        cells[0, 0, row, column] = objectness
        cells[0, 5 + kind, row, column] = 1
    return cells


GREY = Picture.of(np.full((100, 200, 3), 128, dtype=np.uint8))
DOG, CAR, PERSON = 16, 2, 0


def test_a_cell_becomes_a_box(tmp_path: Path) -> None:
    """Offsets of 0 put the centre at the cell's corner, sizes of 0 are half the picture (tanh and sigmoid)."""
    (dog,) = Objects(model_that_answers(tmp_path, cells_with((11, 11, DOG, 0.9)))).detect(GREY)
    assert dog.label == "Dog"
    score = 0.9**0.6
    assert dog.confidence == pytest.approx(100 / (1 + np.exp(2.42) * (1 / score - 1) ** 1.44), abs=1e-3)
    assert (dog.box.left, dog.box.top, dog.box.width, dog.box.height) == pytest.approx((0.25, 0.25, 0.5, 0.5))


def test_of_boxes_of_one_thing_the_surest_stays(tmp_path: Path) -> None:
    things = cells_with((11, 11, DOG, 0.8), (11, 12, DOG, 0.95), (11, 10, PERSON, 0.7), (2, 2, DOG, 0.85))
    found = Objects(model_that_answers(tmp_path, things)).detect(GREY)
    assert [(one.label, round(one.confidence)) for one in found] == [("Dog", 93), ("Dog", 70), ("Person", 92)]


def test_people_are_believed_sooner_than_cars_and_cars_than_dogs(tmp_path: Path) -> None:
    """Of people found at such a score three in four were people, of cars two in five cars, of dogs one in seven."""
    things = cells_with((4, 4, DOG, 0.43), (11, 11, CAR, 0.43), (18, 18, PERSON, 0.43))
    found = Objects(model_that_answers(tmp_path, things)).detect(GREY)
    assert [(one.label, round(one.confidence)) for one in found] == [("Car", 41), ("Person", 76)]


def test_what_is_not_sure_is_not_answered(tmp_path: Path) -> None:
    assert Objects(model_that_answers(tmp_path, cells_with((5, 5, DOG, 0.3)))).detect(GREY) == []


def test_without_the_pack_nothing_is_seen(tmp_path: Path) -> None:
    objects = Objects(Sessions(tmp_path))
    assert not objects.available
    assert objects.detect(GREY) == []


def test_a_cat_and_a_cup_are_found(sessions: Sessions) -> None:
    objects = Objects(sessions)
    if not objects.available:
        pytest.skip("the pack `objects` is not built: run `lookalike models pull objects`")
    assert [one.label for one in objects.detect(decode((PHOTOS / "chelsea.jpg").read_bytes()))] == ["Cat"]
    assert "Cup" in [one.label for one in objects.detect(decode((PHOTOS / "coffee.jpg").read_bytes()))]
