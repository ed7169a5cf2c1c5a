"""The whole path of a request, from HTTP to the operation and back: `answer`. Without HTTP: `call`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

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
from ..telemetry import logger, noting
from . import protocol, service
from .door import NOBODY, OPEN, Call, Door, Identity
from .validation import validate

if TYPE_CHECKING:
    from ..backend import Backend
    from ..operations import Operation

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
    source: str = ""
    """The caller's IP address; empty where the server was not told it."""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response. Content-Length and Date are the server's."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(request: Request, backend: Backend, door: Door = OPEN) -> Response:
    """Answer a request as Rekognition would. Never raises: what goes wrong is an answer too."""
    made = Call(request)
    began = perf_counter()
    body = b""
    try:
        made.operation = _target(request)
        _refuse_oversized(request)
        made.identity = door.authenticate(request)
        operation = _served(made.operation, door)  # only now: what is served is not told to strangers
        made.members = protocol.read(made.operation, request.body)
        made.result = _run(operation, made, backend, door)
        body = protocol.write(made.operation, made.result)
    except Exception as error:
        made.error = _as_service_error(error, made.id)
    made.seconds = perf_counter() - began
    try:
        _tell(made, door)
    except Exception as error:
        made.error = _as_service_error(error, made.id)
    if made.error is not None:
        return failed(made.error, made.id)
    return Response(200, {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": made.id}, body)


def call(
    name: str, parameters: Mapping[str, Any], backend: Backend, door: Door = OPEN, identity: Identity = NOBODY
) -> dict[str, Any]:
    """Run an operation without HTTP, validated as over HTTP: blobs are bytes, timestamps datetimes.

    Raises ServiceError as AWS would answer; SerializationException also for a member that AWS lacks. A defect of ours
    is raised as it is.
    """
    made = Call(operation=name, identity=identity)
    began = perf_counter()
    try:
        operation = _served(name, door)
        try:
            made.members = protocol.conform(service.request_shape(name), parameters)
        except protocol.ShapeError as error:
            raise SerializationException(str(error)) from None
        made.result = protocol.conform(service.result_shape(name), _run(operation, made, backend, door))
        return made.result
    except Exception as error:
        made.error = error if isinstance(error, ServiceError) else InternalServerError()
        raise
    finally:
        made.seconds = perf_counter() - began
        _tell(made, door)


def _run(operation: Operation, made: Call, backend: Backend, door: Door) -> Mapping[str, Any]:
    """The operation's result, if its members are valid and its caller may have it."""
    assert made.members is not None
    assert made.identity is not None
    validate(made.operation, made.members)
    if door.permit is not None:
        door.permit(made.identity, made.operation, made.members)
    with noting(made.facts):
        return operation(made.members, backend)


def _tell(made: Call, door: Door) -> None:
    for observe in door.observers:
        observe(made)


def _target(request: Request) -> str:
    """The operation that X-Amz-Target names, as in `RekognitionService.DetectFaces`."""
    prefix, _, name = request.headers.get("x-amz-target", "").partition(".")
    if request.method != "POST" or f"{prefix}." != service.TARGET or name not in service.operations():
        raise UnknownOperationException
    return name


def _refuse_oversized(request: Request) -> None:
    if len(request.body) > LARGEST_BODY:
        raise RequestEntityTooLargeException


def _served(name: str, door: Door) -> Operation:
    operation = door.operations.get(name)
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


def failed(error: ServiceError, request_id: str) -> Response:
    """The error as AWS renders it: botocore needs `__type`, older clients `Code`, people `Message`."""
    body = {"__type": error.code, "Code": error.code, "Logref": request_id, "Message": error.message}
    headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Response(error.status, headers, msgspec.json.encode(body | error.members))
