"""Eyes: what closes them and what only narrows them, and where they look."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from chalicelib.vision.expression import eye_openness, gaze
from chalicelib.vision.faces import Faces
from chalicelib.vision.picture import Picture
from chalicelib.vision.sessions import Sessions

Mesh = NDArray[np.float64]
UPPER, LOWER = (160, 159, 158, 385, 386, 387), (144, 145, 153, 380, 374, 373)
IRISES = (468, 473)


def mesh(sessions: Sessions, image: Image.Image) -> Mesh:
    (face,) = Faces(sessions, "centerface").detect(Picture.of(np.asarray(image)))
    return face.mesh


@pytest.fixture(scope="module")
def portrait(astronaut: bytes) -> Image.Image:
    return Image.open(BytesIO(astronaut))


@pytest.fixture(scope="module")
def open_eyes(sessions: Sessions, portrait: Image.Image) -> Mesh:
    return mesh(sessions, portrait)


def test_open_eyes_are_open(open_eyes: Mesh) -> None:
    assert eye_openness(open_eyes) > 0.1


def test_a_lowered_upper_lid_closes_an_eye(open_eyes: Mesh) -> None:
    closed = open_eyes.copy()
    closed[UPPER, :2] = open_eyes[LOWER, :2]
    assert eye_openness(closed) < 0


def test_a_raised_lower_lid_narrows_it_and_no_more(open_eyes: Mesh) -> None:
    """As in laughter: the lids are as near to each other as those of closed eyes."""
    squinting = open_eyes.copy()
    squinting[LOWER, :2] = open_eyes[UPPER, :2] + (0, 1)
    assert eye_openness(squinting) > 0.06


def test_openness_does_not_turn_with_the_photo(sessions: Sessions, portrait: Image.Image, open_eyes: Mesh) -> None:
    for changed in (ImageOps.mirror(portrait), portrait.rotate(25, Image.Resampling.BICUBIC)):
        assert eye_openness(mesh(sessions, changed)) == pytest.approx(eye_openness(open_eyes), abs=0.03)


def test_a_mirrored_photo_mirrors_where_the_eyes_look(
    sessions: Sessions, portrait: Image.Image, open_eyes: Mesh
) -> None:
    straight, mirrored = gaze(open_eyes), gaze(mesh(sessions, ImageOps.mirror(portrait)))
    assert mirrored.yaw == pytest.approx(-straight.yaw, abs=4)
    assert mirrored.pitch == pytest.approx(straight.pitch, abs=4)


@pytest.mark.parametrize(
    ("moved", "yaw", "pitch"), [((2, 0), 1, 0), ((-2, 0), -1, 0), ((0, 2), 0, -1), ((0, -2), 0, 1)]
)
def test_signs_are_those_of_the_pose(moved: tuple[int, int], yaw: int, pitch: int, open_eyes: Mesh) -> None:
    """Irises that move right in the image look right, and those that move up look up."""
    elsewhere = open_eyes.copy()
    elsewhere[IRISES, :2] += moved
    before, after = gaze(open_eyes), gaze(elsewhere)
    turned = np.array([after.yaw - before.yaw, after.pitch - before.pitch])
    assert np.sign(np.where(np.abs(turned) > 3, turned, 0)).tolist() == [yaw, pitch]


def test_irises_outside_the_eye_are_no_error(open_eyes: Mesh) -> None:
    astray = open_eyes.copy()
    astray[IRISES, :2] += 500
    assert np.isfinite([gaze(astray).yaw, gaze(astray).pitch]).all()
