"""Handlers beside the requests: which run, how often, and what becomes of those that fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chalice.app import Chalice, S3Event

from chalicelib.errors import LimitExceededException, ProvisionedThroughputExceededException, ServiceError
from chalicelib.local.moto.aws import Aws
from chalicelib.local.triggers import Triggers, Trouble


@contextmanager
def triggers(aws: Aws, handle: Callable[[S3Event], None], **source: Any) -> Iterator[Triggers]:
    """Triggers of an application with one handler, which retries at once."""
    application = Chalice("test", configure_logs=False)
    application.on_s3_event(bucket="uploads", **source)(handle)
    running = Triggers(application, aws.client("sqs"), delays=(0.0, 0.0))
    try:
        yield running
    finally:
        running.stop()


def event(key: str, name: str = "ObjectCreated:Put", bucket: str = "uploads") -> dict[str, Any]:
    record = {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}
    return {"Records": [record]}


def letters(aws: Aws) -> list[dict[str, Any]]:
    sqs = aws.client("sqs")
    queue = sqs.get_queue_url(QueueName="lookalike-dead-letters")["QueueUrl"]
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    messages: list[dict[str, Any]] = received.get("Messages", [])
    return messages


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ({"events": ["s3:ObjectCreated:*"]}, ["a.jpg", "b/a+b.png"]),
        ({"events": ["s3:ObjectRemoved:Delete"]}, ["removed.jpg"]),
        ({"events": ["s3:ObjectCreated:*"], "prefix": "b/", "suffix": " b.png"}, ["b/a+b.png"]),
        ({"events": ["s3:ObjectCreated:*"], "prefix": "b/", "suffix": ".jpg"}, []),
    ],
)
def test_a_handler_gets_the_events_it_registered_for(aws: Aws, source: dict[str, Any], wanted: list[str]) -> None:
    seen: list[str] = []

    def handle(event: S3Event) -> None:
        seen.append(event.to_dict()["Records"][0]["s3"]["object"]["key"])

    with triggers(aws, handle, **source) as running:
        running(event("a.jpg"))
        running(event("b/a+b.png", "ObjectCreated:CompleteMultipartUpload"))
        running(event("removed.jpg", "ObjectRemoved:Delete"))
        running(event("elsewhere.jpg", bucket="photos"))
        assert running.wait(10)
    assert sorted(seen) == wanted


def test_a_failing_handler_is_tried_again(aws: Aws) -> None:
    attempts: list[str] = []

    def handle(event: S3Event) -> None:
        attempts.append(event.key)
        if len(attempts) < 3:
            raise ConnectionError

    with triggers(aws, handle, events=["s3:ObjectCreated:*"]) as running:
        running(event("a.jpg"))
        assert running.wait(10)
    assert attempts == ["a.jpg"] * 3
    assert letters(aws) == []


@pytest.mark.parametrize("no_room", [LimitExceededException, ProvisionedThroughputExceededException])
def test_who_finds_no_room_waits_as_long_as_it_takes(aws: Aws, no_room: type[ServiceError]) -> None:
    attempts: list[str] = []

    def handle(event: S3Event) -> None:
        attempts.append(event.key)
        if len(attempts) < 12:
            raise no_room

    with triggers(aws, handle, events=["s3:ObjectCreated:*"]) as running:
        running(event("film.mp4"))
        assert running.wait(10)
        assert running.troubles() == {}
    assert len(attempts) == 12
    assert letters(aws) == []


def test_what_always_fails_is_parked_with_its_reason_and_blocks_nobody(aws: Aws) -> None:
    handled = threading.Event()

    def handle(event: S3Event) -> None:
        if event.key == "bad.jpg":
            raise ValueError("no face like this")
        handled.set()

    with triggers(aws, handle, events=["s3:ObjectCreated:*"]) as running:
        for _ in range(5):
            running(event("bad.jpg"))
        running(event("good.jpg"))
        assert handled.wait(10)
        assert running.wait(10)
    parked = letters(aws)
    assert [json.loads(letter["Body"]) for letter in parked] == [event("bad.jpg")] * 5
    assert "no face like this" in parked[0]["MessageAttributes"]["ErrorMessage"]["StringValue"]


def test_an_object_in_trouble_is_told_until_it_is_dealt_with(aws: Aws) -> None:
    broken = True

    def handle(event: S3Event) -> None:
        if broken:
            raise ValueError("no picture")

    with triggers(aws, handle) as running:
        running(event("a+b.jpg"))
        assert running.wait(10)
        assert running.troubles() == {"a b.jpg": Trouble(attempts=3, reason="no picture", parked=True)}
        broken = False
        running(event("a+b.jpg"))
        assert running.wait(10)
        assert running.troubles() == {}
