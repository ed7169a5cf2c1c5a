"""What faces say about the labels of a picture: where there is a face there is a head and a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from .attributes import AGES, seen
from .embedding import Embedder
from .faces import Face
from .geometry import Box
from .heads import head as network
from .picture import Picture
from .sessions import Sessions

Describe = Callable[[Picture, Sequence[Face]], Sequence[Mapping[str, float]]]
"""For each face of a picture, further labels with confidences, 0 to 100, such as {"Woman": 98.2, "Adult": 99.9}."""

_ABOVE, _BELOW, _BESIDE = 0.25, 0.05, 0.12
"""How far a head reaches beyond its face's box, of the box's height and width: hair and ears."""

_ADULT = 18
"""Years."""


class FaceFinder(Protocol):
    """What is asked of `vision.faces.Faces`."""

    def detect(self, picture: Picture, limit: int = 100) -> list[Face]:
        """Up to `limit` faces of a picture, largest first."""


class Appearance:
    """Whether people look grown up and, of adults, like men or women: a guess at appearance, no fact about a person.

    Of children's gender nothing is said: the head's photos had none. See the cards models/heads/age.json, gender.json.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._embedder = Embedder(sessions)

    def describe(self, picture: Picture, faces: Sequence[Face]) -> list[Mapping[str, float]]:
        """For each face, Adult with Male or Female and Man or Woman, or Child: a `Describe`."""
        if not faces:
            return []
        features = self._embedder.features(picture.image, np.stack([face.mesh for face in faces]))
        grown = network("age").probabilities(features)[:, AGES >= _ADULT].sum(axis=1)
        male = network("gender").probabilities(features)[:, 1]
        return [
            _appearance(float(adult), float(man), seen(face.presence))
            for adult, man, face in zip(grown, male, faces, strict=True)
        ]


def _appearance(adult: float, male: float, known: float) -> dict[str, float]:
    """Labels by the probabilities of an adult and of a man, which fall towards one half with what is `known`."""
    adult, male = (0.5 + (probability - 0.5) * known for probability in (adult, male))
    if adult < 0.5:
        return {"Child": 100 * (1 - adult)}
    gender, both = ("Male", "Man") if male >= 0.5 else ("Female", "Woman")
    sure = max(male, 1 - male)
    return {"Adult": 100 * adult, gender: 100 * sure, both: 100 * adult * sure}


def undescribed(_picture: Picture, faces: Sequence[Face]) -> list[Mapping[str, float]]:
    """No further labels, where no model knows any."""
    return [{} for _ in faces]


def head(face: Box) -> Box:
    """The box of the head whose face is in `face`, within the picture."""
    left, right = face.left - _BESIDE * face.width, face.left + (1 + _BESIDE) * face.width
    top, bottom = face.top - _ABOVE * face.height, face.top + (1 + _BELOW) * face.height
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (left, top, right, bottom))
    return Box(left, top, right - left, bottom - top)
