"""What a face does: its shape turned to the front, how far eyes and mouth are open, where the eyes look.

All from the face mesh, and for the expression also from mini-Xception (Arriaga et al., "Real-time Convolutional
Neural Networks for Emotion and Gender Classification", 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from .pose import rigid
from .sessions import Sessions

if TYPE_CHECKING:
    from .faces import Face

# Lips, eyes, brows, nose and chin of the mesh: what moves with an expression.
# fmt: off
_MOVING = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 98, 327, 4, 50, 280, 205, 425, 152, 172, 397,
)
# fmt: on
SHAPE = 2 * len(_MOVING)
"""Numbers in `shape`."""
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""mini-Xception's outputs."""
_SIDE = 64
_MARGIN = 10
"""Pixels around the face box, as where the network was trained."""
_GAZE_BIAS = np.array([0.0, -0.056])
"""Eye widths by which the mesh puts irises off the middle of the corners, right and down: the median of LFW's 3,431
faces within 15 degrees of the front. Each eye's are .03 outward as well, which the mean of both undoes."""
_EYE_RADIUS = 0.4
"""Of an eyeball, in eye widths: 12 of 30 mm."""


class _Eye(NamedTuple):
    """Points of the mesh."""

    iris: int
    left: int
    right: int
    """The corners, as in the image."""
    upper: tuple[int, ...]
    lower: tuple[int, ...]


_LEFT_EYE = _Eye(468, 33, 133, upper=(160, 159, 158), lower=(144, 145, 153))
_RIGHT_EYE = _Eye(473, 362, 263, upper=(385, 386, 387), lower=(380, 374, 373))
_LOWER_LID = 0.3
"""Of its depth, what counts towards openness."""


def shape(points: NDArray[np.float64]) -> NDArray[np.float32]:
    """[SHAPE]: where an expression moves the points of a mesh [478, 3], turned to the front, in head sizes."""
    return np.asarray(rigid(points).frontal(points)[list(_MOVING), :2].ravel(), dtype=np.float32)


def eye_openness(points: NDArray[np.float64]) -> float:
    """How high the upper lids stand, of both eyes, in eye widths: below 0 closed, above .06 open, .2 wide.

    Over the line between the corners of the eye, turned to the front, and with a little of how far the lower lids
    hang below it. The distance of the lids alone (Soukupová and Čech, "Real-Time Eye Blink Detection using Facial
    Landmarks", 2016) takes squints and laughter, which raise the lower lid, for closed eyes: of LFW's 40 lowest 29
    were closed, by this measure 37.
    """
    front = rigid(points).frontal(points)[:, :2]
    return float(np.mean([_lid_height(front, eye) for eye in (_LEFT_EYE, _RIGHT_EYE)]))


def _lid_height(front: NDArray[np.float64], eye: _Eye) -> float:
    along = front[eye.right] - front[eye.left]
    down = np.array([-along[1], along[0]]) / (along @ along)
    upper, lower = ((front[list(lid)].mean(0) - front[eye.left]) @ down for lid in (eye.upper, eye.lower))
    return float(_LOWER_LID * lower - upper)


@dataclass(frozen=True, slots=True)
class Gaze:
    """Where the eyes look, in degrees, relative to the camera; signs as for the pose of the head."""

    yaw: float
    pitch: float


def gaze(points: NDArray[np.float64]) -> Gaze:
    """The turn of the head and that of the eyes in it, from how far the irises are off the eyes' middles."""
    head = rigid(points)
    front = head.frontal(points)[:, :2]
    offsets = [
        (front[iris] - (front[left] + front[right]) / 2) / np.linalg.norm(front[right] - front[left])
        for iris, left, right in (eye[:3] for eye in (_LEFT_EYE, _RIGHT_EYE))
    ]
    offset = np.mean(offsets, axis=0) - _GAZE_BIAS
    yaw, pitch = np.degrees(np.arcsin(np.clip(offset / _EYE_RADIUS, -1, 1)))
    return Gaze(head.pose.yaw + float(yaw), head.pose.pitch - float(pitch))


def expressions(image: Image, faces: Sequence[Face], sessions: Sessions) -> NDArray[np.float32]:
    """[n, 7]: mini-Xception's logarithms of probabilities, in the order of EXPRESSIONS."""
    crops = np.stack([_grey(image, face) for face in faces])[:, None]
    (probabilities,) = sessions.run("expressions", {"input": crops})
    logarithms: NDArray[np.float32] = np.log(np.maximum(probabilities, 1e-4))
    return logarithms


def _grey(image: Image, face: Face) -> NDArray[np.uint8]:
    """[64, 64]: the square around the face."""
    box = face.box
    centre = np.array([(box.left + box.width / 2) * image.width, (box.top + box.height / 2) * image.height])
    half = max(box.width * image.width, box.height * image.height) / 2 + _MARGIN
    corners = (*np.rint(centre - half).astype(int).tolist(), *np.rint(centre + half).astype(int).tolist())
    return np.asarray(image.crop(corners).convert("L").resize((_SIDE, _SIDE), Resampling.BILINEAR))
