"""Bodies as clients of S3 send them, hashed or in chunks: botocore signs, and AWS's documentation gives an example."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.errors import (
    BadDigest,
    ContentSHA256Mismatch,
    IncompleteSignatureException,
    InvalidSignatureException,
    ServiceError,
)
from chalicelib.wire import claims
from chalicelib.wire.gateway import Request
from chalicelib.wire.signature import Key, sign, signing_key_of, verify
from tests.wire.conftest import as_request
from tests.wire.keys import key_of, now


def put(body: bytes, kind: str) -> tuple[Request, claims.Claims]:
    """A PutObject whose x-amz-content-sha256 is `kind`."""
    request = AWSRequest("PUT", "http://localhost:4566/photos/a", {"X-Amz-Content-SHA256": kind}, data=body)
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
