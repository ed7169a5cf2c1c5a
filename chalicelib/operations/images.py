"""What is in one image: its faces, and whether they are those of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidParameterException
from ..vision.faces import Face, similarity
from ..vision.picture import Picture
from ..vision.quality import reasons
from .details import face_details
from .responses import compared_face, compared_source_face

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import CompareFacesRequestTypeDef, DetectFacesRequestTypeDef

    from ..backend import Backend

_SIMILARITY_THRESHOLD = 80.0


def detect_faces(request: DetectFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The 100 largest faces, largest first."""
    picture = backend.picture(request["Image"])
    faces = backend.faces.detect(picture)
    return {"FaceDetails": face_details(picture, faces, request.get("Attributes", ()), backend)}


def compare_faces(request: CompareFacesRequestTypeDef, backend: Backend) -> Mapping[str, Any]:
    """The source's largest face against the target's 100 largest, the most similar first.

    Faces below QualityFilter's bar are not compared and not returned (unconfirmed). A source or a target
    without a face to compare is an error: AWS answers it without a reason.
    """
    level = request.get("QualityFilter", "NONE")
    threshold = request.get("SimilarityThreshold", _SIMILARITY_THRESHOLD)
    source = backend.picture(request["SourceImage"])
    sought = _comparable(source, backend, level, limit=1)
    target = backend.picture(request["TargetImage"])
    candidates = _comparable(target, backend, level)
    vector = backend.faces.embed(source, sought)
    distances = np.linalg.norm(backend.faces.embed(target, candidates) - vector, axis=1)
    scored = [(similarity(distance), face) for distance, face in zip(distances, candidates, strict=True)]
    scored.sort(key=lambda pair: -pair[0])
    return {
        "SourceImageFace": compared_source_face(sought[0]),
        "FaceMatches": [
            {"Similarity": score, "Face": compared_face(face)} for score, face in scored if score >= threshold
        ],
        "UnmatchedFaces": [compared_face(face) for score, face in scored if score < threshold],
    }


def _comparable(picture: Picture, backend: Backend, level: str, limit: int = 100) -> list[Face]:
    faces = [face for face in backend.faces.detect(picture, limit) if not reasons(face, level)]
    if not faces:
        raise InvalidParameterException
    return faces
