"""The evaluation of faces on made-up photos whose answers are known."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chalicelib.evaluation import faces


class World:
    """Operations that see a photo's person and face in its bytes: `<person>:<where>`."""

    def __init__(self) -> None:
        self.collections: dict[str, dict[str, str]] = {}

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        collection: str = request["CollectionId"]
        if operation == "CreateCollection":
            self.collections[collection] = {}
            return {}
        if operation == "DeleteCollection":
            del self.collections[collection]
            return {}
        if operation == "IndexFaces":
            return {"FaceRecords": [self._record(collection, line) for line in request["Image"]["Bytes"].split()]}
        assert operation == "SearchFaces"
        known = self.collections[collection]
        mine = known[request["FaceId"]]
        return {
            "FaceMatches": [
                {"Similarity": self.similarity(mine, other), "Face": {"FaceId": face}}
                for face, other in known.items()
                if face != request["FaceId"]
            ]
        }

    def _record(self, collection: str, line: bytes) -> dict[str, Any]:
        person, where = line.decode().split(":")
        face = f"face-{len(self.collections[collection])}"
        self.collections[collection][face] = person
        box = {"Left": float(where) - 0.1, "Top": 0.4, "Width": 0.2, "Height": 0.2}
        return {"Face": {"FaceId": face, "BoundingBox": box}}

    def similarity(self, one: str, other: str) -> float:
        """96 for one person, 1 for two, but twins are 85 alike."""
        if one == other:
            return 96.0
        return 85.0 if one.startswith("twin") and other.startswith("twin") else 1.0


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def silent(label: str, done: int, of: int) -> None:
    assert 0 <= done <= of


@pytest.fixture
def lfw(tmp_path: Path) -> Path:
    """Five folds of four people with two photos each; fold 4 holds twins, fold 0 a bystander and a faceless photo."""
    rows = []
    for fold in range(5):
        people = ["twin-a", "twin-b", f"c{fold}", f"d{fold}"] if fold == 4 else [f"{each}{fold}" for each in "abcd"]
        for person in people:
            folder = tmp_path / "images" / person
            folder.mkdir(parents=True)
            for photo in (1, 2):
                (folder / f"{person}_{photo}.jpg").write_text(f"{person}:0.5")
        names = {person: [f"images/{person}/{person}_{photo}.jpg" for photo in (1, 2)] for person in people}
        rows += [{"a": a, "b": b, "same": 1, "fold": fold} for a, b in names.values()]
        rows += [
            {"a": names[one][0], "b": names[other][0], "same": 0, "fold": fold}
            for one, other in ((people[0], people[1]), (people[2], people[3]))
        ]
    (tmp_path / "images" / "a0" / "a0_2.jpg").write_text("stranger:0.1 a0:0.5")
    (tmp_path / "images" / "b0" / "b0_2.jpg").write_text("")
    written(tmp_path, "pairs.csv", rows)
    return tmp_path


def test_verification_counts_what_went_wrong_and_nothing_else(lfw: Path) -> None:
    world = World()
    found = faces._lfw(lfw, world.call, silent)
    assert found["faceless"]["hits"] == 1
    assert found["faceless"]["of"] == 40
    # Of 30 pairs the faceless photo's is missed and the twins are taken for one person.
    assert found["accuracy"]["of"] == 30
    assert found["accuracy"]["hits"] == 28
    assert world.collections == {}


def test_calibration_is_judged_on_people_who_calibrated_nothing(lfw: Path) -> None:
    at = faces._lfw(lfw, World().call, silent)["calibration"]
    # Folds 3 and 4: 8 photos each, 28 pairs, 4 of them of one person; the twins' four pairs are 85 alike.
    assert at["80"]["false_match_rate"]["of"] == 48
    assert at["80"]["false_match_rate"]["hits"] == 4
    assert at["90"]["false_match_rate"]["hits"] == 0
    assert at["95"]["true_match_rate"]["value"] == 1
    assert at["99"]["true_match_rate"]["value"] == 0


def test_a_collection_is_removed_when_the_evaluation_breaks_off(lfw: Path) -> None:
    world = World()

    def call(operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if operation == "SearchFaces":
            raise KeyboardInterrupt
        return world.call(operation, request)

    with pytest.raises(KeyboardInterrupt):
        faces._lfw(lfw, call, silent)
    assert world.collections == {}


def details(boxes: list[tuple[float, float, float, float]], points: np.ndarray) -> dict[str, Any]:
    """A DetectFaces answer on a photo of 200 x 100 pixels."""
    marks = [
        {"Type": name, "X": x / 200, "Y": y / 100} for name, (x, y) in zip(faces._FIVE, points.tolist(), strict=True)
    ]
    return {
        "FaceDetails": [
            {
                "BoundingBox": {"Left": a / 200, "Top": b / 100, "Width": (c - a) / 200, "Height": (d - b) / 100},
                "Landmarks": marks,
            }
            for a, b, c, d in boxes
        ]
    }


FIVE = np.array([[80.0, 40], [120, 40], [100, 60], [85, 75], [115, 75]])


def photo(folder: Path, name: str = "photo.jpg", colour: str = "black") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (200, 100), colour).save(folder / name)
    return name


def test_recall_gives_each_face_a_box_of_its_own(tmp_path: Path) -> None:
    name = photo(tmp_path)
    truth = [(0, 0, 40, 40, 40), (42, 0, 82, 40, 40), (100, 0, 120, 20, 20), (150, 50, 160, 60, 10)]
    rows = [
        dict(zip(("file", "x1", "y1", "x2", "y2", "min_side_px_in_416_source"), (name, *box), strict=True))
        for box in truth
    ]
    written(tmp_path, "boxes.csv", rows)
    # Two boxes on the first face, one on the third, one between: the second face is missed.
    boxes = [(0.0, 0.0, 40.0, 40.0), (1.0, 1.0, 41.0, 41.0), (100.0, 0.0, 120.0, 20.0), (60.0, 60.0, 90.0, 90.0)]
    answer = details(boxes, FIVE)
    recall = faces._wider(tmp_path, lambda _operation, _request: answer, silent)["recall"]
    assert (recall["16"]["hits"], recall["16"]["of"]) == (2, 3)
    assert (recall["24"]["hits"], recall["24"]["of"]) == (1, 2)


def clicked(name: str) -> dict[str, Any]:
    """A row of landmarks.csv with `FIVE`."""
    labels = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    return {"file": name} | {
        f"{label}_{axis}": value
        for label, point in zip(labels, FIVE.tolist(), strict=True)
        for axis, value in zip("xy", point, strict=True)
    }


def test_landmark_errors_are_in_eye_distances(tmp_path: Path) -> None:
    written(tmp_path, "landmarks.csv", [clicked(photo(tmp_path))])
    found = FIVE + np.array([[0, 0], [0, 0], [4, 0], [0, 8], [0, 0]])
    answer = details([(70.0, 20.0, 130.0, 90.0)], found)
    measured = faces._landmarks(tmp_path, lambda _operation, _request: answer, silent)
    assert measured["by_point"]["nose"] == pytest.approx(0.1)
    assert measured["by_point"]["mouthLeft"] == pytest.approx(0.2)
    assert measured["mean_error"] == pytest.approx(0.06)
    assert measured["faceless"]["hits"] == 0


def test_photos_without_a_face_are_counted_and_no_error(tmp_path: Path) -> None:
    photo(tmp_path, "empty.jpg", "white")
    written(tmp_path, "landmarks.csv", [clicked(photo(tmp_path)), clicked("empty.jpg")])
    empty = (tmp_path / "empty.jpg").read_bytes()

    def call(_operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return details([] if request["Image"]["Bytes"] == empty else [(70.0, 20.0, 130.0, 90.0)], FIVE)

    measured = faces._landmarks(tmp_path, call, silent)
    assert (measured["faceless"]["hits"], measured["faceless"]["of"]) == (1, 2)
    assert measured["mean_error"] == pytest.approx(0)
