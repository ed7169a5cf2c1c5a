"""Faces, boxes and points as AWS's members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..vision.faces import Face
from ..vision.geometry import Box, Point
from ..vision.landmarks import DEFAULT

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import (
        BoundingBoxTypeDef,
        ComparedFaceTypeDef,
        ComparedSourceImageFaceTypeDef,
        GeometryTypeDef,
        ImageQualityTypeDef,
        LandmarkTypeDef,
        PoseTypeDef,
    )


def bounding_box(box: Box) -> BoundingBoxTypeDef:
    """Ratios of the picture's sides; they may be below 0 and exceed 1."""
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def geometry(box: Box, polygon: Iterable[Point]) -> GeometryTypeDef:
    """A box and the polygon in it, in ratios of the picture's sides."""
    return {"BoundingBox": bounding_box(box), "Polygon": [{"X": point.x, "Y": point.y} for point in polygon]}


def compared_face(face: Face) -> ComparedFaceTypeDef:
    """A face of CompareFaces's target."""
    return {
        "BoundingBox": bounding_box(face.box),
        "Confidence": face.confidence,
        "Landmarks": landmarks(face, DEFAULT),
        "Pose": pose(face),
        "Quality": quality(face),
    }


def compared_source_face(face: Face) -> ComparedSourceImageFaceTypeDef:
    """The face of CompareFaces's source."""
    return {"BoundingBox": bounding_box(face.box), "Confidence": face.confidence}


def landmarks(face: Face, names: Iterable[str]) -> list[LandmarkTypeDef]:
    """The landmarks of these names, in their order, in ratios of the picture's sides."""
    return [{"Type": name, "X": face.landmarks[name].x, "Y": face.landmarks[name].y} for name in names]  # type: ignore[typeddict-item]  # the names are AWS's


def pose(face: Face) -> PoseTypeDef:
    """Degrees, -180 to 180."""
    return {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch}


def quality(face: Face) -> ImageQualityTypeDef:
    """Brightness and sharpness, 0 to 100."""
    return {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness}
