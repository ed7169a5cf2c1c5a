"""moto's S3, so that it is known what a request touched, and says what is deleted in a versioned bucket."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from moto.s3 import models, notifications, urls
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, FakeMultipart, MultipartDict, S3Backend, s3_backends
from moto.s3.notifications import S3NotificationEvent
from moto.s3.utils import _VersionedKeyStore


def install() -> None:
    """Let accounts first used from now on have these buckets, and no body spill into a file that is not sealed."""
    s3_backends.backend = Buckets
    vars(models)["get_s3_default_key_buffer_size"] = lambda: sys.maxsize


class Touched(NamedTuple):
    """What a request had in its hands, and may have changed."""

    bucket: str
    kind: str
    """bucket, object or upload."""
    name: str
    """The key, or the upload's id."""


class Objects(_VersionedKeyStore):
    """A bucket's objects by key, each with all its versions."""

    def __init__(self, bucket: str, touched: set[Touched]) -> None:
        super().__init__()
        self._bucket = bucket
        self._touched = touched

    def _touch(self, key: str) -> None:
        self._touched.add(Touched(self._bucket, "object", key))

    def __sgetitem__(self, key: str) -> list[Any]:
        self._touch(key)
        return super().__sgetitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._touch(key)
        super().__setitem__(key, value)

    def setlist(self, key: str, list_: Any) -> None:
        self._touch(key)
        super().setlist(key, list_)

    def pop(self, key: str) -> None:  # type: ignore[override]  # as moto calls it
        self._touch(key)
        super().pop(key)


class Parts(MultipartDict):
    """A bucket's uploads under way."""

    def __init__(self, bucket: str, touched: set[Touched]) -> None:
        super().__init__()
        self._bucket = bucket
        self._touched = touched

    def _touch(self, upload: str) -> None:
        self._touched.add(Touched(self._bucket, "upload", upload))

    def __getitem__(self, upload: str) -> FakeMultipart:
        self._touch(upload)
        return super().__getitem__(upload)

    def __setitem__(self, upload: str, multipart: FakeMultipart) -> None:
        self._touch(upload)
        super().__setitem__(upload, multipart)

    def __delitem__(self, upload: str) -> None:
        self._touch(upload)
        super().__delitem__(upload)


class Buckets(S3Backend):
    """One account's buckets: they report also what is deleted in a versioned bucket, and remember what was touched."""

    _url_module = urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.touched: set[Touched] = set()

    def create_bucket(self, bucket_name: str, *args: Any, **options: Any) -> FakeBucket:
        return self.watch(super().create_bucket(bucket_name, *args, **options))

    def watch(self, bucket: FakeBucket) -> FakeBucket:
        """Remember from now on which of its (empty) collections are touched."""
        bucket.keys = Objects(bucket.name, self.touched)
        bucket.multiparts = Parts(bucket.name, self.touched)
        return bucket

    def get_bucket(self, bucket_name: str, *args: Any, **options: Any) -> FakeBucket:
        self.touched.add(Touched(bucket_name, "bucket", ""))
        return super().get_bucket(bucket_name, *args, **options)

    def _set_delete_marker(self, bucket_name: str, key_name: str) -> FakeDeleteMarker:
        marker = super()._set_delete_marker(bucket_name, key_name)
        if isinstance(marker.key, FakeKey):  # a version that is removed would stay in it, and moto never reads it
            marker.key = None  # type: ignore[assignment]
        marked = S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        notifications.send_event(self.account_id, marked, self.get_bucket(bucket_name), marker)
        return marker
