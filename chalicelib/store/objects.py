"""Objects in S3."""

from __future__ import annotations

import shutil
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from ..errors import ImageTooLargeException, InvalidS3ObjectException

_PART = 1024 * 1024


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

    def put(
        self, bucket: str, key: str, data: bytes | BinaryIO, kind: str = "application/octet-stream", kms_key: str = ""
    ) -> None:
        """Write an object of ours, or one that a request asks for; encrypted with `kms_key` where one is named."""
        sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=kind, **sealed)

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
