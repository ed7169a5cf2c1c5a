"""What `lookalike detect` can look for: which operation sees it, and how its answer is shown and drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .drawing import Mark, corners

Answer = Mapping[str, Any]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to look for."""

    operation: str
    help: str
    columns: Row
    rows: Callable[[Answer], Sequence[Row]]
    """An answer as lines of a table, a cell for each of `columns`."""
    marks: Callable[[Answer], Sequence[Mark]]
    """An answer as what is drawn on the picture."""
    members: Mapping[str, Any] = field(default_factory=dict)
    """What is asked beside the image."""
    confident: Callable[[float], Mapping[str, Any]] | None = None
    """The members that ask for no less than a confidence, of 0 to 100, where the operation has any."""


PLACE = "Box, %"
"""The heading of what `place` writes."""


def place(box: Mapping[str, Any]) -> str:
    """A BoundingBox: left, top, width and height in percent of the picture's sides."""
    return ", ".join(f"{box[side] * 100:.0f}" for side in ("Left", "Top", "Width", "Height"))


_TRAITS = {
    "Smile": "smile",
    "Eyeglasses": "eyeglasses",
    "Sunglasses": "sunglasses",
    "Beard": "beard",
    "Mustache": "mustache",
    "MouthOpen": "mouth open",
    "FaceOccluded": "covered",
}
"""Of a face, the attributes that are told where they are true."""


def _face_rows(answer: Answer) -> list[Row]:
    return [_face_row(number, face) for number, face in enumerate(answer["FaceDetails"], 1)]


def _face_row(number: int, face: Mapping[str, Any]) -> Row:
    age = "{Low} to {High}".format(**face["AgeRange"])
    emotion = max(face["Emotions"], key=lambda each: each["Confidence"], default=None)
    traits = [said for name, said in _TRAITS.items() if face.get(name, {}).get("Value")]
    if not face["EyesOpen"]["Value"]:
        traits.append("eyes closed")
    return (
        str(number),
        f"{face['Confidence']:.1f}",
        age,
        "{Value} {Confidence:.0f}".format(**face["Gender"]),
        "{Type} {Confidence:.0f}".format(**emotion) if emotion else "",
        ", ".join(traits),
        place(face["BoundingBox"]),
    )


def _face_marks(answer: Answer) -> list[Mark]:
    return [
        Mark(
            f"Face {number}",
            corners(face["BoundingBox"]),
            tuple((point["X"], point["Y"]) for point in face.get("Landmarks", ())),
        )
        for number, face in enumerate(answer["FaceDetails"], 1)
    ]


def _label_rows(answer: Answer) -> list[Row]:
    return [
        (
            label["Name"],
            f"{label['Confidence']:.1f}",
            ", ".join(parent["Name"] for parent in label["Parents"]),
            "\n".join(place(instance["BoundingBox"]) for instance in label["Instances"]),
        )
        for label in answer["Labels"]
    ]


def _label_marks(answer: Answer) -> list[Mark]:
    return [
        Mark(f"{label['Name']} {instance['Confidence']:.0f}", corners(instance["BoundingBox"]))
        for label in answer["Labels"]
        for instance in label["Instances"]
    ]


def _lines(answer: Answer) -> list[Mapping[str, Any]]:
    return [found for found in answer["TextDetections"] if found["Type"] == "LINE"]


def _text_rows(answer: Answer) -> list[Row]:
    return [
        (line["DetectedText"], f"{line['Confidence']:.1f}", place(line["Geometry"]["BoundingBox"]))
        for line in _lines(answer)
    ]


def _text_marks(answer: Answer) -> list[Mark]:
    return [
        Mark(line["DetectedText"], tuple((corner["X"], corner["Y"]) for corner in line["Geometry"]["Polygon"]))
        for line in _lines(answer)
    ]


def _moderation_rows(answer: Answer) -> list[Row]:
    return [
        (label["Name"], f"{label['Confidence']:.1f}", label["ParentName"], str(label["TaxonomyLevel"]))
        for label in answer["ModerationLabels"]
    ]


def _moderation_marks(answer: Answer) -> list[Mark]:
    return [Mark(f"{label['Name']} {label['Confidence']:.0f}") for label in answer["ModerationLabels"]]


def _person_rows(answer: Answer) -> list[Row]:
    return [
        (
            str(person["Id"]),
            f"{person['Confidence']:.1f}",
            "\n".join(_part(part) for part in person["BodyParts"]),
            place(person["BoundingBox"]),
        )
        for person in answer["Persons"]
    ]


def _part(part: Mapping[str, Any]) -> str:
    worn = ", ".join(
        f"{cover['Type']} {cover['Confidence']:.0f}" + ("" if cover["CoversBodyPart"]["Value"] else " (not on it)")
        for cover in part["EquipmentDetections"]
    )
    return f"{part['Name']}: {worn or 'nothing'}"


def _person_marks(answer: Answer) -> list[Mark]:
    people = [Mark(f"Person {person['Id']}", corners(person["BoundingBox"])) for person in answer["Persons"]]
    covers = [
        Mark(f"{cover['Type']} {cover['Confidence']:.0f}", corners(cover["BoundingBox"]))
        for person in answer["Persons"]
        for part in person["BodyParts"]
        for cover in part["EquipmentDetections"]
    ]
    return people + covers


SUBJECTS = {
    "faces": Subject(
        "DetectFaces",
        "Faces, the largest first: where they are, and what they look like.",
        ("Face", "Confidence", "Age", "Gender", "Expression", "Seen", PLACE),
        _face_rows,
        _face_marks,
        members={"Attributes": ["ALL"]},
    ),
    "labels": Subject(
        "DetectLabels",
        "Things, animals, people and scenes, the surest first.",
        ("Label", "Confidence", "Parents", PLACE),
        _label_rows,
        _label_marks,
        confident=lambda least: {"MinConfidence": least},
    ),
    "text": Subject(
        "DetectText",
        "Lines of printed text, in reading order.",
        ("Text", "Confidence", PLACE),
        _text_rows,
        _text_marks,
        confident=lambda least: {"Filters": {"WordFilter": {"MinConfidence": least}}},
    ),
    "moderation": Subject(
        "DetectModerationLabels",
        "What not everybody wants to see: weapons, alcohol, gambling ... and nudity with the pack `nudity`.",
        ("Label", "Confidence", "Parent", "Level"),
        _moderation_rows,
        _moderation_marks,
        confident=lambda least: {"MinConfidence": least},
    ),
    "ppe": Subject(
        "DetectProtectiveEquipment",
        "People, and what covers their faces, heads and hands.",
        ("Person", "Confidence", "Body parts and what is on them", PLACE),
        _person_rows,
        _person_marks,
    ),
}
"""By the word after `lookalike detect`."""
