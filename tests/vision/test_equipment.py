"""People, their parts and what covers them, from faces, bodies and hands that are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from chalicelib.backend import Vision
from chalicelib.vision.covers import Cover
from chalicelib.vision.equipment import Equipment, Protected
from chalicelib.vision.faces import Face
from chalicelib.vision.geometry import Box, Point
from chalicelib.vision.hands import Hand
from chalicelib.vision.objects import Object
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.pose import Pose
from chalicelib.vision.quality import Quality
from chalicelib.vision.sessions import Sessions

PHOTO = Picture.of(np.zeros((400, 400, 3), np.uint8))
MASK = Cover("FACE_COVER", Box(0.4, 0.25, 0.1, 0.05), 97.0)
HAT = Cover("HEAD_COVER", Box(0.38, 0.1, 0.14, 0.1), 88.0)


def face(left: float = 0.4, top: float = 0.2, size: float = 0.1, presence: float = 1.0) -> Face:
    nose = Point(left + size / 2, top + size / 2)
    mesh = np.tile([nose.x * 400, nose.y * 400, 0], (478, 1))
    return Face(
        Box(left, top, size, size), 95.0, {"nose": nose}, Pose(0, 0, 0), Quality(80, 80), mesh, presence, size * 400
    )


def hand(left: float, top: float, side: Any = "left", confidence: float = 90.0) -> Hand:
    return Hand(Box(left, top, 0.04, 0.04), (), confidence, side)


class Given:
    """Sees what it is given, whatever it looks at."""

    available = True

    def __init__(self, seen: Sequence[Any] = ()) -> None:
        self.seen = list(seen)

    def detect(self, picture: Picture, limit: int = 100) -> list[Any]:
        return self.seen[:limit]


class GivenCovers:
    def __init__(self, covers: Sequence[Sequence[Cover]]) -> None:
        self.covers = covers

    def detect(self, _picture: Picture, faces: Sequence[Face]) -> list[list[Cover]]:
        return [list(self.covers[i]) if i < len(self.covers) else [] for i in range(len(faces))]


def people(
    faces: Sequence[Face] = (),
    covers: Sequence[Sequence[Cover]] = (),
    hands: Sequence[Hand] = (),
    objects: Sequence[Object] = (),
) -> list[Protected]:
    given = cast("Any", GivenCovers(covers))
    return Equipment(Given(faces), given, Given(hands), Given(objects)).detect(PHOTO)


def names(person: Protected) -> list[str]:
    return [part.name for part in person.parts]


def test_covers_go_to_their_parts() -> None:
    (person,) = people([face()], [[HAT, MASK]])
    assert names(person) == ["FACE", "HEAD"]
    assert person.parts[0].covers == (MASK,)
    assert person.parts[1].covers == (HAT,)
    assert person.confidence == 95


def test_without_a_body_one_is_guessed_within_the_picture() -> None:
    (person,) = people([face(left=0.02, top=0.02)])
    assert person.box.left == 0
    assert person.box.top == 0
    assert person.box.left + person.box.width == pytest.approx(0.02 + 0.05 + 0.15)
    assert person.box.top + person.box.height <= 1


def test_a_face_takes_the_smallest_body_that_it_heads() -> None:
    crowd = Object("Person", Box(0, 0.1, 1, 0.9), 80.0)
    body = Object("Person", Box(0.35, 0.15, 0.2, 0.7), 99.0)
    first, second = people([face()], objects=[crowd, body])
    assert (first.box, names(first)) == (crowd.box, [])
    assert (second.box, names(second), second.confidence) == (body.box, ["FACE", "HEAD"], 99.0)


def test_a_face_at_somebodys_feet_is_somebody_else() -> None:
    body = Object("Person", Box(0.35, 0.0, 0.2, 0.3), 99.0)
    assert len(people([face(top=0.22, size=0.05)], objects=[body])) == 2


def test_other_objects_are_nobody() -> None:
    assert people(objects=[Object("Dog", Box(0, 0, 1, 1), 99.0)]) == []


def test_a_head_from_behind_has_no_face_unless_a_mask_is_sure() -> None:
    weak = Cover("FACE_COVER", MASK.box, 60.0)
    assert names(people([face(presence=0.001)], [[weak]])[0]) == ["HEAD"]
    assert names(people([face(presence=0.001)], [[MASK]])[0]) == ["FACE", "HEAD"]


def test_hands_go_to_the_nearest_body_one_of_each_side() -> None:
    left_person, right_person = face(left=0.2), face(left=0.6)
    found = people(
        [left_person, right_person],
        hands=[
            hand(0.15, 0.6, "right", 99),
            hand(0.14, 0.7, "right", 80),
            hand(0.7, 0.6, "left", 95),
            hand(0.96, 0.9, "left", 95),
        ],
    )
    by_place = sorted(found, key=lambda person: person.box.left)
    assert [names(person) for person in by_place] == [["FACE", "HEAD", "RIGHT_HAND"], ["FACE", "HEAD", "LEFT_HAND"]]
    assert by_place[0].parts[-1].confidence == 99


def test_fifteen_people_the_largest_first() -> None:
    found = people([face(left=i / 20, size=0.01 + i / 1000) for i in range(20)])
    assert len(found) == 15
    areas = [person.box.area for person in found]
    assert areas == sorted(areas, reverse=True)
    assert areas[-1] > people([face(left=0.2, size=0.01)])[0].box.area


class SeesFramed(Given):
    """Sees a face in the middle of anything but PHOTO itself."""

    def detect(self, picture: Picture, limit: int = 100) -> list[Any]:
        if picture is PHOTO:
            return []
        self.framed = picture
        found = face(left=0.45, top=0.45)
        mesh = np.tile([picture.width / 2, picture.height / 2, 4.0], (478, 1))
        return [Face(found.box, 95.0, found.landmarks, found.pose, found.quality, mesh, 1.0, picture.width / 10)]


class Remembers(GivenCovers):
    def detect(self, _picture: Picture, faces: Sequence[Face]) -> list[list[Cover]]:
        self.faces = faces
        return [[] for _ in faces]


def test_a_face_that_fills_the_picture_is_looked_for_in_a_frame() -> None:
    """The frame is .4 of the picture on each side: what is a tenth of it is .18 of the picture."""
    faces, covers = SeesFramed(), Remembers([])
    (person,) = Equipment(faces, cast("Any", covers), Given(), Given()).detect(PHOTO)
    assert names(person) == ["FACE", "HEAD"]
    (seen,) = covers.faces
    assert (seen.box.left, seen.box.width) == pytest.approx((0.5 - 0.09, 0.18))
    assert seen.landmarks["nose"] == pytest.approx((0.5, 0.5))
    assert seen.mesh[0] == pytest.approx((200, 200, 9), abs=0.1)
    assert faces.framed.pixels[0, 0].tolist() == [127, 127, 127]


def test_nobody() -> None:
    assert people() == []
    assert people(hands=[hand(0.5, 0.5)]) == []


def test_a_portrait_through_the_real_models(sessions: Sessions, astronaut: bytes) -> None:
    """One bareheaded, barefaced person, whichever packs are built; her hands are not in the picture."""
    found = Vision(sessions).equipment.detect(decode(astronaut, smallest=64))
    (person,) = [person for person in found if names(person)]
    assert names(person) == ["FACE", "HEAD"]
    assert [part.covers for part in person.parts] == [(), ()]
    assert person.box.left < 0.3
    assert person.box.left + person.box.width > 0.6


@pytest.mark.parametrize("size", [(64, 64), (64, 900), (900, 64)])
def test_nobody_through_the_real_models(sessions: Sessions, size: tuple[int, int]) -> None:
    for shade in (0, 127, 255):
        assert Vision(sessions).equipment.detect(Picture.of(np.full((*size, 3), shade, np.uint8))) == []
