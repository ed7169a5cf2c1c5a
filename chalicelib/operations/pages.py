"""NextToken: where a list goes on.

A token holds the position, and a code over the operation, the request and the time of issue. It is refused when it was
altered, when it comes with another request, and after 24 hours. It is no secret: who forges one sees no more than who
pages on.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..errors import InvalidPaginationTokenException

LIFE = timedelta(hours=24)
_CODE_BYTES = 6
_TIME_BYTES = 5
_FREE = ("NextToken", "MaxResults")
"""Members that may differ from page to page."""


def token(operation: str, request: Mapping[str, Any], position: str, now: datetime) -> str:
    """The NextToken for `position` in what `operation` lists for `request`."""
    issued = int(now.timestamp()).to_bytes(_TIME_BYTES)
    body = issued + position.encode()
    return base64.urlsafe_b64encode(_code(operation, request, body) + body).rstrip(b"=").decode()


def position(operation: str, request: Mapping[str, Any], now: datetime) -> str | None:
    """The position in the request's NextToken, None where it has none; raises InvalidPaginationTokenException."""
    if (given := request.get("NextToken")) is None:
        return None
    try:
        packed = base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)
        code, body = packed[:_CODE_BYTES], packed[_CODE_BYTES:]
        issued = datetime.fromtimestamp(int.from_bytes(body[:_TIME_BYTES]), now.tzinfo)
        found = body[_TIME_BYTES:].decode()
    except (ValueError, OverflowError, OSError):
        raise InvalidPaginationTokenException from None
    if code != _code(operation, request, body) or not issued <= now + timedelta(minutes=5) or now - issued > LIFE:
        raise InvalidPaginationTokenException
    return found


def _code(operation: str, request: Mapping[str, Any], body: bytes) -> bytes:
    bound = {name: value for name, value in request.items() if name not in _FREE}
    what = json.dumps([operation, bound], sort_keys=True, default=repr).encode()
    return hashlib.sha256(hashlib.sha256(what).digest() + body).digest()[:_CODE_BYTES]
