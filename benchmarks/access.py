"""What --auth required costs a request: its signature verified and its policy held to, beyond hashing the body."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from chalicelib.local.moto.aws import Aws
from chalicelib.local.moto.sts import Sessions
from chalicelib.local.port.gate import Gate, Operator
from chalicelib.store.access import Access, AccessKey
from chalicelib.store.tables import SessionConnection
from chalicelib.store.vault import LocalKeys, Vault, new_key
from chalicelib.wire.gateway import Request, Response
from chalicelib.wire.guard import Guard
from chalicelib.wire.resources import Account

from .measuring import Line, in_turn, photo

ROUNDS = 200
TIMES = 20
"""Requests that are timed together: one takes less than the clock is worth."""
ALLOWED = 0.1
"""Milliseconds that access may cost."""
_POLICY = json.dumps(
    {
        "Statement": [
            {"Effect": "Allow", "Action": "rekognition:*", "Resource": "arn:aws:rekognition:*:*:collection/staff"},
            {"Effect": "Deny", "Action": "rekognition:Delete*", "Resource": "*"},
            {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
        ]
    }
)


def run() -> Iterator[Line]:
    """Rekognition's door with an empty and with a large body, and the gate of another service."""
    aws = Aws()
    access = Access(SessionConnection(aws.session, aws.region), "bench", Vault(LocalKeys([new_key()])))
    access.create()
    key = access.make("bench", _POLICY)
    guard = Guard(access, Account(aws.account, aws.region))
    for name, body in (("no body", b"{}"), ("a photo", base64.b64encode(photo(320, 240)))):
        request = _signed(key, "rekognition", "RekognitionService.IndexFaces", body)
        members = {"CollectionId": "staff", "Image": {"Bytes": body}}

        def let_in(request: Request = request, members: Mapping[str, object] = members) -> None:
            guard.permit(guard.authenticate(request), "IndexFaces", members)

        yield _beyond_hashing(f"A signed IndexFaces let in, {name}", let_in, body)
    gate, there = Gate(guard, Sessions(), Operator.new()), Response(200)
    request = _signed(key, "dynamodb", "DynamoDB_20120810.ListTables", b"{}")
    yield _beyond_hashing("A signed call of DynamoDB let in", lambda: gate.answer(request, lambda _: there), b"{}")


def _beyond_hashing(what: str, let_in: Callable[[], object], body: bytes) -> Line:
    ours, hashing = in_turn(_many(let_in), _many(lambda: sha256(body).hexdigest()), ROUNDS)
    return Line(f"{what}, beyond hashing", (ours - hashing) / TIMES, "what is allowed", ALLOWED, "≤ 1")


def _many(function: Callable[[], object]) -> Callable[[], None]:
    def many() -> None:
        for _ in range(TIMES):
            function()

    return many


def _signed(key: AccessKey, service: str, target: str, body: bytes) -> Request:
    """As boto3 sends it."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", "http://127.0.0.1:4566/", headers, body)
    SigV4Auth(Credentials(key.id, key.secret), service, "us-east-1").add_auth(request)
    sent = {name.lower(): str(value) for name, value in request.headers.items()}
    return Request("POST", "/", "", sent | {"host": urlsplit(request.url).netloc}, body)
