"""DetectProtectiveEquipment over people who are given."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from chalicelib.errors import ImageTooLargeException, InvalidParameterException
from chalicelib.operations.equipment import detect_protective_equipment, summary
from chalicelib.vision.covers import Cover
from chalicelib.vision.equipment import BodyPart, Protected
from chalicelib.vision.geometry import Box
from chalicelib.vision.picture import Picture, decode

MASK = Cover("FACE_COVER", Box(0.1, 0.2, 0.3, 0.4), 92.0)
HAT = Cover("HEAD_COVER", Box(0.1, 0.0, 0.3, 0.2), 70.0)


def person(*covers: Cover, parts: str = "FACE HEAD", confidence: float = 99.0) -> Protected:
    of = {"FACE": "FACE_COVER", "HEAD": "HEAD_COVER"}
    return Protected(
        Box(0, 0, 0.5, 1),
        confidence,
        tuple(
            BodyPart(name, 99.0, tuple(cover for cover in covers if cover.kind == of.get(name)))  # type: ignore[arg-type]
            for name in parts.split()
        ),
    )


class Given:
    """A backend that sees these people in every picture."""

    def __init__(self, *people: Protected) -> None:
        self.people = list(people)

    @property
    def equipment(self) -> Given:
        return self

    def picture(self, image: Any, *, smallest: int, largest: int, limit: int) -> Picture:
        if len(image["Bytes"]) > limit:
            raise ImageTooLargeException
        return decode(image["Bytes"], smallest=smallest, largest=largest)

    def detect(self, _picture: Picture) -> list[Protected]:
        return self.people


def photo(width: int = 80, height: int = 80) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def ask(backend: Any, data: bytes | None = None, **request: Any) -> Any:
    return detect_protective_equipment({"Image": {"Bytes": data or photo()}, **request}, backend)  # type: ignore[typeddict-item]


def test_members_are_aws_s() -> None:
    answer = ask(Given(person(MASK, parts="FACE LEFT_HAND")))
    assert answer == {
        "ProtectiveEquipmentModelVersion": "1.0",
        "Persons": [
            {
                "Id": 0,
                "BoundingBox": {"Left": 0, "Top": 0, "Width": 0.5, "Height": 1},
                "Confidence": 99.0,
                "BodyParts": [
                    {
                        "Name": "FACE",
                        "Confidence": 99.0,
                        "EquipmentDetections": [
                            {
                                "Type": "FACE_COVER",
                                "BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4},
                                "Confidence": 92.0,
                                "CoversBodyPart": {"Confidence": 92.0, "Value": True},
                            }
                        ],
                    },
                    {"Name": "LEFT_HAND", "Confidence": 99.0, "EquipmentDetections": []},
                ],
            }
        ],
    }


def test_nobody_and_a_summary_of_nobody() -> None:
    assert ask(Given())["Persons"] == []
    wanted = {"MinConfidence": 80, "RequiredEquipmentTypes": ["FACE_COVER"]}
    assert set(map(tuple, ask(Given(), SummarizationAttributes=wanted)["Summary"].values())) == {()}


@pytest.mark.parametrize(
    ("one", "required", "least", "verdict"),
    [
        (person(MASK, HAT), ["FACE_COVER"], 50, "With"),
        (person(MASK, HAT), ["FACE_COVER", "HEAD_COVER"], 50, "With"),
        (person(MASK, HAT), ["FACE_COVER", "HEAD_COVER"], 80, "Without"),  # the hat is 70 sure
        (person(HAT), ["FACE_COVER"], 50, "Without"),
        (person(MASK, parts="FACE"), ["HEAD_COVER"], 50, "Indeterminate"),  # no head is seen
        (person(parts="FACE"), ["FACE_COVER", "HEAD_COVER"], 50, "Without"),  # whatever is on the head
        (person(parts=""), ["FACE_COVER"], 50, "Indeterminate"),
        (person(MASK, confidence=60.0), ["FACE_COVER"], 80, "Indeterminate"),  # unconfirmed
        (person(MASK, parts="FACE LEFT_HAND"), ["HAND_COVER"], 50, "Indeterminate"),  # no model knows gloves
        (person(), [], 50, "With"),  # unconfirmed
    ],
)
def test_verdicts(one: Protected, required: list[str], least: float, verdict: str) -> None:
    answer = summary([one], required, least)
    members = {"With": "WithRequiredEquipment", "Without": "WithoutRequiredEquipment", "Indeterminate": "Indeterminate"}
    assert {name for name, ids in answer.items() if ids == [0]} == {f"Persons{members[verdict]}"}
    assert sum(len(ids) for ids in answer.values()) == 1  # type: ignore[arg-type, misc]


def test_a_summary_is_as_sure_as_fifty_at_least() -> None:
    doubtful = person(Cover("FACE_COVER", MASK.box, 45.0))
    wanted = {"MinConfidence": 10, "RequiredEquipmentTypes": ["FACE_COVER"]}
    assert ask(Given(doubtful), SummarizationAttributes=wanted)["Summary"]["PersonsWithoutRequiredEquipment"] == [0]


def test_no_summary_unless_asked_for() -> None:
    assert "Summary" not in ask(Given(person(MASK)))


def test_sizes_are_those_of_this_operation() -> None:
    assert ask(Given(), photo(64, 64))["Persons"] == []
    with pytest.raises(InvalidParameterException):
        ask(Given(), photo(63, 200))
    with pytest.raises(ImageTooLargeException):
        ask(Given(), photo(4097, 64))
    noise = np.random.default_rng(0).integers(0, 255, (1300, 1300, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    assert 4 * 1024 * 1024 < len(out.getvalue()) < 5 * 1024 * 1024 + 200_000
    with pytest.raises(ImageTooLargeException):
        ask(Given(), out.getvalue())
