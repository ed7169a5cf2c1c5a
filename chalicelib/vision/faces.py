"""Faces of a picture: found, measured and embedded.

picture ── detector ──> boxes, five points ── mesh ──> 478 points ──> landmarks · pose · quality
                                                 └── aligned chips ── embedding ──> vectors
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .detector import Detections, detector, shrinking, viewing_side
from .embedding import DIMENSIONS, FACE_MODEL_VERSION, Embedder, Looks
from .geometry import Box, Point
from .landmarks import landmarks
from .mesh import FaceMesh
from .picture import Picture
from .pose import Pose, pose
from .quality import Quality, quality
from .sessions import Sessions
from .similarity import distance_at, similarity

__all__ = ["DIMENSIONS", "FACE_MODEL_VERSION", "Face", "Faces", "Pose", "Quality", "distance_at", "similarity"]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face of a picture."""

    box: Box
    confidence: float
    """0 to 100, that it is a face; calibrated."""
    landmarks: Mapping[str, Point]
    """AWS's thirty, by name; left and right are the image's."""
    pose: Pose
    quality: Quality
    mesh: NDArray[np.float64]
    """[478, 3] in the picture's pixels: MediaPipe's 468 points, then the irises."""
    presence: float
    """0 to 1: how sure the mesh's network is that it looks at a face. Gates attributes, not detection."""
    side: float
    """The shorter side of the box in the picture's pixels."""


class Faces:
    """The face models over one set of sessions; safe to use from many threads."""

    def __init__(self, sessions: Sessions, detector_name: str = "auto") -> None:
        self._detector = detector(sessions, detector_name)
        self._mesh = FaceMesh(sessions)
        self._embedder = Embedder(sessions)

    def detect(self, picture: Picture, limit: int = 100) -> list[Face]:
        """Up to `limit` faces, largest box first."""
        found = self._find(picture)
        sizes = (found.boxes[:, 2:] - found.boxes[:, :2]).prod(1)
        largest = np.argsort(-sizes, kind="stable")[:limit]
        found = Detections(*(part[largest] for part in found))
        if not len(largest):
            return []
        meshes = self._mesh.fit(picture, found)
        return [
            Face(
                box=_ratios(corners, picture),
                confidence=float(confidence),
                landmarks=landmarks(points, picture.width, picture.height),
                pose=pose(points),
                quality=quality(crop),
                mesh=points,
                presence=float(presence),
                side=float((corners[2:] - corners[:2]).min()),
            )
            for corners, confidence, points, presence, crop in zip(found.boxes, found.confidences, *meshes, strict=True)
        ]

    def _find(self, picture: Picture) -> Detections:
        """All faces of `picture`, in its pixels."""
        image = picture.reduced(shrinking(picture))
        found = self._detector.find(image, viewing_side(max(picture.width, picture.height)))
        scale = np.array([picture.width / image.width, picture.height / image.height])
        return Detections(found.boxes * np.tile(scale, 2), found.confidences, found.points * scale)

    def embed(self, picture: Picture, faces: Sequence[Face]) -> NDArray[np.float32]:
        """[n, 128]: one vector a face of `picture`, to be compared by Euclidean distance."""
        if not faces:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        return self.look(picture, faces).vectors

    def look(self, picture: Picture, faces: Sequence[Face]) -> Looks:
        """The vectors of one or more faces of `picture`, and in the same run what their attributes are read from."""
        return self._embedder.look(picture, np.stack([face.mesh for face in faces]))


def _ratios(corners: NDArray[np.float64], picture: Picture) -> Box:
    left, top, right, bottom = (corners / ([picture.width, picture.height] * 2)).tolist()
    return Box(left, top, right - left, bottom - top)
