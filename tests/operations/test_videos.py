"""What a Start refuses before any job is kept."""

from __future__ import annotations

from uuid import uuid4

import pytest

from chalicelib.backend import Backend
from chalicelib.errors import InvalidParameterException, InvalidS3ObjectException, VideoTooLargeException
from chalicelib.jobs.analyses import FACES
from chalicelib.local.moto.aws import Aws
from chalicelib.operations.videos import start
from tests.operations.conftest import Client

LARGEST = 1000


@pytest.fixture
def backend(client: Client) -> Backend:
    client.backend.jobs.create_queue()
    return client.backend


@pytest.fixture
def bucket(backend: Backend) -> str:
    """With an object of as many bytes as a video may have, and one with a byte more."""
    name = str(uuid4())
    Aws(backend.account).client("s3").create_bucket(Bucket=name)
    backend.store.objects.put(name, "fits.mp4", bytes(LARGEST))
    backend.store.objects.put(name, "larger.mp4", bytes(LARGEST + 1))
    return name


def test_a_video_may_be_as_large_as_the_limit(backend: Backend, bucket: str) -> None:
    video = {"S3Object": {"Bucket": bucket, "Name": "fits.mp4"}}
    assert len(start(FACES, LARGEST)({"Video": video}, backend)["JobId"]) == 64


def test_a_video_over_the_limit(backend: Backend, bucket: str) -> None:
    video = {"S3Object": {"Bucket": bucket, "Name": "larger.mp4"}}
    with pytest.raises(VideoTooLargeException) as refused:
        start(FACES, LARGEST)({"Video": video}, backend)
    assert refused.value.message == "Video size in bytes: 1001 is more than the maximum limit of: 1000 bytes."
    assert backend.jobs.counts().in_progress == 0


def test_no_video(backend: Backend, bucket: str) -> None:
    with pytest.raises(InvalidS3ObjectException):
        start(FACES)({"Video": {"S3Object": {"Bucket": bucket, "Name": "absent.mp4"}}}, backend)
    with pytest.raises(InvalidParameterException):
        start(FACES)({"Video": {}}, backend)
