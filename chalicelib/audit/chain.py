"""Lines of which each carries the hash of the one before, and a MAC: what makes a log of them whole.

    {"chain":{"previous":"<hash of the line before>","sequence":17},"eventID":"…",…,"mac":"<MAC of this line's hash>"}

A line's hash is SHA-256 of its bytes as they are written, up to the MAC, with the closing brace: a line that says the
same in other bytes is another line. The MAC is BLAKE2b with a key (RFC 7693) of that hash. The eventID is the chain's
id, 20 hex digits, and the sequence. The first line has the sequence 1 and 64 zeros for the line before it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from typing import Any, NamedTuple

import msgspec

_MAC = re.compile(rb',"mac":"([0-9a-f]{64})"}\Z')
_NONE = "0" * 64


class BrokenError(Exception):
    """A line that is not what was written, or not where it was; the message says in which way."""


class Link(NamedTuple):
    """Where a chain stands."""

    chain: str
    """Its id, as the first four fields of a UUID."""
    sequence: int
    """Of the last line; 0 before the first."""
    hash: str
    """Of the last line: SHA-256, 64 hex digits."""

    @classmethod
    def start(cls) -> Link:
        """The start of a new chain."""
        digits = os.urandom(10).hex()
        return cls(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:]}", 0, _NONE)


def append(record: bytes, link: Link, key: bytes | None) -> tuple[bytes, Link]:
    """The line of a JSON object of at least one member, and where the chain stands with it."""
    chain, before, previous = link
    sequence = before + 1
    head = b'{"chain":{"previous":"%b","sequence":%d},"eventID":"%b-%012x",' % (
        previous.encode(),
        sequence,
        chain.encode(),
        sequence,
    )
    digest = hashlib.sha256(line := head + record[1:])
    after = Link(chain, sequence, digest.hexdigest())
    if key is None:
        return line + b"\n", after
    return b'%b,"mac":"%b"}\n' % (line[:-1], mac(digest.digest(), key).encode()), after


def follow(line: bytes, before: Link | None, key: bytes | None) -> tuple[dict[str, Any], Link]:
    """The record of a line, and where the chain stands after it. `before` None: anywhere.

    Raises BrokenError for a line that was not made by `append` with that key, or not right after `before`.
    """
    line = line.removesuffix(b"\n")
    if key is not None:
        line = _proved(line, key)
    record = said(line)
    try:
        chain, _, number = record["eventID"].rpartition("-")
        link = Link(chain, record["chain"]["sequence"], hashlib.sha256(line).hexdigest())
        previous = record["chain"]["previous"]
        if int(number, 16) != link.sequence:
            raise BrokenError("its number is not that of its place")
    except (AttributeError, KeyError, TypeError, ValueError):
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


def mac(text: bytes, key: bytes) -> str:
    """The MAC of a text, 64 hex digits."""
    return hashlib.blake2b(text, key=key, digest_size=32).hexdigest()


def _proved(line: bytes, key: bytes) -> bytes:
    """The line without its MAC."""
    found = _MAC.search(line)
    if found is None:
        raise BrokenError("it is no record, or only a part of one")
    body = line[: found.start()] + b"}"
    if not hmac.compare_digest(mac(hashlib.sha256(body).digest(), key), found[1].decode()):
        raise BrokenError("it was changed, or written with another key")
    return body
