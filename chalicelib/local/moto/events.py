"""moto's S3 events, as AWS sends them.

Seen in moto 5.2: a put also sends ObjectTagging:Put; completing a multipart upload sends Put as well; keys come with
%2F; sequencer, versionId, userIdentity, requestParameters and responseElements are missing; in a versioned bucket a
delete sends nothing. So the events of a request are collected while it is handled and put right when it is done.
Shape and order: S3's user guide, "Event message structure".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey
from moto.s3.notifications import S3NotificationEvent

Listener = Callable[[dict[str, Any]], None]
"""Given the event, `{"Records": [...]}`, of an object created or removed."""

_COMPLETED = S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT
_TAGGED = S3NotificationEvent.OBJECT_TAGGING_PUT_EVENT
_MARKED = S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
_DELETED = S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT

_DESTINATIONS: dict[str, Callable[[str, Any, str, str], None]] = {
    "cloud_function": notifications._invoke_awslambda,
    "queue": notifications._send_sqs_message,
    "topic": notifications._send_sns_message,
}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one object."""

    account: str
    name: S3NotificationEvent
    bucket: FakeBucket
    key: FakeKey
    body: dict[str, Any]


_collected: ContextVar[list[Event] | None] = ContextVar("events of the request in this thread", default=None)


@cache
def install() -> None:
    """Let moto's S3 report to `collecting`, once a process."""
    send = notifications.send_event

    def collect(account_id: str, event_name: S3NotificationEvent, bucket: Any, key: Any) -> None:
        if (events := _collected.get()) is None:
            send(account_id, event_name, bucket, key)
        else:
            events.append(Event(account_id, event_name, bucket, key, body(event_name, bucket, key)))

    notifications.send_event = collect


@contextmanager
def collecting(listener: Listener | None) -> Iterator[None]:
    """While a request is handled: afterwards its events go where the bucket's configuration says, and to `listener`."""
    events: list[Event] = []
    token = _collected.set(events)
    try:
        yield
    finally:
        _collected.reset(token)
    for event in events:
        if not _spurious(event, events):
            _deliver(event)
            if listener is not None:
                listener(event.body)


def _spurious(event: Event, events: list[Event]) -> bool:
    created = [other for other in events if other.key.name == event.key.name and ":ObjectCreated:" in other.name]
    if event.name is _TAGGED:
        return bool(created)
    return event in created and event.name is not _COMPLETED and any(other.name is _COMPLETED for other in created)


def _deliver(event: Event) -> None:
    """As moto's `send_event`, with the event put right."""
    configuration = event.bucket.notification_configuration
    if configuration is None:
        return
    record = event.body["Records"][0]["s3"]
    for kind, send in _DESTINATIONS.items():
        for notification in getattr(configuration, kind):
            if notification.matches(event.name, event.key.name):
                body = {"Records": [event.body["Records"][0] | {"s3": record | {"configurationId": notification.id}}]}
                region, name = notification.arn.split(":")[3], notification.arn.rsplit(":", 1)[-1]
                send(event.account, body, name if kind == "queue" else notification.arn, region)
    if configuration.event_bridge is not None:
        notifications._send_event_bridge_message(event.account, event.bucket, event.name, event.key)


def body(name: S3NotificationEvent, bucket: FakeBucket, key: FakeKey | FakeDeleteMarker) -> dict[str, Any]:
    """The event as AWS words it, of something that happens now."""
    stored: dict[str, Any] = {"key": quote_plus(key.name, safe="/")}
    if name not in (_DELETED, _MARKED):
        assert isinstance(key, FakeKey)
        stored |= {"size": key.size, "eTag": key.etag.strip('"')}
    if bucket.is_versioned:
        stored["versionId"] = key.version_id
    stored["sequencer"] = f"{time.time_ns():018X}"
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region_name,
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventName": name.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{bucket.account_id}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid4().hex[:16].upper(), "x-amz-id-2": uuid4().hex},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "lookalike",
            "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": bucket.account_id}, "arn": bucket.arn},
            "object": stored,
        },
    }
    return {"Records": [record]}
