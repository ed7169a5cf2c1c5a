"""An account of its own for each test: real tables, buckets, queues and topics, and a clock that is moved by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.jobs.queue import Desk
from chalicelib.jobs.worker import Progress, Worker
from chalicelib.local.moto.aws import Aws
from chalicelib.store.job import Job
from chalicelib.store.jobs import Jobs
from chalicelib.store.tables import SessionConnection
from tests.accounts import unused_account

Work = Callable[[Job, Progress], dict[str, Any]]


class Clock:
    """Seconds since the epoch, standing still until moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """One AWS, its clients made once: making them takes longer than most tests."""

    def __init__(self) -> None:
        self.account = unused_account()
        self.session = Aws(self.account).session
        self.sqs, self.sns, self.s3 = (self.session.create_client(name) for name in ("sqs", "sns", "s3"))


class Place:
    """A job desk with its own table, bucket and queue, and a topic whose messages are counted."""

    def __init__(self, world: World) -> None:
        name = uuid4().hex
        self.clock = Clock()
        self.bucket = name
        self.account = world.account
        self.session, self.s3, self._sqs = world.session, world.s3, world.sqs
        self.jobs = Jobs(SessionConnection(world.session, "us-east-1"), name, self.clock)
        self.jobs.create()
        self.desk = Desk(self.jobs, world.session, "us-east-1", name)
        self.desk.sqs, self.desk.sns = world.sqs, world.sns
        self.desk.create_queue()
        self.s3.create_bucket(Bucket=name)
        self.topic: str = world.sns.create_topic(Name=name)["TopicArn"]
        self._inbox = self._sqs.create_queue(QueueName=f"inbox-{name}")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._inbox, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        world.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def request(self, **more: Any) -> dict[str, Any]:
        """A Start's request."""
        channel = {"SNSTopicArn": self.topic, "RoleArn": f"arn:aws:iam::{self.account}:role/publisher"}
        return {
            "Video": {"S3Object": {"Bucket": self.bucket, "Name": "film.mp4"}},
            "NotificationChannel": channel,
            **more,
        }

    def start(self, **more: Any) -> str:
        return self.desk.start("FaceDetection", self.request(**more), self.clock())

    def messages(self) -> list[dict[str, Any]]:
        """What the topic has said since last asked."""
        return [json.loads(json.loads(body)["Message"]) for body in self._received(self._inbox)]

    def queued(self) -> list[str]:
        """The JobIds that workers were sent since last asked."""
        return [json.loads(body)["JobId"] for body in self._received(self.desk.url)]

    def _received(self, queue: str) -> list[str]:
        found = []
        while messages := self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found


def worker(place: Place, work: Work, **more: Any) -> Worker:
    """A worker that does this as FaceDetection."""
    return Worker(place.desk, {"FaceDetection": work}, clock=place.clock, **more)


def done(_job: Job, _progress: Progress) -> dict[str, Any]:
    """Work that finds nothing."""
    return {"counts": {}}


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture
def place(world: World) -> Place:
    return Place(world)
