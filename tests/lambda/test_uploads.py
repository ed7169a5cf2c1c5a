"""What an upload sets off: rules, order, repetition, removal. Rekognition is a fake, the store is real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.errors import (
    InvalidImageFormatException,
    NotImplementedException,
    ResourceNotFoundException,
    SetupError,
)
from chalicelib.local.moto.aws import Aws
from chalicelib.store.media import Media
from chalicelib.store.tables import SessionConnection
from chalicelib.uploads import Rule, Uploads, rules


class Rekognition:
    """Collections that index any object as one face, named by the object and how often it was indexed."""

    def __init__(self) -> None:
        self.collections: dict[str, dict[str, str | None]] = {}
        self.calls: list[str] = []
        self.broken: dict[str, Exception] = {}

    def __call__(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        if operation in self.broken:
            raise self.broken[operation]
        answer: dict[str, Any] = getattr(self, operation)(**parameters)
        return answer

    def CreateCollection(self, CollectionId: str) -> dict[str, Any]:
        self.collections[CollectionId] = {}
        return {}

    def IndexFaces(self, CollectionId: str, Image: Any, ExternalImageId: str, **_: Any) -> dict[str, Any]:
        if CollectionId not in self.collections:
            raise ResourceNotFoundException
        face = f"face {len(self.calls)} of {Image['S3Object']['Name']}"
        self.collections[CollectionId][face] = None
        return {"FaceRecords": [{"Face": {"FaceId": face, "ExternalImageId": ExternalImageId}}]}

    def DeleteFaces(self, CollectionId: str, FaceIds: list[str]) -> dict[str, Any]:
        faces = self.collections[CollectionId]
        left = [{"FaceId": face, "UserId": user} for face in FaceIds if (user := faces.get(face))]
        for face in set(FaceIds) - {each["FaceId"] for each in left}:
            faces.pop(face, None)
        return {"UnsuccessfulFaceDeletions": left}

    def DisassociateFaces(self, CollectionId: str, UserId: str, FaceIds: list[str]) -> dict[str, Any]:
        for face in FaceIds:
            assert self.collections[CollectionId][face] == UserId
            self.collections[CollectionId][face] = None
        return {}

    def DetectFaces(self, Image: Any) -> dict[str, Any]:
        return {"FaceDetails": [{"Confidence": 99.0}]}

    def DetectLabels(self, Image: Any, **_: Any) -> dict[str, Any]:
        return {"Labels": [{"Name": "Astronaut"}, {"Name": "Person"}]}

    def DetectText(self, Image: Any) -> dict[str, Any]:
        raise NotImplementedException

    def DetectModerationLabels(self, Image: Any) -> dict[str, Any]:
        raise SetupError("no pack")


@pytest.fixture
def rekognition() -> Rekognition:
    return Rekognition()


@pytest.fixture
def media() -> Media:
    aws = Aws(f"{uuid4().int % 10**12:012d}")
    media = Media(SessionConnection(aws.session, aws.region), "test")
    media.create()
    return media


@pytest.fixture
def uploads(rekognition: Rekognition, media: Media) -> Uploads:
    return Uploads(rekognition, media)


def record(key: str, sequencer: str = "01", event: str = "ObjectCreated:Put") -> dict[str, Any]:
    stored = {"key": key, "sequencer": sequencer}
    return {
        "eventName": event,
        "eventTime": "2026-03-01T12:00:00.000Z",
        "s3": {"bucket": {"name": "uploads"}, "object": stored},
    }


def removed(key: str, sequencer: str) -> dict[str, Any]:
    return record(key, sequencer, "ObjectRemoved:Delete")


def test_a_key_names_collection_and_person(uploads: Uploads, rekognition: Rekognition) -> None:
    uploads.handle(record("collections/staff/eileen.jpg"))
    assert rekognition.calls == ["IndexFaces", "CreateCollection", "IndexFaces"]
    assert list(rekognition.collections["staff"]) == ["face 3 of collections/staff/eileen.jpg"]
    uploads.handle(record("collections/staff/J%C3%BCrgen+K.PNG"))
    assert rekognition.calls[3:] == ["IndexFaces"]
    assert "face 4 of collections/staff/Jürgen K.PNG" in rekognition.collections["staff"]


def test_any_other_picture_is_analysed(uploads: Uploads, media: Media) -> None:
    uploads.handle(record("album/2026/a+b.jpeg"))
    medium = media.get("uploads", "album/2026/a b.jpeg")
    assert medium is not None
    assert set(medium.results) == {"DetectFaces", "DetectLabels"}  # the rest this build or machine lacks
    assert medium.labels == ("Astronaut", "Face", "Person")
    assert [found.key for found in media.labelled("ASTRONAUT")[0]] == ["album/2026/a b.jpeg"]


def test_what_is_no_picture_is_left_alone(uploads: Uploads, rekognition: Rekognition, media: Media) -> None:
    uploads.handle(record("notes.txt"))
    assert rekognition.calls == []
    assert media.get("uploads", "notes.txt") is None


def test_removing_the_object_deletes_its_faces(uploads: Uploads, rekognition: Rekognition, media: Media) -> None:
    uploads.handle(record("collections/staff/a.jpg", "01"))
    uploads.handle(record("collections/staff/b.jpg", "01"))
    uploads.handle(removed("collections/staff/a.jpg", "02"))
    assert list(rekognition.collections["staff"]) == ["face 4 of collections/staff/b.jpg"]
    assert media.labelled("Face")[0] == [media.get("uploads", "collections/staff/b.jpg")]


def test_faces_of_a_user_are_taken_from_it_first(uploads: Uploads, rekognition: Rekognition) -> None:
    uploads.handle(record("collections/staff/a.jpg", "01"))
    (face,) = rekognition.collections["staff"]
    rekognition.collections["staff"][face] = "somebody"
    uploads.handle(removed("collections/staff/a.jpg", "02"))
    assert rekognition.collections["staff"] == {}


def test_an_object_put_again_replaces_its_faces(uploads: Uploads, rekognition: Rekognition) -> None:
    uploads.handle(record("collections/staff/a.jpg", "01"))
    uploads.handle(record("collections/staff/a.jpg", "02"))
    assert len(rekognition.collections["staff"]) == 1


def test_a_repeated_event_changes_nothing(uploads: Uploads, rekognition: Rekognition) -> None:
    for _ in range(3):
        uploads.handle(record("collections/staff/a.jpg", "01"))
    assert rekognition.calls.count("IndexFaces") == 2  # the first found no collection


@pytest.mark.parametrize(("first", "second"), [("0A", "09"), ("0A0", "0A"), ("0A", "0A")])
def test_an_event_that_comes_late_is_ignored(
    uploads: Uploads, rekognition: Rekognition, media: Media, first: str, second: str
) -> None:
    uploads.handle(removed("collections/staff/a.jpg", first))
    uploads.handle(record("collections/staff/a.jpg", second))
    assert rekognition.calls == []
    medium = media.get("uploads", "collections/staff/a.jpg")
    assert medium is not None
    assert medium.removed


def test_a_failure_is_raised_and_may_be_tried_again(uploads: Uploads, rekognition: Rekognition, media: Media) -> None:
    rekognition.broken["DetectFaces"] = InvalidImageFormatException()
    with pytest.raises(InvalidImageFormatException):
        uploads.handle(record("a.jpg"))
    assert media.get("uploads", "a.jpg") is None
    rekognition.broken.clear()
    uploads.handle(record("a.jpg"))
    assert media.get("uploads", "a.jpg") is not None


def test_a_removal_that_was_interrupted_is_finished(uploads: Uploads, rekognition: Rekognition, media: Media) -> None:
    uploads.handle(record("collections/staff/a.jpg", "01"))
    rekognition.broken["DeleteFaces"] = ConnectionError()
    with pytest.raises(ConnectionError):
        uploads.handle(removed("collections/staff/a.jpg", "02"))
    rekognition.broken.clear()
    uploads.handle(removed("collections/staff/a.jpg", "02"))
    assert rekognition.collections["staff"] == {}
    medium = media.get("uploads", "collections/staff/a.jpg")
    assert medium is not None
    assert medium.obsolete == {}


def test_a_newer_event_finishes_what_an_older_left(uploads: Uploads, rekognition: Rekognition) -> None:
    uploads.handle(record("collections/staff/a.jpg", "01"))
    rekognition.broken["DeleteFaces"] = ConnectionError()
    with pytest.raises(ConnectionError):
        uploads.handle(record("collections/staff/a.jpg", "02"))
    rekognition.broken.clear()
    uploads.handle(record("collections/staff/a.jpg", "03"))
    assert len(rekognition.collections["staff"]) == 1


def test_faces_indexed_while_the_object_went_are_deleted(media: Media, rekognition: Rekognition) -> None:
    def call(operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        answer = rekognition(operation, parameters)
        if operation == "IndexFaces":
            Uploads(rekognition, media).handle(removed("collections/staff/a.jpg", "02"))
        return answer

    rekognition.collections["staff"] = {}
    Uploads(call, media).handle(record("collections/staff/a.jpg", "01"))
    assert rekognition.collections["staff"] == {}


def test_a_deleted_collection_is_no_obstacle(uploads: Uploads, rekognition: Rekognition) -> None:
    uploads.handle(record("collections/staff/a.jpg", "01"))
    rekognition.broken["DeleteFaces"] = ResourceNotFoundException()
    uploads.handle(removed("collections/staff/a.jpg", "02"))


def test_rules_can_be_given(rekognition: Rekognition, media: Media) -> None:
    given = rules(
        '[{"key": "badges/{ExternalImageId}", "suffixes": [".png"], "operations": ["IndexFaces"],'
        ' "parameters": {"CollectionId": "staff", "QualityFilter": "NONE"}},'
        ' {"key": "{}", "operations": ["DetectLabels"], "parameters": {"MaxLabels": 5}}]'
    )
    uploads = Uploads(rekognition, media, given)
    uploads.handle(record("badges/eileen.png"))
    uploads.handle(record("badges/eileen.jpg"))
    assert rekognition.calls == ["IndexFaces", "CreateCollection", "IndexFaces", "DetectLabels"]


@pytest.mark.parametrize("text", ["nonsense", '{"key": "a"}', '[{"key": "a"}]', '[{"key": "a", "operation": "b"}]'])
def test_rules_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SetupError, match="LOOKALIKE_UPLOAD_RULES"):
        rules(text)


def test_no_rules_are_the_usual_ones() -> None:
    assert all(isinstance(rule, Rule) for rule in rules(""))


def test_labels_are_found_page_by_page(uploads: Uploads, media: Media) -> None:
    for number in range(5):
        uploads.handle(record(f"{number}.jpg"))
    first, after = media.labelled("face", limit=3)
    second, end = media.labelled("face", after, limit=3)
    assert [medium.key for medium in first + second] == [f"{number}.jpg" for number in range(5)]
    assert (after, end) == ("uploads/2.jpg", None)


def test_labels_no_longer_seen_find_nothing(uploads: Uploads, media: Media, rekognition: Rekognition) -> None:
    uploads.handle(record("a.jpg", "01"))
    rekognition.broken["DetectLabels"] = NotImplementedException()
    uploads.handle(record("a.jpg", "02"))
    assert media.labelled("Astronaut") == ([], None)
    assert len(media.labelled("Face")[0]) == 1
