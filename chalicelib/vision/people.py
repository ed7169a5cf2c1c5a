"""What faces say about the labels of a picture: where there is a face there is a head and a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from .attributes import AGES, seen
from .classifier import SQUARE, Classifier, View
from .embedding import Embedder
from .faces import Face
from .findings import Finding, Instance
from .geometry import Box
from .heads import head as network
from .picture import Picture
from .sessions import Sessions
from .vocabulary import vocabulary

Describe = Callable[[Picture, Sequence[Face]], Sequence[Mapping[str, float]]]
"""For each face of a picture, further labels with confidences, 0 to 100, such as {"Woman": 98.2, "Adult": 99.9}."""

Described = tuple[Face, Mapping[str, float]]
"""A face and its further labels."""

_ABOVE, _BELOW, _BESIDE = 0.25, 0.05, 0.12
"""How far a head reaches beyond its face's box, of the box's height and width: hair and ears."""

_ADULT = 18
"""Years."""
_ANIMALS = 50.0
"""Where the picture is this sure to show an animal, every face is looked at again: the face models take the faces of
dogs and foxes for people's, at confidences of 90 and more."""
_ANIMAL_FACE, _REACH = 0.85, 1.6
"""A face is an animal's where animals' classes have this share of a view so many times as wide. Six animals' faces
among 250 photos of ImageNet had .87 to .99; of 154 people's in LFW, one had more than .61."""


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
        features = self._embedder.look(picture, np.stack([face.mesh for face in faces])).features
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


class People:
    """The people of a picture by their faces; safe to use from many threads."""

    def __init__(self, faces: FaceFinder, classifier: Classifier, describe: Describe) -> None:
        self._faces = faces
        self._classifier = classifier
        self._describe = describe

    def look(self, picture: Picture) -> list[Described]:
        """The faces and what is known of each: all that asks nothing of the classifier."""
        faces = self._faces.detect(picture)
        return list(zip(faces, self._describe(picture, faces), strict=True))

    def find(self, picture: Picture, faces: list[Described], animals: float) -> Iterator[Finding]:
        """Person, Head and Face, and what is known of each of `faces`. A person's box is the head: no more is seen.

        `animals` says how sure it is, 0 to 100, that the picture shows any.
        """
        if faces and animals >= _ANIMALS:
            faces = self._human(picture, faces)
        found: dict[str, list[Instance]] = {}
        for face, known in faces:
            whole = head(face.box)
            found.setdefault("Face", []).append(Instance(face.box, face.confidence))
            for name, confidence in {"Head": face.confidence, "Person": face.confidence, **known}.items():
                found.setdefault(name, []).append(Instance(whole, confidence))
        for name, instances in found.items():
            instances.sort(key=lambda instance: -instance.confidence)
            yield Finding(name, instances[0].confidence, tuple(instances))

    def _human(self, picture: Picture, faces: list[Described]) -> list[Described]:
        """Those of `faces` that the classifier, looking at each, does not take for an animal's."""
        views = tuple(_around(face.box, picture) for face, _ in faces)
        shares = self._classifier.probabilities(picture, views)[:, vocabulary().mask("Animal")].sum(axis=1)
        return [one for one, share in zip(faces, shares, strict=True) if share < _ANIMAL_FACE]


def _around(box: Box, picture: Picture) -> View:
    """A face with some of its surroundings, within the picture."""
    x, y = (box.left + box.width / 2) * picture.width, (box.top + box.height / 2) * picture.height
    reach = max(box.width * picture.width, box.height * picture.height) * _REACH / 2
    left, right = (min(max(edge, 0.0), picture.width) for edge in (x - reach, x + reach))
    top, bottom = (min(max(edge, 0.0), picture.height) for edge in (y - reach, y + reach))
    return View(left, top, right, bottom, SQUARE)


def head(face: Box) -> Box:
    """The box of the head whose face is in `face`, within the picture."""
    left, right = face.left - _BESIDE * face.width, face.left + (1 + _BESIDE) * face.width
    top, bottom = face.top - _ABOVE * face.height, face.top + (1 + _BELOW) * face.height
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (left, top, right, bottom))
    return Box(left, top, right - left, bottom - top)
