"""People who opted out: in no collection from then on, found by no search, and nothing of them kept but a vector."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.operations import optouts
from chalicelib.store.optouts import SECONDS, OptOuts
from chalicelib.vision.faces import distance_at
from tests.operations.camera import Camera, Person
from tests.operations.conftest import Client, Clock

ALIKE, UNLIKE = distance_at(99.5), distance_at(95)


@pytest.fixture(autouse=True)
def _collection(client: Client) -> None:
    client("CreateCollection", CollectionId="people")


def index(client: Client, photo: bytes, collection: str = "people") -> dict[str, Any]:
    return client("IndexFaces", CollectionId=collection, Image={"Bytes": photo})


def faces(client: Client, collection: str = "people") -> int:
    return int(client("DescribeCollection", CollectionId=collection)["FaceCount"])


def test_who_opted_out_is_not_indexed_and_told_without_a_reason(client: Client, camera: Camera) -> None:
    optouts.add(camera.photo("ada"), client.backend)
    answer = index(client, camera.photo(Person("ada", likeness=ALIKE, size=0.5), "bob", Person("ada", likeness=UNLIKE)))
    assert len(answer["FaceRecords"]) == 2
    (left_out,) = answer["UnindexedFaces"]
    assert left_out["Reasons"] == []
    assert left_out["FaceDetail"]["BoundingBox"]["Width"] == 0.5
    assert faces(client) == 2


def test_opting_out_erases_what_is_indexed_already(client: Client, camera: Camera) -> None:
    client("CreateCollection", CollectionId="others")
    (own,) = index(client, camera.photo(Person("ada", likeness=ALIKE)))["FaceRecords"]
    index(client, camera.photo("ada", "bob"), "others")
    client("CreateUser", CollectionId="people", UserId="ada")
    client("AssociateFaces", CollectionId="people", UserId="ada", FaceIds=[own["Face"]["FaceId"]])
    _, erased = optouts.add(camera.photo("ada"), client.backend)
    assert erased == {"people": 1, "others": 1}
    assert (faces(client), faces(client, "others")) == (0, 1)
    assert client("ListUsers", CollectionId="people")["Users"] == [{"UserId": "ada", "UserStatus": "CREATED"}]


def test_searching_for_who_opted_out_finds_nobody(client: Client, camera: Camera) -> None:
    (near,) = index(client, camera.photo(Person("ada", likeness=UNLIKE)))["FaceRecords"]
    client("CreateUser", CollectionId="people", UserId="ada")
    client("AssociateFaces", CollectionId="people", UserId="ada", FaceIds=[near["Face"]["FaceId"]])
    photo = {"CollectionId": "people", "Image": {"Bytes": camera.photo("ada")}}
    assert len(client("SearchFacesByImage", **photo)["FaceMatches"]) == 1
    assert len(client("SearchUsersByImage", **photo)["UserMatches"]) == 1
    optouts.add(camera.photo("ada"), client.backend)
    assert faces(client) == 1, "not alike enough to be taken for the same person"
    assert client("SearchFacesByImage", **photo)["FaceMatches"] == []
    assert client("SearchUsersByImage", **photo)["UserMatches"] == []


def test_opting_in_again(client: Client, camera: Camera, clock: Clock) -> None:
    added, _ = optouts.add(camera.photo("ada"), client.backend)
    assert list(client.backend.store.optouts.all()) == [added]
    assert added.added == clock.now
    assert optouts.remove([added.id, "00000000-0000-4000-8000-000000000000"], client.backend) == [added.id]
    assert list(client.backend.store.optouts.all()) == []
    assert len(index(client, camera.photo("ada"))["FaceRecords"]) == 1


def test_a_photo_without_a_face_is_refused(client: Client, camera: Camera) -> None:
    with pytest.raises(InvalidParameterException, match="no face"):
        optouts.add(camera.photo(), client.backend)


def test_the_list_is_no_collection_of_the_api(client: Client, camera: Camera) -> None:
    optouts.add(camera.photo("ada"), client.backend)
    for name in ("a", "zz"):
        client("CreateCollection", CollectionId=name)
    listed = [page["CollectionIds"] for page in client.pages("ListCollections", MaxResults=1)]
    assert listed == [["a"], ["people"], ["zz"]]
    assert client("ListCollections", MaxResults=3)["CollectionIds"] == ["a", "people", "zz"]
    assert "NextToken" not in client("ListCollections", MaxResults=3)


def test_another_process_knows_of_it_in_seconds(client: Client, camera: Camera, clock: Clock) -> None:
    store, now = client.backend.store, [0.0]
    other = OptOuts(store._ledger, store.collections, store.faces, clock=lambda: now[0])
    assert other.head() is None
    optouts.add(camera.photo("ada"), client.backend)
    now[0] += SECONDS
    assert other.head() is None
    now[0] += 0.1
    head = other.head()
    assert head is not None
    assert int(head.face_count) == 1
    optouts.add(camera.photo("bob"), client.backend)
    assert int(getattr(other.head(now=True), "face_count", 0)) == 2


def test_nothing_tells_who_it_is(client: Client, camera: Camera) -> None:
    photo = camera.photo("ada")
    optouts.add(photo, client.backend)
    head = client.backend.store.optouts.head()
    assert head is not None
    (face,) = client.backend.store.faces.page(head, client.backend.store.faces.first, 10)[0]
    assert face.external_id is None
    assert face.box == (0, 0, 0, 0)
    client("CreateCollection", CollectionId="same")
    other = camera.photo("bob")
    assert index(client, other, "same")["FaceRecords"][0]["Face"]["ImageId"] != face.image_id
