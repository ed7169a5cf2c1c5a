"""Signature Version 4, with botocore's signers as the other side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import (
    ExpiredTokenException,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    ServiceError,
    UnrecognizedClientException,
)
from chalicelib.wire.gateway import Request
from chalicelib.wire.signature import Key, verify
from tests.wire.conftest import as_request

STARTED = datetime.now(UTC)


def at_once(**later: float) -> datetime:
    """The time of the day, with which botocore signs, or some time after it."""
    return datetime.now(UTC) + timedelta(**later)


KEYS = {"AKIDEXAMPLE": Key("secret"), "ASIATEMP": Key("temporary", "token/+=", STARTED + timedelta(hours=1))}


def key_of(access_key: str, token: str) -> Key | None:
    return KEYS.get(access_key)


BODY = b'{"MaxResults": 5}'
HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "RekognitionService.ListCollections"}
MISMATCH = "The request signature we calculated does not match"


def sign(
    signer: Any = SigV4Auth,
    service: str = "rekognition",
    *,
    url: str = "http://127.0.0.1:4566/",
    method: str = "POST",
    body: bytes = BODY,
    key: str = "AKIDEXAMPLE",
    secret: str | None = None,
    headers: dict[str, str] = HEADERS,
    **options: Any,
) -> Request:
    """A request as botocore's `signer` signs it."""
    known = KEYS.get(key, Key("unknown"))
    unsigned = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    credentials = Credentials(key, secret or known.secret, known.session_token)
    signer(credentials, service, "eu-west-1", **options).add_auth(unsigned)
    return as_request(unsigned.prepare())


def changed(request: Request, **headers: str | None) -> Request:
    """With other headers; None removes one."""
    merged = {**request.headers} | {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(request, headers={name: value for name, value in merged.items() if value is not None})


def refusal(request: Request, now: datetime | None = None, service: str | None = None) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        verify(request, key_of, now or at_once(), service)
    return caught.value


def test_the_example_of_the_iam_user_guide() -> None:
    """A signature that AWS itself publishes: `get-vanilla` of its test suite."""
    request = Request(
        "GET",
        "/",
        "",
        {
            "host": "example.amazonaws.com",
            "x-amz-date": "20150830T123600Z",
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        },
        b"",
    )
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    signer = verify(request, lambda key, token: Key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), now)
    assert (signer.access_key, signer.region, signer.service) == ("AKIDEXAMPLE", "us-east-1", "service")
    assert (signer.signed_at, signer.token) == (now, "")
    assert signer.authorization.replace(" ", "") == request.headers["authorization"].replace(" ", "")


def test_a_signed_request() -> None:
    identity = verify(sign(), key_of, at_once(), "rekognition")
    assert (identity.access_key, identity.region, identity.service) == ("AKIDEXAMPLE", "eu-west-1", "rekognition")
    assert abs(identity.signed_at - at_once()) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("signer", "service", "url", "method", "body"),
    [
        (SigV4Auth, "dynamodb", "http://localhost:4566/", "POST", b"{}"),
        (SigV4Auth, "rekognition", "http://localhost:4566/some%20path/%C3%A4", "GET", b""),
        (SigV4Auth, "sqs", "http://localhost:4566/?b=2&a=1&a=0&c=%20%2B&d", "GET", b""),
        (S3SigV4Auth, "s3", "http://localhost:4566/bucket/a%20b/%C3%BC%2B%28~%29.jpg?uploadId=a%2Fb", "PUT", b"photo"),
        (S3SigV4Auth, "s3", "http://localhost:4566/bucket/a//b/../c", "GET", b""),
        (SigV4QueryAuth, "rekognition", "http://localhost:4566/", "GET", b""),
        (S3SigV4QueryAuth, "s3", "http://localhost:4566/bucket/key%20x?versionId=1", "GET", b""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["AKIDEXAMPLE", "ASIATEMP"])
def test_every_signer_of_botocore(*, signer: Any, service: str, url: str, method: str, body: bytes, key: str) -> None:
    request = sign(signer, service, url=url, method=method, body=body, key=key, headers={})
    assert verify(request, key_of, at_once(), service).access_key == key
    assert refusal(replace(request, path=request.path + "x")).message.startswith(MISMATCH)
    assert refusal(replace(request, method="DELETE")).message.startswith(MISMATCH)


def test_an_unsigned_payload_is_for_s3_only() -> None:
    hashed = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    assert verify(sign(service="s3", headers=hashed), key_of, at_once(), "s3")
    assert refusal(sign(headers=HEADERS | hashed)).message.startswith(MISMATCH)


def test_a_signed_hash_must_be_that_of_the_body() -> None:
    request = sign(headers=HEADERS | {"X-Amz-Content-SHA256": hashlib.sha256(BODY).hexdigest()})
    assert verify(request, key_of, at_once())
    assert refusal(replace(request, body=b"{}")).message.startswith(MISMATCH)


@pytest.mark.parametrize(
    "tampered",
    [
        lambda request: replace(request, body=b'{"MaxResults": 6}'),
        lambda request: replace(request, query="a=b"),
        lambda request: changed(request, x_amz_target="RekognitionService.DeleteCollection"),
        lambda request: changed(request, host="evil.example"),
        lambda request: changed(request, content_type="text/plain"),
        lambda request: changed(request, content_type=None),
        lambda request: changed(request, authorization=request.headers["authorization"][:-1] + "g"),
        lambda request: changed(request, authorization=request.headers["authorization"] + "ü"),
        lambda request: changed(
            request, authorization=request.headers["authorization"].replace("eu-west-1", "us-east-1")
        ),
    ],
)
def test_a_tampered_request(tampered: Callable[[Request], Request]) -> None:
    error = refusal(tampered(sign()))
    assert isinstance(error, InvalidSignatureException)
    assert error.message.startswith(MISMATCH)


def test_a_wrong_secret() -> None:
    assert isinstance(refusal(sign(secret="other")), InvalidSignatureException)


def test_a_header_of_aws_must_be_signed() -> None:
    error = refusal(changed(sign(), x_amz_acl="public-read"))
    assert isinstance(error, InvalidSignatureException)
    assert "x-amz-acl" in error.message


def test_the_host_must_be_signed() -> None:
    request = sign()
    unhosted = changed(request, authorization=request.headers["authorization"].replace(";host;", ";"))
    assert "'Host' or ':authority' must be a 'SignedHeader'" in refusal(unhosted).message


@pytest.mark.parametrize("key", ["AKIDREVOKED", ""])
def test_an_unknown_key(key: str) -> None:
    request = sign()
    request = changed(request, authorization=request.headers["authorization"].replace("AKIDEXAMPLE", key))
    error = refusal(request)
    assert isinstance(error, UnrecognizedClientException)
    assert error.message == "The security token included in the request is invalid."


@pytest.mark.parametrize("token", ["other", "", None])
def test_a_wrong_session_token(token: str | None) -> None:
    request = changed(sign(key="ASIATEMP"), x_amz_security_token=token)
    assert isinstance(refusal(request), UnrecognizedClientException)


def test_a_session_token_with_a_key_that_has_none() -> None:
    request = sign(headers=HEADERS | {"X-Amz-Security-Token": "x"})
    assert isinstance(refusal(request), UnrecognizedClientException)


def test_expired_credentials() -> None:
    with pytest.raises(ExpiredTokenException):
        verify(sign(), lambda key, token: Key("secret", expires=STARTED), at_once())


@pytest.mark.parametrize("minutes", [-14, 0, 14])
def test_a_clock_that_is_nearly_right(minutes: int) -> None:
    assert verify(sign(), key_of, at_once(minutes=minutes))


def test_a_replay_after_15_minutes() -> None:
    now = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
    request = changed(sign(), x_amz_date="20260506T114459Z")
    assert refusal(request, now).message == (
        "Signature expired: 20260506T114459Z is now earlier than 20260506T114500Z (20260506T120000Z - 15 min.)"
    )


def test_a_signature_of_the_future() -> None:
    now = datetime(2026, 5, 6, 12, 0, tzinfo=UTC)
    request = changed(sign(), x_amz_date="20260506T121501Z")
    assert refusal(request, now).message == (
        "Signature not yet current: 20260506T121501Z is still later than 20260506T121500Z (20260506T120000Z + 15 min.)"
    )


def test_a_presigned_url_lives_as_long_as_it_says() -> None:
    request = sign(S3SigV4QueryAuth, "s3", method="GET", body=b"", headers={}, expires=3600)
    assert verify(request, key_of, at_once(minutes=59))
    assert refusal(request, at_once(minutes=62)).message.startswith("Signature expired")
    longer = replace(request, query=request.query.replace("Expires=3600", "Expires=36000"))
    assert refusal(longer, at_once(minutes=62)).message.startswith(MISMATCH)


def test_a_presigned_url_by_a_client(boto_session: boto3.Session) -> None:
    client = boto_session.client("s3", endpoint_url="http://127.0.0.1:4566", config=Config(signature_version="s3v4"))
    url = urlsplit(client.generate_presigned_url("put_object", {"Bucket": "b", "Key": "a ü+.jpg"}))
    request = Request("PUT", url.path, url.query, {"host": url.netloc}, b"photo")
    assert verify(request, key_of, at_once(), "s3").access_key == "AKIDEXAMPLE"


def test_the_date_header_will_do() -> None:
    assert verify(sign(headers=HEADERS | {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}), key_of, at_once())


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (Request("POST", "/", "", {}, b""), MissingAuthenticationTokenException, "Missing Authentication Token"),
        (
            changed(sign(), authorization="Bearer abc"),
            IncompleteSignatureException,
            "requires 'Credential' parameter",
        ),
        (changed(sign(), authorization=""), IncompleteSignatureException, "requires 'Signature' parameter. "),
        (
            changed(sign(), authorization="AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host"),
            IncompleteSignatureException,
            "Authorization header requires 'Signature' parameter. Authorization=AWS4",
        ),
        (
            changed(sign(), x_amz_date=None),
            IncompleteSignatureException,
            "requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
        ),
        (changed(sign(), x_amz_date="yesterday"), IncompleteSignatureException, "Got 'yesterday'"),
        (changed(sign(), x_amz_date="20269999T999999Z"), IncompleteSignatureException, "Got '20269999T999999Z'"),
        (changed(sign(), x_amz_date=None, date="yesterday"), IncompleteSignatureException, "'Date' header"),
        (
            changed(sign(), authorization=sign().headers["authorization"].replace("/rekognition/", "/")),
            IncompleteSignatureException,
            "Credential must have exactly 5 slash-delimited elements",
        ),
        (
            changed(sign(), authorization=sign().headers["authorization"].replace("aws4_request", "aws5")),
            InvalidSignatureException,
            "valid terminator: 'aws4_request', not 'aws5'",
        ),
        (
            changed(sign(), authorization=sign().headers["authorization"].replace(f"/{STARTED:%Y%m%d}/", "/20200101/")),
            InvalidSignatureException,
            "Date in Credential scope does not match",
        ),
        (replace(sign(), query="X-Amz-Algorithm=AWS4-HMAC-SHA256"), InvalidSignatureException, "Found both"),
        (
            Request("GET", "/", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=x", {}, b""),
            IncompleteSignatureException,
            "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include "
            "'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine",
        ),
        (
            sign(SigV4QueryAuth, method="GET", body=b"", headers={}, expires=-1),
            IncompleteSignatureException,
            "Re-examine the query-string parameters.",
        ),
    ],
)
def test_a_signature_that_is_not(request_: Request, kind: type[ServiceError], message: str) -> None:
    error = refusal(request_)
    assert type(error) is kind
    assert message in error.message


def test_a_signature_for_another_service() -> None:
    error = refusal(sign(service="s3"), service="rekognition")
    assert error.message == "Credential should be scoped to correct service: 'rekognition'."


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["authorization", "x-amz-date", "date", "host", "x-amz-security-token", "x-amz-content-sha256"]
        ),
        st.text(max_size=30)
        | st.from_regex(
            r"AWS4-HMAC-SHA256 Credential=[^,]{0,9}(/[^,/]{0,9}){4}, SignedHeaders=[a-z;-]+, Signature=\w*"
        ),
    ),
    query=st.text(max_size=30) | st.from_regex(r"(X-Amz-(Algorithm|Credential|Date|Expires|Signature)=[^&]*&){5}"),
)
def test_whatever_is_claimed_is_refused(headers: dict[str, str], query: str) -> None:
    with pytest.raises(ServiceError):
        verify(Request("POST", "/", query, headers, b""), key_of, at_once())
