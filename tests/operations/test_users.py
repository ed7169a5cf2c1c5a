"""Users: made, given faces, searched for and deleted, with AWS's failures, limits and idempotency tokens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.errors import (
    ConflictException,
    IdempotentParameterMismatchException,
    InvalidParameterException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)
from tests.operations.camera import Camera, Person
from tests.operations.conftest import Client

NOBODY = str(uuid4())
IN = {"CollectionId": "people"}


@pytest.fixture(autouse=True)
def _collection(client: Client) -> None:
    client("CreateCollection", **IN)


def index(client: Client, camera: Camera, *people: Person | str) -> list[str]:
    image = {"Bytes": camera.photo(*people)}
    records = client("IndexFaces", Image=image, QualityFilter="NONE", **IN)["FaceRecords"]
    return [record["Face"]["FaceId"] for record in records]


def associate(client: Client, user: str, *face_ids: str, **options: Any) -> dict[str, Any]:
    return client("AssociateFaces", UserId=user, FaceIds=list(face_ids), **options, **IN)


def users(client: Client) -> dict[str, str]:
    return {user["UserId"]: user["UserStatus"] for user in client("ListUsers", **IN)["Users"]}


def test_a_user_from_first_to_last(client: Client, camera: Camera) -> None:
    assert client("CreateUser", UserId="ada", **IN) == {}
    assert users(client) == {"ada": "CREATED"}
    faces = index(client, camera, "ada", Person("ada", likeness=0.1))
    assert associate(client, "ada", *faces) == {
        "AssociatedFaces": [{"FaceId": face_id} for face_id in faces],
        "UnsuccessfulFaceAssociations": [],
        "UserStatus": "ACTIVE",
    }
    assert users(client) == {"ada": "ACTIVE"}
    assert client("DescribeCollection", **IN)["UserCount"] == 1
    other = index(client, camera, "bob")
    assert [face.get("UserId") for face in client("ListFaces", **IN)["Faces"]] == ["ada", "ada", None]
    assert [face["FaceId"] for face in client("ListFaces", UserId="ada", **IN)["Faces"]] == faces
    assert client("ListFaces", UserId="ada", FaceIds=[faces[1], *other], **IN)["Faces"][0]["FaceId"] == faces[1]
    matches = client("SearchFaces", FaceId=faces[0], **IN)["FaceMatches"]
    assert matches[0]["Face"]["UserId"] == "ada"
    assert client("DeleteFaces", FaceIds=faces[:1], **IN) == {
        "DeletedFaces": [],
        "UnsuccessfulFaceDeletions": [
            {"FaceId": faces[0], "UserId": "ada", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}
        ],
    }
    assert client("DeleteUser", UserId="ada", **IN) == {}
    assert users(client) == {}
    assert client("DescribeCollection", **IN)["UserCount"] == 0
    assert [face.get("UserId") for face in client("ListFaces", **IN)["Faces"]] == [None] * 3
    assert client("SearchUsers", FaceId=faces[0], **IN)["UserMatches"] == []
    assert client("DeleteFaces", FaceIds=faces, **IN)["DeletedFaces"] == faces


def test_users_that_exist_or_do_not(client: Client) -> None:
    client("CreateUser", UserId="ada", **IN)
    with pytest.raises(ConflictException):
        client("CreateUser", UserId="ada", **IN)
    for operation, members in {
        "DeleteUser": {},
        "AssociateFaces": {"FaceIds": [NOBODY]},
        "DisassociateFaces": {"FaceIds": [NOBODY]},
        "SearchUsers": {},
        "ListFaces": {},
    }.items():
        with pytest.raises(ResourceNotFoundException):
            client(operation, UserId="nobody", **members, **IN)
    client("DeleteUser", UserId="ada", **IN)
    client("CreateUser", UserId="ada", **IN)


def test_pages_of_users(client: Client) -> None:
    names = [f"u{at}" for at in range(5)]
    for name in names:
        client("CreateUser", UserId=name, **IN)
    pages = list(client.pages("ListUsers", MaxResults=2, **IN))
    assert [[user["UserId"] for user in page["Users"]] for page in pages] == [names[:2], names[2:4], names[4:]]


def test_faces_that_cannot_be_associated(client: Client, camera: Camera) -> None:
    own, near, far, others, own_again = index(
        client, camera, "ada", Person("ada", likeness=0.3), "eve", "bob", Person("ada", likeness=0.1)
    )
    for name in ("ada", "bob"):
        client("CreateUser", UserId=name, **IN)
    associate(client, "bob", others)
    assert associate(client, "ada", own)["UserStatus"] == "ACTIVE"
    answer = associate(client, "ada", own, near, far, others, NOBODY, own_again, own_again)
    assert answer["AssociatedFaces"] == [{"FaceId": near}, {"FaceId": own_again}], "a face that it has is passed over"
    low, different, unknown = answer["UnsuccessfulFaceAssociations"]
    assert 0 <= low.pop("Confidence") < 75
    assert low == {"FaceId": far, "Reasons": ["LOW_MATCH_CONFIDENCE"]}
    assert different == {"FaceId": others, "UserId": "bob", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}
    assert unknown == {"FaceId": NOBODY, "Reasons": ["FACE_NOT_FOUND"]}
    assert associate(client, "ada", far, UserMatchThreshold=0)["AssociatedFaces"] == [{"FaceId": far}]


def test_disassociating(client: Client, camera: Camera) -> None:
    first, second, others, free = index(client, camera, "ada", Person("ada", likeness=0.1), "bob", "eve")
    for name in ("ada", "bob"):
        client("CreateUser", UserId=name, **IN)
    associate(client, "ada", first, second)
    associate(client, "bob", others)

    def disassociate(*face_ids: str) -> dict[str, Any]:
        return client("DisassociateFaces", UserId="ada", FaceIds=list(face_ids), **IN)

    assert disassociate(first, others, free, NOBODY) == {
        "DisassociatedFaces": [{"FaceId": first}],
        "UnsuccessfulFaceDisassociations": [
            {"FaceId": others, "UserId": "bob", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]},
            {"FaceId": NOBODY, "Reasons": ["FACE_NOT_FOUND"]},
        ],
        "UserStatus": "ACTIVE",
    }
    assert disassociate(second)["UserStatus"] == "CREATED"
    assert users(client) == {"ada": "CREATED", "bob": "ACTIVE"}
    assert client("SearchUsers", UserId="ada", **IN)["UserMatches"] == []
    assert client("DeleteFaces", FaceIds=[first], **IN)["DeletedFaces"] == [first]


def test_a_user_has_a_hundred_faces_at_most(client: Client, camera: Camera) -> None:
    client("CreateUser", UserId="ada", **IN)
    faces = index(client, camera, *["ada"] * 97)
    late = [face_id for _ in range(5) for face_id in index(client, camera, "ada")]
    assert len(associate(client, "ada", *faces)["AssociatedFaces"]) == 97
    answer = associate(client, "ada", *late)
    assert answer["AssociatedFaces"] == [{"FaceId": face_id} for face_id in late[:3]]
    assert [face["FaceId"] for face in answer["UnsuccessfulFaceAssociations"]] == late[3:]
    with pytest.raises(ServiceQuotaExceededException):
        associate(client, "ada", late[3])
    assert associate(client, "ada", faces[0])["AssociatedFaces"] == []
    assert client("DeleteUser", UserId="ada", **IN) == {}
    assert not any("UserId" in face for face in client("ListFaces", **IN)["Faces"])


def test_faces_of_many_pictures_in_one_call(client: Client, camera: Camera) -> None:
    """More records than one transaction takes."""
    client("CreateUser", UserId="ada", **IN)
    faces = [face_id for _ in range(45) for face_id in index(client, camera, "ada")]
    answer = associate(client, "ada", *faces, ClientRequestToken="t")
    assert [face["FaceId"] for face in answer["AssociatedFaces"]] == faces
    assert associate(client, "ada", *faces, ClientRequestToken="t") == answer
    with pytest.raises(IdempotentParameterMismatchException):
        associate(client, "ada", *faces[1:], ClientRequestToken="t")
    assert len(client("ListFaces", UserId="ada", **IN)["Faces"]) == 45
    done = client("DisassociateFaces", UserId="ada", FaceIds=faces, **IN)
    assert (len(done["DisassociatedFaces"]), done["UserStatus"]) == (45, "CREATED")


def test_a_token_is_answered_the_same_and_run_once(client: Client, camera: Camera) -> None:
    for _ in range(2):
        assert client("CreateUser", UserId="ada", ClientRequestToken="one", **IN) == {}
    with pytest.raises(IdempotentParameterMismatchException, match="The ClientRequestToken: one you have supplied"):
        client("CreateUser", UserId="bob", ClientRequestToken="one", **IN)
    (face,) = index(client, camera, "ada")
    first = associate(client, "ada", face, ClientRequestToken="one")
    assert first["AssociatedFaces"] == [{"FaceId": face}]
    assert associate(client, "ada", face, ClientRequestToken="one") == first
    assert associate(client, "ada", face, ClientRequestToken="two")["AssociatedFaces"] == []
    for _ in range(2):
        assert client("DeleteUser", UserId="ada", ClientRequestToken="one", **IN) == {}
    with pytest.raises(ResourceNotFoundException):
        client("DeleteUser", UserId="ada", ClientRequestToken="two", **IN)


def test_one_of_many_makes_the_user(client: Client) -> None:
    def make(at: int) -> bool:
        try:
            client("CreateUser", UserId="ada", ClientRequestToken=f"t{at % 4}", **IN)
        except ConflictException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(make, range(16)))
    assert sum(made) == 4, "those with the token of the first"
    assert users(client) == {"ada": "CREATED"}
    assert client("DescribeCollection", **IN)["UserCount"] == 1


def test_a_face_has_one_user_whoever_comes_first(client: Client, camera: Camera) -> None:
    faces = index(client, camera, *["ada"] * 6)
    for at in range(4):
        client("CreateUser", UserId=f"u{at}", **IN)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda at: associate(client, f"u{at % 4}", *faces[at % 3 :: 3]), range(12)))
    got = [face["FaceId"] for answer in answers for face in answer["AssociatedFaces"]]
    assert sorted(got) == sorted(faces)
    owners = {face["FaceId"]: face["UserId"] for face in client("ListFaces", **IN)["Faces"]}
    listed = {at: client("ListFaces", UserId=f"u{at}", **IN)["Faces"] for at in range(4)}
    assert owners == {face["FaceId"]: f"u{at}" for at, found in listed.items() for face in found}


def searchable(client: Client, camera: Camera) -> list[str]:
    """Ada with two faces, Ada's twin with one, Bob with one; returns their faces."""
    faces = index(
        client, camera, Person("ada", likeness=0.1), Person("ada", likeness=0.2), Person("ada", likeness=0.4), "bob"
    )
    for name, own in {"ada": faces[:2], "twin": faces[2:3], "bob": faces[3:], "empty": []}.items():
        client("CreateUser", UserId=name, **IN)
        if own:
            associate(client, name, *own)
    return faces


def test_searching_for_users(client: Client, camera: Camera) -> None:
    faces = searchable(client, camera)
    by_face = client("SearchUsers", FaceId=faces[0], **IN)
    assert by_face["SearchedFace"] == {"FaceId": faces[0]}
    assert by_face["FaceModelVersion"] == "7.0"
    assert [match["User"] for match in by_face["UserMatches"]] == [
        {"UserId": "ada", "UserStatus": "ACTIVE"},
        {"UserId": "twin", "UserStatus": "ACTIVE"},
    ]
    assert by_face["UserMatches"][0]["Similarity"] > by_face["UserMatches"][1]["Similarity"] >= 80
    by_user = client("SearchUsers", UserId="ada", **IN)
    assert by_user["SearchedUser"] == {"UserId": "ada"}
    assert [match["User"]["UserId"] for match in by_user["UserMatches"]] == ["twin"]
    everyone = client("SearchUsers", UserId="ada", UserMatchThreshold=0, **IN)["UserMatches"]
    assert [match["User"]["UserId"] for match in everyone] == ["twin", "bob"]
    assert len(client("SearchUsers", UserId="ada", UserMatchThreshold=0, MaxUsers=1, **IN)["UserMatches"]) == 1
    assert client("SearchUsers", UserId="empty", UserMatchThreshold=0, **IN)["UserMatches"] == []
    for wrong in ({}, {"UserId": "ada", "FaceId": faces[0]}, {"FaceId": NOBODY}):
        with pytest.raises(InvalidParameterException):
            client("SearchUsers", **wrong, **IN)


def test_searching_for_users_by_image(client: Client, camera: Camera) -> None:
    searchable(client, camera)
    photo = camera.photo("eve", Person("ada", size=0.5), Person("bob", size=0.9, sharpness=1))
    answer = client("SearchUsersByImage", Image={"Bytes": photo}, QualityFilter="AUTO", **IN)
    assert [match["User"]["UserId"] for match in answer["UserMatches"]] == ["ada", "twin"]
    assert answer["SearchedFace"]["FaceDetail"]["BoundingBox"]["Width"] == 0.5
    left_out = [(face["FaceDetails"]["BoundingBox"]["Width"], face["Reasons"]) for face in answer["UnsearchedFaces"]]
    assert left_out == [(0.9, ["LOW_SHARPNESS"]), (0.2, ["FACE_NOT_LARGEST"])]
    unfiltered = client("SearchUsersByImage", Image={"Bytes": photo}, **IN)
    assert [match["User"]["UserId"] for match in unfiltered["UserMatches"]] == ["bob"]


def test_no_face_to_search_for_is_no_error(client: Client, camera: Camera) -> None:
    searchable(client, camera)
    nothing = {"UserMatches": [], "FaceModelVersion": "7.0", "UnsearchedFaces": []}
    assert client("SearchUsersByImage", Image={"Bytes": camera.photo()}, **IN) == nothing
    blurred = camera.photo(Person("ada", sharpness=1))
    answer = client("SearchUsersByImage", Image={"Bytes": blurred}, QualityFilter="AUTO", **IN)
    assert answer["UserMatches"] == []
    assert "SearchedFace" not in answer
    assert [face["Reasons"] for face in answer["UnsearchedFaces"]] == [["LOW_SHARPNESS"]]


def test_users_follow_their_faces(client: Client, camera: Camera) -> None:
    """A user's vector moves with its faces, and goes with the last."""
    faces = index(client, camera, "ada", "bob")
    client("CreateUser", UserId="u", **IN)

    def found(face_id: str) -> list[str]:
        return [match["User"]["UserId"] for match in client("SearchUsers", FaceId=face_id, **IN)["UserMatches"]]

    assert found(faces[0]) == []
    associate(client, "u", faces[0])
    assert (found(faces[0]), found(faces[1])) == (["u"], [])
    client("DisassociateFaces", UserId="u", FaceIds=faces[:1], **IN)
    assert found(faces[0]) == []
    associate(client, "u", faces[1])
    assert (found(faces[0]), found(faces[1])) == ([], ["u"])
