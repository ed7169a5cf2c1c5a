"""The AWS around Rekognition, inside this process: moto's DynamoDB, S3, SQS, SNS, KMS, STS and IAM.

It has two doors. `session` is for our own clients: the store's pynamodb and botocore make the same calls that they make
on Lambda, and only the last step differs, where `before-send` hands the finished HTTP request to moto instead of a
socket (a put costs 1.3 ms, through the port 4.8 ms; moto's `mock_aws` would do it for every client of the process and
erases all state when it starts and stops). `answer` is for everybody else's, who come through the port.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from ..wire.gateway import Request, Response
from . import wsgi

if TYPE_CHECKING:
    from .events import Listener

DEFAULT_ACCOUNT = "123456789012"
"""moto's own, for whoever names no other."""

ACCOUNT_HEADER = "x-moto-account-id"
"""Names the account whose state a request reaches; moto keeps accounts apart."""

SERIAL = frozenset({"dynamodb", "dynamodbstreams", "s3", "s3control"})
"""Services whose handlers run one at a time.

moto's read-modify-write is not thread-safe: of 1,200 concurrent updates 1,047 survived, of 150 unique creations 151.
SQS is left out, because its long polls would hold the lock.
"""

_SCOPE = re.compile(r"Credential=[^/,&]+/\d{8}/[^/]*/(?P<service>[^/]+)/aws4_request")

_NO_FILE = (None, None, os.devnull, None)
_NO_PROFILE = (None, None, None, None)


class Aws:
    """moto's services for one account and region, as its clients and the port reach them.

    State is moto's and belongs to the process: two instances with the same account share it.
    """

    def __init__(self, account: str = DEFAULT_ACCOUNT, region: str = "us-east-1") -> None:
        from moto.core.botocore_stubber import BotocoreStubber  # .2 s

        from . import dynamodb, events, s3

        dynamodb.install()
        s3.install()
        events.install()
        self.account = account
        self.region = region
        self.object_events: Listener | None = None
        """Called with each event of an object created or removed, in any bucket, before its request is answered."""
        self._moto = BotocoreStubber()
        self._moto.enabled = True
        self._serial = threading.RLock()
        self.session = self._stubbed_session()

    def client(self, service: str, **options: Any) -> Any:
        """A botocore client whose requests never leave the process."""
        return self.session.create_client(service, **options)

    def answer(self, request: Request) -> Response:
        """Answer a request of any service but Rekognition, as moto's own server does."""
        environ = wsgi.environ(request)
        if self.account != DEFAULT_ACCOUNT:
            environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", self.account)
        started: list[Any] = []
        with self.serially(service_of(request)):
            body = b"".join(self._wsgi(environ, lambda *status_and_headers: started.extend(status_and_headers)))
        status, headers = started[:2]
        return Response(int(status.split(" ", 1)[0]), wsgi.joined(headers), body)

    @cached_property
    def _wsgi(self) -> Callable[..., Iterable[bytes]]:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # .07 s

        return DomainDispatcherApplication(create_backend_app)

    @contextmanager
    def serially(self, service: str) -> Iterator[None]:
        """Keep other requests off `service` while one is handled, where moto needs that."""
        if service not in SERIAL:
            yield
            return
        from .events import collecting

        with self._serial, collecting(self.object_events) if service == "s3" else nullcontext():
            yield

    def _stubbed_session(self) -> botocore.session.Session:
        """A session that ignores the user's profile, credentials and endpoints: they are for other clients."""
        session = botocore.session.Session(
            session_vars={"profile": _NO_PROFILE, "config_file": _NO_FILE, "credentials_file": _NO_FILE}
        )
        session.set_credentials("lookalike", "lookalike")
        session.set_config_variable("region", self.region)
        session.set_default_client_config(
            Config(
                ignore_configured_endpoint_urls=True,
                retries={"max_attempts": 0},
                account_id_endpoint_mode="disabled",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
        )
        session.register("before-send", self._send)
        return session

    def _send(self, event_name: str, request: AWSPreparedRequest, **context: Any) -> AWSResponse:
        service = event_name.split(".")[1].replace("-", "")
        request.headers[ACCOUNT_HEADER] = self.account
        with self.serially(service):
            response: AWSResponse = self._moto(event_name, request, **context)
        return response


def service_of(request: Request) -> str:
    """The service that a request is for, as it was signed; S3 where it was not, as moto takes it."""
    scope = _SCOPE.search(request.headers.get("authorization", "")) or _SCOPE.search(unquote(request.query))
    if scope:
        return scope["service"].lower()
    target = request.headers.get("x-amz-target", "").lower()
    return "dynamodb" if target.startswith("dynamodb") else "s3"
