"""Which request goes where, and how many may wait."""

from __future__ import annotations

import base64
import json

import pytest

from chalicelib.local.application import Application
from chalicelib.local.port.server import Server
from chalicelib.local.world import World
from chalicelib.wire.gateway import Request, Response


def post(server: Server, operation: str, body: str = "{}") -> Response:
    headers = {"x-amz-target": f"RekognitionService.{operation}", "content-type": "application/x-amz-json-1.1"}
    return server.answer(Request("POST", "/", "", headers, body.encode()))


def get(server: Server, path: str, **headers: str) -> Response:
    return server.answer(Request("GET", path, "", {"host": "localhost"} | headers, b""))


def test_whoever_finds_the_queue_full_is_told_to_try_again(world: World) -> None:
    server = Server(world.aws, world.backend, Application(world.application), queue=0)
    refused = post(server, "DetectFaces")
    assert (refused.status, json.loads(refused.body)["__type"]) == (500, "ThrottlingException")
    assert post(server, "ListCollections").status == 200


def test_the_queue_is_free_again_after_each_request(world: World) -> None:
    server = Server(world.aws, world.backend, Application(world.application), queue=1)
    for _ in range(3):
        assert json.loads(post(server, "DetectFaces").body)["__type"] != "ThrottlingException"


def test_a_scope_of_rekognition_is_rekognitions(world: World) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/rekognition/aws4_request, SignedHeaders=a, Signature=b"
    answer = get(world.server, "/", authorization=scope)
    assert json.loads(answer.body)["__type"] == "UnknownOperationException"


def test_a_bucket_named_media_is_reached_by_whoever_signs(world: World) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=a, Signature=b"
    assert b"NoSuchBucket" in get(world.server, "/media/a.jpg", authorization=scope).body
    assert b"No object" in get(world.server, "/media/a.jpg").body


def test_health_tells_what_is_served(world: World) -> None:
    health = json.loads(get(world.server, "/_lookalike/health").body)
    assert health["status"] == "ok"
    assert "DetectFaces" in health["operations"]


@pytest.mark.usefixtures("models")
def test_health_tells_the_models_that_are_open(world: World, astronaut: bytes) -> None:
    body = json.dumps({"Image": {"Bytes": base64.b64encode(astronaut).decode()}})
    assert post(world.server, "DetectFaces", body).status == 200
    sums = json.loads(get(world.server, "/_lookalike/health").body)["models"]
    assert sums
    assert all(len(digest) == 64 for digest in sums.values())
