"""Bodies that are not JSON, members of the wrong type, base64 that is not, requests that name no operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.api.bad_images import GREY
from tests.api.cases import FACE, NO_FACE_ID, PEOPLE, Case

NOT_JSON = {
    "no body": b"",
    "text": b"not json",
    "an open brace": b"{",
    "a missing value": b'{"CollectionId": }',
    "two documents": b"{} {}",
    "Python's quotes": b"{'CollectionId': 'people'}",
    "NaN": b'{"MaxResults": NaN}',
    "Infinity": b'{"MaxResults": Infinity}',
    "a number beyond doubles": b'{"MaxResults": 1e999}',
    "a hexadecimal number": b'{"MaxResults": 0x10}',
    "a comment": b"{} // none",
    "a trailing comma": b'{"MaxResults": 1,}',
    "no UTF-8": b'{"CollectionId": "\xff\xfe"}',
    "a lone surrogate": b'{"CollectionId": "\\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"CollectionId": "people"}'.encode("utf-16"),
    "zero bytes": bytes(100),
    "braces a hundred thousand deep": b'{"a":' * 100_000,
    "brackets a million deep": b"[" * 1_000_000,
    "null": b"null",
    "a list": b"[]",
    "a string": b'"people"',
    "a form": b"CollectionId=people",
    "XML": b"<CollectionId>people</CollectionId>",
}


def documents() -> Iterator[Case]:
    """Bodies that are not JSON, members of the wrong type, base64 that is not."""
    for name, body in NOT_JSON.items():
        yield Case(f"body: {name}", "ListFaces", body, "SerializationException")
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("ListFaces", {"CollectionId": 5}, "NUMBER_VALUE can not be converted to a String"),
        ("ListFaces", {"CollectionId": True}, "TRUE_VALUE can not be converted to a String"),
        ("ListFaces", {"CollectionId": [PEOPLE]}, "Start of list found where not expected"),
        ("ListFaces", {"CollectionId": {"Id": PEOPLE}}, "Start of structure or map found where not expected"),
        ("ListFaces", {"CollectionId": PEOPLE, "MaxResults": "5"}, "STRING_VALUE can not be converted to an Integer"),
        ("ListFaces", {"CollectionId": PEOPLE, "MaxResults": 2**31}, "NUMBER_VALUE can not be converted to an Integer"),
        ("ListFaces", {"CollectionId": PEOPLE, "MaxResults": -(10**30)}, "NUMBER_VALUE can not be converted"),
        ("ListFaces", {"CollectionId": PEOPLE, "FaceIds": NO_FACE_ID}, "Expected list or null"),
        ("DeleteFaces", {"CollectionId": PEOPLE, "FaceIds": FACE}, "Expected list or null"),
        ("DeleteFaces", {"CollectionId": PEOPLE, "FaceIds": {"0": FACE}}, "Start of structure or map found"),
        ("DeleteFaces", {"CollectionId": PEOPLE, "FaceIds": [[FACE]]}, "Start of list found where not expected"),
        ("DeleteCollection", {"CollectionId": [PEOPLE]}, "Start of list found where not expected"),
        ("IndexFaces", {"CollectionId": PEOPLE, "Image": GREY}, "Expected null"),
        ("IndexFaces", {"CollectionId": PEOPLE, "Image": [GREY]}, "Start of list found where not expected"),
        ("IndexFaces", {"CollectionId": PEOPLE, "Image": {"Bytes": [1, 2]}}, "Start of list found where not expected"),
        ("IndexFaces", {"CollectionId": PEOPLE, "Image": {"Bytes": 12}}, "NUMBER_VALUE can not be converted to a Blob"),
        ("IndexFaces", {"CollectionId": PEOPLE, "Image": {"S3Object": "s3://a/b"}}, "Expected null"),
        ("SearchFaces", {"CollectionId": PEOPLE, "FaceId": FACE, "FaceMatchThreshold": "80"}, "STRING_VALUE can not"),
        ("SearchFaces", {"CollectionId": PEOPLE, "FaceId": FACE, "FaceMatchThreshold": True}, "TRUE_VALUE can not"),
        ("SearchFaces", {"CollectionId": PEOPLE, "FaceId": FACE, "FaceMatchThreshold": "NaN"}, "STRING_VALUE can not"),
        ("CreateCollection", {"CollectionId": "x", "Tags": [{"Key": "a", "Value": "b"}]}, "Start of list found"),
        ("CreateCollection", {"CollectionId": "x", "Tags": "a=b"}, "Expected map or null"),
        ("CreateCollection", {"CollectionId": "x", "Tags": {"a": 1}}, "NUMBER_VALUE can not be converted to a String"),
        ("DetectFaces", {"Image": {"Bytes": GREY}, "Attributes": "ALL"}, "Expected list or null"),
    ]
    for number, (operation, members, message) in enumerate(wrong, 1):
        yield Case(f"type {number}: {operation}", operation, members, "SerializationException", message)
    for text in ("abcde", "YQ", "data:image/jpeg;base64,/9j/", "/9j/ 4AA", "ab=c", "YQ==YQ==", "_-_-", "字字字字"):
        image = {"Image": {"Bytes": text}}
        yield Case(f"base64: {text}", "DetectFaces", image, "SerializationException", "can not be converted to a Blob")
    yield Case(
        "unknown members", "ListFaces", {"CollectionId": PEOPLE, "Colour": "red", "collectionId": 5}, "", status=200
    )
    yield Case("nulls", "ListFaces", {"CollectionId": PEOPLE, "MaxResults": None, "FaceIds": None}, "", status=200)


def doors() -> Iterator[Case]:
    """Requests that name no operation."""
    for target in ("RekognitionService.DropTables", "RekognitionService.", "RekognitionService.listFaces"):
        yield Case(f"target: {target}", "", {}, "UnknownOperationException", headers={"X-Amz-Target": target})
    scope = (
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/rekognition/aws4_request, SignedHeaders=host, Signature=0"
    )
    unnamed = {"X-Amz-Target": None, "Authorization": scope}
    yield Case("target: none", "", {"CollectionId": PEOPLE}, "UnknownOperationException", headers=unnamed)
    oversized = {"Image": {"Bytes": "A" * (21 << 20)}}
    yield Case("oversized", "DetectFaces", oversized, "RequestEntityTooLargeException", status=413)
