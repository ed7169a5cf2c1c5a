"""Pose: recovers rotations exactly, and turns with a real photo."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from chalicelib.vision.faces import Face, Faces
from chalicelib.vision.picture import Picture
from chalicelib.vision.pose import _MEAN_FACE, pose
from chalicelib.vision.sessions import Sessions


def head(roll: float, yaw: float, pitch: float) -> np.ndarray:
    """A mesh of the mean face under AWS's angles: clockwise, nose to the right, looking up."""
    a, b, c = np.radians([roll, -yaw, -pitch])
    turn = (
        np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        @ np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        @ np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    )
    points = np.zeros((478, 3))
    points[list(_MEAN_FACE)] = np.array(list(_MEAN_FACE.values())) @ turn.T * 0.3 + (400, 300, 0)
    return points


@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(-80, 80))
def test_rotations_are_found_again(roll: float, yaw: float, pitch: float) -> None:
    found = pose(head(roll, yaw, pitch))
    assert (found.roll, found.yaw, found.pitch) == pytest.approx((roll, yaw, pitch), abs=1e-6)


def test_the_signs_are_awss() -> None:
    eyes, nose = [33, 263], 4
    clockwise = head(20, 0, 0)
    assert clockwise[263, 1] > clockwise[33, 1]
    right = head(0, 20, 0)
    assert right[nose, 0] > right[eyes, 0].mean()
    up, level = head(0, 0, 20), head(0, 0, 0)
    assert up[nose, 1] - up[eyes, 1].mean() < level[nose, 1] - level[eyes, 1].mean()


def only_face(faces: Faces, image: Image.Image) -> Face:
    (face,) = faces.detect(Picture.of(np.asarray(image)))
    return face


def test_a_mirrored_photo_mirrors_yaw_and_roll(sessions: Sessions, astronaut: bytes) -> None:
    faces, image = Faces(sessions, "centerface"), Image.open(BytesIO(astronaut))
    straight, mirrored = only_face(faces, image).pose, only_face(faces, ImageOps.mirror(image)).pose
    assert mirrored.yaw == pytest.approx(-straight.yaw, abs=2)
    assert mirrored.roll == pytest.approx(-straight.roll, abs=2)
    assert mirrored.pitch == pytest.approx(straight.pitch, abs=2)


@pytest.mark.parametrize("degrees", [-30, 20])
def test_a_turned_photo_turns_roll(degrees: int, sessions: Sessions, astronaut: bytes) -> None:
    faces, image = Faces(sessions, "centerface"), Image.open(BytesIO(astronaut))
    straight = only_face(faces, image).pose
    turned = only_face(faces, image.rotate(-degrees, Image.Resampling.BICUBIC)).pose  # Pillow turns the other way
    assert turned.roll - straight.roll == pytest.approx(degrees, abs=1)
