"""One port for all of AWS: Rekognition is ours, the rest is moto's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from pathlib import Path

import msgspec

from ... import __version__
from ...backend import Backend
from ...errors import ThrottlingException
from ...modelkit.files import sha256
from ...operations import OPERATIONS
from ...wire import gateway, service
from ...wire.door import OPEN, Door, Identity
from ...wire.gateway import Request, Response
from ..application import Application
from ..moto.aws import Aws, service_of
from ..precedence import Precedence
from .answers import as_json
from .gate import Gate, is_rekognition
from .origins import OWN, Origins

QUEUE = 64
"""Requests with pictures that may wait or be computed; whoever comes then is told to try again."""

LARGEST_OBJECT = 1024**3
"""Bytes of an object that S3 takes in one request; larger ones come in parts, as SDKs send them of themselves. AWS
takes 5 GB, but here a body is held in memory."""

Route = Callable[[Request], Response | None]
"""Answers a request, or None where it is for another."""


class Server:
    """What the port answers, in the order in which it is asked."""

    def __init__(
        self,
        aws: Aws,
        backend: Backend,
        application: Application,
        door: Door = OPEN,
        *,
        queue: int = QUEUE,
        routes: Sequence[Route] = (),
        origins: Origins | None = None,
        gate: Gate | None = None,
        precedence: Precedence | None = None,
    ) -> None:
        self._gate = gate
        self._precedence = precedence or Precedence()
        self._origins = origins or Origins()
        self._backend = backend
        self._door = door
        self._full = replace(door, authenticate=_throttle)
        self._queue = threading.Semaphore(queue)
        self._inference = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._routes: Sequence[Route] = (
            self._rekognition,  # first: nothing slows it
            self._health,
            self._job,
            *routes,
            application.answer,  # before S3, which would take `media` for a bucket
            _moto_api,
            aws.answer,
        )

    def answer(self, request: Request) -> Response:
        """Answer any request but those of web pages that have no business here."""
        return self._origins.answer(request, self._guarded)

    def admit(self, head: Request, length: int | None) -> int:
        """How many bytes the body of a request may have; raises the ServiceError that refuses it unread."""
        is_object = service_of(head) == "s3" and not head.path.startswith(OWN)
        largest = LARGEST_OBJECT if is_object else gateway.LARGEST_BODY
        return largest if self._gate is None else min(largest, self._gate.expect(head, length))

    def _guarded(self, request: Request) -> Response:
        return self._answer(request) if self._gate is None else self._gate.answer(request, self._answer)

    def _answer(self, request: Request) -> Response:
        answers = (route(request) for route in self._routes)
        return next(answer for answer in answers if answer is not None)

    def _rekognition(self, request: Request) -> Response | None:
        if not is_rekognition(request):
            return None
        if request.headers.get("x-amz-target", "").removeprefix(service.TARGET) not in _picture_operations():
            return gateway.answer(request, self._backend, self._door)
        if not self._queue.acquire(blocking=False):
            return gateway.answer(request, self._backend, self._full)
        try:
            # More pictures at once than cores would only make each of them take longer.
            with self._precedence.request(), self._inference:
                return gateway.answer(request, self._backend, self._door)
        finally:
            self._queue.release()

    def _health(self, request: Request) -> Response | None:
        if request.path != "/_lookalike/health":
            return None
        health = {
            "status": "ok",
            "version": __version__,
            "region": self._backend.region,
            "operations": sorted(OPERATIONS),
            "jobs": msgspec.structs.asdict(self._backend.jobs.counts()),
            "models": {
                model: _digest(path, path.stat().st_mtime_ns)
                for model in self._backend.sessions.loaded()
                if (path := self._backend.sessions.path(model))
            },
        }
        return as_json(HTTPStatus.OK, health)

    def _job(self, request: Request) -> Response | None:
        """How far a job is, whichever operation started it: what no operation tells."""
        if not request.path.startswith("/_lookalike/jobs/"):
            return None
        job_id = request.path.rsplit("/", 1)[1]
        job = self._backend.jobs.jobs.get(job_id)
        if job is None:
            return as_json(HTTPStatus.NOT_FOUND, {"message": f"There is no job {job_id}"})
        told = {
            "JobId": job.id,
            "Analysis": job.analysis,
            "JobStatus": job.status,
            "StatusMessage": job.message,
            "Progress": job.progress,
        }
        return as_json(HTTPStatus.OK, told)


def _throttle(request: Request) -> Identity:
    raise ThrottlingException


def _moto_api(request: Request) -> Response | None:
    """Keep moto's own control page shut: it would change state behind our back."""
    if not request.path.startswith("/moto-api"):
        return None
    return Response(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"moto's control page is not served here\n")


@cache
def _picture_operations() -> frozenset[str]:
    """The operations whose request holds a picture."""
    shapes = service.model()["shapes"]
    return frozenset(
        name
        for name in service.operations()
        if any(member["shape"] == "Image" for member in shapes[service.request_shape(name)]["members"].values())
    )


@cache
def _digest(path: Path, modified: int) -> str:
    """The sum of a model file, cached for the file as it was when last modified."""
    return sha256(path)
