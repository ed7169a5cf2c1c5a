"""Sixteen clients at once: nothing acknowledged is lost, nothing is counted wrong, nothing fails."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Server

CLIENTS = 16
EACH = 3


@pytest.fixture(scope="module")
def portraits(astronaut: bytes) -> list[bytes]:
    """The same face in pictures that differ, small so that sixteen clients are done soon."""
    with Image.open(io.BytesIO(astronaut)) as picture:
        face = picture.crop((140, 20, 320, 220))
        sizes = [(180 - number, 200 - number) for number in range(CLIENTS * EACH)]
        return [_encoded(face.resize(size)) for size in sizes]


def _encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_sixteen_clients_index_into_one_collection(server: Server, portraits: list[bytes]) -> None:
    collection = "concurrent"
    server.client().create_collection(CollectionId=collection)

    def index(client: int) -> list[str]:
        rekognition = server.client()
        faces = []
        for number in range(client * EACH, (client + 1) * EACH):
            answer = rekognition.index_faces(
                CollectionId=collection,
                Image={"Bytes": portraits[number]},
                ExternalImageId=str(number),
                QualityFilter="NONE",
            )
            faces += [record["Face"]["FaceId"] for record in answer["FaceRecords"]]
        return faces

    with ThreadPoolExecutor(CLIENTS) as clients:
        acknowledged = [face for faces in clients.map(index, range(CLIENTS)) for face in faces]
    assert len(set(acknowledged)) == CLIENTS * EACH
    rekognition = server.client()
    pages = rekognition.get_paginator("list_faces").paginate(CollectionId=collection, MaxResults=7)
    assert sorted(face["FaceId"] for page in pages for face in page["Faces"]) == sorted(acknowledged)
    assert rekognition.describe_collection(CollectionId=collection)["FaceCount"] == len(acknowledged)
    found = rekognition.search_faces_by_image(
        CollectionId=collection, Image={"Bytes": portraits[0]}, MaxFaces=4096, FaceMatchThreshold=0
    )
    assert {match["Face"]["FaceId"] for match in found["FaceMatches"]} == set(acknowledged)


def test_one_picture_from_sixteen_clients_is_one_face(server: Server, portraits: list[bytes]) -> None:
    collection = "concurrent-same"
    server.client().create_collection(CollectionId=collection)

    def index(_: int) -> str:
        answer: Any = server.client().index_faces(
            CollectionId=collection, Image={"Bytes": portraits[0]}, ExternalImageId="eileen", QualityFilter="NONE"
        )
        (record,) = answer["FaceRecords"]
        face: str = record["Face"]["FaceId"]
        return face

    with ThreadPoolExecutor(CLIENTS) as clients:
        faces = set(clients.map(index, range(CLIENTS)))
    assert len(faces) == 1
    assert server.client().describe_collection(CollectionId=collection)["FaceCount"] == 1


def test_one_of_sixteen_clients_creates_the_collection(server: Server) -> None:
    def create(_: int) -> bool:
        rekognition = server.client()
        try:
            rekognition.create_collection(CollectionId="concurrent-creation")
        except rekognition.exceptions.ResourceAlreadyExistsException:
            return False
        return True

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert sum(clients.map(create, range(CLIENTS))) == 1
