"""The gate of all other services: whatever is claimed, nobody passes who did not sign."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import ServiceError
from chalicelib.local.moto.aws import Aws
from chalicelib.local.moto.sts import Sessions
from chalicelib.local.port.gate import Gate, Operator
from chalicelib.store.access import Access
from chalicelib.store.tables import SessionConnection
from chalicelib.store.vault import LocalKeys, Vault, new_key
from chalicelib.wire.gateway import Request, Response
from chalicelib.wire.guard import Guard
from chalicelib.wire.resources import Account

BOUNDARY = "multipart/form-data; boundary=x"
FORM = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--x--\r\n'


@pytest.fixture(scope="module")
def access() -> Access:
    aws = Aws("210987654322")
    made = Access(SessionConnection(aws.session, aws.region), "gate", Vault(LocalKeys([new_key()])))
    made.create()
    return made


@pytest.fixture(scope="module")
def key(access: Access) -> str:
    return access.make("ada").id


@pytest.fixture(scope="module")
def gate(access: Access) -> Gate:
    return Gate(Guard(access, Account("210987654322", "us-east-1")), Sessions(), Operator.new())


def reached(request: Request) -> Response:
    raise AssertionError(f"{request} passed")


NAMES = st.sampled_from(["authorization", "x-amz-date", "x-amz-target", "x-amz-security-token", "x-amz-content-sha256"])
PARTS = st.sampled_from(
    ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Signature=", "AWSAccessKeyId=operator", "Signature=", "Signature=x",
     "Expires=9999999999", "X-Amz-Expires=60", "X-Amz-SignedHeaders=host", "acl", "X-Amz-Date=20260101T000000Z"]
)  # fmt: skip
SCOPES = ["rekognition", "s3", "sts", "execute-api", "lookalike", "S3", "", "dynamodb"]


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    path=st.sampled_from(
        ["/", "/b/k", "/media", "/_lookalike/keys", "/_lookalike/requests", "/_lookalike/health/", "/sqs_us-east-1/x"]
    ),
    headers=st.dictionaries(NAMES, st.text(max_size=30) | st.just("STREAMING-UNSIGNED-PAYLOAD-TRAILER")),
    parts=st.lists(PARTS | st.text(max_size=10), max_size=8),
    scope=st.sampled_from(SCOPES),
    field=st.sampled_from([b"policy", b"signature", b"AWSAccessKeyId", b"x-amz-signature"]),
    body=st.binary(max_size=40),
)
def test_whatever_is_claimed_does_not_pass(
    gate: Gate, key: str, *, method: str, path: str, headers: dict[str, str], parts: list[str], scope: str,
    field: bytes, body: bytes,
) -> None:  # fmt: skip
    claimed = f"{key}/20260101/us-east-1/{scope}/aws4_request"
    header = f"AWS4-HMAC-SHA256 Credential={claimed}, SignedHeaders=host, Signature=x"
    query = "&".join([*parts, f"X-Amz-Credential={claimed}"])
    for request in (
        Request(method, path, query, {"host": "localhost"} | headers, body),
        Request(method, path, query, {"host": "localhost", "authorization": header} | headers, body),
        Request(method, path, query.replace("operator", key), {"host": "localhost"}, body),
        Request("POST", path, "", {"host": "localhost", "content-type": BOUNDARY}, FORM % (field, body)),
    ):
        if not request.headers.get("x-amz-target", "").startswith("RekognitionService.") and scope != "rekognition":
            assert gate.answer(request, reached).status in (400, 403)


def test_a_preflight_is_let_through_and_nothing_with_it(gate: Gate) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response(200)

    headers = {"host": "a", "origin": "http://b", "access-control-request-method": "PUT", "x-amz-target": "SQS.Send"}
    assert gate.answer(Request("OPTIONS", "/b/k", "Action=X", headers, b"Action=X"), answer).status == 200
    (forwarded,) = seen
    assert (forwarded.query, forwarded.body) == ("", b"")
    assert "x-amz-target" not in forwarded.headers
    assert "/s3/" in forwarded.headers["authorization"]


def test_a_large_body_of_a_stranger_is_refused_unread(gate: Gate, key: str) -> None:
    header = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"

    def head(whose: str) -> Request:
        return Request("PUT", "/b/k", "", {"authorization": header.format(whose), "x-amz-date": "x"}, b"")

    assert gate.expect(head(key), 10**9) >= 10**9
    assert gate.expect(head("AKIAABSENT"), 1000) >= 1000
    for length in (10**9, None):  # None: in chunks, of which nobody knows how many come
        with pytest.raises(ServiceError, match="security token"):
            gate.expect(head("AKIAABSENT"), length)
    assert gate.expect(Request("POST", "/b", "", {"content-type": BOUNDARY}, b""), 10**9) < 10**9
    with pytest.raises(ServiceError, match="Missing Authentication Token"):
        gate.expect(Request("PUT", "/b/k", "", {}, b""), 10**9)
