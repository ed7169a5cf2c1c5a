"""DetectLabels over labels that are given: filters, limits, order, members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from chalicelib.operations.labels import detect_labels
from chalicelib.vision.findings import FoundLabel, Instance
from chalicelib.vision.geometry import Box
from chalicelib.vision.picture import Picture
from chalicelib.vision.taxonomy import taxonomy

RED = Picture.of(np.full((100, 100, 3), (255, 0, 0), dtype=np.uint8))


def found(name: str, confidence: float, *boxes: Box) -> FoundLabel:
    return FoundLabel(taxonomy().labels[name], confidence, tuple(Instance(box, confidence) for box in boxes))


@dataclass
class Given:
    """A backend whose picture is red and whose labels are given."""

    answer: list[FoundLabel]
    asked: list[float] = field(default_factory=list)

    @property
    def labels(self) -> Given:
        return self

    def picture(self, _image: Any) -> Picture:
        return RED

    def detect(self, _picture: Picture, least: float) -> list[FoundLabel]:
        self.asked.append(least)
        return [one for one in self.answer if one.confidence >= least]


PETS = [
    found("Animal", 99),
    found("Dog", 98, Box(0.1, 0.2, 0.3, 0.4)),
    found("Golden Retriever", 97),
    found("Car", 60, Box(-0.1, 0, 0.5, 0.5)),
    found("Beach", 40),
]


def ask(backend: Any, **request: Any) -> Any:
    return detect_labels({"Image": {"Bytes": b"unread"}, **request}, backend)  # type: ignore[typeddict-item]


def names(**request: Any) -> list[str]:
    answer = ask(Given(PETS), **request)
    return [label["Name"] for label in answer["Labels"]]


def test_a_label_has_all_its_members() -> None:
    answer = ask(Given(PETS))
    assert answer["LabelModelVersion"] == "3.0"
    assert "ImageProperties" not in answer
    assert answer["Labels"][1] == {
        "Name": "Dog",
        "Confidence": 98,
        "Instances": [{"BoundingBox": {"Width": 0.3, "Height": 0.4, "Left": 0.1, "Top": 0.2}, "Confidence": 98}],
        "Parents": [{"Name": "Animal"}, {"Name": "Canine"}, {"Name": "Mammal"}, {"Name": "Pet"}],
        "Aliases": [{"Name": "Puppy"}],
        "Categories": [{"Name": "Animals and Pets"}],
    }


def test_confidence_is_55_unless_told_otherwise() -> None:
    assert names() == ["Animal", "Dog", "Golden Retriever", "Car"]
    assert names(MinConfidence=0)[-1] == "Beach"
    assert names(MinConfidence=98) == ["Animal", "Dog"]


def test_the_surest_are_kept() -> None:
    assert names(MaxLabels=2) == ["Animal", "Dog"]
    assert names(MaxLabels=2000) == names()


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"LabelInclusionFilters": ["Dog"]}, ["Dog"]),
        ({"LabelInclusionFilters": ["dog", "CAR"]}, ["Dog", "Car"]),
        ({"LabelInclusionFilters": ["No Such Label"]}, []),
        ({"LabelExclusionFilters": ["Dog"]}, ["Animal", "Golden Retriever", "Car"]),
        ({"LabelCategoryInclusionFilters": ["Vehicles and Automotive"]}, ["Car"]),
        ({"LabelCategoryExclusionFilters": ["Animals and Pets"]}, ["Car"]),
        (
            {"LabelInclusionFilters": ["Dog"], "LabelCategoryInclusionFilters": ["Vehicles and Automotive"]},
            ["Dog", "Car"],
        ),
        (
            {"LabelCategoryInclusionFilters": ["Animals and Pets"], "LabelExclusionFilters": ["Dog"]},
            ["Animal", "Golden Retriever"],
        ),
        ({"LabelInclusionFilters": ["Dog"], "LabelExclusionFilters": ["Dog"]}, []),
        ({"LabelInclusionFilters": []}, ["Animal", "Dog", "Golden Retriever", "Car"]),
    ],
)
def test_filters(filters: dict[str, list[str]], kept: list[str]) -> None:
    assert names(Settings={"GeneralLabels": filters}) == kept


def test_filters_come_before_the_limit() -> None:
    assert names(MaxLabels=1, Settings={"GeneralLabels": {"LabelExclusionFilters": ["Animal"]}}) == ["Dog"]


class Seeing(Given):
    """The same with sessions that see nobody."""

    @property
    def sessions(self) -> Seeing:
        return self

    def run(self, _model: str, _feeds: Any) -> list[Any]:
        return [np.zeros((1, 256, 256), dtype=np.float32)]


def test_properties_alone_need_no_labels() -> None:
    backend = Seeing(PETS)
    answer = ask(backend, Features=["IMAGE_PROPERTIES"])
    assert backend.asked == []
    assert answer["Labels"] == []
    looks = answer["ImageProperties"]
    assert looks.keys() == {"Quality", "DominantColors", "Foreground", "Background"}
    assert looks["Foreground"].keys() == looks["Background"].keys() == {"Quality", "DominantColors"}
    assert looks["DominantColors"] == [
        {
            "Red": 255,
            "Green": 0,
            "Blue": 0,
            "HexCode": "#ff0000",
            "CSSColor": "red",
            "SimplifiedColor": "red",
            "PixelPercent": 100.0,
        }
    ]
    assert looks["Quality"] == {"Brightness": pytest.approx(76 / 2.55), "Sharpness": 0, "Contrast": 0}


def test_both_features_give_instances_their_colours() -> None:
    answer = ask(Seeing(PETS), Features=["GENERAL_LABELS", "IMAGE_PROPERTIES"])
    (dog,) = answer["Labels"][1]["Instances"]
    assert [colour["CSSColor"] for colour in dog["DominantColors"]] == ["red"]


def test_as_many_colours_as_asked_for() -> None:
    none = {"ImageProperties": {"MaxDominantColors": 0}}
    answer = ask(Seeing([]), Features=["IMAGE_PROPERTIES"], Settings=none)
    assert answer["ImageProperties"]["DominantColors"] == []
