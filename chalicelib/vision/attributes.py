"""What AWS calls the attributes of a face, each with a confidence that its measured accuracy bears out.

features of the embedding network ─┐
the mesh turned to the front ──────┼─ heads ──> age · gender · smile · glasses · beard · mustache · mouth · covered
mini-Xception ─────────────────────┘        └─> emotions
the mesh itself ──> eyes open · where they look

Where the mesh's network doubts that it sees a face, every confidence falls towards "cannot tell".
Gender is a guess at appearance and emotion at expression, as AWS says of its own; neither is a fact about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from .embedding import Embedder, Looks
from .expression import Gaze, expressions, eye_openness, gaze, shape
from .faces import Face
from .heads import Floats, Head, head
from .picture import Picture
from .sessions import Sessions

YES_OR_NO = ("smile", "eyeglasses", "beard", "mustache", "mouth_open", "face_occluded")
"""The heads that answer no or yes; `gender` answers female or male."""
EMOTIONS = ("ANGRY", "DISGUSTED", "FEAR", "HAPPY", "SAD", "SURPRISED", "CALM")
"""The outputs of the head `emotions`."""
AGES = np.concatenate([np.arange(0, 20, 2), np.arange(20, 100, 4)]).astype(np.float32)
"""The ages that the outputs of the head `age` stand for."""
_WITH_SHAPE = ("smile", "mouth_open")
AGE_TAILS = 0.2
"""Of the chance, left out of AgeRange at either end."""
_EYES_OPEN_AT, _EYES_OPEN_SCALE = 0.025, 0.012
"""Of `eye_openness`: of LFW's 40 faces around .025 half had closed eyes, of its 25 below 0 all but one."""
_DARK_AT, _DARK_SCALE = 0.5, 0.06
_KNOWN = 0.35
"""The presence at which a face counts as half seen."""


class Answer(NamedTuple):
    """Yes or no, and how sure."""

    value: bool
    confidence: float
    """50 to 100."""


class AgeRange(NamedTuple):
    """Years."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Attributes:
    """All attributes of one face; confidences are 0 to 100."""

    age_range: AgeRange
    age: float
    """The mean guess in years, of which AWS gives only the range."""
    male: Answer
    smile: Answer
    eyeglasses: Answer
    sunglasses: Answer
    beard: Answer
    mustache: Answer
    eyes_open: Answer
    mouth_open: Answer
    face_occluded: Answer
    emotions: Mapping[str, float]
    """By AWS's name, surest first, adding up to 100."""
    gaze: Gaze
    gaze_confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the heads look at, for n faces."""

    features: Floats
    """[n, 1280]"""
    shapes: Floats
    """[n, SHAPE]"""
    expressions: Floats
    """[n, 7]"""

    def seen_by(self, name: str) -> Floats:
        """The inputs of the head of that name."""
        if name == "emotions":  # what the embedding's features add here is who is shown, and in which film
            return np.hstack([self.shapes, self.expressions])
        return np.hstack([self.features, self.shapes]) if name in _WITH_SHAPE else self.features


class AttributeReader:
    """Reads the attributes of faces; safe to use from many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._embedder = Embedder(sessions)

    def read(self, picture: Picture, faces: Sequence[Face], looks: Looks | None = None) -> list[Attributes]:
        """The attributes of `faces`, which `picture` holds; all faces in one batch, unless `looks` has them already."""
        if not faces:
            return []
        evidence = self.evidence(picture, faces, looks)
        answers = {name: _asked(head(name), evidence.seen_by(name)) for name in (*YES_OR_NO, "gender")}
        ages = head("age").probabilities(evidence.seen_by("age"))
        emotions = head("emotions").probabilities(evidence.seen_by("emotions"))
        return [
            _attributes(picture.image, face, {name: float(p[i]) for name, p in answers.items()}, ages[i], emotions[i])
            for i, face in enumerate(faces)
        ]

    def evidence(self, picture: Picture, faces: Sequence[Face], looks: Looks | None = None) -> Evidence:
        """What the heads are trained on."""
        meshes = np.stack([face.mesh for face in faces])
        return Evidence(
            features=(looks or self._embedder.look(picture, meshes)).features,
            shapes=np.stack([shape(points) for points in meshes]),
            expressions=expressions(picture.image, faces, self._sessions),
        )


def _asked(asked: Head, inputs: Floats) -> Floats:
    """[n]: the probability of yes."""
    return asked.probabilities(inputs)[:, 1]


def _attributes(image: Image, face: Face, yes: Mapping[str, float], ages: Floats, emotions: Floats) -> Attributes:
    known = seen(face.presence)
    gently = {name: 0.5 + (p - 0.5) * known for name, p in yes.items() if name != "face_occluded"}
    openness = _logistic((eye_openness(face.mesh) - _EYES_OPEN_AT) / _EYES_OPEN_SCALE)
    dark = _logistic((_DARK_AT - eye_brightness(image, face.mesh)) / _DARK_SCALE)
    return Attributes(
        age_range=age_range(ages),
        age=float(ages @ AGES),
        male=_answer(gently["gender"]),
        smile=_answer(gently["smile"]),
        eyeglasses=_answer(gently["eyeglasses"]),
        sunglasses=_answer(gently["eyeglasses"] * dark),
        beard=_answer(gently["beard"]),
        mustache=_answer(gently["mustache"]),
        eyes_open=_answer(0.5 + (openness - 0.5) * known * (1 - gently["eyeglasses"] * dark)),
        mouth_open=_answer(gently["mouth_open"]),
        face_occluded=_answer(yes["face_occluded"]),
        emotions=_emotions(emotions, known),
        gaze=gaze(face.mesh),
        gaze_confidence=100 * known * openness,
    )


def age_range(ages: Floats) -> AgeRange:
    """The years between the tails of the chances `ages` [len(AGES)]."""
    ends = np.interp([AGE_TAILS, 1 - AGE_TAILS], np.cumsum(ages) - ages / 2, AGES)
    return AgeRange(int(np.floor(ends[0])), int(np.ceil(ends[1])))


def seen(presence: float) -> float:
    """0 to 1: how far a face's attributes can be told, of the mesh's own word that it sees a face."""
    return presence / (presence + _KNOWN * (1 - presence))


def eye_brightness(image: Image, points: NDArray[np.float64]) -> float:
    """The luma of the eyes over that of the cheeks: about .75 on bare faces, below .5 behind dark glasses."""
    left, top = np.floor(points[:, :2].min(0)).astype(int)
    right, bottom = np.ceil(points[:, :2].max(0)).astype(int)
    luma = image.crop((left, top, right, bottom)).convert("L")
    scaled = luma.resize((64, 64), Resampling.BOX)
    places = np.clip((points[:, :2] - (left, top)) / (right - left, bottom - top) * 64, 0, 63).astype(int)
    pixels = np.asarray(scaled, dtype=np.float64)
    eyes, cheeks = (pixels[places[list(each), 1], places[list(each), 0]].mean() for each in (_EYES, _CHEEKS))
    return float(eyes / max(cheeks, 1))


_EYES = (159, 145, 153, 144, 158, 160, 386, 374, 380, 373, 385, 387, 23, 253, 27, 257)
_CHEEKS = (50, 280, 205, 425, 101, 330, 118, 347, 207, 427)


def _emotions(probabilities: Floats, known: float) -> dict[str, float]:
    """AWS's eight and UNKNOWN, which takes what the mesh's doubt leaves of the others.

    No photos of confusion are to be had. It is put where calm and tension (anger, disgust, fear) are about equally
    likely: as much as the smaller of the two, half taken from each.
    """
    shares = dict(zip(EMOTIONS, probabilities.tolist(), strict=True))
    tense = ("ANGRY", "DISGUSTED", "FEAR")
    tension = sum(shares[name] for name in tense)
    confused = min(shares["CALM"], tension) / 2
    for name in tense:
        shares[name] -= confused * shares[name] / max(tension, 1e-9)
    shares["CALM"] -= confused
    shares["CONFUSED"] = 2 * confused
    percent = {name: 100 * known * share for name, share in shares.items()} | {"UNKNOWN": 100 * (1 - known)}
    return dict(sorted(percent.items(), key=lambda item: -item[1]))


def _answer(yes: float) -> Answer:
    return Answer(yes >= 0.5, 100 * max(yes, 1 - yes))


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(x, -30, 30))))
