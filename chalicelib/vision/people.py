"""What faces say about the labels of a picture: where there is a face there is a head and a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .faces import Face
from .geometry import Box
from .picture import Picture

Describe = Callable[[Picture, Sequence[Face]], Sequence[Mapping[str, float]]]
"""For each face of a picture, further labels with confidences, 0 to 100, such as {"Woman": 98.2, "Adult": 99.9}."""

_ABOVE, _BELOW, _BESIDE = 0.25, 0.05, 0.12
"""How far a head reaches beyond its face's box, of the box's height and width: hair and ears."""


class FaceFinder(Protocol):
    """What is asked of `vision.faces.Faces`."""

    def detect(self, picture: Picture, limit: int = 100) -> list[Face]:
        """Up to `limit` faces of a picture, largest first."""


def undescribed(_picture: Picture, faces: Sequence[Face]) -> list[Mapping[str, float]]:
    """No further labels, where no model knows any."""
    return [{} for _ in faces]


def head(face: Box) -> Box:
    """The box of the head whose face is in `face`, within the picture."""
    left, right = face.left - _BESIDE * face.width, face.left + (1 + _BESIDE) * face.width
    top, bottom = face.top - _ABOVE * face.height, face.top + (1 + _BELOW) * face.height
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (left, top, right, bottom))
    return Box(left, top, right - left, bottom - top)
