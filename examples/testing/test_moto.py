"""A test as moto's users write it. The line that begins with `pytestmark` makes Rekognition's answers real."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

pytestmark = pytest.mark.usefixtures("mock_rekognition")

PHOTO = Path(__file__).parent.parent / "visitor.jpg"


def labels_of(bucket: str, key: str) -> set[str]:
    """The application: what is on an uploaded photo."""
    rekognition = boto3.client("rekognition", region_name="us-east-1")
    answer = rekognition.detect_labels(Image={"S3Object": {"Bucket": bucket, "Name": key}}, MinConfidence=55)
    return {label["Name"] for label in answer["Labels"]}


@pytest.fixture
def bucket() -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.resource("s3", region_name="us-east-1")
        bucket = s3.create_bucket(Bucket="photos")
        bucket.upload_file(str(PHOTO), "visitor.jpg")
        yield bucket


def test_an_uploaded_photo_has_labels(bucket: Any) -> None:
    found = labels_of(bucket.name, "visitor.jpg")
    print(sorted(found))
    assert found
