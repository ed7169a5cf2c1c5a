"""People and what protects them.

faces ──> a body each ──┐                     covers of the face and the head (vision/covers.py)
objects pack: bodies ───┼─> people ─> parts ─┤
hands pack: hands ──────┘                     hands, of which no model here knows whether they are gloved

A person whose face is not seen has no parts: what nobody looked at is neither covered nor bare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from PIL import ImageOps

from .covers import Cover, Covers
from .faces import Face
from .geometry import Box, Point
from .hands import Hand
from .objects import Object
from .people import FaceFinder
from .picture import Picture

EQUIPMENT_MODEL_VERSION = "1.0"
MOST_PEOPLE = 15

_FRAME, _FRAMED_SIDE = 0.4, 320
"""A picture without a face is looked at again in a grey frame, which is so much of its longer side, at so many pixels.

Detectors want to see around a face, and are surest of large ones when they look coarsely: of 650 photos of masks,
many of which end at the hairline, 59 had no face before.
"""
_TURNED_AWAY, _SURE = 0.02, 85.0
"""The mesh's presence below which a face is not seen, unless a cover is surely seen on it.

Detectors take the backs of heads for faces (13 % on photos of workers lie below, with a third of the false masks),
but 3.5 % of the masked faces lie there too.
"""
_BODY_WIDTH, _BODY_HEIGHT, _HEAD_ABOVE = 3.0, 9.0, 0.4
"""Of a standing person, in widths and heights of the face's box; the body begins so much above it."""
_A_BODY = 80.0
"""Confidence of the objects pack below which a person without a face is not counted."""
_REACH = 0.15
"""Of a body's width: how far outside its box a hand may be."""

PartName = Literal["FACE", "HEAD", "LEFT_HAND", "RIGHT_HAND"]


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part of a person that is seen."""

    name: PartName
    confidence: float
    """0 to 100."""
    covers: tuple[Cover, ...] = ()


@dataclass(frozen=True, slots=True)
class Protected:
    """A person, protected or not."""

    box: Box
    """Of the body: the objects pack's, else what a standing person of that face takes, within the picture."""
    confidence: float
    """0 to 100."""
    parts: tuple[BodyPart, ...]


class HandFinder(Protocol):
    """What is asked of `vision.hands.Hands`."""

    @property
    def available(self) -> bool: ...
    def detect(self, picture: Picture) -> list[Hand]: ...


class ObjectFinder(Protocol):
    """What is asked of `vision.objects.Objects`."""

    def detect(self, picture: Picture) -> list[Object]: ...


class Equipment:
    """Finds people and their equipment; safe to use from many threads."""

    def __init__(self, faces: FaceFinder, covers: Covers, hands: HandFinder, objects: ObjectFinder) -> None:
        self._faces = faces
        self._covers = covers
        self._hands = hands
        self._objects = objects

    def detect(self, picture: Picture) -> list[Protected]:
        """Up to 15 people, the largest first."""
        faces = self._faces.detect(picture) or _framed_faces(self._faces, picture)
        bodies = [one for one in self._objects.detect(picture) if one.label == "Person" and one.confidence >= _A_BODY]
        covers = self._covers.detect(picture, faces)
        people = _embodied([_with_face(*pair) for pair in zip(faces, covers, strict=True)], faces, bodies)
        people = sorted(people, key=lambda person: -person.box.area)[:MOST_PEOPLE]
        if people and self._hands.available:
            people = _handed(people, self._hands.detect(picture))
        return people


def _with_face(face: Face, covers: Sequence[Cover]) -> Protected:
    """Who has this face; the body's box is a guess."""
    mask = tuple(cover for cover in covers if cover.kind == "FACE_COVER")
    hat = tuple(cover for cover in covers if cover.kind == "HEAD_COVER")
    parts = [BodyPart("HEAD", face.confidence, hat)]
    if face.presence >= _TURNED_AWAY or any(cover.confidence >= _SURE for cover in mask):
        parts.insert(0, BodyPart("FACE", face.confidence, mask))
    box = face.box
    left = box.left + box.width / 2 - box.width * _BODY_WIDTH / 2
    top = box.top - box.height * _HEAD_ABOVE
    body = _within(Box(left, top, box.width * _BODY_WIDTH, box.height * _BODY_HEIGHT))
    return Protected(body, face.confidence, tuple(parts))


def _embodied(people: Sequence[Protected], faces: Sequence[Face], bodies: Sequence[Object]) -> list[Protected]:
    """`people`, one of each of `faces`, with the bodies that hold their faces, and whoever has but a body.

    A face belongs to the smallest body in whose upper half it lies, each body to one face.
    """
    free = sorted(bodies, key=lambda body: body.box.area)
    found = []
    for person, face in zip(people, faces, strict=True):
        mine = next((body for body in free if _heads(face.box, body.box)), None)
        if mine is not None:
            free.remove(mine)
            found.append(replace(person, box=mine.box, confidence=max(person.confidence, mine.confidence)))
        else:
            found.append(person)
    return found + [Protected(body.box, body.confidence, ()) for body in free]


def _heads(face: Box, body: Box) -> bool:
    """Whether the middle of `face` lies in the upper half of `body`."""
    x, y = face.left + face.width / 2, face.top + face.height / 2
    return body.left < x < body.left + body.width and body.top < y < body.top + body.height / 2


def _handed(people: Sequence[Protected], hands: Iterable[Hand]) -> list[Protected]:
    """`people` with their hands, the surest of each side: a hand belongs to the nearest body that it is at."""
    found = list(people)
    for hand in hands:
        x, y = hand.box.left + hand.box.width / 2, hand.box.top + hand.box.height / 2
        owners = [i for i, person in enumerate(found) if _reaches(person.box, x, y)]
        if not owners:
            continue
        owner = min(owners, key=lambda i: abs(found[i].box.left + found[i].box.width / 2 - x))
        name: PartName = "LEFT_HAND" if hand.side == "left" else "RIGHT_HAND"
        if all(part.name != name for part in found[owner].parts):
            found[owner] = replace(found[owner], parts=(*found[owner].parts, BodyPart(name, hand.confidence)))
    return found


def _reaches(body: Box, x: float, y: float) -> bool:
    margin = _REACH * body.width
    return body.left - margin < x < body.left + body.width + margin and body.top < y < body.top + body.height + margin


def _within(box: Box) -> Box:
    left, top = max(box.left, 0.0), max(box.top, 0.0)
    return Box(left, top, min(box.left + box.width, 1.0) - left, min(box.top + box.height, 1.0) - top)


def _framed_faces(faces: FaceFinder, picture: Picture) -> list[Face]:
    """The faces of a picture that is set in a grey frame, where the picture has them."""
    border = int(_FRAME * max(picture.width, picture.height))
    framed = ImageOps.expand(picture.image, border, (127, 127, 127))
    scale = _FRAMED_SIDE / max(framed.size)
    small = framed.resize((max(round(framed.width * scale), 1), max(round(framed.height * scale), 1)))
    return [_unframed(face, border, scale, picture) for face in faces.detect(Picture.of(np.asarray(small)))]


def _unframed(face: Face, border: int, scale: float, picture: Picture) -> Face:
    """A face of the framed picture at `scale`, in the picture itself."""
    left, top = border / picture.width, border / picture.height
    across, down = 1 + 2 * left, 1 + 2 * top
    box = Box(face.box.left * across - left, face.box.top * down - top, face.box.width * across, face.box.height * down)
    landmarks = {name: Point(x * across - left, y * down - top) for name, (x, y) in face.landmarks.items()}
    mesh = face.mesh / scale - (border, border, 0)
    return replace(face, box=box, landmarks=landmarks, mesh=mesh, side=face.side / scale)
