"""Rekognition alone, its DynamoDB, S3, SQS and KMS behind endpoint variables: a local server stands for them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.conftest import ROOT, Server

SERVICES = ("DYNAMODB", "S3", "SQS", "SNS", "KMS")


@contextmanager
def gateway(environ: dict[str, str], *options: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "chalicelib", "gateway", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the gateway did not start: it says why above"
        yield Server(line.split()[-1], process)
        process.terminate()
        assert process.wait(20) == 0


@pytest.fixture
def environ(server: Server, tmp_path: Path) -> dict[str, str]:
    """Endpoints of services, each by itself, and names that no other test has."""
    name = f"front-{uuid4().hex[:8]}"
    return {
        **{f"AWS_ENDPOINT_URL_{service}": server.url for service in SERVICES},
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "LOOKALIKE_TABLE_PREFIX": name,
        "LOOKALIKE_BUCKET": f"{name}-results",
        "LOOKALIKE_QUEUE": f"{name}-jobs",
        "LOOKALIKE_KEY_FILE": str(tmp_path / "key"),
    }


def test_two_gateways_share_what_is_elsewhere(environ: dict[str, str], astronaut: bytes) -> None:
    with gateway(environ, "--create") as first, gateway(environ) as second:
        first.client().create_collection(CollectionId="crew")
        image = {"Bytes": astronaut}
        first.client().index_faces(CollectionId="crew", Image=image, ExternalImageId="eileen")
        (match,) = second.client().search_faces_by_image(CollectionId="crew", Image=image)["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "eileen"
    with gateway(environ) as later:
        assert later.client().describe_collection(CollectionId="crew")["FaceCount"] == 1


def test_signatures_are_asked_for_where_wanted(environ: dict[str, str]) -> None:
    with gateway(environ, "--create", "--signed") as signed, pytest.raises(Exception, match="UnrecognizedClient"):
        signed.client().list_collections()


def test_services_that_are_not_there_are_named(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "chalicelib", "gateway", "--port", "0", "--create"]
    nowhere = os.environ | environ | {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=nowhere, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("lookalike: "), done.stderr[-400:]


def test_a_taken_port_is_told_in_a_line(environ: dict[str, str]) -> None:
    with gateway(environ, "--create") as first:
        command = [sys.executable, "-m", "chalicelib", "gateway", "--port", first.url.rpartition(":")[2]]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("lookalike: cannot listen on 127.0.0.1:"), done.stderr[-400:]
