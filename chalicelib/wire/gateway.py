"""The whole path of a request, from HTTP to the operation and back: `answer`. Without HTTP: `call`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from ..errors import (
    InternalServerError,
    NotImplementedException,
    RequestEntityTooLargeException,
    SerializationException,
    ServiceError,
    SetupError,
    UnknownOperationException,
)
from ..operations import OPERATIONS, Operation
from ..telemetry import logger
from . import protocol, service
from .validation import validate

if TYPE_CHECKING:
    from ..backend import Backend

CONTENT_TYPE = "application/x-amz-json-1.1"
LARGEST_BODY = 20 * 1024 * 1024
"""Bytes of a body that are read: two images of 5 MB (CompareFaces) are 14 MB of base64."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, as any server can give it."""

    method: str
    path: str
    """As sent: escaped, without the query."""
    query: str
    """As sent: escaped, without the question mark."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. Content-Length and Date are the server's."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Authorize = Callable[[Request, str], None]
"""Given the request and the operation's name, returns, or raises the ServiceError that refuses them."""


def answer(
    request: Request,
    backend: Backend,
    operations: Mapping[str, Operation] = OPERATIONS,
    authorize: Authorize | None = None,
) -> Response:
    """Answer a request as Rekognition would. Never raises: what goes wrong is an answer too."""
    request_id = str(uuid4())
    try:
        name = _target(request)
        _refuse_oversized(request)
        if authorize is not None:  # before the body is parsed: strangers cost nothing
            authorize(request, name)
        operation = _served(name, operations)  # after authorize: what is served is not told to strangers
        members = protocol.read(name, request.body)
        validate(name, members)
        result = operation(members, backend)
        body = protocol.write(name, result)
    except Exception as error:
        return _failed(_as_service_error(error, request_id), request_id)
    return Response(200, {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id}, body)


def call(
    name: str,
    parameters: Mapping[str, Any],
    backend: Backend,
    operations: Mapping[str, Operation] = OPERATIONS,
) -> dict[str, Any]:
    """Run an operation without HTTP, validated as over HTTP: blobs are bytes, timestamps datetimes.

    Raises ServiceError as AWS would answer; SerializationException also for a member that AWS lacks.
    """
    operation = _served(name, operations)
    try:
        members = protocol.conform(service.request_shape(name), parameters)
    except protocol.ShapeError as error:
        raise SerializationException(str(error)) from None
    validate(name, members)
    return protocol.conform(service.result_shape(name), operation(members, backend))


def _target(request: Request) -> str:
    """The operation that X-Amz-Target names, as in `RekognitionService.DetectFaces`."""
    prefix, _, name = request.headers.get("x-amz-target", "").partition(".")
    if request.method != "POST" or f"{prefix}." != service.TARGET or name not in service.operations():
        raise UnknownOperationException
    return name


def _refuse_oversized(request: Request) -> None:
    if len(request.body) > LARGEST_BODY:
        raise RequestEntityTooLargeException


def _served(name: str, operations: Mapping[str, Operation]) -> Operation:
    operation = operations.get(name)
    if operation is None:
        raise NotImplementedException(f"{name} is not served by this build of Lookalike yet")
    return operation


def _as_service_error(error: Exception, request_id: str) -> ServiceError:
    """What the client is told. Of a defect of ours that is nothing: it goes to the log, with the request id."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, SetupError):
        logger.error("request %s: %s", request_id, error)
        return InternalServerError(str(error))
    logger.error("request %s failed", request_id, exc_info=error)
    return InternalServerError()


def _failed(error: ServiceError, request_id: str) -> Response:
    """The error as AWS renders it: botocore needs `__type`, older clients `Code`, people `Message`."""
    body = {"__type": error.code, "Code": error.code, "Logref": request_id, "Message": error.message}
    headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Response(error.status, headers, msgspec.json.encode(body | error.members))
