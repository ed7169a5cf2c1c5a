"""The AWS around Rekognition, inside this process: moto's DynamoDB, S3, SQS, SNS, KMS, STS and IAM.

It has two doors. `session` is for our own clients: the store's pynamodb and botocore make the same calls that they make
on Lambda, and only the last step differs, where `before-send` hands the finished HTTP request to moto instead of a
socket (a put costs 1.3 ms, through the port 4.8 ms; moto's `mock_aws` would do it for every client of the process and
erases all state when it starts and stops). `answer` is for everybody else's, who come through the port.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from ...telemetry import logger
from ...wire.gateway import Request, Response
from ..state.state import StateError
from . import wsgi
from .session import address, stubbed_session

if TYPE_CHECKING:
    from ..state.keeper import Keeper
    from .events import Listener

DEFAULT_ACCOUNT = "123456789012"
"""moto's own, for whoever names no other."""

_SERIAL = frozenset({"dynamodb", "dynamodbstreams", "s3", "s3control"})
"""Services whose requests are handled one at a time.

moto's read-modify-write is not thread-safe: of 1,200 concurrent updates 1,047 survived, of 150 unique creations 151.
SQS is left out, because its long polls would hold the lock.
"""

_SMALL = frozenset({"iam", "kms", "sns"})
"""Services that are kept whole, and so must stand still while they are read."""

_DELIVERS = frozenset({"Publish", "PublishBatch"})
"""They call whoever subscribed, who may call us."""

_SCOPE = re.compile(r"Credential=[^/,&]+/\d{8}/[^/]*/(?P<service>[^/]+)/aws4_request")

_ACTION = re.compile(rb"(?:^|&)Action=(?P<action>\w+)")


class Aws:
    """moto's services for one account and region, as its clients and the port reach them.

    State is moto's and belongs to the process: two instances with the same account share it.
    """

    def __init__(self, account: str = DEFAULT_ACCOUNT, region: str = "us-east-1") -> None:
        from moto.core.botocore_stubber import BotocoreStubber  # .2 s

        from . import dynamodb, events, memory, s3

        memory.install()
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
        self._small = threading.RLock()
        self.keeper: Keeper | None = None
        """Keeps what is written; without it all is gone with the process."""
        self.session = stubbed_session(self.region, self._send)

    def client(self, service: str, **options: Any) -> Any:
        """A botocore client whose requests never leave the process."""
        return self.session.create_client(service, **options)

    def answer(self, request: Request) -> Response:
        """Answer a request of any service but Rekognition, as moto's own server does."""
        service = service_of(request)
        environ = wsgi.environ(request)
        if self.account != DEFAULT_ACCOUNT:
            environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", self.account)
        started: list[Any] = []
        try:
            with self._handling(service, operation_of(request)):
                body = b"".join(self._wsgi(environ, lambda *status_and_headers: started.extend(status_and_headers)))
        except StateError as error:
            logger.error("%s", error)
            return Response(*_failed(service, str(error)))
        except Exception as error:  # moto raises KeyError and the like where AWS says what is wrong with a request
            logger.info("%s %s of %s: moto failed", request.method, request.path, service, exc_info=error)
            return Response(*_failed(service, f"the emulator of {service} failed on this request: {error!r}"))
        status, headers = started[:2]
        return Response(int(status.split(" ", 1)[0]), wsgi.joined(headers), body)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """While entered, moto handles no request but those of SQS and STS."""
        with self._serial, self._small:
            yield

    @cached_property
    def _wsgi(self) -> Callable[..., Iterable[bytes]]:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # .07 s

        return DomainDispatcherApplication(create_backend_app)

    @contextmanager
    def _handling(self, service: str, operation: str) -> Iterator[None]:
        """While moto handles a request: alone where it must be; then its changes are kept, then its events go out.

        Raises StateError where they could not be kept.
        """
        from ..state.keeper import forget_touched
        from .events import collecting

        with collecting(self.object_events) if service == "s3" else nullcontext():
            changes = None
            with self._alone(service, operation):
                forget_touched(service)
                try:
                    yield
                finally:
                    if self.keeper is not None:
                        changes = self.keeper.submit(service, operation)
            if self.keeper is not None and changes is not None:
                self.keeper.settle(changes)

    def telling(self) -> AbstractContextManager[None]:
        """While entered, what this thread publishes is kept with its next write to DynamoDB: see `Keeper.telling`."""
        return nullcontext() if self.keeper is None else self.keeper.telling()

    def _alone(self, service: str, operation: str) -> AbstractContextManager[object]:
        if service in _SERIAL:
            return self._serial
        return self._small if service in _SMALL and operation not in _DELIVERS else nullcontext()

    def _send(self, event_name: str, request: AWSPreparedRequest, **context: Any) -> AWSResponse:
        from moto.core.botocore_stubber import MockRawResponse

        from . import dynamodb

        _, service, operation = event_name.replace("-", "").split(".")
        address(request, self.account, self.region, service)
        try:
            with self._handling(service, operation):
                if service == "dynamodb":
                    return dynamodb.answer(request)
                response: AWSResponse = self._moto(event_name, request, **context)
                return response
        except StateError as error:
            logger.error("%s", error)
            status, headers, body = _failed(service, str(error))
            return AWSResponse(request.url, status, headers, MockRawResponse(body))


def service_of(request: Request) -> str:
    """The service that a request is for, as it was signed; S3 where it was not, as moto takes it."""
    scope = _SCOPE.search(request.headers.get("authorization", "")) or _SCOPE.search(unquote(request.query))
    if scope:
        return scope["service"].lower()
    target = request.headers.get("x-amz-target", "").lower()
    return "dynamodb" if target.startswith("dynamodb") else "s3"


def operation_of(request: Request) -> str:
    """What a request asks for, as far as its service says so: `PutItem`; for S3 `Get`, `Put`, `Post` and so on."""
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2]
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    action = _ACTION.search(request.body) if form else None
    return action["action"].decode() if action else request.method.title()


def _failed(service: str, message: str) -> tuple[int, dict[str, str], bytes]:
    """A failure of ours, which clients try again, as the service words it."""
    if service == "s3":
        body = f"<Error><Code>InternalError</Code><Message>{escape(message)}</Message></Error>"
        return 500, {"Content-Type": "application/xml"}, body.encode()
    answer = {"__type": "InternalServerError", "message": message}
    return 500, {"Content-Type": "application/x-amz-json-1.0"}, msgspec.json.encode(answer)
