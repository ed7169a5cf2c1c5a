"""What the log's end is compared with: how many records there are, and the hash of the last, with a MAC.

The file `audit.anchor` is one line, written over and over: chain, sequence, hash, MAC. A write within a page is not
interrupted by a kill, nor one within a sector by a power cut.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from .chain import BrokenError, Link

_NAME = "audit.anchor"


class Anchor:
    """The anchor of a data directory, to be moved. Raises OSError."""

    def __init__(self, data_dir: Path, key: bytes) -> None:
        self._key = key
        self._file = os.open(data_dir / _NAME, os.O_WRONLY | os.O_CREAT, 0o600)

    def move(self, link: Link) -> None:
        """Say that the log ends with `link`. Raises OSError."""
        text = _text(link)
        os.pwrite(self._file, b"%b %b\n" % (text, _mac(text, self._key)), 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def read(data_dir: Path, key: bytes) -> Link:
    """Where the log ends. Raises BrokenError where the anchor is gone or was changed."""
    try:
        text, _, mac = (data_dir / _NAME).read_bytes().removesuffix(b"\n").rpartition(b" ")
    except OSError as error:
        raise BrokenError(f"the anchor, {_NAME}, is gone") from error
    if not hmac.compare_digest(_mac(text, key), mac):
        raise BrokenError(f"the anchor, {_NAME}, was changed")
    chain, sequence, digest = text.decode().split()
    return Link(chain, int(sequence), digest)


def _text(link: Link) -> bytes:
    chain, sequence, digest = link
    return f"{chain} {sequence:020} {digest}".encode()


def _mac(text: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(text, key=key, digest_size=32, person=b"anchor").hexdigest().encode()
