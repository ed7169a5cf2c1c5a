"""Objects in S3."""

from __future__ import annotations

import shutil
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from ..errors import ImageTooLargeException, InvalidS3ObjectException, TooLargeToSearchError
from .parallel import in_order

_PART = 1024 * 1024
LARGE_PART = 8 * 1024 * 1024
"""Bytes of a range: S3 gives one connection some 80 MB a second ("Performance guidelines for Amazon S3": ranges of 8 to
16 MB, on several connections)."""


class Objects:
    """S3 as the operations use it."""

    def __init__(self, session: Session, region: str) -> None:
        self._client: Any = session.create_client("s3", region_name=region)

    def image(self, bucket: str, key: str, version: str | None, limit: int) -> bytes:
        """An image that a request names.

        Raises InvalidS3ObjectException when it is not there or may not be read, and, before any of it is read,
        ImageTooLargeException when it is longer than `limit` bytes.
        """
        named = _named(bucket, key, version)
        try:
            answer = self._client.get_object(**named)
        except (ClientError, BotoCoreError) as error:
            raise InvalidS3ObjectException from error
        with answer["Body"] as body:
            if answer["ContentLength"] > limit:
                raise ImageTooLargeException
            data: bytes = body.read()
        return data

    def size(self, bucket: str, key: str, version: str | None = None) -> int:
        """Bytes of an object that a request names; raises InvalidS3ObjectException."""
        named = _named(bucket, key, version)
        try:
            return int(self._client.head_object(**named)["ContentLength"])
        except (ClientError, BotoCoreError) as error:
            raise InvalidS3ObjectException from error

    def fetch(self, bucket: str, key: str, version: str | None, file: BinaryIO) -> None:
        """Write an object that a request names into `file`, part by part; raises InvalidS3ObjectException."""
        named = _named(bucket, key, version)
        try:
            with self._client.get_object(**named)["Body"] as body:
                shutil.copyfileobj(body, file, _PART)
        except (ClientError, BotoCoreError) as error:
            raise InvalidS3ObjectException from error

    def get(self, bucket: str, key: str) -> bytes | None:
        """An object of ours; None when it is not there."""
        try:
            data: bytes = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            raise
        return data

    def get_large(self, bucket: str, key: str, largest: int) -> bytes | bytearray | None:
        """An object of ours, in parts that are read side by side; None when it is not there.

        Raises TooLargeToSearchError, before most of it is read, for one of more than `largest` bytes.
        """
        named = {"Bucket": bucket, "Key": key}
        try:
            first = self._client.get_object(**named, Range=f"bytes=0-{LARGE_PART - 1}")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            raise
        size = int(first["ContentRange"].rpartition("/")[2])
        if size > largest:
            first["Body"].close()
            raise TooLargeToSearchError(largest)
        data = bytearray(size)

        def read(start: int) -> None:
            if start == 0:
                answer = first
            else:  # of the same object, or not at all
                span = f"bytes={start}-{start + LARGE_PART - 1}"
                answer = self._client.get_object(**named, Range=span, IfMatch=first["ETag"])
            with answer["Body"] as body:
                data[start : start + LARGE_PART] = body.read()

        for _ in in_order(read, range(0, size, LARGE_PART)):
            pass
        return data

    def put(
        self, bucket: str, key: str, data: bytes | BinaryIO, kind: str = "application/octet-stream", kms_key: str = ""
    ) -> None:
        """Write an object of ours, or one that a request asks for; encrypted with `kms_key` where one is named."""
        sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=kind, **sealed)

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket of ours unless it is there. For on premises: on AWS, Terraform makes it."""
        if not self.has_bucket(bucket):
            self._client.create_bucket(Bucket=bucket)

    def has_bucket(self, bucket: str) -> bool:
        """Whether a bucket that a request names is there and may be used."""
        try:
            self._client.head_bucket(Bucket=bucket)
        except (ClientError, BotoCoreError):
            return False
        return True

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object of ours with all of its versions, if it is there."""
        try:
            hidden = "VersionId" in self._client.delete_object(Bucket=bucket, Key=key)  # by a delete marker
            for version in self._versions(bucket, key) if hidden else ():
                self._client.delete_object(Bucket=bucket, Key=key, VersionId=version)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """The keys of our objects that begin so."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def _versions(self, bucket: str, key: str) -> list[str]:
        """The versions of an object, delete markers too."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        return [
            found["VersionId"]
            for page in pages
            for kind in ("Versions", "DeleteMarkers")
            for found in page.get(kind, ())
            if found["Key"] == key
        ]


def _named(bucket: str, key: str, version: str | None) -> dict[str, str]:
    return {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
