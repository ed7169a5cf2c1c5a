"""Access keys over HTTP, for the command line and whoever else may manage them. Always signed for.

GET     /_lookalike/keys        {"Keys": [{"AccessKeyId", "User", "Created", "Policy"}]}
POST    /_lookalike/keys        {"User", "Policy"} makes one: {"AccessKeyId", "SecretAccessKey", ...}
DELETE  /_lookalike/keys/{id}   revokes it, from the next request on
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

import msgspec

from ...errors import InternalServerError, InvalidParameterException, ResourceNotFoundException, ServiceError
from ...store.access import Access, AccessKey
from ...store.vault import SealError
from ...wire import policies
from ...wire.door import Identity
from ...wire.gateway import Request, Response
from . import refusals
from .answers import as_json
from .origins import OWN

PATH = f"{OWN}/keys"
_A_USER = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""IAM's user names."""


class Wanted(msgspec.Struct, frozen=True, rename="pascal"):
    """A key to be made."""

    user: str = "lookalike"
    policy: str | None = None


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key, as it is told."""

    AccessKeyId: str
    User: str
    Created: int
    Policy: str | None = None
    SecretAccessKey: str | None = None


class Listing(msgspec.Struct, frozen=True):
    """All keys, without their secrets."""

    Keys: list[Told]


class Ring:
    """The keys of a store: made, listed and revoked."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def create(self, wanted: Wanted) -> Told:
        """A new key, with its secret. Raises InvalidParameterException, MalformedPolicyDocumentException."""
        if not _A_USER.fullmatch(wanted.user):
            raise InvalidParameterException(f"{wanted.user!r} is no user: letters, digits and +=,.@-_ up to 64")
        if wanted.policy is not None:
            policies.parse(wanted.policy)
        key = self._access.make(wanted.user, wanted.policy)
        return Told(key.id, key.user, key.created, key.policy, key.secret)

    def list(self) -> list[Told]:
        """Every key, without secrets."""
        return [_told(key) for key in self._access.all()]

    def revoke(self, identity: str) -> None:
        """Raises ResourceNotFoundException where there is no such key."""
        if not self._access.revoke(identity):
            raise ResourceNotFoundException(f"There is no key {identity}")


class Keys:
    """The routes. `authenticate` says who may manage keys."""

    def __init__(self, ring: Ring, authenticate: Callable[[Request], Identity]) -> None:
        self._ring = ring
        self._authenticate = authenticate

    def answer(self, request: Request) -> Response | None:
        """Answer a request for the routes; None for others."""
        if request.path != PATH and not request.path.startswith(f"{PATH}/"):
            return None
        try:
            self._authenticate(request)
            return self._answer(request)
        except SealError as error:
            return refusals.render(request, "lookalike", InternalServerError(str(error)))
        except ServiceError as error:
            return refusals.render(request, "lookalike", error)

    def _answer(self, request: Request) -> Response:
        if request.path == PATH and request.method == "GET":
            return as_json(HTTPStatus.OK, Listing(self._ring.list()))
        if request.path == PATH and request.method == "POST":
            try:
                wanted = msgspec.json.decode(request.body, type=Wanted)
            except msgspec.DecodeError as error:
                raise InvalidParameterException(str(error)) from None
            return as_json(HTTPStatus.CREATED, self._ring.create(wanted))
        if request.method == "DELETE":
            self._ring.revoke(request.path.removeprefix(f"{PATH}/"))
            return Response(HTTPStatus.NO_CONTENT)
        return Response(HTTPStatus.METHOD_NOT_ALLOWED)


def _told(key: AccessKey) -> Told:
    return Told(key.id, key.user, key.created, key.policy)
