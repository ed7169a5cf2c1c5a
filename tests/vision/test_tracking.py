"""People followed by box and by face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chalicelib.vision.faces import Face
from chalicelib.vision.geometry import Box
from chalicelib.vision.pose import Pose
from chalicelib.vision.quality import Quality
from chalicelib.vision.tracking import Sighting, Tracker, sightings


def at(left: float, vector: NDArray[np.float32] | None = None, width: float = 0.1) -> Sighting:
    return Sighting(Box(left, 0.2, width, 0.5), None, vector)


def somebody(seed: int, noise: float = 0.0) -> NDArray[np.float32]:
    """A face's vector: of one seed alike, of two seeds far apart."""
    own, other = (np.random.default_rng(each).normal(size=128) for each in (seed, seed + 1000))
    vector = own / np.linalg.norm(own) + noise * other / np.linalg.norm(other)
    unit: NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def face(left: float, presence: float = 1.0) -> Face:
    return Face(
        Box(left, 0.2, 0.05, 0.1), 99.0, {}, Pose(0, 0, 0), Quality(80, 80), np.zeros((478, 3)), presence, side=40.0
    )


def test_someone_walking() -> None:
    tracker = Tracker()
    assert [tracker.follow(500 * step, [at(0.05 * step)]) for step in range(8)] == [[0]] * 8


def test_two_passing_each_other_keep_their_faces() -> None:
    one, other = somebody(1), somebody(2)
    tracker = Tracker()
    for step in range(9):
        seen = [at(0.1 * step, one), at(0.8 - 0.1 * step, other)]
        assert tracker.follow(500 * step, seen) == [0, 1]


def test_someone_who_comes_back_is_known_by_the_face() -> None:
    tracker = Tracker()
    assert tracker.follow(0, [at(0.1, somebody(1))]) == [0]
    assert tracker.follow(60_000, [at(0.8, somebody(1, noise=0.1)), at(0.1, somebody(2))]) == [0, 1]


def test_without_a_face_someone_who_comes_back_is_new() -> None:
    tracker = Tracker()
    assert tracker.follow(0, [at(0.1)]) == [0]
    assert tracker.follow(2500, [at(0.1)]) == [1]


def test_another_in_the_same_place() -> None:
    tracker = Tracker()
    assert tracker.follow(0, [at(0.1, somebody(1))]) == [0]
    assert tracker.follow(500, [at(0.1, somebody(2))]) == [1]


def test_someone_who_turns_away_is_followed_by_the_box() -> None:
    tracker = Tracker()
    assert tracker.follow(0, [at(0.1, somebody(1))]) == [0]
    assert tracker.follow(500, [at(0.14)]) == [0]
    assert tracker.follow(1000, [at(0.18, somebody(1))]) == [0]


def test_far_apart_is_not_the_same() -> None:
    tracker = Tracker()
    tracker.follow(0, [at(0.1)])
    assert tracker.follow(500, [at(0.6)]) == [1]


def test_no_index_is_given_twice_in_a_frame() -> None:
    tracker = Tracker()
    tracker.follow(0, [at(0.1)])
    assert sorted(tracker.follow(500, [at(0.1), at(0.11), at(0.12)])) == [0, 1, 2]


def test_faces_and_bodies_are_joined() -> None:
    vectors = np.stack([somebody(1), somebody(2)])
    bodies = [Box(0.0, 0.0, 1.0, 1.0), Box(0.08, 0.15, 0.1, 0.6), Box(0.8, 0.1, 0.1, 0.5)]
    first, second, third = sightings(bodies, [face(0.1), face(0.5)], vectors)
    assert first.box == bodies[1]  # the smallest that holds the face
    assert second.box == bodies[0]
    assert (third.box, third.face) == (bodies[2], None)


def test_a_face_turned_away_tells_nobody() -> None:
    (seen,) = sightings([], [face(0.1, presence=0.01)], somebody(1)[None])
    assert seen.vector is None
    assert seen.box.width > 0.05  # the head
