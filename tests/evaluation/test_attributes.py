"""The evaluation of attributes on made-up answers: what counts as right, and on whom it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chalicelib.evaluation import attributes
from chalicelib.evaluation.attributes import QUESTIONS, Question, aged, expressed, judged
from chalicelib.evaluation.truth import EMOTIONS, held_out, person
from tests.evaluation.people import silent, written

SMILE = Question("Smile", "lfw", lambda _: iter(()))


def smiling(value: bool, confidence: float) -> Mapping[str, Any]:
    return {"Smile": {"Value": value, "Confidence": confidence}}


def test_right_answers_are_counted_and_trusted_as_far_as_they_say() -> None:
    details = {
        "a": smiling(True, 99),
        "b": smiling(True, 92),
        "c": smiling(False, 91),
        "d": smiling(False, 60),
        "e": None,
    }
    found = judged(SMILE, [("a", 1), ("b", 0), ("c", 0), ("d", 1), ("e", 1)], details)
    assert (found["accuracy"]["hits"], found["accuracy"]["of"]) == (2, 4)
    assert found["area_under_curve"] == pytest.approx(0.75)  # b, who does not smile, is above d, who does
    assert (found["right_from_90"]["hits"], found["right_from_90"]["of"]) == (2, 3)
    assert (found["right_at_85_to_95"]["hits"], found["right_at_85_to_95"]["of"]) == (1, 2)


def test_genders_are_words() -> None:
    question = next(question for question in QUESTIONS if question.member == "Gender")
    details = {name: {"Gender": {"Value": value, "Confidence": 90}} for name, value in (("a", "Male"), ("b", "Female"))}
    assert judged(question, [("a", 1), ("b", 0)], details)["accuracy"]["value"] == 1
    assert judged(question, [("a", 0), ("b", 1)], details)["accuracy"]["value"] == 0


def test_ages_are_judged_by_the_middle_and_the_ends_of_the_range() -> None:
    ranges = {"a": (20, 30), "b": (20, 30), "c": (60, 70)}
    details = {name: {"AgeRange": {"Low": low, "High": high}} for name, (low, high) in ranges.items()}
    found = aged([("a", 20), ("b", 31), ("c", 65)], details)
    assert found["mean_error_years"] == pytest.approx((5 + 6 + 0) / 3)
    assert (found["inside_range"]["hits"], found["inside_range"]["of"]) == (2, 3)
    assert found["range_years"] == 10
    assert list(found["by_decade"]) == ["20 to 29", "30 to 39", "60 to 69"]
    assert found["by_decade"]["30 to 39"]["inside_range"]["hits"] == 0


def test_the_surest_emotion_counts() -> None:
    def shown(*names: str) -> Mapping[str, Any]:
        return {"Emotions": [{"Type": name, "Confidence": 95 - 90 * at} for at, name in enumerate(names)]}

    details = {"a": shown("HAPPY", "CALM"), "b": shown("CONFUSED", "SAD"), "c": shown("CALM", "SAD")}
    cases = [
        (name, float(EMOTIONS.index(truth))) for name, truth in (("a", "happiness"), ("b", "sadness"), ("c", "neutral"))
    ]
    found = expressed(cases, details, {"a", "b"})
    assert (found["accuracy"]["hits"], found["accuracy"]["of"]) == (2, 3)
    assert (found["on_colour_photos"]["hits"], found["on_colour_photos"]["of"]) == (1, 2)
    assert found["right_from_90"]["of"] == 3


def photo(path: Path, side: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), "grey").save(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Every dataset with two dozen photos, some of them smaller than AWS takes."""
    lfw = [f"images/Person_{at}/Person_{at}_0001.jpg" for at in range(24)]
    for name, files in {
        "lfw": lfw,
        **{name: [f"images/one_{at}.jpg" for at in range(24)] for name in ("mask", "utkface", "expressions")},
    }.items():
        for file in files:
            photo(tmp_path / name / file, 250 if name == "lfw" else 40)
    numbers = [f"images/one_{at}.jpg" for at in range(24)]
    written(tmp_path / "lfw" / "gender.csv", [{"file": file, "gender": "male"} for file in lfw])
    written(tmp_path / "lfw" / "smile.csv", [{"file": file, "smile": at % 2} for at, file in enumerate(lfw)])
    opinions = {"Eyeglasses": 0.95, "Mustache": 0.05, "No_Beard": 0.5, "Mouth_Slightly_Open": 1.0}
    written(tmp_path / "lfw" / "pseudo_attributes.csv", [{"file": file, **opinions} for file in lfw])
    written(tmp_path / "mask" / "labels.csv", [{"file": file, "mask": at % 2} for at, file in enumerate(numbers)])
    written(tmp_path / "utkface" / "labels.csv", [{"file": file, "age": 31} for file in numbers])
    written(
        tmp_path / "expressions" / "labels.csv",
        [{"file": file, "emotion": "neutral", "colour": at % 2} for at, file in enumerate(numbers)],
    )
    return tmp_path


class Endpoint:
    """Answers every photo alike, and remembers how large they were."""

    def __init__(self) -> None:
        self.sides: list[int] = []

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert operation == "DetectFaces"
        assert request["Attributes"] == ["ALL"]
        self.sides.append(Image.open(BytesIO(request["Image"]["Bytes"])).width)
        answer = {"Value": True, "Confidence": 95}
        bystander = {"BoundingBox": {"Left": 0, "Top": 0, "Width": 0.2, "Height": 0.2}}
        face = {
            "BoundingBox": {"Left": 0.4, "Top": 0.4, "Width": 0.2, "Height": 0.2},
            "Gender": {"Value": "Male", "Confidence": 95},
            **dict.fromkeys(("Smile", "Eyeglasses", "Mustache", "Beard", "MouthOpen", "FaceOccluded"), answer),
            "AgeRange": {"Low": 25, "High": 35},
            "Emotions": [{"Type": "CALM", "Confidence": 95}],
        }
        return {"FaceDetails": [bystander, face]}


def test_only_people_not_trained_on_are_asked_about(data: Path) -> None:
    endpoint = Endpoint()
    found = attributes.run(data, endpoint.call, silent)
    people = [f"Person_{at}" for at in range(24) if held_out(f"Person_{at}")]
    numbers = [f"images/one_{at}.jpg" for at in range(24) if held_out(f"images/one_{at}.jpg")]
    assert found["Gender"]["accuracy"]["of"] == len(people)
    assert 0 < len(people) < 24
    assert found["AgeRange"]["inside_range"]["of"] == len(numbers)
    assert found["Eyeglasses"]["accuracy"]["value"] == 1
    assert found["Mustache"]["accuracy"]["value"] == 0
    assert found["Beard"]["accuracy"]["of"] == 0  # the other model was not sure
    assert set(endpoint.sides) == {250, 80}


def test_people_are_told_by_what_their_photos_are_called() -> None:
    assert person("lfw", "images/Ada_Lovelace/Ada_Lovelace_0002.jpg") == "Ada_Lovelace"
    assert person("expressions", "images/Ada_Lovelace_0002.jpg") == "Ada_Lovelace"
    assert person("utkface", "images/24_1_3.jpg") == "images/24_1_3.jpg"
