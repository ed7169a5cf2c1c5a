"""The door's observer: each call becomes a line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from . import chain, record
from .chain import Link
from .log import SYNC_SECONDS, Log

if TYPE_CHECKING:
    from ..wire.door import Call

INTERRUPTED = "AuditLogInterrupted"
"""The event with which a log goes on whose end was lost."""


class Trail:
    """Records the calls of one account in one region.

    `append` keeps a record, and raises where it cannot; `key` makes pseudonyms.
    """

    def __init__(
        self,
        append: Callable[[bytes], None],
        key: bytes | None,
        account: str,
        region: str,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.close = close
        self._append = append
        self._pseudonym = record.pseudonyms(key)
        self._account, self._region = account, region

    def __call__(self, call: Call) -> None:
        """Keep the record of a call."""
        self._append(_encoded(record.of_call(call, self._account, self._region, self._pseudonym)))

    def event(self, name: str, details: Mapping[str, object], invoked_by: str) -> None:
        """Keep the record of something that no call asked for. `details` must name no person."""
        self._append(_encoded(record.of_event(name, self._account, self._region, details, invoked_by)))


def in_directory(data_dir: Path, account: str, region: str, *, sync: bool = True) -> Trail:
    """Records to the log of a data directory. Raises SetupError where that cannot be written."""

    def interrupted(reason: str) -> bytes:
        return _encoded(record.of_event(INTERRUPTED, account, region, {"reason": reason}, "lookalike"))

    log = Log(data_dir, interrupted, sync=SYNC_SECONDS if sync else None)
    return Trail(log.append, log.key, account, region, log.close)


def to_stream(stream: TextIO, account: str, region: str) -> Trail:
    """Records to a container's log, in a chain that begins with it."""
    writing, link = threading.Lock(), Link.start()

    def append(text: bytes) -> None:
        nonlocal link
        with writing:
            line, link = chain.append(text, link, None)
            stream.write(line.decode() + "\n")
            stream.flush()

    return Trail(append, None, account, region)


def _encoded(told: record.Record) -> bytes:
    return msgspec.json.encode(told, order="sorted")
