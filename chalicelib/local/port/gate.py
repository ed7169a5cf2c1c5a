"""Where signatures are required: every service of the port but Rekognition, whose door asks for them itself.

What was verified goes on with an Authorization header written anew: moto chooses a service by it, and so it cannot see
another one than was permitted. A request may not name another account either.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ...errors import ServiceError
from ...store.vault import new_key
from ...wire import claims, presigned, service
from ...wire.door import Identity
from ...wire.gateway import Request, Response
from ...wire.guard import Guard
from ...wire.signature import Key, Signer, held, pairs, verify
from ..console import pages
from ..moto.aws import service_of
from ..moto.session import ACCOUNT_HEADER
from ..moto.sts import Sessions, refuse_policies
from . import forms, refusals
from .origins import OWN

_HEALTH = f"{OWN}/health"
_SMALL = 1024 * 1024
"""Bytes of a body that is read whoever sends it."""
_FORM = 64 * 1024 * 1024
"""Bytes of a form that is read before it is known who signed it."""
_ROOT = "lookalike"
"""What a policy calls the paths of our own."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who can read the data directory: the command line, as long as this server runs."""

    id: str
    secret: str

    @classmethod
    def new(cls) -> Operator:
        """One with a secret of its own, for as long as the server runs."""
        return cls("operator", new_key().hex())


class Gate:
    """Lets signed requests pass."""

    def __init__(
        self,
        guard: Guard,
        sessions: Sessions,
        operator: Operator,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._guard = guard
        self._sessions = sessions
        self._operator = operator
        self._clock = clock

    def answer(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        """The answer to whoever signed and may have it; else the refusal, as the service asked words it."""
        if is_rekognition(request) or _is_open(request):
            return answer(request)
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return answer(_preflight(request))
        asked = _ROOT if request.path.startswith(OWN) else service_of(request)
        try:
            if asked == _ROOT:
                self.own(request)
                return answer(request)
            signer = self._signer(request)
            identity = self._guard.identity(signer)
            self._guard.permit_whole(identity, signer.service)
            if signer.service == "sts":
                refuse_policies(request)
                return self._sessions.told(identity, answer(_verified(request, signer)))
            return answer(_verified(request, signer))
        except ServiceError as error:
            return refusals.render(request, asked, error)

    def expect(self, head: Request, length: int | None) -> int:
        """How many bytes are read of a body of so many, None where that is not said. Raises ServiceError for a large
        one of a stranger; a form says only within who signed it, and so is read, up to what a browser posts.
        """
        if "multipart/form-data" in head.headers.get("content-type", "") and "authorization" not in head.headers:
            return _FORM
        if length is None or length > _SMALL:
            query = dict(pairs(head.query))
            token = head.headers.get("x-amz-security-token", query.get("X-Amz-Security-Token", ""))
            access_key = query.get("AWSAccessKeyId") or claims.read(head, query).access_key
            held(self._own_key_of, access_key, token or query.get("x-amz-security-token", ""))
        return sys.maxsize

    def own(self, request: Request) -> Identity:
        """Who signed a request for one of our own paths: the operator, or a key that may do everything here.

        Raises the ServiceError that refuses them.
        """
        signer = verify(request, self._own_key_of, self._clock(), "rekognition")
        if signer.access_key == self._operator.id:
            return Identity(signer.access_key, f"arn:aws:iam::{self._guard.account.number}:root")
        identity = self._guard.identity(signer)
        self._guard.permit_whole(identity, _ROOT)
        return identity

    def _own_key_of(self, access_key: str, token: str) -> Key | None:
        if access_key == self._operator.id:
            return Key(self._operator.secret)
        return self._guard.key_of(access_key, token)

    def _signer(self, request: Request) -> Signer:
        now, key_of = self._clock(), self._guard.key_of
        if "authorization" not in request.headers:
            if "AWSAccessKeyId=" in request.query:
                return presigned.verify_url(request, key_of, now)
            form = forms.read(request)
            if form is not None:
                return presigned.verify_form(form.fields, form.bucket, form.length, key_of, now)
        return verify(request, key_of, now)


def is_rekognition(request: Request) -> bool:
    """Whether a request is for Rekognition, by its target or by what it was signed for."""
    if request.headers.get("x-amz-target", "").startswith(service.TARGET):
        return True
    return service_of(request) == "rekognition" and not request.path.startswith(OWN)


def _is_open(request: Request) -> bool:
    """The health of the server, and the console's page, which shows nothing before it has keys to sign with."""
    if request.method not in ("GET", "HEAD") or not request.path.startswith(OWN):
        return False
    return request.path == _HEALTH or pages.holds(request.path)


def _preflight(request: Request) -> Request:
    """What a browser asks before it sends: S3 answers by the bucket's rules, and nothing else of it counts."""
    headers = {
        name: value
        for name, value in request.headers.items()
        if name in ("host", "origin") or name.startswith("access-control-request-")
    }
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=preflight/20260101/us-east-1/s3/aws4_request"
    return replace(request, query="", headers=headers, body=b"")


def _verified(request: Request, signer: Signer) -> Request:
    """The request with what was verified in place of what was claimed."""
    headers = {name: value for name, value in request.headers.items() if name != ACCOUNT_HEADER}
    return replace(request, headers=headers | {"authorization": signer.authorization})
