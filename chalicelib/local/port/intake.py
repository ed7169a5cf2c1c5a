"""What a connection sends, taken in within limits: of time for whoever sends slowly, of size for whoever sends much.

Nothing is read before it is known to be within them, so that a thousand connections cost what a thousand threads cost.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Self

from ...errors import RequestEntityTooLargeException, ThrottlingException

HEAD_BYTES = 64 * 1024
"""AWS takes 8 KB of headers; some of S3's metadata are longer after escaping."""
_READ_AHEAD = io.DEFAULT_BUFFER_SIZE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken in at once, and for how long it is waited for."""

    idle_seconds: float = 75.0
    """A connection on which nothing arrives for so long is closed."""
    head_seconds: float = 30.0
    """How long the first line and the headers may take to arrive, from their first byte on."""
    body_seconds: float = 60.0
    slowest: float = 64 * 1024
    """Bytes a second: what a body may take longer than that, and an answer too."""
    connections: int = 1024
    """Open at once; more are closed as they come."""
    in_flight: int = 2 * 1024**3
    """Bytes of all bodies that are held at once; whoever comes then is told to try again."""

    def seconds(self, length: int) -> float:
        """How long so many bytes may take on their way."""
        return self.body_seconds + length / self.slowest


class Intake(io.RawIOBase):
    """A socket, read by deadlines. Raises TimeoutError past them, HTTPException for a head that does not end."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self._limits = limits
        self._connection = connection
        self._deadline: float | None = None
        self._head_bytes = 0

    def readable(self) -> bool:
        return True

    def await_request(self) -> None:
        """The next byte begins a request."""
        self._deadline = None
        self._head_bytes = 0

    def await_body(self, seconds: float) -> None:
        """What comes now is a body, and has so long."""
        self._deadline = time.monotonic() + seconds
        self._head_bytes = -1

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # of io's, which take any buffer
        left = self._limits.idle_seconds if self._deadline is None else self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long to arrive")
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        if self._deadline is None:
            self._deadline = time.monotonic() + self._limits.head_seconds
        if self._head_bytes >= 0:
            self._head_bytes += count
            if self._head_bytes > HEAD_BYTES + _READ_AHEAD:
                raise HTTPException("the headers are longer than is read")
        return count


class Budget:
    """Bytes that may be held at once."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._taking = threading.Lock()

    def held(self) -> Held:
        """Nothing yet; what is taken by it is given back when it is left."""
        return Held(self)

    def take(self, count: int) -> None:
        """Raises ThrottlingException where so many are not left."""
        with self._taking:
            if count > self._left:
                raise ThrottlingException
            self._left -= count


class Held:
    """One request's share of a budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._count:
            self._budget.take(-self._count)

    def take(self, count: int) -> None:
        """Raises ThrottlingException where so many are not left."""
        if count:
            self._budget.take(count)
            self._count += count


def length_of(headers: Mapping[str, str]) -> int | None:
    """How long the body says to be; None where it comes in chunks. Raises ValueError for nonsense, and for both: what
    stands before us could see another end of the request than we do (RFC 9112, 6.1).
    """
    coding, length = headers.get("transfer-encoding"), headers.get("content-length", "0")
    if coding is not None:
        if coding.strip().lower() != "chunked" or "content-length" in headers:
            raise ValueError(coding)
        return None
    if not (length.isascii() and length.isdecimal()):
        raise ValueError(length)
    return int(length)


def chunked(file: io.BufferedIOBase, largest: int, held: Held) -> bytes:
    """The body of HTTP's chunks, joined.

    Raises ValueError for nonsense, RequestEntityTooLargeException, ThrottlingException.
    """
    body = bytearray()
    while size := _chunk_size(file):
        if len(body) + size > largest:
            raise RequestEntityTooLargeException
        held.take(size)
        piece = file.read(size)
        if len(piece) != size or file.readline(3) not in (b"\r\n", b"\n"):
            raise ValueError("a chunk ends early")
        body += piece
    while file.readline(HEAD_BYTES) not in (b"\r\n", b"\n", b""):  # trailers
        pass
    return bytes(body)


def _chunk_size(file: io.BufferedIOBase) -> int:
    line = file.readline(1024).partition(b";")[0].strip()
    if not line or not set(line) <= set(b"0123456789abcdefABCDEF"):
        raise ValueError("no length of a chunk")
    return int(line, 16)
