"""IndexFaces, ListFaces, DeleteFaces, SearchFaces and SearchFacesByImage: defaults, limits, order and errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.errors import (
    ImageTooLargeException,
    InvalidPaginationTokenException,
    InvalidParameterException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
    ValidationException,
)
from chalicelib.vision.faces import distance_at
from tests.operations.camera import Camera, Person
from tests.operations.conftest import Client

NOBODY = str(uuid4())


@pytest.fixture(autouse=True)
def _collection(client: Client) -> None:
    client("CreateCollection", CollectionId="people")


def index(client: Client, photo: bytes, **options: Any) -> dict[str, Any]:
    return client("IndexFaces", CollectionId="people", Image={"Bytes": photo}, **options)


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["Face"]["FaceId"] for record in records]


def test_a_face_record_has_awss_members(client: Client, camera: Camera) -> None:
    answer = index(client, camera.photo("ada"), ExternalImageId="ada:1")
    (record,) = answer.pop("FaceRecords")
    assert answer == {"UnindexedFaces": [], "FaceModelVersion": "7.0"}
    assert record["Face"].keys() == {
        *("FaceId", "BoundingBox", "ImageId", "ExternalImageId", "Confidence", "IndexFacesModelVersion")
    }
    assert record["Face"]["ExternalImageId"] == "ada:1"
    assert record["Face"]["BoundingBox"] == record["FaceDetail"]["BoundingBox"]
    assert client("ListFaces", CollectionId="people") == {"Faces": [record["Face"]], "FaceModelVersion": "7.0"}
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 1


def test_no_face_is_no_error(client: Client, camera: Camera) -> None:
    assert index(client, camera.photo()) == {"FaceRecords": [], "UnindexedFaces": [], "FaceModelVersion": "7.0"}


def test_the_largest_good_faces_are_indexed(client: Client, camera: Camera) -> None:
    photo = camera.photo(
        Person("blurred", size=0.9, sharpness=1), Person("small", size=0.3), Person("large", size=0.6), "smallest"
    )
    answer = index(client, photo, MaxFaces=2)
    widths = [record["Face"]["BoundingBox"]["Width"] for record in answer["FaceRecords"]]
    assert widths == pytest.approx([0.6, 0.3])
    left_out = [(face["FaceDetail"]["BoundingBox"]["Width"], face["Reasons"]) for face in answer["UnindexedFaces"]]
    assert left_out == [(pytest.approx(0.9), ["LOW_SHARPNESS"]), (pytest.approx(0.2), ["EXCEEDS_MAX_FACES"])]
    assert len(index(client, photo, QualityFilter="NONE")["FaceRecords"]) == 4


def test_a_hundred_faces_are_indexed_at_most(client: Client, camera: Camera) -> None:
    crowd = camera.photo(*(Person(f"p{at}", size=0.3 + at / 1000) for at in range(110)))
    assert len(index(client, crowd, MaxFaces=500)["FaceRecords"]) == 100
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 100


def test_the_same_picture_is_indexed_once(client: Client, camera: Camera) -> None:
    photo = camera.photo("ada", "bob")
    first = index(client, photo, ExternalImageId="x")
    assert index(client, photo, ExternalImageId="x") == first
    other = index(client, photo, ExternalImageId="y")["FaceRecords"]
    assert other[0]["Face"]["ImageId"] == first["FaceRecords"][0]["Face"]["ImageId"]
    assert not set(ids(other)) & set(ids(first["FaceRecords"]))
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 4


def test_sixteen_clients_at_once(client: Client, camera: Camera) -> None:
    photos = [camera.photo(f"p{at}", f"q{at}") for at in range(16)]

    def work(at: int) -> list[str]:
        own = ids(index(client, photos[at], ExternalImageId="own")["FaceRecords"])
        return own + ids(index(client, photos[0], ExternalImageId="shared")["FaceRecords"])

    with ThreadPoolExecutor(16) as threads:
        brought = {face_id for face_ids in threads.map(work, range(16)) for face_id in face_ids}
    listed = client("ListFaces", CollectionId="people")["Faces"]
    assert sorted(face["FaceId"] for face in listed) == sorted(brought)
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == len(brought) == 34
    for photo in photos:
        found = client("SearchFacesByImage", CollectionId="people", Image={"Bytes": photo})["FaceMatches"]
        assert len(found) == (2 if photo == photos[0] else 1)


def test_listing_some(client: Client, camera: Camera) -> None:
    face_ids = [face_id for at in range(5) for face_id in ids(index(client, camera.photo(f"p{at}"))["FaceRecords"])]
    pages = list(client.pages("ListFaces", CollectionId="people", MaxResults=2))
    assert [[face["FaceId"] for face in page["Faces"]] for page in pages] == [face_ids[:2], face_ids[2:4], face_ids[4:]]
    wanted = {"CollectionId": "people", "FaceIds": [face_ids[3], NOBODY, face_ids[1], face_ids[2]]}
    pages = list(client.pages("ListFaces", MaxResults=2, **wanted))
    assert [[face["FaceId"] for face in page["Faces"]] for page in pages] == [face_ids[1:3], face_ids[3:4]]
    token = client("ListFaces", MaxResults=2, **wanted)["NextToken"]
    with pytest.raises(InvalidPaginationTokenException):
        client("ListFaces", CollectionId="people", NextToken=token)


def test_deleting(client: Client, camera: Camera) -> None:
    photo = camera.photo("ada", "bob", "eve")
    ada, bob, eve = ids(index(client, photo)["FaceRecords"])
    assert client("DeleteFaces", CollectionId="people", FaceIds=[eve, NOBODY, ada, eve]) == {
        "DeletedFaces": [eve, ada],
        "UnsuccessfulFaceDeletions": [{"FaceId": NOBODY, "Reasons": ["FACE_NOT_FOUND"]}],
    }
    again = client("DeleteFaces", CollectionId="people", FaceIds=[ada])
    assert again["DeletedFaces"] == []
    assert [face["FaceId"] for face in client("ListFaces", CollectionId="people")["Faces"]] == [bob]
    assert client("DescribeCollection", CollectionId="people")["FaceCount"] == 1
    everyone = client("SearchFacesByImage", CollectionId="people", Image={"Bytes": photo}, FaceMatchThreshold=0)
    assert ids(everyone["FaceMatches"]) == [bob]
    assert ids(index(client, photo)["FaceRecords"])[1] == bob, "the others are indexed anew"


def likenesses(client: Client, camera: Camera, *distances: float) -> list[str]:
    """Ada's faces at these distances from her own."""
    photos = [camera.photo(Person("ada", likeness=distance)) for distance in distances]
    return [face_id for photo in photos for face_id in ids(index(client, photo)["FaceRecords"])]


def test_searching_by_face(client: Client, camera: Camera) -> None:
    far = distance_at(70)
    own, near, nearer, beyond = likenesses(client, camera, 0, 0.3, 0.1, far)
    index(client, camera.photo("bob"))
    answer = client("SearchFaces", CollectionId="people", FaceId=own)
    assert answer["SearchedFaceId"] == own
    assert answer["FaceModelVersion"] == "7.0"
    assert ids(answer["FaceMatches"]) == [nearer, near]
    similarities = [match["Similarity"] for match in answer["FaceMatches"]]
    assert similarities == sorted(similarities, reverse=True)
    lower = client("SearchFaces", CollectionId="people", FaceId=own, FaceMatchThreshold=69)
    assert ids(lower["FaceMatches"]) == [nearer, near, beyond]
    assert lower["FaceMatches"][-1]["Similarity"] == pytest.approx(70, abs=0.1)
    assert len(client("SearchFaces", CollectionId="people", FaceId=own, FaceMatchThreshold=0)["FaceMatches"]) == 4
    assert ids(client("SearchFaces", CollectionId="people", FaceId=own, MaxFaces=1)["FaceMatches"]) == [nearer]


def test_eighty_matches_unless_asked_otherwise(client: Client, camera: Camera) -> None:
    index(client, camera.photo(*["ada"] * 95))
    photo = camera.photo("ada")
    by_image = client("SearchFacesByImage", CollectionId="people", Image={"Bytes": photo})["FaceMatches"]
    (own,) = ids(index(client, photo)["FaceRecords"])
    by_face = client("SearchFaces", CollectionId="people", FaceId=own)["FaceMatches"]
    assert len(by_image) == len(by_face) == 80
    assert ids(by_image) == ids(by_face), "ties in the order in which they were indexed"
    assert len(client("SearchFaces", CollectionId="people", FaceId=own, MaxFaces=4096)["FaceMatches"]) == 95


def test_a_face_that_is_not_there(client: Client, camera: Camera) -> None:
    (gone,) = ids(index(client, camera.photo("ada"))["FaceRecords"])
    client("DeleteFaces", CollectionId="people", FaceIds=[gone])
    for face_id in (NOBODY, gone):
        with pytest.raises(InvalidParameterException, match="faceId was not found in the collection"):
            client("SearchFaces", CollectionId="people", FaceId=face_id)


def test_searching_by_image(client: Client, camera: Camera) -> None:
    (own,) = likenesses(client, camera, 0)
    photo = camera.photo("bob", Person("ada", likeness=0.2, size=0.5), Person("eve", size=0.9, sharpness=1))
    answer = client("SearchFacesByImage", CollectionId="people", Image={"Bytes": photo}, QualityFilter="AUTO")
    assert ids(answer["FaceMatches"]) == [own]
    assert answer["SearchedFaceBoundingBox"]["Width"] == 0.5
    assert answer["SearchedFaceConfidence"] == 99.0
    unfiltered = client("SearchFacesByImage", CollectionId="people", Image={"Bytes": photo})
    assert unfiltered["SearchedFaceBoundingBox"]["Width"] == 0.9
    assert unfiltered["FaceMatches"] == []
    for picture in (camera.photo(), camera.photo(Person("eve", sharpness=1))):
        with pytest.raises(InvalidParameterException, match="There are no faces in the image"):
            client("SearchFacesByImage", CollectionId="people", Image={"Bytes": picture}, QualityFilter="HIGH")


def test_collections_do_not_meet(client: Client, camera: Camera) -> None:
    photo = camera.photo("ada")
    (own,) = ids(index(client, photo)["FaceRecords"])
    client("CreateCollection", CollectionId="other")
    assert client("SearchFacesByImage", CollectionId="other", Image={"Bytes": photo})["FaceMatches"] == []
    with pytest.raises(InvalidParameterException):
        client("SearchFaces", CollectionId="other", FaceId=own)
    client("DeleteCollection", CollectionId="people")
    client("CreateCollection", CollectionId="people")
    assert client("SearchFacesByImage", CollectionId="people", Image={"Bytes": photo})["FaceMatches"] == []


def test_an_unknown_collection(client: Client, camera: Camera) -> None:
    image = {"Bytes": camera.photo("ada")}
    requests: dict[str, dict[str, Any]] = {
        "IndexFaces": {"Image": image},
        "ListFaces": {},
        "DeleteFaces": {"FaceIds": [NOBODY]},
        "SearchFaces": {"FaceId": NOBODY},
        "SearchFacesByImage": {"Image": image},
    }
    for operation, members in requests.items():
        with pytest.raises(ResourceNotFoundException, match="The collection id: none does not exist"):
            client(operation, CollectionId="none", **members)


def test_images_in_s3(client: Client, camera: Camera) -> None:
    s3 = client.backend.store.objects._client
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="photos", Key="a/ä.png", Body=camera.photo("ada"))["VersionId"]
    s3.put_object(Bucket="photos", Key="a/ä.png", Body=camera.photo("ada", "bob"))
    named = {"Bucket": "photos", "Name": "a/ä.png"}

    def indexed(**members: Any) -> int:
        return len(client("IndexFaces", CollectionId="people", Image={"S3Object": members})["FaceRecords"])

    assert indexed(**named) == 2
    assert indexed(Version=version, **named) == 1
    for wrong in ({"Bucket": "none"}, {"Name": "none"}, {"Version": "none"}):
        with pytest.raises(InvalidS3ObjectException, match="Unable to get object metadata from S3"):
            indexed(**named | wrong)
    s3.put_object(Bucket="photos", Key="large", Body=bytes(15 * 1024 * 1024 + 1))
    with pytest.raises(ImageTooLargeException, match="Image size is too large"):
        indexed(Bucket="photos", Name="large")
    with pytest.raises(InvalidParameterException):
        indexed(Bucket="photos")


def test_an_image_is_given_once(client: Client, camera: Camera) -> None:
    both: dict[str, Any] = {"Bytes": camera.photo("ada"), "S3Object": {"Bucket": "photos", "Name": "x"}}
    for image in ({}, both):
        with pytest.raises(InvalidParameterException, match="Request has invalid parameters"):
            client("IndexFaces", CollectionId="people", Image=image)
    with pytest.raises((ImageTooLargeException, ValidationException)):
        client("IndexFaces", CollectionId="people", Image={"Bytes": bytes(5 * 1024 * 1024 + 1)})
