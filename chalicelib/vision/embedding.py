"""A face as 128 numbers, and what the distance between two of them says.

The network is dlib's (King, "High Quality Face Recognition with Deep Metric Learning", 2017): faces of
one person lie about .43 apart (Euclidean), of two people about .78.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .alignment import cut, similarity_between
from .picture import Picture
from .sessions import Sessions

DIMENSIONS = 128
FACE_MODEL_VERSION = "7.0"
"""What AWS calls the model that new collections are made with."""

_CHIP = 150
_TOGETHER = 8  # faces, and as many mirror images, a run: bounds the memory that a crowd takes

# Where mesh points that expressions hardly move lie in the chips that dlib's network was trained on:
# their mean, after Procrustes alignment, over 697 photos of UTKFace cut by dlib's own five points.
_TEMPLATE = {
    33: (34.0, 46.7),
    133: (58.0, 48.0),
    362: (90.1, 47.3),
    263: (114.4, 44.9),
    168: (73.6, 43.6),
    6: (73.8, 50.9),
    197: (73.8, 57.3),
    195: (73.9, 63.2),
    5: (74.0, 69.6),
    4: (74.1, 77.1),
    2: (74.5, 87.0),
    98: (57.9, 84.6),
    327: (91.3, 83.9),
    61: (50.4, 103.7),
    291: (100.1, 102.6),
    70: (22.5, 33.9),
    105: (36.3, 26.6),
    107: (60.1, 28.4),
    336: (86.6, 27.7),
    334: (110.6, 24.8),
    300: (125.2, 31.5),
}
_POINTS = list(_TEMPLATE)
_PLACES = np.array(list(_TEMPLATE.values()))


class Looks(NamedTuple):
    """What the network saw of n faces."""

    vectors: NDArray[np.float32]
    """[n, 128], not of unit length: the identity."""
    features: NDArray[np.float32]
    """[n, 1280]: what it saw besides, for the heads of attributes."""


class Embedder:
    """Turns aligned faces into vectors."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def look(self, picture: Picture, points: NDArray[np.float64]) -> Looks:
        """At the faces of the meshes `points` [n, 478, 3] of one picture."""
        parts = [self._look(picture, points[start : start + _TOGETHER]) for start in range(0, len(points), _TOGETHER)]
        return Looks(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _look(self, picture: Picture, points: NDArray[np.float64]) -> list[NDArray[np.float32]]:
        """Both outputs for a chip of each face, each the mean with that of its mirror image."""
        chips = cut(picture, [similarity_between(face[_POINTS, :2], _PLACES) for face in points], _CHIP)
        outputs = self._sessions.run("face_embedding", {"input": np.concatenate([chips, chips[..., ::-1]])})
        return [(output[: len(chips)] + output[len(chips) :]) / 2 for output in outputs]
