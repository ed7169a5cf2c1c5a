"""The calls of late, for whoever watches: what was asked, by whom, how it ended, how long it took. Never a picture.

An observer of the gateway's door. It runs in the caller's thread, where it takes 7 µs: members are abridged at once, so
that no picture is held longer than its request.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from ...wire.door import Call

KEPT = 500
"""Calls that are remembered."""
_LONGEST_TEXT = 120
_LONGEST_LIST = 8
_DEEPEST = 6


class Note(NamedTuple):
    """One call, as remembered."""

    number: int
    """Counts the calls of this process, from 1."""
    id: str
    started: datetime
    operation: str
    seconds: float
    code: str
    """The error's; empty where the call was answered."""
    message: str
    status: int
    size: int | None
    """Bytes of the request's body; None for a call within the process."""
    who: str
    """The caller's ARN, else access key, else the part of Lookalike that calls."""
    client: str
    """The product in its User-Agent, such as Boto3; `console` for this port's own page."""
    asked: Any
    """The request's members, abridged."""
    found: dict[str, int]
    """How many elements each list of the answer has."""

    def told(self) -> dict[str, Any]:
        """As JSON, named as AWS names things."""
        return {
            "Number": self.number,
            "RequestId": self.id,
            "Time": self.started.isoformat(timespec="milliseconds"),
            "Operation": self.operation,
            "Milliseconds": round(self.seconds * 1000, 2),
            "Status": self.status,
            "Error": self.code,
            "Message": self.message,
            "RequestBytes": self.size,
            "Caller": self.who,
            "Client": self.client,
            "Request": self.asked,
            "Found": self.found,
        }


class RequestLog:
    """The last calls of this process, in the order in which they ended."""

    def __init__(self, kept: int = KEPT) -> None:
        self._notes: deque[Note] = deque(maxlen=kept)
        self._turn = threading.Lock()
        self._number = 0

    def __call__(self, call: Call) -> None:
        """Remember a call that has ended."""
        identity, request, error = call.identity, call.request, call.error
        asked = abridged(call.members) if call.members is not None else None
        found = {name: len(value) for name, value in (call.result or {}).items() if isinstance(value, list | tuple)}
        with self._turn:
            self._number += 1
            self._notes.append(
                Note(
                    number=self._number,
                    id=call.id,
                    started=call.started,
                    operation=call.operation,
                    seconds=call.seconds,
                    code=error.code if error else "",
                    message=error.message if error else "",
                    status=error.status if error else 200,
                    size=len(request.body) if request else None,
                    who=(identity.arn or identity.access_key or identity.invoked_by) if identity else "",
                    client=_client(request.headers) if request else "",
                    asked=asked,
                    found=found,
                )
            )

    def after(self, number: int = 0) -> list[Note]:
        """The remembered calls that ended after that one, the oldest first.

        A number that was never reached is that of another process's: all are returned.
        """
        with self._turn:
            notes, last = list(self._notes), self._number
        return notes if number > last else [note for note in notes if note.number > number]


def _client(headers: Mapping[str, str]) -> str:
    """The product in User-Agent; every browser's is Mozilla, and of pages only the console is of our origin."""
    own = headers.get("sec-fetch-site") == "same-origin"
    return "console" if own else headers.get("user-agent", "").partition("/")[0]


def abridged(value: Any, depth: int = 0) -> Any:
    """`value` as JSON that is short and shows no bytes: their number stands for them.

    >>> abridged({"Image": {"Bytes": b"123"}, "MaxFaces": 1})
    {'Image': {'Bytes': '3 bytes'}, 'MaxFaces': 1}
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    if isinstance(value, Mapping | list | tuple) and depth == _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        members = islice(value.items(), _LONGEST_LIST * 2)
        return {abridged(str(name)): abridged(member, depth + 1) for name, member in members}
    if isinstance(value, list | tuple):
        left = len(value) - _LONGEST_LIST
        first = [abridged(element, depth + 1) for element in islice(value, _LONGEST_LIST)]
        return [*first, f"and {left:,} more"] if left > 0 else first
    return value if value is None or isinstance(value, bool | int | float) else str(value)
