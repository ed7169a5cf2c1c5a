"""`aws rekognition ...` of the AWS CLI, with nothing but the environment set."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api.clients import PHOTO, environment, printed
from tests.conftest import Server

AWS = Path(sys.executable).with_name("aws")


class Aws:
    """Runs the command and reads what it prints."""

    def __init__(self, server: Server) -> None:
        self._environment = environment(server.url)

    def __call__(self, *arguments: str, fails: bool = False) -> Any:
        told = printed(sys.executable, AWS, *arguments, "--output", "json", environ=self._environment, fails=fails)
        return told if fails else json.loads(told or "null")


@pytest.fixture(scope="module")
def aws(server: Server) -> Aws:
    if not AWS.exists():
        pytest.skip("the AWS CLI is not installed here")
    return Aws(server)


def rekognition(aws: Aws, *arguments: str, fails: bool = False) -> Any:
    return aws("rekognition", *arguments, fails=fails)


def test_the_first_fourteen_operations(aws: Aws) -> None:
    here = ("--collection-id", "cli")
    photo = ("--image-bytes", f"fileb://{PHOTO}")
    assert rekognition(aws, "create-collection", *here)["StatusCode"] == 200
    arn = rekognition(aws, "describe-collection", *here)["CollectionARN"]
    assert "cli" in rekognition(aws, "list-collections")["CollectionIds"]
    assert len(rekognition(aws, "detect-faces", *photo)["FaceDetails"]) == 1
    target = ("--source-image-bytes", f"fileb://{PHOTO}", "--target-image-bytes", f"fileb://{PHOTO}")
    assert rekognition(aws, "compare-faces", *target)["FaceMatches"][0]["Similarity"] > 99
    (record,) = rekognition(aws, "index-faces", *here, *photo, "--external-image-id", "eileen")["FaceRecords"]
    face = record["Face"]["FaceId"]
    assert [each["FaceId"] for each in rekognition(aws, "list-faces", *here)["Faces"]] == [face]
    assert rekognition(aws, "search-faces", *here, "--face-id", face)["FaceMatches"] == []
    (match,) = rekognition(aws, "search-faces-by-image", *here, *photo)["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "eileen"
    rekognition(aws, "tag-resource", "--resource-arn", arn, "--tags", "team=blue")
    assert rekognition(aws, "list-tags-for-resource", "--resource-arn", arn)["Tags"] == {"team": "blue"}
    rekognition(aws, "untag-resource", "--resource-arn", arn, "--tag-keys", "team")
    assert rekognition(aws, "list-tags-for-resource", "--resource-arn", arn)["Tags"] == {}
    assert rekognition(aws, "delete-faces", *here, "--face-ids", face)["DeletedFaces"] == [face]
    assert rekognition(aws, "delete-collection", *here)["StatusCode"] == 200
    assert "ResourceNotFoundException" in rekognition(aws, "describe-collection", *here, fails=True)


def test_s3_beside_it(aws: Aws, tmp_path: Path) -> None:
    aws("s3api", "create-bucket", "--bucket", "cli-photos")
    aws("s3api", "put-object", "--bucket", "cli-photos", "--key", "a b/eileen.jpg", "--body", str(PHOTO))
    image = '{"S3Object": {"Bucket": "cli-photos", "Name": "a b/eileen.jpg"}}'
    assert len(rekognition(aws, "detect-faces", "--image", image)["FaceDetails"]) == 1
