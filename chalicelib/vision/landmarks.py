"""AWS's thirty landmarks, read from the face mesh. Left and right are the image's, as in AWS's answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .geometry import Point
from .mesh import LEFT_EYE_CONTOUR, POINTS, RIGHT_EYE_CONTOUR

DEFAULT = ("eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose")
"""Those that DetectFaces returns without ALL, in AWS's order."""

_POINTS: dict[str, tuple[int, ...]] = {
    "eyeLeft": LEFT_EYE_CONTOUR,
    "eyeRight": RIGHT_EYE_CONTOUR,
    "mouthLeft": (61,),
    "mouthRight": (291,),
    "nose": (4,),
    "leftEyeBrowLeft": (70,),
    "leftEyeBrowRight": (107,),
    "leftEyeBrowUp": (105,),
    "rightEyeBrowLeft": (336,),
    "rightEyeBrowRight": (300,),
    "rightEyeBrowUp": (334,),
    "leftEyeLeft": (33,),
    "leftEyeRight": (133,),
    "leftEyeUp": (159,),
    "leftEyeDown": (145,),
    "rightEyeLeft": (362,),
    "rightEyeRight": (263,),
    "rightEyeUp": (386,),
    "rightEyeDown": (374,),
    "noseLeft": (75,),
    "noseRight": (305,),
    "mouthUp": (0,),
    "mouthDown": (17,),
    "leftPupil": (468,),
    "rightPupil": (473,),
    "upperJawlineLeft": (127,),
    "midJawlineLeft": (58, 172),
    "chinBottom": (152,),
    "midJawlineRight": (288, 397),
    "upperJawlineRight": (356,),
}
"""Each name's mesh points; it lies at their mean."""


_SHARES = np.array([[(point in points) / len(points) for point in range(POINTS)] for points in _POINTS.values()])
"""[30, 478]: how much of each mesh point goes into each landmark."""


def landmarks(points: NDArray[np.float64], width: int, height: int) -> dict[str, Point]:
    """All thirty by name, in AWS's order, of a mesh [478, 3] in the pixels of a picture `width` x `height`."""
    places = _SHARES @ points[:, :2] / (width, height)
    return {name: Point(x, y) for name, (x, y) in zip(_POINTS, places.tolist(), strict=True)}
