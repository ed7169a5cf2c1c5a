"""Tests that talk to a server of their own, which forgets everything between them."""

import os
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

PHOTO = (Path(__file__).parent.parent / "visitor.jpg").read_bytes()
PORTRAIT = (Path(__file__).parents[2] / "tests" / "photos" / "astronaut.jpg").read_bytes()

Client = Callable[..., Any]


@pytest.fixture
def people(lookalike_client: Client) -> Any:
    """A client of Rekognition, with one known person."""
    rekognition = lookalike_client()
    rekognition.create_collection(CollectionId="people")
    rekognition.index_faces(CollectionId="people", Image={"Bytes": PORTRAIT}, ExternalImageId="Eileen_Collins")
    return rekognition


def test_a_visitor_is_known(people: Any) -> None:
    found = people.search_faces_by_image(CollectionId="people", Image={"Bytes": PHOTO}, FaceMatchThreshold=99)
    assert [match["Face"]["ExternalImageId"] for match in found["FaceMatches"]] == ["Eileen_Collins"]


def test_nothing_is_left_of_other_tests(lookalike_client: Client) -> None:
    assert lookalike_client().list_collections()["CollectionIds"] == []


@pytest.mark.usefixtures("lookalike")
def test_any_sdk_finds_the_server_in_the_environment() -> None:
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    boto3.client("s3").create_bucket(Bucket="photos")
    assert boto3.client("rekognition").list_collections()["CollectionIds"] == []


@pytest.mark.usefixtures("lookalike")
class UnittestsToo(unittest.TestCase):
    def setUp(self) -> None:
        self.rekognition = boto3.client("rekognition")
        self.rekognition.create_collection(CollectionId="people")

    def test_a_collection_is_described(self) -> None:
        described = self.rekognition.describe_collection(CollectionId="people")
        assert described["FaceCount"] == 0
