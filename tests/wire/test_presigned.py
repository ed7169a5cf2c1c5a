"""URLs and forms as clients of S3 sign them: boto3 is the other side."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from chalicelib.errors import (
    AccessDeniedException,
    IncompleteSignatureException,
    InvalidSignatureException,
    RequestExpired,
    ServiceError,
    UnrecognizedClientException,
)
from chalicelib.wire.gateway import Request
from chalicelib.wire.presigned import verify_form, verify_url
from tests.wire.keys import KEYS, key_of, now


def client(key: str = "AKID", **config: Any) -> Any:
    held = KEYS[key]
    return boto3.client(
        "s3",
        endpoint_url="http://localhost:4566",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=held.secret,
        aws_session_token=held.session_token or None,
        config=Config(**config),
    )


def at(url: str, method: str = "GET", body: bytes = b"", **headers: str) -> Request:
    split = urlsplit(url)
    return Request(method, split.path, split.query, {"host": split.netloc} | headers, body)


# ---- URLs of Version 2, boto3's default for an endpoint of one's own


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("key", ["AKID", "ASIA"])
@pytest.mark.parametrize(
    ("operation", "method", "parameters"),
    [
        ("get_object", "GET", {"Bucket": "photos", "Key": "a b/ü+.jpg"}),
        ("get_object", "GET", {"Bucket": "photos", "Key": "a", "VersionId": "1", "ResponseContentType": "text/x y"}),
        ("put_object", "PUT", {"Bucket": "photos", "Key": "a", "ContentType": "image/png", "Metadata": {"who": "a"}}),
        ("list_objects_v2", "GET", {"Bucket": "photos", "Prefix": "a/"}),
        ("upload_part", "PUT", {"Bucket": "photos", "Key": "a", "UploadId": "u", "PartNumber": 1}),
    ],
)  # fmt: skip
def test_a_url_of_boto3(style: str, key: str, operation: str, method: str, parameters: dict[str, Any]) -> None:
    url = client(key, s3={"addressing_style": style}).generate_presigned_url(operation, parameters)
    assert "AWSAccessKeyId=" in url
    request = at(url, method)
    signer = verify_url(request, key_of, now())
    assert (signer.access_key, signer.service) == (key, "s3")
    for tampered in (
        replace(request, path=request.path + "x"),
        replace(request, method="DELETE"),
        replace(request, query=request.query.replace("Expires=1", "Expires=2")),
        replace(request, query=request.query + "&acl"),
        replace(request, query=request.query + "&retention"),
        replace(request, query=request.query + f"&AWSAccessKeyId={key}"),
        replace(request, headers={**request.headers} | {"x-amz-acl": "public-read"}),
    ):
        with pytest.raises(InvalidSignatureException):
            verify_url(tampered, key_of, now())


def test_a_url_ends() -> None:
    url = client().generate_presigned_url("get_object", {"Bucket": "photos", "Key": "a"}, ExpiresIn=60)
    assert verify_url(at(url), key_of, now(seconds=50))
    with pytest.raises(RequestExpired):
        verify_url(at(url), key_of, now(seconds=70))


def test_a_url_of_an_unknown_key() -> None:
    url = client().generate_presigned_url("get_object", {"Bucket": "photos", "Key": "a"})
    with pytest.raises(UnrecognizedClientException):
        verify_url(at(url.replace("AKID", "AKIX")), key_of, now())


# ---- forms


def form(key: str = "AKID", version: str | None = None, **options: Any) -> dict[str, str]:
    made = client(key, signature_version=version).generate_presigned_post("photos", "in/${filename}", **options)
    fields: dict[str, str] = made["fields"]
    return {name.lower(): value for name, value in fields.items()} | {"key": "in/a.jpg"}


@pytest.mark.parametrize("version", [None, "s3v4"])
@pytest.mark.parametrize("key", ["AKID", "ASIA"])
def test_a_form_of_boto3(version: str | None, key: str) -> None:
    options = {"Fields": {"acl": "private"}, "Conditions": [{"acl": "private"}, ["content-length-range", 1, 100]]}
    fields = form(key, version, **options)
    assert verify_form(fields, "photos", 50, key_of, now()).access_key == key

    def refused(
        kind: type[ServiceError], of: dict[str, str] = fields, bucket: str = "photos", length: int = 50
    ) -> None:
        with pytest.raises(kind):
            verify_form(of, bucket, length, key_of, now())

    refused(AccessDeniedException, bucket="others")
    refused(AccessDeniedException, length=101)
    refused(AccessDeniedException, length=0)
    refused(AccessDeniedException, fields | {"key": "out/a.jpg"})
    refused(AccessDeniedException, fields | {"acl": "public-read"})
    refused(AccessDeniedException, fields | {"tagging": "x"})
    refused(InvalidSignatureException, fields | {"policy": base64.b64encode(b"{}").decode()})
    with pytest.raises(AccessDeniedException, match="expired"):
        verify_form(fields, "photos", 50, key_of, now(hours=2))


def test_a_form_that_nobody_signed() -> None:
    with pytest.raises(UnrecognizedClientException):
        verify_form({"key": "a"}, "photos", 5, key_of, now())
    with pytest.raises(IncompleteSignatureException):
        verify_form({"key": "a", "x-amz-signature": "x"}, "photos", 5, key_of, now())


@pytest.mark.parametrize(
    "document", [b"", b"[]", b'{"expiration": 5}', b'{"expiration": "2090-01-01", "conditions": 5}']
)
def test_a_signed_policy_that_is_none(document: bytes) -> None:
    policy = base64.b64encode(document).decode()
    signature = base64.b64encode(hmac.digest(b"secret", policy.encode(), "sha1")).decode()
    with pytest.raises(AccessDeniedException, match="cannot be read"):
        verify_form({"awsaccesskeyid": "AKID", "policy": policy, "signature": signature}, "b", 1, key_of, now())


def test_a_date_without_a_zone_is_in_utc() -> None:
    document = {"expiration": "2090-01-01T00:00:00", "conditions": [["eq", "$key", "a"]]}
    policy = base64.b64encode(json.dumps(document).encode()).decode()
    signature = base64.b64encode(hmac.digest(b"secret", policy.encode(), "sha1")).decode()
    fields = {"awsaccesskeyid": "AKID", "policy": policy, "signature": signature, "key": "a"}
    assert verify_form(fields, "b", 1, key_of, now())
