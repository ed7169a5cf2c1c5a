"""A person erased everywhere: what is found, what goes with it, what stays, and what the receipt says."""

from __future__ import annotations

import gc
import hashlib
import os
import time
from typing import Any

import msgspec
import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.jobs.analyses import FACE_SEARCH
from chalicelib.jobs.results import Results
from chalicelib.local.moto.aws import Aws
from chalicelib.operations.erasing import Person as Whom
from chalicelib.operations.erasing import erase, find
from chalicelib.store.job import Job
from chalicelib.store.vault import LocalKeys
from chalicelib.uploads import Uploads
from chalicelib.vision.faces import distance_at
from tests.operations.camera import Camera, Person
from tests.operations.conftest import Client, Clock

ADA = Whom(external_id="ada")


def index(client: Client, photo: bytes, collection: str = "people", **options: Any) -> list[str]:
    answer = client("IndexFaces", CollectionId=collection, Image={"Bytes": photo}, **options)
    return [record["Face"]["FaceId"] for record in answer["FaceRecords"]]


@pytest.fixture
def s3(client: Client) -> Any:
    """S3 with the backend's buckets."""
    s3 = Aws(client.backend.account).client("s3")
    for bucket in (client.backend.settings.uploads, client.backend.settings.bucket):
        s3.create_bucket(Bucket=bucket)
    return s3


@pytest.fixture(autouse=True)
def _collections(client: Client) -> None:
    for name in ("people", "others"):
        client("CreateCollection", CollectionId=name)


def upload(client: Client, s3: Any, key: str, photo: bytes) -> None:
    """Put an object and have its event dealt with, as the bucket's trigger does."""
    bucket = client.backend.settings.uploads
    s3.put_object(Bucket=bucket, Key=key, Body=photo)
    s3_event = {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "01"}}
    record = {"eventName": "ObjectCreated:Put", "eventTime": "2026-01-01T00:00:00Z", "s3": s3_event}
    Uploads(lambda name, parameters: client(name, **parameters), client.backend.media).handle(record)


def test_a_name_is_erased_from_every_collection(client: Client, camera: Camera, clock: Clock) -> None:
    ada = index(client, camera.photo("ada"), ExternalImageId="ada")
    again = index(client, camera.photo("ada"), "others", ExternalImageId="ada")
    bob = index(client, camera.photo("bob"), ExternalImageId="bob")
    client.backend.store.consents.add(client.backend.store.collections.get("people"), "ada", clock.now)
    found = find(ADA, client.backend)
    assert [(face.collection_id, face.face_id) for face in found.faces] == [("others", again[0]), ("people", ada[0])]
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 2, "finding erases nothing"
    receipt = erase(ADA, client.backend)
    assert receipt.erased == found
    assert receipt.erased.consents == ["people"]
    assert receipt.left == 0
    assert [face["FaceId"] for face in client("ListFaces", CollectionId="people")["Faces"]] == bob
    assert client("ListFaces", CollectionId="others")["Faces"] == []
    assert find(ADA, client.backend).empty
    assert not client.backend.store.consents.given(client.backend.store.collections.get("people"), "ada")


def test_the_receipt_can_be_checked(client: Client, camera: Camera, clock: Clock) -> None:
    photo = camera.photo("ada")
    index(client, photo, ExternalImageId="ada")
    receipt = erase(Whom(photo=photo, similarity=95), client.backend)
    told = msgspec.json.decode(msgspec.json.encode(receipt))
    sha256 = told.pop("Sha256")
    assert sha256 == hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()
    assert told["Time"] == clock.now.isoformat()
    assert told["Asked"] == {"PhotoSha256": hashlib.sha256(photo).hexdigest(), "Similarity": 95}


def test_a_photo_finds_who_is_alike_enough(client: Client, camera: Camera) -> None:
    near = index(client, camera.photo(Person("ada", likeness=distance_at(99.5)), "bob"))[0]
    far = index(client, camera.photo(Person("ada", likeness=distance_at(95))), "others")[0]
    photo = camera.photo("ada")
    assert [face.face_id for face in find(Whom(photo=photo), client.backend).faces] == [near]
    both = find(Whom(photo=photo, similarity=90), client.backend)
    assert {face.face_id for face in both.faces} == {near, far}
    erase(Whom(photo=photo, similarity=90), client.backend)
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 1
    with pytest.raises(InvalidParameterException, match="no face"):
        find(Whom(photo=camera.photo()), client.backend)


def test_a_collection_whose_key_is_lost_spoils_no_other_and_is_told(client: Client, camera: Camera) -> None:
    for collection in ("people", "others"):
        index(client, camera.photo("ada"), collection, ExternalImageId="ada")
    stranger = LocalKeys([os.urandom(32)])
    dynamodb = Aws(client.backend.account).client("dynamodb")
    head = client.backend.store.collections.get("others")
    changed_key = {":key": {"B": stranger.wrap(bytes(32), head.uid)}}
    dynamodb.update_item(
        TableName="lookalike-collections",
        Key={"id": {"S": "others"}},
        UpdateExpression="SET #key = :key",
        ExpressionAttributeNames={"#key": "key"},
        ExpressionAttributeValues=changed_key,
    )
    found = find(Whom(photo=camera.photo("ada")), client.backend)
    assert len(found.faces) == 1
    assert found.unreadable == ["others"]
    assert len(erase(ADA, client.backend).erased.faces) == 1


def test_users_are_made_anew_or_go(client: Client, camera: Camera) -> None:
    (ada,) = index(client, camera.photo("ada"), ExternalImageId="ada")
    (alone,) = index(client, camera.photo("ada"), ExternalImageId="ada")
    (twin,) = index(client, camera.photo(Person("ada", likeness=0.3)), ExternalImageId="twin")
    for user, faces in {"twins": [ada, twin], "ada": [alone]}.items():
        client("CreateUser", CollectionId="people", UserId=user)
        client("AssociateFaces", CollectionId="people", UserId=user, FaceIds=faces)
    receipt = erase(ADA, client.backend)
    assert (receipt.users_made_anew, receipt.users_deleted) == (["people/twins"], ["people/ada"])
    assert [user["UserId"] for user in client("ListUsers", CollectionId="people")["Users"]] == ["twins"]
    (match,) = client("SearchUsers", CollectionId="people", FaceId=twin)["UserMatches"]
    assert match["Similarity"] == 100


def test_uploaded_pictures_go_with_what_was_read_off_them(client: Client, camera: Camera, s3: Any) -> None:
    bucket = client.backend.settings.uploads
    upload(client, s3, "collections/people/ada.png", camera.photo("ada", "bob"))
    upload(client, s3, "collections/people/eve.png", camera.photo("eve"))
    found = find(ADA, client.backend)
    assert found.objects == [f"s3://{bucket}/collections/people/ada.png"]
    assert len(found.faces) == 2, "both faces of the picture have its name"
    erase(ADA, client.backend)
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["collections/people/eve.png"]
    medium = client.backend.media.get(bucket, "collections/people/ada.png")
    assert medium is not None
    assert (medium.removed, medium.results, medium.faces, medium.labels) == (True, {}, (), ())
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 1


def test_a_picture_that_goes_takes_the_others_in_it_along_and_says_so(client: Client, camera: Camera, s3: Any) -> None:
    upload(client, s3, "collections/people/party.png", camera.photo("ada", "bob"))
    found = find(Whom(photo=camera.photo("ada")), client.backend)
    assert [face.other for face in found.faces] == [False, True]
    assert len(found.objects) == 1
    erase(Whom(photo=camera.photo("ada")), client.backend)
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # moto copies versions that it lists
def test_all_versions_of_a_picture_go(client: Client, camera: Camera, s3: Any) -> None:
    bucket = client.backend.settings.uploads
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="collections/people/ada.png", Body=b"earlier")
    upload(client, s3, "collections/people/ada.png", camera.photo("ada"))
    erase(ADA, client.backend)
    left = s3.list_object_versions(Bucket=bucket)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left
    gc.collect()


@pytest.mark.usefixtures("s3")
def test_what_video_searches_told_is_forgotten(client: Client, camera: Camera) -> None:
    (ada,), (bob,) = index(client, camera.photo("ada"), ExternalImageId="ada"), index(client, camera.photo("bob"))
    jobs, results = client.backend.jobs.jobs, Results(client.backend.store.objects, client.backend.settings.bucket)
    jobs.start(Job(id="j", analysis=FACE_SEARCH.name, request={}, created=time.time()), None, "")
    job = jobs.claim("j", "worker", 60)
    assert job is not None
    matches = [{"Similarity": 99.0, "Face": {"FaceId": face}} for face in (ada, bob)]
    for view in FACE_SEARCH.views:
        writer = results.writer("/".join(("j", "1", *view)))
        writer.extend([{"Timestamp": 0, "FaceMatches": matches}, {"Timestamp": 1}])
        writer.close()
    jobs.finish(job, "SUCCEEDED", outcome={"attempt": 1})
    assert erase(ADA, client.backend).video_results == 2
    for view in FACE_SEARCH.views:
        told = results.page("/".join(("j", "1", *view)), 0, 10)
        assert told == [{"Timestamp": 0, "FaceMatches": matches[1:]}, {"Timestamp": 1}]
