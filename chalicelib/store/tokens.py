"""Client request tokens: a request that was answered is not run again, it is answered the same."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from ..errors import IdempotentParameterMismatchException
from .ledger import Draft, Ledger, NameChange, Step
from .tables import Head

SECONDS = 24 * 3600
"""How long a token is remembered. AWS does not say."""

T = TypeVar("T")


class Answered(msgspec.Struct, frozen=True):
    """What a request with a token was answered, for when it comes again."""

    request: str
    """SHA-256 of the request."""
    answer: Any
    until: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Once:
    """One request with its ClientRequestToken; None where it has none."""

    operation: str
    request: Mapping[str, Any]

    @property
    def token(self) -> str | None:
        """The request's ClientRequestToken."""
        return self.request.get("ClientRequestToken")

    def name(self, head: Head) -> str:
        """Under which the answer is kept."""
        return f"{head.uid}/token/{self.operation}/{self.token}"

    @property
    def digest(self) -> str:
        """SHA-256 of the request, in hexadecimal: the same for the same members in any order."""
        return hashlib.sha256(msgspec.json.encode(dict(self.request), order="sorted")).hexdigest()


def recalled(ledger: Ledger, head: Head, which: Once) -> Answered | None:
    """What the token stands for; None where it is new, out of date, or absent.

    Raises IdempotentParameterMismatchException when the token came with another request.
    """
    if which.token is None or (held := ledger.named(which.name(head))) is None:
        return None
    return _current(which, held)


def once(ledger: Ledger, which: Once, step: Step[T], keep: Callable[[T], Any], restore: Callable[[Any], T]) -> Step[T]:
    """`step`, whose answer is written in the same transaction, and given again to the same request.

    `keep` and `restore` turn the answer into JSON values and back. Raises what `recalled` raises.
    """
    if which.token is None:
        return step

    def remembered(head: Head, draft: Draft, again: bool) -> T:
        name = which.name(head)
        held = ledger.named(name)
        if held is not None and (before := _current(which, held)) is not None:
            return restore(before.answer)
        answer = step(head, draft, again)
        until = time.time() + SECONDS
        content = msgspec.json.encode(Answered(which.digest, keep(answer), until)).decode()
        draft.names[name] = NameChange(held, content, int(until))
        return answer

    return remembered


def _current(which: Once, held: str) -> Answered | None:
    before = msgspec.json.decode(held, type=Answered)
    if before.until <= time.time():  # moto, unlike DynamoDB, keeps what has expired
        return None
    if before.request != which.digest:
        raise IdempotentParameterMismatchException(
            f"The ClientRequestToken: {which.token} you have supplied is already in use."
        )
    return before
