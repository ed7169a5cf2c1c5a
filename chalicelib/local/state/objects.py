"""S3's buckets, objects with all their versions and tags, and uploads under way, kept and restored."""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeBucket, FakeKey, s3_backends

from ..moto.s3 import Buckets, Touched
from .rows import Rows, of, owned
from .sealing import SEPARATOR, Row
from .state import Changes


class KeptObjects:
    """The buckets of all accounts."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def collect(self, changes: Changes) -> None:
        """Add what was touched."""
        for owner, backend in owned(s3_backends):
            # Whatever has objects in its hands leaves the settings of the bucket alone, which take longer to compare.
            filled = {touched.bucket for touched in backend.touched if touched.kind != "bucket"}
            for touched in backend.touched:
                if touched.kind == "bucket" and touched.bucket in filled:
                    continue
                bucket = backend.buckets.get(touched.bucket)
                row = Row("s3", owner, touched.kind, f"{touched.bucket}{SEPARATOR}{touched.name}")
                if touched.kind == "bucket":
                    self._definition(backend, bucket, row, changes)
                elif bucket is not None:
                    self._rows.put(changes, row, _content(backend, bucket, touched))
            backend.touched.clear()

    def restore(self) -> None:
        """Give moto what was kept."""
        for row, (bucket, tags) in self._rows.read("s3", "bucket", compared=True):
            backend = of(s3_backends, row.owner)
            backend.buckets[bucket.name] = backend.watch(bucket)
            s3_backends.bucket_accounts[bucket.name] = (bucket.partition, bucket.account_id)
            _tag(backend, bucket.arn, tags)
        for row, (versions, tags) in self._rows.read("s3", "object"):
            backend, (name, key) = of(s3_backends, row.owner), row.name.split(SEPARATOR, 1)
            backend.buckets[name].keys.setlist(key, versions)
            for arn, of_version in tags.items():
                _tag(backend, arn, of_version)
        for row, upload in self._rows.read("s3", "upload"):
            name, identifier = row.name.split(SEPARATOR, 1)
            of(s3_backends, row.owner).buckets[name].multiparts[identifier] = upload

    def _definition(self, backend: Buckets, bucket: FakeBucket | None, row: Row, changes: Changes) -> None:
        if bucket is None:
            self._rows.drop(changes, row)
            changes.emptied += [row._replace(kind=kind) for kind in ("object", "upload")]
        else:
            self._rows.compare(changes, row, (bucket, backend.tagger.get_tag_dict_for_resource(bucket.arn)))


def _content(backend: Buckets, bucket: FakeBucket, touched: Touched) -> object:
    """An upload, or an object's versions and their tags; None where it is gone."""
    if touched.kind == "upload":
        return bucket.multiparts.get(touched.name)
    versions = dict.get(bucket.keys, touched.name)
    if not versions:
        return None
    arns = [version.arn for version in versions if isinstance(version, FakeKey)]
    tags = {arn: found for arn in arns if (found := backend.tagger.get_tag_dict_for_resource(arn))}
    return versions, tags


def _tag(backend: Any, arn: str, tags: dict[str, str]) -> None:
    if tags:
        backend.tagger.tag_resource(arn, [{"Key": key, "Value": value} for key, value in tags.items()])
