"""Ids, numbers, words, tokens and tags that the model, the service or the collection does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.cases import ASTRONAUT, AT_LEAST, AT_MOST, EXPIRED, FACE, NO_FACE_ID, NOT_NULL, PEOPLE, TOKEN, Case


def collections() -> Iterator[Case]:
    """Ids that no collection may have or has, and what goes with them."""
    ids = {
        "spaces": "a b",
        "300 characters": "a" * 300,
        "nothing": "",
        "a slash": "a/b",
        "a newline": "people\n",
        "an umlaut": "bücher",
        "a zero byte": "a\0b",
        "a star": "*",
        "a path": "../people",
    }
    for name, at in ids.items():
        for operation in ("CreateCollection", "DeleteCollection", "ListFaces"):
            members = {"CollectionId": at}
            yield Case(
                f"id of {name}: {operation}", operation, members, "ValidationException", "at 'collectionId' failed"
            )
    nobody = {"CollectionId": "nobody"}
    absent: dict[str, dict[str, Any]] = {
        "DescribeCollection": {},
        "DeleteCollection": {},
        "ListFaces": {},
        "DeleteFaces": {"FaceIds": [NO_FACE_ID]},
        "SearchFaces": {"FaceId": NO_FACE_ID},
        "SearchFacesByImage": {"Image": {"Bytes": ASTRONAUT}},
        "IndexFaces": {"Image": {"Bytes": ASTRONAUT}},
    }
    for operation, rest in absent.items():
        message = "The collection id: nobody does not exist"
        yield Case(f"no collection: {operation}", operation, nobody | rest, "ResourceNotFoundException", message)
    again, message = {"CollectionId": PEOPLE}, "The collection id: people already exists"
    yield Case("a collection twice", "CreateCollection", again, "ResourceAlreadyExistsException", message)
    required = {
        "CompareFaces": "sourceImage",
        "CreateCollection": "collectionId",
        "DeleteCollection": "collectionId",
        "DeleteFaces": "faceIds",
        "DescribeCollection": "collectionId",
        "DetectFaces": "image",
        "IndexFaces": "image",
        "ListFaces": "collectionId",
        "ListTagsForResource": "resourceArn",
        "SearchFaces": "faceId",
        "SearchFacesByImage": "image",
        "TagResource": "tags",
        "UntagResource": "tagKeys",
    }
    for operation, member in required.items():
        message = f"Value null at '{member}' failed to satisfy constraint: {NOT_NULL}"
        yield Case(f"no members: {operation}", operation, {}, "ValidationException", message)


def values() -> Iterator[Case]:
    """Numbers out of range, words outside their set, faces that are not there, tokens that were never given."""
    people: dict[str, Any] = {"CollectionId": PEOPLE}
    searched, sound = people | {"FaceId": FACE}, {"Bytes": ASTRONAUT}
    compared = {"SourceImage": sound, "TargetImage": sound}
    constrained: list[tuple[str, dict[str, Any], str]] = [
        ("ListCollections", {"MaxResults": -1}, f"'-1' at 'maxResults'.*{AT_LEAST} 0"),
        ("ListCollections", {"MaxResults": 4097}, f"'4097' at 'maxResults'.*{AT_MOST} 4096"),
        ("ListCollections", {"NextToken": "x" * 256}, f"at 'nextToken'.*{AT_MOST} 255"),
        ("ListFaces", people | {"MaxResults": -1}, f"{AT_LEAST} 0"),
        ("ListFaces", people | {"MaxResults": 4097}, f"{AT_MOST} 4096"),
        ("ListFaces", people | {"FaceIds": ["x"]}, r"'\[x\]' at 'faceIds'.*regular expression pattern"),
        ("ListFaces", people | {"UserId": "a b"}, "'a b' at 'userId'.*regular expression pattern"),
        ("SearchFaces", searched | {"FaceMatchThreshold": -1}, rf"'-1\.0' at 'faceMatchThreshold'.*{AT_LEAST} 0"),
        ("SearchFaces", searched | {"FaceMatchThreshold": 100.5}, rf"'100\.5'.*{AT_MOST} 100"),
        ("SearchFaces", searched | {"MaxFaces": 0}, f"{AT_LEAST} 1"),
        ("SearchFaces", searched | {"MaxFaces": 4097}, f"{AT_MOST} 4096"),
        ("SearchFaces", people | {"FaceId": "face"}, "'face' at 'faceId'.*regular expression pattern"),
        ("SearchFaces", people | {"FaceId": NO_FACE_ID.upper().replace("8", "A")}, "regular expression pattern"),
        ("SearchFacesByImage", people | {"Image": sound, "FaceMatchThreshold": 1e9}, rf"'1\.0E9'.*{AT_MOST} 100"),
        ("SearchFacesByImage", people | {"Image": sound, "MaxFaces": -5}, f"{AT_LEAST} 1"),
        ("SearchFacesByImage", people | {"Image": sound, "QualityFilter": "BEST"}, "enum value set: .NONE, AUTO"),
        ("CompareFaces", compared | {"SimilarityThreshold": -0.1}, f"{AT_LEAST} 0"),
        ("CompareFaces", compared | {"SimilarityThreshold": 101}, f"{AT_MOST} 100"),
        ("CompareFaces", compared | {"QualityFilter": "auto"}, "enum value set"),
        ("IndexFaces", people | {"Image": sound, "MaxFaces": 0}, f"'0' at 'maxFaces'.*{AT_LEAST} 1"),
        ("IndexFaces", people | {"Image": sound, "QualityFilter": ""}, "enum value set"),
        (
            "IndexFaces",
            people | {"Image": sound, "DetectionAttributes": ["HAIR"]},
            r"'\[HAIR\]' at 'detectionAttributes'",
        ),
        ("IndexFaces", people | {"Image": sound, "ExternalImageId": "a b"}, "at 'externalImageId'.*pattern"),
        ("IndexFaces", people | {"Image": sound, "ExternalImageId": "a/b"}, "at 'externalImageId'.*pattern"),
        ("IndexFaces", people | {"Image": sound, "ExternalImageId": ""}, f"at 'externalImageId'.*{AT_LEAST} 1"),
        ("IndexFaces", people | {"Image": sound, "ExternalImageId": "a" * 256}, f"at 'externalImageId'.*{AT_MOST} 255"),
        ("DetectFaces", {"Image": sound, "Attributes": ["ALL", "all"]}, r"'\[ALL, all\]' at 'attributes'"),
        ("DetectFaces", {"Image": sound, "Attributes": [None]}, r"'\[null\]' at 'attributes'"),
        ("DeleteFaces", people | {"FaceIds": []}, rf"'\[\]' at 'faceIds'.*{AT_LEAST} 1"),
        ("DeleteFaces", people | {"FaceIds": [NO_FACE_ID] * 4097}, f"at 'faceIds'.*{AT_MOST} 4096"),
        ("DeleteFaces", people | {"FaceIds": [FACE, "x"]}, "at 'faceIds'.*Member must satisfy constraint"),
        ("DeleteFaces", people | {"FaceIds": [FACE, None]}, "null.*at 'faceIds'"),
    ]
    for number, (operation, members, message) in enumerate(constrained, 1):
        yield Case(f"constraint {number}: {operation}", operation, members, "ValidationException", message)
    unknown = people | {"FaceId": NO_FACE_ID}
    message = "faceId was not found in the collection"
    yield Case("an unknown face", "SearchFaces", unknown, "InvalidParameterException", message)
    yield Case("no face to delete", "DeleteFaces", people | {"FaceIds": [NO_FACE_ID]}, "", status=200)
    for token in ("x", "AAAA", "e30=", "../../people", "字", "1"):
        for operation, rest in (("ListFaces", people), ("ListCollections", {})):
            invalid = "InvalidPaginationTokenException", "Invalid Pagination Token"
            yield Case(f"token {token}: {operation}", operation, rest | {"NextToken": token}, *invalid)
    stale = people | {"NextToken": EXPIRED}
    yield Case("expired token", "ListFaces", stale, "InvalidPaginationTokenException", "Invalid Pagination Token")
    yield Case("token of ListFaces", "ListCollections", {"NextToken": TOKEN}, "InvalidPaginationTokenException")
    other = {"CollectionId": "others", "NextToken": TOKEN}
    yield Case("token of another collection", "ListFaces", other, "InvalidPaginationTokenException")


def tags() -> Iterator[Case]:
    """Tags that AWS forbids, and ARNs of nothing."""
    arn = f"arn:aws:rekognition:us-east-1:123456789012:collection/{PEOPLE}"
    for name, key in {"reserved": "aws:x", "sign": "a!", "empty": "", "long": "k" * 129, "comma": "a,b"}.items():
        members = {"ResourceArn": arn, "Tags": {key: "v"}}
        yield Case(f"{name} key", "TagResource", members, "ValidationException", "at 'tags'.*Map keys must satisfy")
        created = {"CollectionId": "tagged", "Tags": {key: "v"}}
        yield Case(
            f"created with {name} key", "CreateCollection", created, "ValidationException", "Map keys must satisfy"
        )
    for name, value in {"long": "v" * 257, "sign": "a<b>"}.items():
        members = {"ResourceArn": arn, "Tags": {"k": value}}
        yield Case(f"{name} value", "TagResource", members, "ValidationException", "Map value must satisfy")
    many = {"ResourceArn": arn, "Tags": {f"k{number}": "v" for number in range(201)}}
    yield Case("201 tags", "TagResource", many, "ValidationException", f"{AT_MOST} 200")
    short = {"ResourceArn": "arn"}
    yield Case("short ARN", "ListTagsForResource", short, "ValidationException", f"at 'resourceArn'.*{AT_LEAST} 20")
    for name, nothing in {
        "collection": arn + "x",
        "kind": arn.replace("collection/", "galaxy/"),
        "service": arn.replace("rekognition", "s3"),
        "account": arn.replace("123456789012", "999999999999"),
        "form": "a string of enough characters",
    }.items():
        refused = "ResourceNotFoundException|InvalidParameterException|AccessDeniedException"
        yield Case(
            f"ARN of no {name}: TagResource", "TagResource", {"ResourceArn": nothing, "Tags": {"a": "b"}}, refused
        )
        yield Case(f"ARN of no {name}: ListTags", "ListTagsForResource", {"ResourceArn": nothing}, refused)
