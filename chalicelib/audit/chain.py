"""Lines of which each carries the hash of the one before, and a MAC: what makes a log of them whole.

    {"chain":{"id":"…","previous":"<SHA-256 of the line before>","sequence":17},…,"mac":"<HMAC-SHA-256 of this line>"}

Hashes and MACs are of the bytes as they are written, so that nothing about them can be changed: a line that says the
same in other bytes is another line. The first has the sequence 1 and 64 zeros for the line before it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

_MAC = re.compile(rb',"mac":"([0-9a-f]{64})"}\Z')


class BrokenError(Exception):
    """A line that is not what was written, or not where it was; the message says in which way."""


class Link(NamedTuple):
    """Where a chain stands."""

    chain: str
    """Its id."""
    sequence: int
    """Of the last line; 0 before the first."""
    hash: str
    """Of the last line: SHA-256, 64 hex digits."""

    @classmethod
    def start(cls) -> Link:
        """The start of a new chain."""
        return cls(uuid4().hex, 0, "0" * 64)


def append(record: bytes, link: Link, key: bytes | None) -> tuple[bytes, Link]:
    """The line (without its end) of a JSON object of at least one member, and where the chain stands with it."""
    chain = f'{{"chain":{{"id":"{link.chain}","previous":"{link.hash}","sequence":{link.sequence + 1}}},'
    line = chain.encode() + record[1:]
    if key is not None:
        line = b'%b,"mac":"%b"}' % (line[:-1], hmac.digest(key, line, "sha256").hex().encode())
    return line, Link(link.chain, link.sequence + 1, hashlib.sha256(line).hexdigest())


def follow(line: bytes, before: Link | None, key: bytes | None) -> tuple[dict[str, Any], Link]:
    """The record of a line (without its end), and where the chain stands after it. `before` None: anywhere.

    Raises BrokenError for a line that was not made by `append` with that key, or not right after `before`.
    """
    if key is not None:
        _require_mac(line, key)
    record = said(line)
    try:
        chain = record["chain"]
        link = Link(chain["id"], int(chain["sequence"]), hashlib.sha256(line).hexdigest())
        previous = chain["previous"]
    except (KeyError, TypeError, ValueError):
        raise BrokenError("it is no record") from None
    if before is not None:
        if link.chain != before.chain:
            raise BrokenError("it is of another log")
        if link.sequence != before.sequence + 1:
            raise BrokenError(f"it is record {link.sequence}, and follows record {before.sequence}")
        if previous != before.hash:
            raise BrokenError(f"record {before.sequence}, before it, was changed")
    return record, link


def said(line: bytes) -> dict[str, Any]:
    """The record of a line; empty where it is none."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _require_mac(line: bytes, key: bytes) -> None:
    found = _MAC.search(line)
    if found is None:
        raise BrokenError("it is no record, or only a part of one")
    if not hmac.compare_digest(hmac.digest(key, line[: found.start()] + b"}", "sha256").hex().encode(), found[1]):
        raise BrokenError("it was changed, or written with another key")
