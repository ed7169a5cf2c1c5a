"""A real boto3 client whose requests go to `answer` instead of a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.model import ServiceModel

from chalicelib.backend import Backend
from chalicelib.operations import Operation
from chalicelib.wire.door import Authenticate, Door, claimed
from chalicelib.wire.gateway import Request, Response, answer

BACKEND = cast("Backend", object())
"""Operations of these tests need none."""


@dataclass
class Wire:
    """A client, and the last request and response that went over its wire."""

    operations: Mapping[str, Operation]
    authenticate: Authenticate = claimed
    client: Any = None
    requests: list[Request] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    def send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """botocore's before-send hook: what it returns is taken for the answer of the endpoint."""
        asked = as_request(request)
        answered = answer(asked, BACKEND, Door(self.operations, self.authenticate))
        self.requests.append(asked)
        self.responses.append(answered)
        return AWSResponse(request.url, answered.status, answered.headers, _Raw(answered.body))


def as_request(prepared: AWSPreparedRequest) -> Request:
    """botocore's request as a server would hand it to the gateway."""
    url = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    headers.setdefault("host", url.netloc)
    body = prepared.body or b""
    return Request(
        prepared.method, url.path or "/", url.query, headers, body.encode() if isinstance(body, str) else body
    )


@dataclass
class _Raw:
    body: bytes

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


@pytest.fixture(scope="session")
def boto_session() -> boto3.Session:
    return boto3.Session("AKIDEXAMPLE", "secret", region_name="eu-west-1")


@pytest.fixture(scope="session")
def service_model(boto_session: boto3.Session) -> ServiceModel:
    """botocore's own reading of the service model, to compare ours with."""
    return cast("ServiceModel", boto_session.client("rekognition").meta.service_model)


@pytest.fixture(scope="session")
def connect(boto_session: boto3.Session) -> Callable[..., Wire]:
    """Makes a client of the given operations."""

    def connect(operations: Mapping[str, Operation], authenticate: Authenticate = claimed) -> Wire:
        wire = Wire(operations, authenticate)
        wire.client = boto_session.client("rekognition", config=Config(retries={"max_attempts": 0}))
        wire.client.meta.events.register("before-send.rekognition", wire.send)
        return wire

    return connect
