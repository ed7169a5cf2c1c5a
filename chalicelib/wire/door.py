"""What stands between a request and its operation: who calls, what they may do, what is served, who is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..operations import OPERATIONS, Operation
from ..telemetry import Fact

if TYPE_CHECKING:
    from ..errors import ServiceError
    from .gateway import Request

Authenticate = Callable[["Request"], "Identity"]
"""Says who sent a request, or raises the ServiceError that refuses them."""
Permit = Callable[["Identity", str, Mapping[str, Any]], None]
"""Given identity, operation and valid members, returns, or raises the ServiceError that forbids it."""
Observe = Callable[["Call"], None]

_CREDENTIAL = re.compile(r"Credential=([^/,\s]{1,128})/")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: somebody with an access key, or a part of Lookalike in the same process."""

    access_key: str = ""
    """The access key id; empty where the request named none."""
    arn: str = ""
    """As in arn:aws:iam::123456789012:user/ada; empty where nobody proved to be anyone."""
    invoked_by: str = ""
    """The part that calls, as in "uploads"; empty for callers from outside."""
    issuer: str = ""
    """Of a session of STS: the access key that asked for it."""


@dataclass(slots=True)
class Call:
    """One call of an operation, filled in on its way, then told to observers. Holds image bytes: never keep it."""

    request: Request | None = None
    """The HTTP request; None for a call in the same process."""
    id: str = field(default_factory=lambda: str(uuid4()))
    """The request id that the caller is told."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    operation: str = ""
    """Empty where the request named none that AWS has."""
    identity: Identity | None = None
    """None where the caller was refused before being known."""
    members: Mapping[str, Any] | None = None
    """The request's members; None where its body could not be read."""
    result: Mapping[str, Any] | None = None
    """The answer's members; None where the operation failed."""
    error: ServiceError | None = None
    """What the caller was told instead of an answer."""
    facts: dict[str, Fact] = field(default_factory=dict)
    """What the operation noted, for the audit."""
    seconds: float = 0.0
    """From the request read to the answer written."""


def claimed(request: Request) -> Identity:
    """Believe the access key that a request names, in its header or its query; nothing is verified."""
    found = _CREDENTIAL.search(request.headers.get("authorization", ""))
    return Identity(found[1] if found else "")


@dataclass(frozen=True, slots=True)
class Door:
    """How requests are let in. Each part is given by whoever serves; the default lets everybody in unseen."""

    operations: Mapping[str, Operation] = field(default_factory=lambda: OPERATIONS)
    """What is served, by operation name."""
    authenticate: Authenticate = claimed
    """Asked before the body is parsed: strangers cost nothing."""
    permit: Permit | None = None
    observers: tuple[Observe, ...] = ()
    """Told of every call, after it, in the caller's thread. One that raises makes the call fail: an audit that cannot
    be written lets nothing pass."""


OPEN = Door()
NOBODY = Identity()
