"""How well a face can be seen, and why IndexFaces may leave it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .faces import Face

Level = Literal["AUTO", "LOW", "MEDIUM", "HIGH"]
Reason = Literal[
    "EXTREME_POSE", "LOW_BRIGHTNESS", "LOW_SHARPNESS", "LOW_CONFIDENCE", "SMALL_BOUNDING_BOX", "LOW_FACE_QUALITY"
]


@dataclass(frozen=True, slots=True)
class Quality:
    """What AWS calls the quality of a face; 0 to 100, higher is brighter and sharper."""

    brightness: float
    sharpness: float


def quality(crop: NDArray[np.uint8]) -> Quality:
    """The quality of a face from the mesh's crop [3, 192, 192], of which the middle is measured.

    AWS publishes no definition. Brightness is a logistic curve of the mean luma that puts ordinary
    photos near 80, as in AWS's answers. Sharpness comes from the mean absolute Laplacian over the
    standard deviation of the luma, so that contrast does not pass for detail: .25 on sharp portraits
    (97), .11 on LFW (75), .045 blurred by two pixels in 150 (35), .025 on faces of 12 pixels (15).
    """
    luma = np.tensordot(np.array([0.299, 0.587, 0.114], dtype=np.float32), crop[:, 32:160, 32:160], axes=1)
    brightness = 100 / (1 + np.exp((80 - float(luma.mean())) / 38))
    neighbours = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    detail = float(np.abs(4 * luma[1:-1, 1:-1] - neighbours).mean()) / max(float(luma.std()), 1.0)
    return Quality(float(brightness), 100 * (1 - float(np.exp(-max(detail - 0.015, 0) / 0.07))))


class _Bar(NamedTuple):
    """What a face must reach to be indexed."""

    brightness: float
    sharpness: float
    turn: float
    """Degrees of yaw or pitch, at most."""
    side: float
    """Pixels of the box's shorter side, at least."""
    confidence: float
    presence: float
    """Of the mesh: low where the network sees no whole face, as under a hand or a mask."""


# AUTO is AWS's own choice among the levels; here it lies between LOW and MEDIUM.
_BARS: dict[Level, _Bar] = {
    "LOW": _Bar(10, 5, 75, 20, 80, 0.05),
    "AUTO": _Bar(15, 10, 65, 24, 85, 0.10),
    "MEDIUM": _Bar(25, 20, 50, 32, 90, 0.30),
    "HIGH": _Bar(40, 40, 35, 48, 97, 0.60),
}


def reasons(face: Face, level: str) -> list[Reason]:
    """Why QualityFilter `level` leaves `face` out: none when it may be indexed. NONE leaves nothing out."""
    if level == "NONE":
        return []
    bar = _BARS[level]  # type: ignore[index]  # the model's enum
    turned = max(abs(face.pose.yaw), abs(face.pose.pitch))
    found: dict[Reason, bool] = {
        "EXTREME_POSE": turned > bar.turn,
        "LOW_BRIGHTNESS": face.quality.brightness < bar.brightness,
        "LOW_SHARPNESS": face.quality.sharpness < bar.sharpness,
        "LOW_CONFIDENCE": face.confidence < bar.confidence,
        "SMALL_BOUNDING_BOX": face.side < bar.side,
        "LOW_FACE_QUALITY": face.presence < bar.presence,
    }
    return [reason for reason, holds in found.items() if holds]
