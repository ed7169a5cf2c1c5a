"""DetectFaces and CompareFaces: AWS's members, order, defaults and errors, on real photos."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, cast

import pytest
from botocore.session import get_session
from PIL import Image, ImageFilter

from chalicelib.backend import Backend
from chalicelib.errors import InvalidParameterException
from chalicelib.operations import images
from chalicelib.vision.attributes import AttributeReader
from chalicelib.vision.faces import Faces
from chalicelib.vision.picture import Picture, decode
from chalicelib.vision.sessions import Sessions


class Given:
    """What these operations ask of a backend: real faces and attributes, pictures of bytes."""

    def __init__(self, sessions: Sessions) -> None:
        self.faces = Faces(sessions, "centerface")
        self.attributes = AttributeReader(sessions)

    def picture(self, image: Mapping[str, Any]) -> Picture:
        return decode(image["Bytes"])


@pytest.fixture(scope="module")
def backend(sessions: Sessions) -> Backend:
    return cast("Backend", Given(sessions))


def jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


@pytest.fixture(scope="module")
def portrait(astronaut: bytes) -> Image.Image:
    return Image.open(BytesIO(astronaut))


@pytest.fixture(scope="module")
def pair(portrait: Image.Image) -> bytes:
    """The same face twice: sharp and large on the left, small and blurred on the right."""
    scene = Image.new("RGB", (900, 512), "grey")
    scene.paste(portrait, (0, 0))
    scene.paste(portrait.filter(ImageFilter.GaussianBlur(9)).resize((256, 256)), (600, 100))
    return jpeg(scene)


BLANK = jpeg(Image.new("RGB", (300, 200), "grey"))


def detect(backend: Backend, data: bytes, *attributes: str) -> list[Any]:
    request: Any = {"Image": {"Bytes": data}} | ({"Attributes": list(attributes)} if attributes else {})
    return list(images.detect_faces(request, backend)["FaceDetails"])


def compare(backend: Backend, source: bytes, target: bytes, **options: Any) -> Any:
    request: Any = {"SourceImage": {"Bytes": source}, "TargetImage": {"Bytes": target}, **options}
    return images.compare_faces(request, backend)


def test_a_face_detail_has_awss_default_members(backend: Backend, astronaut: bytes) -> None:
    (detail,) = detect(backend, astronaut)
    assert set(detail) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert set(detail["BoundingBox"]) == {"Width", "Height", "Left", "Top"}
    assert [mark["Type"] for mark in detail["Landmarks"]] == ["eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"]
    assert set(detail["Pose"]) == {"Roll", "Yaw", "Pitch"}
    assert set(detail["Quality"]) == {"Brightness", "Sharpness"}


def test_all_brings_every_attribute(backend: Backend, astronaut: bytes) -> None:
    (detail,) = detect(backend, astronaut, "ALL")
    assert set(detail) == set(get_session().get_service_model("rekognition").shape_for("FaceDetail").members)
    assert (detail["Gender"]["Value"], detail["Smile"]["Value"], detail["Eyeglasses"]["Value"]) == (
        "Female",
        True,
        False,
    )
    assert detail["AgeRange"]["Low"] <= 43 <= detail["AgeRange"]["High"]  # Eileen Collins in 1999
    assert detail["Emotions"][0]["Type"] == "HAPPY"
    assert {emotion["Type"] for emotion in detail["Emotions"]} == {
        *("HAPPY", "SAD", "ANGRY", "CONFUSED", "DISGUSTED", "SURPRISED", "CALM", "FEAR", "UNKNOWN")
    }
    assert sum(emotion["Confidence"] for emotion in detail["Emotions"]) == pytest.approx(100, abs=0.1)


def test_named_attributes_bring_only_themselves(backend: Backend, astronaut: bytes) -> None:
    (detail,) = detect(backend, astronaut, "AGE_RANGE", "EYE_DIRECTION")
    assert set(detail) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality", "AgeRange", "EyeDirection"}
    assert len(detail["Landmarks"]) == 5


def test_all_brings_the_models_thirty_landmarks(backend: Backend, astronaut: bytes) -> None:
    (detail,) = detect(backend, astronaut, "DEFAULT", "ALL")
    model = get_session().get_service_model("rekognition").shape_for("LandmarkType")
    assert {mark["Type"] for mark in detail["Landmarks"]} == set(model.enum)


def test_no_face_is_no_error_for_detect_faces(backend: Backend) -> None:
    assert detect(backend, BLANK) == []


def test_the_largest_source_face_against_all_of_the_target(backend: Backend, astronaut: bytes, pair: bytes) -> None:
    answer = compare(backend, pair, astronaut)
    assert set(answer) == {"SourceImageFace", "FaceMatches", "UnmatchedFaces"}
    assert answer["SourceImageFace"]["BoundingBox"]["Left"] < 0.5
    (match,) = answer["FaceMatches"]
    assert match["Similarity"] > 99
    assert set(match["Face"]) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert answer["UnmatchedFaces"] == []


def test_matches_come_most_similar_first(backend: Backend, astronaut: bytes, pair: bytes) -> None:
    matches = compare(backend, astronaut, pair, SimilarityThreshold=0)["FaceMatches"]
    assert len(matches) == 2
    assert matches[0]["Similarity"] > matches[1]["Similarity"]
    assert matches[0]["Face"]["BoundingBox"]["Left"] < 0.5


def test_faces_below_the_threshold_are_unmatched(backend: Backend, astronaut: bytes, pair: bytes) -> None:
    everything = compare(backend, astronaut, pair, SimilarityThreshold=0)["FaceMatches"]
    between = (everything[0]["Similarity"] + everything[1]["Similarity"]) / 2
    answer = compare(backend, astronaut, pair, SimilarityThreshold=between)
    assert [match["Face"] for match in answer["FaceMatches"]] == [everything[0]["Face"]]
    assert answer["UnmatchedFaces"] == [everything[1]["Face"]]


def test_the_quality_filter_keeps_poor_faces_out(backend: Backend, astronaut: bytes, pair: bytes) -> None:
    """That they are not among the unmatched either is unconfirmed."""
    answer = compare(backend, astronaut, pair, SimilarityThreshold=0, QualityFilter="HIGH")
    assert len(answer["FaceMatches"]) == 1
    assert answer["UnmatchedFaces"] == []


@pytest.mark.parametrize("blank", ["SourceImage", "TargetImage"])
def test_an_image_without_a_face_cannot_be_compared(blank: str, backend: Backend, astronaut: bytes) -> None:
    request: Any = {"SourceImage": {"Bytes": astronaut}, "TargetImage": {"Bytes": astronaut}, blank: {"Bytes": BLANK}}
    with pytest.raises(InvalidParameterException, match="Request has invalid parameters"):
        images.compare_faces(request, backend)
