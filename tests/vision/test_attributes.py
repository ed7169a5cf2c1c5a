"""Attributes of faces: the heads against the public-domain portrait, and what must hold for any face."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from chalicelib.config import data_file
from chalicelib.vision.attributes import AGES, EMOTIONS, YES_OR_NO, AttributeReader, Attributes
from chalicelib.vision.faces import Face, Faces
from chalicelib.vision.heads import Head, head
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions

HEADS = (*YES_OR_NO, "gender", "age", "emotions")


@pytest.fixture(scope="module")
def portrait(astronaut: bytes) -> Picture:
    return decode(astronaut)


@pytest.fixture(scope="module")
def face(sessions: Sessions, portrait: Picture) -> Face:
    return Faces(sessions, "centerface").detect(portrait)[0]


@pytest.fixture(scope="module")
def reader(sessions: Sessions) -> AttributeReader:
    return AttributeReader(sessions)


@pytest.fixture(scope="module")
def attributes(reader: AttributeReader, portrait: Picture, face: Face) -> Attributes:
    return reader.read(portrait, [face])[0]


def test_a_known_portrait(attributes: Attributes) -> None:
    assert not attributes.male.value
    assert attributes.smile.value
    assert attributes.mouth_open.value
    assert attributes.eyes_open.value
    for absent in ("eyeglasses", "sunglasses", "beard", "mustache", "face_occluded"):
        assert not getattr(attributes, absent).value, absent
    assert next(iter(attributes.emotions)) == "HAPPY"
    assert 30 < attributes.age < 50  # Eileen Collins was 42


def test_several_faces_are_read_as_each_alone(
    reader: AttributeReader, portrait: Picture, face: Face, attributes: Attributes
) -> None:
    for one in reader.read(portrait, [face, face, face]):
        assert one.age == pytest.approx(attributes.age, abs=0.1)
        assert one.emotions["HAPPY"] == pytest.approx(attributes.emotions["HAPPY"], abs=0.5)


def test_no_face_no_attributes(reader: AttributeReader, portrait: Picture) -> None:
    assert reader.read(portrait, []) == []


def test_confidence_falls_where_the_mesh_sees_no_face(reader: AttributeReader, portrait: Picture, face: Face) -> None:
    clear, doubtful = reader.read(portrait, [face, replace(face, presence=0.01)])
    assert clear.male.confidence > 95
    assert doubtful.male.confidence < 55
    assert next(iter(doubtful.emotions)) == "UNKNOWN"
    assert sum(doubtful.emotions.values()) == pytest.approx(100)


def test_dark_glasses_are_sunglasses(
    reader: AttributeReader, sessions: Sessions, portrait: Picture, face: Face
) -> None:
    image = Image.open(BytesIO(_png(portrait.image)))
    draw = ImageDraw.Draw(image)
    for eye in ("eyeLeft", "eyeRight"):
        x, y = face.landmarks[eye].x * image.width, face.landmarks[eye].y * image.height
        draw.ellipse((x - 17, y - 13, x + 17, y + 13), fill=(15, 15, 18), outline=(40, 40, 40), width=2)
    bridge = face.landmarks["eyeLeft"].y * image.height
    draw.line((face.landmarks["eyeLeft"].x * 512, bridge, face.landmarks["eyeRight"].x * 512, bridge), (20, 20, 20), 3)
    worn = Picture.of(np.asarray(image))
    found = reader.read(worn, Faces(sessions, "centerface").detect(worn)[:1])[0]
    assert found.eyeglasses.value
    assert found.sunglasses.value


@pytest.mark.parametrize("name", HEADS)
def test_every_head_has_a_card_and_a_shape(name: str) -> None:
    card = json.loads(data_file(f"heads/{name}.json").read_text())
    assert card["head"] == name
    assert {"data", "truth", "measured", "failures", "licence", "bytes"} <= set(card)
    outputs = {"age": len(AGES), "emotions": len(EMOTIONS)}.get(name, 2)
    assert head(name).layers[-1][1].shape == (outputs,)


def test_a_head_standardises_bends_and_adds_up_to_one() -> None:
    small = Head(
        mean=np.array([1, 2], np.float32),
        scale=np.array([0.5, 2], np.float32),
        layers=(
            (np.eye(2, dtype=np.float32), np.zeros(2, np.float32)),
            (np.array([[1, 0], [0, 1]], np.float32), np.array([0, 1], np.float32)),
        ),
    )
    found = small.probabilities(np.array([[3, 1]], np.float32))  # standardised (1, -2), bent (1, 0), logits (1, 1)
    np.testing.assert_allclose(found, [[0.5, 0.5]])


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
