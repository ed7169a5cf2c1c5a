"""Real clips (CC BY 4.0, beside the checkout): what their names promise is seen, and no face where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.vision.faces import Faces
from chalicelib.vision.labels import Labels
from chalicelib.vision.sessions import Sessions
from chalicelib.vision.video import Frame, Video


@pytest.fixture(scope="module")
def clips(shared_data: Path) -> Path:
    folder = shared_data / "videos"
    if not folder.is_dir():
        pytest.skip(f"no clips at {folder}")
    return folder


@pytest.fixture(scope="module")
def faces(sessions: Sessions) -> Faces:
    return Faces(sessions)


def frames(clip: Path) -> Iterator[Frame]:
    return Video(clip).frames()


def test_the_signer_has_one_face_in_every_frame(clips: Path, faces: Faces) -> None:
    found = [faces.detect(frame.picture) for frame in frames(clips / "asl_thanks.mkv")]
    assert [len(each) for each in found] == [1, 1, 1, 1]
    assert min(each[0].confidence for each in found) > 90


@pytest.mark.parametrize("clip", ["bottle-detection.mp4", "car-detection.mp4"])
def test_no_face_where_nobody_is(clip: str, clips: Path, faces: Faces) -> None:
    sure = [face for frame in frames(clips / clip) for face in faces.detect(frame.picture) if face.confidence > 90]
    assert sure == []


@pytest.mark.parametrize(
    ("clip", "label", "until"),
    [
        ("bottle-detection.mp4", "Bottle", 0),
        ("car-detection.mp4", "Car", 6000),
        ("one-by-one-person-detection.mp4", "Person", 6000),
    ],
)
def test_the_label_of_its_name(clip: str, label: str, until: int, clips: Path, sessions: Sessions) -> None:
    """Soon after the first bottle, car or person is in the picture: by so many milliseconds, at video's default, 50."""
    if not sessions.available("fastestdet"):
        pytest.skip("the pack of objects is not built: run `lookalike models pull objects`")
    labels = Labels(sessions, Faces(sessions))
    for frame in frames(clips / clip):
        assert frame.millis <= until, f"no {label} so far"
        if label in {found.label.name for found in labels.detect(frame.picture, 50)}:
            break
