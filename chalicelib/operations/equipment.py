"""DetectProtectiveEquipment: who is in an image, and what protects them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..vision.covers import Cover
from ..vision.equipment import EQUIPMENT_MODEL_VERSION, BodyPart, Protected
from .responses import bounding_box

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        DetectProtectiveEquipmentRequestTypeDef,
        EquipmentDetectionTypeDef,
        ProtectiveEquipmentBodyPartTypeDef,
        ProtectiveEquipmentPersonTypeDef,
        ProtectiveEquipmentSummaryTypeDef,
    )

    from ..backend import Backend

SMALLEST_SIDE, LARGEST_SIDE = 64, 4096
IMAGE_BYTES = 4 * 1024 * 1024
LEAST_CONFIDENCE = 50.0
"""Of a summary: what is asked for below it acts as this."""

Verdict = Literal["PersonsWithRequiredEquipment", "PersonsWithoutRequiredEquipment", "PersonsIndeterminate"]

_PARTS: Mapping[str, Collection[str]] = {
    "FACE_COVER": ("FACE",),
    "HEAD_COVER": ("HEAD",),
    "HAND_COVER": ("LEFT_HAND", "RIGHT_HAND"),
}
_JUDGED = ("FACE_COVER", "HEAD_COVER")
"""What a model here tells from its absence. None tells a gloved hand from a bare one."""


def detect_protective_equipment(
    request: DetectProtectiveEquipmentRequestTypeDef, backend: Backend
) -> Mapping[str, Any]:
    """Up to 15 people, the largest first; a Summary only where SummarizationAttributes asks for one."""
    picture = backend.picture(request["Image"], smallest=SMALLEST_SIDE, largest=LARGEST_SIDE, limit=IMAGE_BYTES)
    people = backend.equipment.detect(picture)
    answer: dict[str, Any] = {
        "ProtectiveEquipmentModelVersion": EQUIPMENT_MODEL_VERSION,
        "Persons": [_person(number, person) for number, person in enumerate(people)],
    }
    if wanted := request.get("SummarizationAttributes"):
        least = max(wanted["MinConfidence"], LEAST_CONFIDENCE)
        answer["Summary"] = summary(people, wanted["RequiredEquipmentTypes"], least)
    return answer


def summary(people: Sequence[Protected], required: Collection[str], least: float) -> ProtectiveEquipmentSummaryTypeDef:
    """Who wears all that is required, who lacks some of it, and of whom that cannot be told.

    `least` goes for people, parts, equipment and coverage alike. A person below it cannot be told
    (that such a person is listed at all is unconfirmed).
    """
    verdicts = [_verdict(person, required, least) for person in people]

    def those(verdict: Verdict) -> list[int]:
        return [number for number, given in enumerate(verdicts) if given == verdict]

    return {
        "PersonsWithRequiredEquipment": those("PersonsWithRequiredEquipment"),
        "PersonsWithoutRequiredEquipment": those("PersonsWithoutRequiredEquipment"),
        "PersonsIndeterminate": those("PersonsIndeterminate"),
    }


def _verdict(person: Protected, required: Collection[str], least: float) -> Verdict:
    """One piece that is certainly missing decides, whatever cannot be told of the others."""
    if person.confidence < least:
        return "PersonsIndeterminate"
    worn = [_wears(person, kind, least) for kind in required]
    if False in worn:
        return "PersonsWithoutRequiredEquipment"
    return "PersonsIndeterminate" if None in worn else "PersonsWithRequiredEquipment"


def _wears(person: Protected, kind: str, least: float) -> bool | None:
    """None where no such part is seen, or nothing could tell."""
    parts = [part for part in person.parts if part.name in _PARTS[kind] and part.confidence >= least]
    if not parts or kind not in _JUDGED:
        return None
    return all(any(cover.kind == kind and cover.confidence >= least for cover in part.covers) for part in parts)


def _person(number: int, person: Protected) -> ProtectiveEquipmentPersonTypeDef:
    return {
        "Id": number,
        "BoundingBox": bounding_box(person.box),
        "Confidence": person.confidence,
        "BodyParts": [_part(part) for part in person.parts],
    }


def _part(part: BodyPart) -> ProtectiveEquipmentBodyPartTypeDef:
    return {
        "Name": part.name,
        "Confidence": part.confidence,
        "EquipmentDetections": [_equipment(cover) for cover in part.covers],
    }


def _equipment(cover: Cover) -> EquipmentDetectionTypeDef:
    """The heads look at nothing but the part itself: what they see covers it, as surely as it is there."""
    return {
        "Type": cover.kind,
        "BoundingBox": bounding_box(cover.box),
        "Confidence": cover.confidence,
        "CoversBodyPart": {"Confidence": cover.confidence, "Value": True},
    }
