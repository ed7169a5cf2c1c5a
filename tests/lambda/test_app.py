"""The Chalice application, called as Lambda calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from chalice.app import Rate, S3EventConfig, ScheduledEventConfig, SQSEventConfig
from chalice.test import Client

import app as application
from chalicelib.config import Settings
from chalicelib.local.world import World
from chalicelib.store.jobs import Job
from deploy import events

EVENTS = Path(__file__).parent / "events"


@pytest.fixture
def world() -> Iterator[World]:
    """An account of its own, its tables and buckets made, behind the application."""
    settings = Settings.from_environ({})
    account = f"{uuid4().int % 10**12:012d}"
    own = msgspec.structs.replace(settings, account=account, bucket=f"results-{account}", uploads=f"uploads-{account}")
    with World(own) as world:
        yield world


def event(name: str, **stored: Any) -> Any:
    content = json.loads((EVENTS / f"{name}.json").read_text())
    if stored:
        content["Records"][0]["s3"]["object"] |= stored
    return content


def put(world: World, key: str, body: bytes) -> None:
    """An object in the bucket that the events name, its own events not heard."""
    world.aws.object_events = None
    s3 = world.aws.client("s3")
    if "lookalike-uploads" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket="lookalike-uploads")
    s3.put_object(Bucket="lookalike-uploads", Key=key, Body=body)


@pytest.fixture
def uploaded(world: World, astronaut: bytes, models: Path) -> Iterator[World]:
    put(world, "collections/staff/eileen.jpg", astronaut)
    yield world
    s3 = world.aws.client("s3")
    for stored in s3.list_objects_v2(Bucket="lookalike-uploads").get("Contents", ()):
        s3.delete_object(Bucket="lookalike-uploads", Key=stored["Key"])
    s3.delete_bucket(Bucket="lookalike-uploads")


def faces(world: World, collection: str) -> list[dict[str, Any]]:
    from chalicelib.wire import gateway

    found: list[dict[str, Any]] = gateway.call("ListFaces", {"CollectionId": collection}, world.backend)["Faces"]
    return found


@pytest.mark.usefixtures("world")
def test_api_gateways_event_is_answered() -> None:
    answer = application.app(event("api_gateway"), None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "application/x-amz-json-1.1"
    assert json.loads(answer["body"]) == {"CollectionIds": [], "FaceModelVersions": []}


@pytest.mark.usefixtures("world")
def test_chalices_client_gets_errors_as_aws_words_them() -> None:
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "RekognitionService.DescribeCollection",
    }
    with Client(application.app) as client:
        answer = client.http.post("/", headers=headers, body=b'{"CollectionId": "absent"}')
    assert answer.status_code == 400
    assert answer.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"
    assert json.loads(answer.body)["__type"] == "ResourceNotFoundException"


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("path", ["/media", "/media/a.jpg", "/elsewhere"])
def test_a_functions_url_serves_nothing_but_rekognition(path: str) -> None:
    """It is open to the world, and only Rekognition's own requests are signed for."""
    asked = events.function_url("ListCollections", {}) | {"rawPath": path}
    asked["requestContext"]["http"]["method"] = "GET"
    assert application.app(asked, None)["statusCode"] == 403
    answer = application.app(events.function_url("ListCollections", {}), None)
    assert json.loads(answer["body"])["CollectionIds"] == []


@pytest.mark.parametrize("name", ["s3_put", "s3_complete"])
def test_an_upload_is_indexed_and_its_removal_forgotten(uploaded: World, name: str) -> None:
    application.on_upload(event(name), None)
    (face,) = faces(uploaded, "staff")
    assert face["ExternalImageId"] == "eileen"
    application.on_upload(event(name), None)  # Lambda may call twice
    assert faces(uploaded, "staff") == [face]
    application.on_upload(event("s3_delete"), None)
    assert faces(uploaded, "staff") == []


def test_what_came_of_an_upload_can_be_read(uploaded: World, astronaut: bytes) -> None:
    put(uploaded, "album/eileen collins.jpg", astronaut)
    application.on_upload(event("s3_put", key="album/eileen+collins.jpg"), None)
    with Client(application.app) as client:
        medium = client.http.get("/media/album%2Feileen%20collins.jpg")
        by_label = client.http.get("/media?label=face")
        absent = client.http.get("/media/absent.jpg")
        unasked = client.http.get("/media")
    assert medium.status_code == 200
    assert medium.json_body["Key"] == "album/eileen collins.jpg"
    assert len(medium.json_body["Results"]["DetectFaces"]["FaceDetails"]) == 1
    assert "Face" in medium.json_body["Labels"]
    assert by_label.json_body == {"Media": [medium.json_body]}
    assert absent.status_code == 404
    assert unasked.status_code == 400


@pytest.mark.usefixtures("models")
def test_the_clock_erases_what_is_over_and_reports_what_it_could_not(world: World, astronaut: bytes) -> None:
    from chalicelib.wire import gateway

    def ask(operation: str, **parameters: Any) -> dict[str, Any]:
        return gateway.call(operation, parameters, world.backend)

    for name in ("badges", "visitors", "damaged"):
        made = ask("CreateCollection", CollectionId=name, Tags={"lookalike:retention-days": "1"})
        ask("IndexFaces", CollectionId=name, Image={"Bytes": astronaut})
    damaged = made["CollectionArn"]
    ask("CreateCollection", CollectionId="staff")
    ask("IndexFaces", CollectionId="staff", Image={"Bytes": astronaut})
    assert application.on_clock(events.scheduled(), None) == {}
    world.aws.client("dynamodb").update_item(
        TableName="lookalike-records",
        Key={"key": {"S": f"{world.backend.store.collections.get('damaged').uid}/faces/0"}},
        UpdateExpression="SET content = :garbage",
        ExpressionAttributeValues={":garbage": {"S": "no JSON"}},
    )
    application.app.backend = replace(world.backend, clock=lambda: datetime.now(UTC) + timedelta(days=2))
    with pytest.raises(ExceptionGroup, match="could be erased"):
        application.on_clock(events.scheduled(), None)
    assert {name: faces(world, name) for name in ("badges", "visitors")} == {"badges": [], "visitors": []}
    assert len(faces(world, "staff")) == 1
    ask("UntagResource", ResourceArn=damaged, TagKeys=["lookalike:retention-days"])
    assert application.on_clock(events.scheduled(), None) == {}


def test_an_uploaded_film_waits_for_a_job_to_end_as_long_as_it_takes(uploaded: World) -> None:
    """Also when its message was given as often as the queue gives one before it parks it."""
    put(uploaded, "album/film.mp4", b"no film, as its jobs will tell")
    sqs, jobs = uploaded.aws.client("sqs"), uploaded.backend.jobs.jobs
    queue = sqs.create_queue(QueueName="lookalike-uploads")["QueueUrl"]
    for number in range(20):
        jobs.start(Job(id=f"{number:064x}", analysis="FaceDetection", request={}, created=time.time()), None, "")
    told = events.queued(events.uploaded("lookalike-uploads", "album/film.mp4", 1), "lookalike-uploads")
    told["Records"][0]["attributes"]["ApproximateReceiveCount"] = "10"
    assert application.on_uploads(told, None) == {"batchItemFailures": []}
    waiting = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert waiting["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}
    assert uploaded.backend.media.get("lookalike-uploads", "album/film.mp4") is None
    for job_id in jobs.open():
        job = jobs.claim(job_id, "worker", 60)
        assert job is not None
        assert jobs.finish(job, "FAILED")
        assert jobs.close(job)
    assert application.on_uploads(told, None) == {"batchItemFailures": []}
    medium = uploaded.backend.media.get("lookalike-uploads", "album/film.mp4")
    assert medium is not None
    assert set(medium.results) == {"StartFaceDetection", "StartLabelDetection", "StartTextDetection"}


def test_the_handlers_are_registered_for_deployment() -> None:
    upload, job, uploads, clock = application.app.event_sources
    assert isinstance(upload, S3EventConfig)
    assert (upload.handler_string, upload.bucket) == ("app.on_upload", "lookalike-uploads")
    assert isinstance(job, SQSEventConfig)
    assert (job.handler_string, job.queue, job.batch_size) == ("app.on_job", "lookalike-jobs", 1)
    assert isinstance(uploads, SQSEventConfig)
    assert (uploads.handler_string, uploads.queue) == ("app.on_uploads", "lookalike-uploads")
    assert isinstance(clock, ScheduledEventConfig)
    assert isinstance(clock.schedule_expression, Rate)
    assert (clock.handler_string, clock.schedule_expression.to_string()) == ("app.on_clock", "rate(1 hour)")
    assert set(application.app.routes) == {"/", "/media", "/media/{key}"}
