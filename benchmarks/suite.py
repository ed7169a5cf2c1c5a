"""What a suite of 200 small tests costs: with the plugin's server, inside moto, and with moto's canned answers.

    python -m benchmarks.suite          # pytest's whole run, seconds, and the first test's wait for its server

A quarter of the tests each finds a face, finds labels on an object in S3, searches a collection, and manages one.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .measuring import PHOTOS

TESTS = 200
ROOT = Path(__file__).parent.parent

_SERVER = """
@pytest.fixture
def client(lookalike_client):
    return lookalike_client
"""
_INSIDE = """
@pytest.fixture
def client(mock_rekognition):
    with mock_aws():
        yield lambda service="rekognition": boto3.client(service, region_name="us-east-1")
"""
_CANNED = """
@pytest.fixture
def client():
    with mock_aws():
        yield lambda service="rekognition": boto3.client(service, region_name="us-east-1")
"""
_HEAD = """
from pathlib import Path
import boto3
import pytest
from moto import mock_aws

PHOTO = Path({photo!r}).read_bytes()
times = pytest.mark.parametrize("number", range({number}))
"""
_REAL = """
@times
def test_a_face_is_found(client, number):
    assert len(client().detect_faces(Image={"Bytes": PHOTO})["FaceDetails"]) == 1

@times
def test_an_object_has_labels(client, number):
    client("s3").create_bucket(Bucket="photos")
    client("s3").put_object(Bucket="photos", Key="a.jpg", Body=PHOTO)
    assert client().detect_labels(Image={"S3Object": {"Bucket": "photos", "Name": "a.jpg"}})["Labels"]

@times
def test_a_person_is_known(client, number):
    rekognition = client()
    rekognition.create_collection(CollectionId="people")
    rekognition.index_faces(CollectionId="people", Image={"Bytes": PHOTO})
    assert rekognition.search_faces_by_image(CollectionId="people", Image={"Bytes": PHOTO})["FaceMatches"]

@times
def test_collections_are_apart(client, number):
    rekognition = client()
    rekognition.create_collection(CollectionId=str(number))
    rekognition.create_user(CollectionId=str(number), UserId="ada")
    assert rekognition.list_collections()["CollectionIds"] == [str(number)]
"""
_MOTO = """
@times
@pytest.mark.parametrize("again", range(4))
def test_an_object_has_labels(client, number, again):
    client("s3").create_bucket(Bucket="photos")
    client("s3").put_object(Bucket="photos", Key="a.jpg", Body=PHOTO)
    assert client().detect_labels(Image={"S3Object": {"Bucket": "photos", "Name": "a.jpg"}})["Labels"]
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of pytest."""

    seconds: float
    """From its start to its end."""
    processor: float
    """Seconds of processors that it took, its server's too: what a busy machine does not change."""
    setup: float
    """Of the slowest preparation of a test: with a server, its start."""


def run(fixture: str, tests: str, *options: str) -> Run:
    """Run the suite. Raises SystemExit where a test fails."""
    with TemporaryDirectory() as folder:
        suite = Path(folder) / "test_suite.py"
        suite.write_text(_HEAD.format(photo=str(PHOTOS / "astronaut.jpg"), number=TESTS // 4) + fixture + tests)
        plugins = ("-p", "chalicelib.testing.plugin", "-p", "no:randomly", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", "-q", "--durations=0", "--durations-min=0.01", *plugins, *options]
        began, spent = time.perf_counter(), _processor()
        ended = subprocess.run(
            [*command, "--rootdir", folder, str(suite)], cwd=ROOT, check=False, text=True, capture_output=True
        )
        seconds, processor = time.perf_counter() - began, _processor() - spent
    if ended.returncode or f"{TESTS} passed" not in ended.stdout:
        raise SystemExit(ended.stdout + ended.stderr)
    return Run(seconds, processor, max(map(float, re.findall(r"([\d.]+)s setup", ended.stdout)), default=0.0))


def _processor() -> float:
    """Seconds that child processes took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    canned = run(_CANNED, _MOTO)
    for what, fixture, options in (
        ("the plugin's server", _SERVER, ()),
        ("two servers of two workers", _SERVER, ("-n", "2")),
        ("inside moto", _INSIDE, ()),
    ):
        ours = run(fixture, _REAL, *options)
        print(
            f"{TESTS} tests, {what}: {ours.seconds:.1f} s, of processors {ours.processor:.1f} s;"
            f" {ours.seconds / canned.seconds:.2f} of moto's canned answers ({canned.seconds:.1f} s);"
            f" slowest preparation {ours.setup:.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
