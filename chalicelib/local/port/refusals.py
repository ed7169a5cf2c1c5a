"""A refusal in the words of the service that was asked: JSON, S3's XML, or the XML of the query services.

Source: "Error responses", Amazon S3 API Reference; "Common Errors" of the IAM, STS, SNS and DynamoDB API references.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4
from xml.sax.saxutils import escape

import msgspec

from ... import errors
from ...errors import ServiceError
from ...wire.gateway import Request, Response, failed
from ...wire.service import TARGET
from ..moto.aws import service_of
from .origins import OWN

Words = tuple[int, str, str | None]
"""HTTP status, code, and the message where it is not the error's own."""

_S3: Mapping[type[ServiceError], Words] = {
    errors.MissingAuthenticationTokenException: (403, "AccessDenied", "Access Denied"),
    errors.IncompleteSignatureException: (400, "AuthorizationHeaderMalformed", None),
    errors.InvalidToken: (400, "InvalidToken", "The provided token is malformed or otherwise invalid."),
    errors.UnrecognizedClientException: (
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    errors.ExpiredTokenException: (400, "ExpiredToken", "The provided token has expired."),
    errors.RequestTimeTooSkewed: (
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    ),
    errors.RequestExpired: (403, "AccessDenied", "Request has expired"),
    errors.ContentSHA256Mismatch: (
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
    errors.BadDigest: (400, "BadDigest", None),
    errors.InvalidSignatureException: (
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing "
        "method.",
    ),
    errors.AccessDeniedException: (403, "AccessDenied", None),
    errors.RequestEntityTooLargeException: (
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
    ),
    errors.ThrottlingException: (503, "SlowDown", "Please reduce your request rate."),
    errors.ServiceError: (500, "InternalError", None),
}

_QUERY: Mapping[type[ServiceError], Words] = {
    errors.MissingAuthenticationTokenException: (403, "MissingAuthenticationToken", None),
    errors.IncompleteSignatureException: (400, "IncompleteSignature", None),
    errors.UnrecognizedClientException: (403, "InvalidClientTokenId", None),
    errors.ExpiredTokenException: (403, "ExpiredToken", None),
    errors.InvalidSignatureException: (403, "SignatureDoesNotMatch", None),
    errors.AccessDeniedException: (403, "AccessDenied", None),
    errors.RequestEntityTooLargeException: (413, "RequestEntityTooLarge", None),
    errors.ThrottlingException: (400, "Throttling", None),
    errors.ServiceError: (500, "InternalFailure", None),
}


_ACTS = re.compile(r"(?:^|&)Action=").search


def of(request: Request, error: ServiceError) -> Response:
    """The error as the service that a request is for would send it."""
    return render(request, OWN if request.path.startswith(OWN) else service_of(request), error)


def render(request: Request, service: str, error: ServiceError) -> Response:
    """The error as `service`, as in "s3", would send it."""
    request_id = str(uuid4())
    if request.headers.get("x-amz-target", "").startswith(TARGET):
        return failed(error, request_id)
    if "x-amz-target" in request.headers:
        return _json(request, error, request_id)
    if request.path == "/" and ("form-urlencoded" in request.headers.get("content-type", "") or _ACTS(request.query)):
        return _query(error, request_id)
    return _s3(request, error, request_id) if service == "s3" else _rest(error, request_id)


def _words(table: Mapping[type[ServiceError], Words], error: ServiceError) -> tuple[int, str, str]:
    status, code, message = next(table[kind] for kind in type(error).__mro__ if kind in table)
    return status, code, error.message if message is None else message


def _s3(request: Request, error: ServiceError, request_id: str) -> Response:
    status, code, message = _words(_S3, error)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        f"<Resource>{escape(request.path)}</Resource><RequestId>{request_id}</RequestId></Error>"
    )
    return Response(status, {"Content-Type": "application/xml", "x-amz-request-id": request_id}, body.encode())


def _json(request: Request, error: ServiceError, request_id: str) -> Response:
    kind = request.headers.get("content-type", "")
    body = {"__type": f"com.amazon.coral.service#{error.code}", "message": error.message}
    headers = {
        "Content-Type": kind if kind.startswith("application/x-amz-json-") else "application/x-amz-json-1.0",
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": error.code,
    }
    return Response(error.status, headers, msgspec.json.encode(body))


def _query(error: ServiceError, request_id: str) -> Response:
    status, code, message = _words(_QUERY, error)
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Response(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body.encode())


def _rest(error: ServiceError, request_id: str) -> Response:
    """As API Gateway does, and all services that speak JSON by paths; our own paths too."""
    status = HTTPStatus.FORBIDDEN if error.status == HTTPStatus.BAD_REQUEST else error.status
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Response(status, headers, msgspec.json.encode({"__type": error.code, "message": error.message}))
