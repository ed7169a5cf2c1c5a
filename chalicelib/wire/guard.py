"""Who may call, where signatures are required: the door's `authenticate` and `permit`, over a table of access keys.

What is verified is Rekognition's own; other services of a port ask `key_of`, `identity` and `permit_whole` themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..errors import (
    AccessDeniedException,
    InternalServerError,
    InvalidS3ObjectException,
    UnrecognizedClientException,
)
from ..store.vault import SealError
from ..telemetry import logger
from . import policies, resources
from .door import Identity
from .policies import Decision
from .resources import Account
from .signature import Key, Signer, verify

if TYPE_CHECKING:
    from ..store.access import Access, AccessKey
    from .gateway import Request


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials that stand for an access key."""

    access_key: str
    secret: str
    expires: datetime
    issuer: str
    """The access key that asked for them: its policy holds for them, and they end with it."""
    arn: str
    """As in arn:aws:sts::123456789012:assumed-role/reader/ada."""


Sessions = Callable[[str], Session | None]
"""The session of a session token; None for a token that was not given out here."""


def _now() -> datetime:
    return datetime.now(UTC)


def no_sessions(token: str) -> None:
    """Where no session tokens are given out."""


class Guard:
    """Lets in who signs with a key of `access`, and lets them do what the key's policy allows."""

    def __init__(
        self,
        access: Access,
        account: Account,
        *,
        sessions: Sessions = no_sessions,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.account = account
        self._access = access
        self._sessions = sessions
        self._clock = clock

    def authenticate(self, request: Request) -> Identity:
        """Who signed a request of Rekognition; see `signature.verify` for what it raises."""
        return self.identity(verify(request, self.key_of, self._clock(), "rekognition"))

    def permit(self, identity: Identity, operation: str, members: Mapping[str, Any]) -> None:
        """Let an operation be called, on all resources and objects that the request names.

        Raises AccessDeniedException; for an object InvalidS3ObjectException, as if it were not there.
        """
        policy = self._policy(identity)
        if policy is None:
            return
        action = f"rekognition:{operation}"
        for resource in resources.named(operation, members, self.account):
            _require(policy.decide(action, resource), identity, action, resource)
        for action, resource in resources.objects(members):
            if policy.decide(action, resource) is not Decision.ALLOWED:
                raise InvalidS3ObjectException

    def permit_whole(self, identity: Identity, service: str) -> None:
        """Let a service be used as a whole. Raises AccessDeniedException."""
        policy = self._policy(identity)
        if policy is not None:
            _require(policy.decide_whole(service), identity, f"{service}:*", "*")

    def key_of(self, access_key: str, token: str) -> Key | None:
        """What signs for an access key id, with the session token that came with it; None where it is not known."""
        if token:
            session = self._sessions(token)
            if session is None or session.access_key != access_key or self._held(session.issuer) is None:
                return None
            return Key(session.secret, token, session.expires)
        found = self._held(access_key)
        return Key(found.secret) if found else None

    def identity(self, signer: Signer) -> Identity:
        """Who the signer is. Raises UnrecognizedClientException where the key was revoked meanwhile."""
        session = self._sessions(signer.token) if signer.token else None
        if session is not None:
            return Identity(signer.access_key, session.arn, issuer=session.issuer)
        key = self._held(signer.access_key)
        if key is None:
            raise UnrecognizedClientException
        return Identity(signer.access_key, f"arn:aws:iam::{self.account.number}:user/{key.user}")

    def _held(self, access_key: str) -> AccessKey | None:
        """The key, if there is one. Raises InternalServerError where what sealed it is lost."""
        try:
            return self._access.get(access_key)
        except SealError as error:
            logger.error("%s", error)
            raise InternalServerError(str(error)) from error

    def _policy(self, identity: Identity) -> policies.Policy | None:
        """What limits the caller; None where nothing does: for calls within the process, and keys without a policy."""
        issuer = identity.issuer or identity.access_key
        if not issuer:
            return None
        key = self._held(issuer)
        if key is None:
            raise UnrecognizedClientException
        return None if key.policy is None else policies.parse(key.policy)


def _require(decision: Decision, identity: Identity, action: str, resource: str) -> None:
    """Raises AccessDeniedException in AWS's words, which name no resource where the action has none."""
    if decision is Decision.ALLOWED:
        return
    where = "" if resource == "*" else f" on resource: {resource}"
    why = (
        "with an explicit deny in an identity-based policy"
        if decision is Decision.DENIED
        else f"because no identity-based policy allows the {action} action"
    )
    raise AccessDeniedException(f"User: {identity.arn} is not authorized to perform: {action}{where} {why}")
