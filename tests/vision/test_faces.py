"""Faces of real photos, end to end."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from chalicelib.vision.embedding import DIMENSIONS
from chalicelib.vision.faces import Face, Faces, similarity
from chalicelib.vision.landmarks import DEFAULT
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions


@pytest.fixture(scope="module")
def faces(sessions: Sessions) -> Faces:
    return Faces(sessions, "centerface")


def picture_of(image: Image.Image) -> Picture:
    return Picture.of(np.asarray(image.convert("RGB")))


def test_a_portrait_has_one_face_where_it_is(faces: Faces, astronaut: bytes) -> None:
    (face,) = faces.detect(decode(astronaut))
    assert (face.box.left, face.box.top) == pytest.approx((0.355, 0.113), abs=0.01)
    assert (face.box.width, face.box.height) == pytest.approx((0.172, 0.234), abs=0.01)
    assert face.confidence > 99.9
    assert face.presence > 0.99
    assert face.side == pytest.approx(face.box.width * 512)
    assert face.mesh.shape == (478, 3)


def test_pinned_landmarks(faces: Faces, astronaut: bytes) -> None:
    """Eyes, nose and mouth where a person sees them in the photo; the rest where anatomy has it."""
    (face,) = faces.detect(decode(astronaut))
    marks = {name: (point.x * 512, point.y * 512) for name, point in face.landmarks.items()}
    assert len(marks) == 30
    assert marks["leftPupil"] == pytest.approx((203.7, 101.1), abs=1.5)
    assert marks["rightPupil"] == pytest.approx((247.0, 103.8), abs=1.5)
    assert marks["nose"] == pytest.approx((223.6, 125.7), abs=2)
    assert marks["upperJawlineLeft"][0] < marks["leftEyeLeft"][0] < marks["leftEyeRight"][0] < marks["nose"][0]
    assert marks["nose"][0] < marks["rightEyeLeft"][0] < marks["rightEyeRight"][0] < marks["upperJawlineRight"][0]
    heights = ["leftEyeBrowUp", "leftEyeUp", "leftEyeDown", "nose", "mouthUp", "mouthDown", "chinBottom"]
    assert [marks[name][1] for name in heights] == sorted(marks[name][1] for name in heights)
    assert tuple(face.landmarks)[:5] == DEFAULT


def test_faces_come_largest_first_up_to_the_limit(faces: Faces, astronaut: bytes) -> None:
    portrait = Image.open(BytesIO(astronaut))
    scene = Image.new("RGB", (1200, 600), "grey")
    for side, left in ((250, 0), (500, 300), (350, 820)):
        scene.paste(portrait.resize((side, side)), (left, 20))
    found = faces.detect(picture_of(scene))
    assert [round(face.box.left, 1) for face in found] == [0.4, 0.8, 0.1]
    assert [face.box.area for face in found] == sorted((face.box.area for face in found), reverse=True)
    first = faces.detect(picture_of(scene), limit=1)
    assert [face.box for face in first] == [found[0].box]


def test_one_batch_gives_what_single_faces_give(faces: Faces, astronaut: bytes) -> None:
    portrait = Image.open(BytesIO(astronaut)).resize((200, 200))
    scene = Image.new("RGB", (1000, 800), "grey")
    for place in range(20):
        scene.paste(portrait, (place % 5 * 200, place // 5 * 200))
    picture = picture_of(scene)
    found = faces.detect(picture)
    assert len(found) == 20
    together = faces.embed(picture, found)
    alone = np.concatenate([faces.embed(picture, [face]) for face in found])
    assert together == pytest.approx(alone, abs=1e-4)
    assert together.dtype == np.float32


def test_no_faces_no_vectors(faces: Faces) -> None:
    blank = picture_of(Image.new("RGB", (640, 480), "grey"))
    assert faces.detect(blank) == []
    assert faces.embed(blank, []).shape == (0, DIMENSIONS)


def vector(faces: Faces, image: Image.Image) -> np.ndarray:
    picture = picture_of(image)
    found: list[Face] = faces.detect(picture, limit=1)
    (vectors,) = faces.embed(picture, found)
    return np.asarray(vectors)


@pytest.mark.parametrize(
    "change",
    [
        ImageOps.mirror,
        lambda image: image.rotate(15, Image.Resampling.BICUBIC),
        lambda image: image.resize((1500, 1500)),
        lambda image: image.resize((220, 220)),
        lambda image: ImageEnhance.Brightness(image).enhance(0.6),
        ImageOps.grayscale,
    ],
    ids=["mirrored", "turned", "enlarged", "shrunk", "darker", "grey"],
)
def test_the_same_photo_changed_is_the_same_person(faces: Faces, astronaut: bytes, change) -> None:  # type: ignore[no-untyped-def]
    image = Image.open(BytesIO(astronaut))
    distance = float(np.linalg.norm(vector(faces, image) - vector(faces, change(image))))
    assert similarity(distance) > 99


def test_faces_at_the_edge_reach_outside(faces: Faces, astronaut: bytes) -> None:
    cut = Image.open(BytesIO(astronaut)).crop((210, 40, 420, 250))
    (face,) = faces.detect(picture_of(cut))
    assert face.box.left < 0.02
    assert faces.embed(picture_of(cut), [face]).shape == (1, DIMENSIONS)


def test_real_people_are_told_apart(faces: Faces, shared_data) -> None:  # type: ignore[no-untyped-def]
    folder = shared_data / "lfw" / "images"
    people = [person for person in sorted(folder.iterdir()) if len(list(person.iterdir())) >= 2][:12]
    vectors = np.array(
        [[vector(faces, Image.open(photo)) for photo in sorted(person.iterdir())[:2]] for person in people]
    )
    distances = np.linalg.norm(vectors[:, None, 0] - vectors[None, :, 1], axis=-1)
    assert (distances.argmin(1) == np.arange(len(people))).mean() >= 0.9
