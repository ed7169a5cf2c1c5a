"""The Chalice application of `app.py`, given to callers on this machine as API Gateway gives it on AWS.

`chalice local` would do it too, at 44 ms a request.
"""

from __future__ import annotations

import base64
import importlib
import re
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from uuid import uuid4

from ..backend import Backend
from ..jobs.worker import Worker
from ..wire.door import OPEN, Door
from ..wire.gateway import Request, Response
from .moto.aws import service_of

if TYPE_CHECKING:
    from chalice.app import Chalice

_HERE = __package__.removesuffix(".local")


def load(backend: Backend, worker: Worker, door: Door = OPEN) -> Chalice:
    """The application, its handlers served by what is given: `lookalike.app` where installed, else `app`."""
    module = importlib.import_module("app" if _HERE == "chalicelib" else f"{_HERE}.app")
    module.app.backend, module.app.worker, module.app.door = backend, worker, door
    application: Chalice = module.app
    return application


class Application:
    """The application's own routes: all but Rekognition's, which the port answers itself."""

    def __init__(self, chalice: Chalice) -> None:
        self._chalice = chalice
        self._turn = threading.Lock()

    def answer(self, request: Request) -> Response | None:
        """Answer a request for one of its paths; None for others, and for those that were signed for S3."""
        signed = "authorization" in request.headers or "X-Amz-" in request.query
        if signed and service_of(request) != "execute-api":  # API Gateway's name
            return None
        for resource, pattern in self._patterns.items():
            if found := pattern.fullmatch(request.path):
                event = _event(request, resource, found.groupdict())
                with self._turn:  # Chalice keeps the current request in the application: one at a time, as on Lambda
                    return _response(self._chalice(event, None))
        return None

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        return {
            resource: re.compile(re.sub(r"{(\w+)}", r"(?P<\1>.+)", resource))
            for resource in self._chalice.routes
            if resource != "/"
        }


def _event(request: Request, resource: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The request as a REST API's proxy integration describes it (API Gateway's developer guide, format 1.0)."""
    query = parse_qs(request.query, keep_blank_values=True)
    return {
        "resource": resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": request.method,
            "path": request.path,
            "stage": "local",
            "requestId": str(uuid4()),
            "identity": {"sourceIp": "127.0.0.1", "userAgent": request.headers.get("user-agent")},
        },
        "body": base64.b64encode(request.body).decode() if request.body else None,
        "isBase64Encoded": bool(request.body),
    }


def _response(result: dict[str, Any]) -> Response:
    headers = result["headers"] | {name: ",".join(values) for name, values in result["multiValueHeaders"].items()}
    body = result["body"]
    encoded = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    return Response(result["statusCode"], headers, encoded)
