"""The door's observer: each call becomes a line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from . import chain
from .chain import Link
from .log import Log
from .record import READS, Recorder

if TYPE_CHECKING:
    from ..store.job import Job
    from ..wire.door import Call

INTERRUPTED = "AuditLogInterrupted"
"""The event with which a log goes on whose end was lost."""


class Append(Protocol):
    """Keeps a record; one of a call that changed nothing may be kept a little `later`. Raises where it cannot."""

    def __call__(self, record: bytes, *, later: bool = False) -> None: ...


class Trail:
    """Records calls."""

    def __init__(self, append: Append, recorder: Recorder, close: Callable[[], None] = lambda: None) -> None:
        self.close = close
        self._append = append
        self._recorder = recorder

    def __call__(self, call: Call) -> None:
        """Keep the record of a call."""
        self._append(self._recorder.call(call), later=call.operation.startswith(READS))

    def ended(self, job: Job) -> None:
        """Keep that a job has ended: what it did was done long after the call that started it."""
        counts = job.outcome.get("counts", {})
        told = {
            "jobId": job.id,
            "jobStatus": job.status,
            "attempt": job.attempt,
            "collection": job.request.get("CollectionId"),
            "results": next(iter(counts.values()), None),
        }
        self.event(f"{job.analysis}JobEnded", told, "jobs")

    def event(self, name: str, details: Mapping[str, object], invoked_by: str) -> None:
        """Keep the record of something that no call asked for. `details` must name no person."""
        self._append(self._recorder.event(name, details, invoked_by))


def in_directory(data_dir: Path, account: str, region: str, *, sync: bool = True) -> Trail:
    """Records to the log of a data directory. Raises SetupError where that cannot be written."""

    def interrupted(reason: str) -> bytes:
        return Recorder(account, region, None).event(INTERRUPTED, {"reason": reason}, "lookalike")

    log = Log(data_dir, interrupted, sync=sync)
    return Trail(log.append, Recorder(account, region, log.key), log.close)


def to_stream(stream: TextIO, account: str, region: str) -> Trail:
    """Records to a container's log, in a chain that begins with it."""
    writing, link = threading.Lock(), Link.start()

    def append(record: bytes, *, later: bool = False) -> None:
        nonlocal link
        with writing:
            line, link = chain.append(record, link, None)
            stream.write(line.decode())
            stream.flush()

    return Trail(append, Recorder(account, region, None))
