"""FaceDetail: what AWS tells of a face, with the attributes that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..vision.attributes import Answer, Attributes
from ..vision.embedding import Looks
from ..vision.faces import Face
from ..vision.landmarks import DEFAULT
from ..vision.picture import Picture
from .responses import bounding_box, landmarks, pose, quality

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import FaceDetailTypeDef

    from ..backend import Backend


def face_details(
    picture: Picture, faces: Sequence[Face], asked: Collection[str], backend: Backend, looks: Looks | None = None
) -> list[FaceDetailTypeDef]:
    """The details of `faces`, which `picture` holds. What nobody asked for is not computed.

    `asked` holds values of the model's Attribute; none is DEFAULT. ALL also brings all thirty landmarks. `looks` at
    the faces are not repeated.
    """
    wanted = attributes_of(asked)
    details = [face_detail(face, face.landmarks if "ALL" in asked else DEFAULT) for face in faces]
    if wanted:
        for detail, attributes in zip(details, backend.attributes.read(picture, faces, looks), strict=True):
            for name in wanted:
                member, of = _MEMBERS[name]
                detail[member] = of(attributes)  # type: ignore[literal-required]  # the members are AWS's
    return details


def attributes_of(asked: Collection[str]) -> list[str]:
    """Those attributes of `asked` that are not told of every face."""
    return [name for name in _MEMBERS if name in asked or "ALL" in asked]


def face_detail(face: Face, points: Collection[str] = DEFAULT) -> FaceDetailTypeDef:
    """What is told of every face, with the landmarks of these names."""
    return {
        "BoundingBox": bounding_box(face.box),
        "Confidence": face.confidence,
        "Landmarks": landmarks(face, points),
        "Pose": pose(face),
        "Quality": quality(face),
    }


def _value(answer: Answer) -> Mapping[str, Any]:
    return {"Value": answer.value, "Confidence": answer.confidence}


_MEMBERS: Mapping[str, tuple[str, Callable[[Attributes], Any]]] = {
    "AGE_RANGE": ("AgeRange", lambda of: {"Low": of.age_range.low, "High": of.age_range.high}),
    "SMILE": ("Smile", lambda of: _value(of.smile)),
    "EYEGLASSES": ("Eyeglasses", lambda of: _value(of.eyeglasses)),
    "SUNGLASSES": ("Sunglasses", lambda of: _value(of.sunglasses)),
    "GENDER": (
        "Gender",
        lambda of: {"Value": "Male" if of.male.value else "Female", "Confidence": of.male.confidence},
    ),
    "BEARD": ("Beard", lambda of: _value(of.beard)),
    "MUSTACHE": ("Mustache", lambda of: _value(of.mustache)),
    "EYES_OPEN": ("EyesOpen", lambda of: _value(of.eyes_open)),
    "MOUTH_OPEN": ("MouthOpen", lambda of: _value(of.mouth_open)),
    "EMOTIONS": (
        "Emotions",
        lambda of: [{"Type": name, "Confidence": confidence} for name, confidence in of.emotions.items()],
    ),
    "FACE_OCCLUDED": ("FaceOccluded", lambda of: _value(of.face_occluded)),
    "EYE_DIRECTION": (
        "EyeDirection",
        lambda of: {"Yaw": of.gaze.yaw, "Pitch": of.gaze.pitch, "Confidence": of.gaze_confidence},
    ),
}
"""Each value of Attribute: its member of FaceDetail, and how to fill it."""
