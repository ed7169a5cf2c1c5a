"""Uploads whose events were lost with the process that had yet to handle them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends
from moto.s3.notifications import S3NotificationEvent
from moto.utilities.utils import get_partition

from ..config import Settings
from ..store.media import Media
from .moto.events import body


def missed(settings: Settings, media: Media) -> Iterator[dict[str, Any]]:
    """Events for every object of the bucket of uploads that is not as it was when last dealt with.

    An object that could not be dealt with is tried again, as after an upload.
    """
    buckets = s3_backends[settings.account][get_partition(settings.region)].buckets
    bucket = buckets[settings.uploads]
    known = {medium.key: medium for medium in media.all() if medium.bucket == bucket.name and not medium.removed}
    for key, stored in bucket.keys.items():
        if isinstance(stored, FakeDeleteMarker):
            continue
        medium = known.pop(key, None)
        if medium is None or medium.etag != stored.etag.strip('"'):
            yield body(S3NotificationEvent.OBJECT_CREATED_PUT_EVENT, bucket, stored)
    for key in known:
        gone = FakeKey(key, b"", settings.account, settings.region, bucket_name=bucket.name)
        yield body(S3NotificationEvent.OBJECT_REMOVED_DELETE_EVENT, bucket, gone)
        gone.dispose()
