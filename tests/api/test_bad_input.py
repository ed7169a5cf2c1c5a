"""Bad input over HTTP gets AWS's error and loses nothing.

Where no recorded answer of AWS was found, the code or the message in the table is a pattern that admits what a client
would survive.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import urllib3
from PIL import Image

from chalicelib.operations import pages
from tests.api import bad_documents, bad_images, bad_values
from tests.api.cases import ASTRONAUT, BUCKET, EXPIRED, FACE, PEOPLE, TOKEN, Case
from tests.conftest import Server

CASES = [
    *bad_documents.documents(),
    *bad_documents.doors(),
    *bad_images.images(),
    *bad_images.objects(),
    *bad_values.collections(),
    *bad_values.values(),
    *bad_values.tags(),
]


@dataclass(frozen=True)
class Stocked:
    """A server that holds two faces, and what its own values are."""

    url: str
    pool: urllib3.PoolManager
    own: dict[bytes, bytes]
    """For the placeholders in the table: a token, a face id."""
    held: tuple[Any, Any]
    """What is listed before anything went wrong."""

    def send(self, operation: str, body: bytes, headers: dict[str, str | None]) -> urllib3.BaseHTTPResponse:
        usual = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"RekognitionService.{operation}",
        }
        kept = {name: value for name, value in (usual | headers).items() if value is not None}
        return self.pool.request("POST", self.url, body=body, headers=kept, retries=False)

    def listed(self) -> tuple[Any, Any]:
        people = msgspec.json.encode({"CollectionId": PEOPLE})
        return self.send("ListFaces", people, {}).json(), self.send("ListCollections", b"{}", {}).json()


@pytest.fixture(scope="module")
def stocked(server: Server) -> Iterator[Stocked]:
    rekognition, s3 = server.client(), server.client("s3")
    for collection in (PEOPLE, "others"):
        rekognition.create_collection(CollectionId=collection)
    for name, image in (("one", ASTRONAUT), ("two", mirrored(ASTRONAUT))):
        indexed = rekognition.index_faces(CollectionId=PEOPLE, Image={"Bytes": image}, ExternalImageId=name)
        assert len(indexed["FaceRecords"]) == 1
    s3.create_bucket(Bucket=BUCKET)
    for key, body in {"notes.txt": b"no image", "big.png": bytes(15_728_641), "folder/": b""}.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    page = rekognition.list_faces(CollectionId=PEOPLE, MaxResults=1)
    given = {TOKEN: page["NextToken"], EXPIRED: yesterdays(page["NextToken"]), FACE: page["Faces"][0]["FaceId"]}
    own = {placeholder.encode(): value.encode() for placeholder, value in given.items()}
    pool = urllib3.PoolManager()
    fresh = Stocked(server.url, pool, own, ({}, {}))
    yield Stocked(server.url, pool, own, fresh.listed())
    for collection in (PEOPLE, "others"):
        rekognition.delete_collection(CollectionId=collection)
    pool.clear()


def mirrored(photo: bytes) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(photo)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(out, "JPEG")
    return out.getvalue()


def yesterdays(token: str) -> str:
    """The token of ListFaces as it would have been given 25 hours ago."""
    request, now = {"CollectionId": PEOPLE}, datetime.now(UTC)
    position = pages.position("ListFaces", request | {"NextToken": token}, now)
    assert position is not None
    return pages.token("ListFaces", request, position, now - timedelta(hours=25))


def test_the_table_has_two_hundred_rows() -> None:
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input(case: Case, stocked: Stocked) -> None:
    body = case.body
    for placeholder, value in stocked.own.items():
        body = body.replace(placeholder, value)
    response = stocked.send(case.operation, body, case.headers)
    assert (response.status, error_code(response)) == (case.status, case.code) or re.fullmatch(
        f"{case.status} (?:{case.code})", f"{response.status} {error_code(response)}"
    ), response.data
    if case.code:
        assert re.search(case.message, response.json()["Message"], re.DOTALL), response.data
        assert response.headers["x-amzn-ErrorType"] == response.json()["__type"]
    assert response.headers["x-amzn-RequestId"]
    assert stocked.listed() == stocked.held


def error_code(response: urllib3.BaseHTTPResponse) -> str:
    code: str = json.loads(response.data).get("__type", "")
    return code
