"""478 points on every face, and whether the network saw a face at all.

MediaPipe's attention mesh: Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction
in Real-time", 2020. On human landmarks of LFW its eyes, nose and mouth corners err by about .04 of the
distance between the eyes, the detector's own by .08.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .alignment import apply, cut, inverse, square_region
from .detector import Detections
from .picture import Picture
from .sessions import Sessions

POINTS = 478
CROP = 192
"""Pixels of the network's square input."""
_MARGIN = 1.3  # of the detector's box, as in MediaPipe
_ASKEW = np.radians(6)
"""How far from upright eyes may be in a crop; beyond it the mesh is fitted again.

A detector sees 30 degrees of tilt as 12, and the network makes faces in its crop straighter than they are: LFW's
photos turned by 30 degrees had their roll changed by 27 (now 30, .4 off on average), and their yaw by 2 (now .7). Of
LFW's own photos one in seven is fitted again.
"""
_TOGETHER = 8  # faces a run: bounds the memory that a crowd takes

# Where the network's refined lips and eyes belong among the 478 points, contour by contour.
# fmt: off
_LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)
_LEFT_EYE = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
    226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)
_RIGHT_EYE = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
)
# fmt: on
LEFT_EYE_CONTOUR, RIGHT_EYE_CONTOUR = _LEFT_EYE[:16], _RIGHT_EYE[:16]
_LEFT_CORNERS, _RIGHT_CORNERS = (33, 133), (362, 263)
LEFT_IRIS, RIGHT_IRIS = slice(468, 473), slice(473, 478)
"""Each iris: its centre, then four points of its rim. Left and right are the image's, throughout."""
_FINER = np.array([*_LIPS, *_LEFT_EYE, *_RIGHT_EYE, *range(468, POINTS)])


Points = NDArray[np.float64]


class Meshes(NamedTuple):
    """The meshes of several faces of one picture."""

    points: NDArray[np.float64]
    """[n, 478, 3]: x and y in the picture's pixels, z in pixels too, smaller nearer to the camera."""
    presence: NDArray[np.float64]
    """[n], 0 to 1: how sure the network is that it looks at a face; low for tiny, hidden and averted ones."""
    crops: NDArray[np.uint8]
    """[n, 3, 192, 192], RGB: what the network looked at, upright."""


class FaceMesh:
    """Fits the mesh to detected faces."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def fit(self, picture: Picture, found: Detections) -> Meshes:
        """The meshes of `found`, in its order."""
        picture.reduced(float(_sides(found).min()) / CROP)  # once, as finely as the smallest face needs, before all ask
        parts = self._sessions.spread(
            lambda rows: self._fit(picture, Detections(*(part[list(rows)] for part in found))),
            range(len(found.boxes)),
            _TOGETHER,
        )
        return Meshes(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _fit(self, picture: Picture, found: Detections) -> Meshes:
        """The meshes in crops that the detector's eyes turn upright, and where they turn out not to be, their own."""
        centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        sides = _sides(found)
        angles = _angles(found.points[:, 0], found.points[:, 1])
        meshes = self._look(picture, centres, sides, angles)
        eyes = (meshes.points[:, corners, :2].mean(1) for corners in (_LEFT_CORNERS, _RIGHT_CORNERS))
        seen = _angles(*eyes)
        askew = np.abs((seen - angles + np.pi) % (2 * np.pi) - np.pi) > _ASKEW
        if askew.any():
            upright = self._look(picture, centres[askew], sides[askew], seen[askew])
            meshes.points[askew], meshes.presence[askew], meshes.crops[askew] = upright
        return meshes

    def _look(self, picture: Picture, centres: Points, sides: Points, angles: Points) -> Meshes:
        """The meshes in square crops around `centres` [n, 2], turned by `angles` [n] radians."""
        regions = [square_region(*region, CROP) for region in zip(centres, sides, angles, strict=True)]
        crops = cut(picture, regions, CROP)
        *surfaces, flags = self._sessions.run("face_mesh", {"input": crops})
        points = _refined(surfaces)
        for face, region, side in zip(points, regions, sides, strict=True):
            face[:, :2] = apply(inverse(region), face[:, :2])
            face[:, 2] *= side / CROP
        return Meshes(points, 1 / (1 + np.exp(-flags[:, 0].astype(np.float64))), crops)


def _sides(found: Detections) -> Points:
    """[n]: of the square regions around the faces, in the picture's pixels."""
    sides: Points = (found.boxes[:, 2:] - found.boxes[:, :2]).max(1) * _MARGIN
    return sides


def _angles(left: Points, right: Points) -> Points:
    """Radians, clockwise on the screen, of the lines from the left eyes [n, 2] to the right ones."""
    across = right - left
    angles: Points = np.arctan2(across[:, 1], across[:, 0])
    return angles


def _refined(surfaces: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """The mesh with the lips, eyes and irises of the networks that look at nothing else."""
    mesh, *finer = surfaces
    points = np.empty((len(mesh), POINTS, 3))
    points[:, :468] = mesh
    points[:, _FINER, :2] = np.concatenate(finer, axis=1)
    for iris, corners in ((LEFT_IRIS, _LEFT_CORNERS), (RIGHT_IRIS, _RIGHT_CORNERS)):
        points[:, iris, 2] = points[:, corners, 2].mean(1, keepdims=True)  # no depth of its own
    return points
