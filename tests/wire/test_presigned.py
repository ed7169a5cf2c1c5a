"""URLs, forms and bodies in chunks, as clients of S3 sign them: boto3 is the other side, and AWS's own example."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from chalicelib.errors import (
    AccessDeniedException,
    BadDigest,
    ContentSHA256Mismatch,
    IncompleteSignatureException,
    InvalidSignatureException,
    RequestExpired,
    ServiceError,
    UnrecognizedClientException,
)
from chalicelib.wire import claims
from chalicelib.wire.gateway import Request
from chalicelib.wire.presigned import verify_form, verify_url
from chalicelib.wire.signature import Key, sign, signing_key_of, verify
from tests.wire.conftest import as_request

KEYS = {"AKID": Key("secret"), "ASIA": Key("temporary", "token/+=")}


def key_of(access_key: str, token: str) -> Key | None:
    return KEYS.get(access_key)


def now(**later: float) -> datetime:
    return datetime.now(UTC) + timedelta(**later)


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


# ---- bodies


def put(body: bytes, kind: str, **headers: str) -> tuple[Request, claims.Claims]:
    """A PutObject whose x-amz-content-sha256 is `kind`."""
    request = AWSRequest("PUT", "http://localhost:4566/photos/a", {"X-Amz-Content-SHA256": kind} | headers, data=body)
    request.context["payload_signing_enabled"] = True

    class Signer(S3SigV4Auth):  # type: ignore[misc]  # botocore's has no types
        def payload(self, request: AWSRequest) -> str:
            return kind

    Signer(Credentials("AKID", "secret"), "s3", "us-east-1").add_auth(request)
    sent = as_request(request.prepare())
    return sent, claims.read(sent, {})


def test_a_body_that_was_changed_is_told_from_a_wrong_signature() -> None:
    request, _ = put(b"photo", hashlib.sha256(b"photo").hexdigest())
    assert verify(request, key_of, now(), "s3")
    with pytest.raises(ContentSHA256Mismatch):
        verify(replace(request, body=b"other"), key_of, now(), "s3")


def chunked(chunks: list[bytes], seal: Callable[[bytes, str], str] | None, trailer: bytes = b"") -> bytes:
    """Chunks as S3 frames them; `seal` makes a chunk's signature from the one before."""
    body, previous = b"", "seed"
    for chunk in [*chunks, b""]:
        head = f"{len(chunk):x}"
        if seal is not None:
            previous = seal(chunk, previous)
            head += f";chunk-signature={previous}"
        body += head.encode() + b"\r\n" + chunk + (b"\r\n" if chunk else b"")
    return body + trailer + b"\r\n"


def signed_chunks(chunks: list[bytes], trailer: bytes = b"") -> Request:
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    request, signed = put(b"", kind)
    key, nothing = signing_key_of("secret", signed), hashlib.sha256().hexdigest()
    last = [signed.signature]

    def text(what: str, previous: str, digest: str) -> str:
        return f"AWS4-HMAC-SHA256-{what}\n{signed.stamp}\n{signed.scope}\n{previous}\n{digest}"

    def seal(chunk: bytes, _: str) -> str:
        last.append(sign(key, text("PAYLOAD", last[-1], f"{nothing}\n{hashlib.sha256(chunk).hexdigest()}")))
        return last[-1]

    body = chunked(chunks, seal)[:-2]
    if trailer:
        end = sign(key, text("TRAILER", last[-1], hashlib.sha256(trailer + b"\n").hexdigest()))
        body += trailer + b"\r\nx-amz-trailer-signature:" + end.encode() + b"\r\n"
    return replace(request, body=body + b"\r\n")


CRC = b"x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(b"a photo").to_bytes(4))


@pytest.mark.parametrize("trailer", [b"", CRC])
def test_signed_chunks(trailer: bytes) -> None:
    request = signed_chunks([b"a ", b"photo"], trailer)
    assert verify(request, key_of, now(), "s3").access_key == "AKID"
    for body in (
        request.body.replace(b"photo", b"phot0"),
        request.body.replace(b"\r\na \r\n", b"\r\nA \r\n"),
        request.body.replace(b"2;chunk", b"1;chunk"),
        request.body[: request.body.index(b"5;")],
        b"",
    ):
        with pytest.raises(ServiceError):
            verify(replace(request, body=body), key_of, now(), "s3")


def test_a_trailer_is_signed_too() -> None:
    request = signed_chunks([b"a photo"], CRC)
    with pytest.raises(InvalidSignatureException):
        verify(replace(request, body=request.body.replace(b"crc32:", b"crc32:A")), key_of, now(), "s3")


def test_aws_own_example_of_chunks() -> None:
    """Amazon S3 API Reference, "Transferring Payload in Multiple Chunks": 65 KB of `a` in two chunks."""
    signatures = (
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    )
    left = iter(signatures)
    request = Request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "",
        {
            "host": "s3.amazonaws.com",
            "x-amz-date": "20130524T000000Z",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class,"
            "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": "66560",
            "content-length": "66824",
        },
        chunked([b"a" * 65536, b"a" * 1024], lambda chunk, previous: next(left)),
    )
    key = Key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert verify(request, lambda access_key, token: key, datetime(2013, 5, 24, tzinfo=UTC), "s3").service == "s3"


def test_unsigned_chunks_have_a_checksum() -> None:
    request, _ = put(b"", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert verify(replace(request, body=chunked([b"a ", b"photo"], None, CRC + b"\r\n")), key_of, now(), "s3")
    with pytest.raises(BadDigest):
        verify(replace(request, body=chunked([b"a ", b"phot0"], None, CRC + b"\r\n")), key_of, now(), "s3")


@pytest.mark.parametrize(
    "body", [b"", b"zz\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"5\r\nhello0\r\n\r\n", b"5" * 5000]
)
def test_chunks_that_are_none(body: bytes) -> None:
    request, _ = put(b"", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    with pytest.raises(IncompleteSignatureException):
        verify(replace(request, body=body), key_of, now(), "s3")


def test_a_way_to_send_that_is_not_known() -> None:
    request, _ = put(b"", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")
    with pytest.raises(IncompleteSignatureException):
        verify(request, key_of, now(), "s3")
