"""Events that nobody lived to handle are found at the next start."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chalicelib.config import Settings
from chalicelib.local.moto.aws import Aws
from chalicelib.local.recovery import missed
from chalicelib.store.media import Media, Medium
from chalicelib.store.tables import SessionConnection


@pytest.fixture
def settings(account: str) -> Settings:
    return msgspec.structs.replace(Settings.from_environ({}), account=account, uploads=f"uploads-{account}")


@pytest.fixture
def media(aws: Aws) -> Media:
    media = Media(SessionConnection(aws.session, aws.region), "test")
    media.create()
    return media


def put(aws: Aws, settings: Settings, key: str, body: bytes) -> Medium:
    """An object, and how it is known once it was dealt with."""
    etag = aws.client("s3").put_object(Bucket=settings.uploads, Key=key, Body=body)["ETag"]
    return Medium(bucket=settings.uploads, key=key, sequencer="01", time="", etag=etag.strip('"'))


def events(settings: Settings, media: Media) -> list[tuple[Any, Any]]:
    records = [record for event in missed(settings, media) for record in event["Records"]]
    return sorted((record["eventName"], record["s3"]["object"]["key"]) for record in records)


def test_what_was_missed_is_found_again(aws: Aws, settings: Settings, media: Media) -> None:
    aws.client("s3").create_bucket(Bucket=settings.uploads)
    media.put(put(aws, settings, "known.jpg", b"a"))
    media.put(put(aws, settings, "changed.jpg", b"a"))
    put(aws, settings, "changed.jpg", b"b")
    media.put(put(aws, settings, "gone.jpg", b"a"))
    aws.client("s3").delete_object(Bucket=settings.uploads, Key="gone.jpg")
    put(aws, settings, "album/new 1.jpg", b"a")
    media.put(Medium(bucket=settings.uploads, key="forgotten.jpg", sequencer="01", time="", removed=True))
    assert events(settings, media) == [
        ("ObjectCreated:Put", "album/new+1.jpg"),
        ("ObjectCreated:Put", "changed.jpg"),
        ("ObjectRemoved:Delete", "gone.jpg"),
    ]


def test_nothing_is_missed_at_the_first_start(aws: Aws, settings: Settings, media: Media) -> None:
    aws.client("s3").create_bucket(Bucket=settings.uploads)
    assert events(settings, media) == []
