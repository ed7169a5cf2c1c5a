"""The log in a data directory: a file a day, and the anchor that says where it ends.

  audit/2026-11-22.jsonl   lines of `chain`; a line goes to the newest file, also where the clock was set back
  audit.anchor             how many lines have reached the disk, and the hash of the last (`anchor`)
  audit.key                32 random bytes in hexadecimal, mode 0600, made on first use

A line costs 70 µs between requests, when no cache is warm: 40 of them to chain and write it, and as much to wake a
thread that does it. Of a search that is 4 %. So the records of calls that changed nothing wait up to 20 ms, and are
written together by a thread that is awake while there are any; all others are written before their answers leave. The
same thread syncs the lines twice a second, and then moves the anchor.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ..errors import SetupError
from ..telemetry import logger
from . import anchor, chain
from .anchor import Anchor
from .chain import BrokenError, Link

WRITE_SECONDS = 0.02
"""How long a record may wait that need not be written at once: what `kill -9` can lose."""
SYNC_SECONDS = 0.5
"""How long a line may wait for the disk: what a power cut can lose."""
KEY_BYTES = 32
_DAY = 24 * 3600
_TAIL = 1 << 20
"""Bytes at the end of a file that hold its last line: the longest is some 200 KB."""

Interrupted = Callable[[str], bytes]
"""From what is wrong with the end of a log, the record that tells of it."""


class Log:
    """Appends, from any thread. One process has the directory.

    `interrupted` makes the first record of the chain with which a log goes on whose end is not where its anchor says.
    Raises SetupError where the log cannot be written, or its key is lost.
    """

    def __init__(
        self,
        data_dir: Path,
        interrupted: Interrupted,
        clock: Callable[[], float] = time.time,
        sync: bool = True,
    ) -> None:
        self._folder, self._clock, self._syncs = data_dir / "audit", clock, sync
        self._writing = threading.Lock()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = (data_dir / "audit.key").exists() or bool(files(data_dir))
            self.key = read_key(data_dir) if known else _new_key(data_dir)
            self._link, wrong = _end(data_dir, self.key) if known else (Link.start(), "")
            self._day = max([_day(path) for path in files(data_dir)], default=self._today())
            self._file, self._size = self._opened(self._day)
            self._anchor = Anchor(data_dir, self.key)
            self._anchor.move(self._link)
        except OSError as error:
            raise _unwritable(error) from error
        self._anchored = self._link
        self._later: deque[bytes] = deque()
        self._waiting: list[bytes] = []
        self._failing = False
        self._closed, self._busy = threading.Event(), threading.Event()
        if wrong:
            logger.error("the audit log was cut or changed while nothing served: %s", wrong)
            self.append(interrupted(wrong))
        self._thread = threading.Thread(target=self._keep, name="audit", daemon=True)
        self._thread.start()

    def append(self, record: bytes, *, later: bool = False) -> None:
        """Add a JSON object of at least one member; `later` by up to WRITE_SECONDS.

        Raises SetupError where it could not be written. One that was to be written later then waits for the next.
        """
        if later and not self._failing:
            self._later.append(record)
        else:
            self._write_out(record)
        if not self._busy.is_set():
            self._busy.set()

    def close(self) -> None:
        """Write what waits, sync, and let go of the files. What cannot be written is lost with the process."""
        self._closed.set()
        self._busy.set()
        self._thread.join()
        try:
            self._write_out()
            self._move_anchor()
        except (SetupError, OSError) as error:
            logger.error("the audit log: %s", error)
        os.close(self._file)
        self._anchor.close()

    def _write_out(self, *last: bytes) -> None:
        """Write all that waits, and `last`. Raises SetupError where that fails; what waits then waits on."""
        with self._writing:
            self._waiting += [self._later.popleft() for _ in range(len(self._later))]
            text, link = b"", self._link
            for record in (*self._waiting, *last):
                line, link = chain.append(record, link, self.key)
                text += line
            try:
                if (today := self._today()) > self._day:
                    self._turn_to(today)
                self._write(text)
            except OSError as error:
                self._failing = True
                with suppress(OSError):
                    os.ftruncate(self._file, self._size)  # nothing by half
                raise _unwritable(error) from error
            self._failing = False
            self._size += len(text)
            self._link, self._waiting = link, []

    def _keep(self) -> None:
        """Write what comes later, and move the anchor after it."""
        due = time.monotonic()
        while not self._closed.is_set():
            self._busy.wait(None if self._anchored == self._link else SYNC_SECONDS)
            self._closed.wait(WRITE_SECONDS)
            self._busy.clear()
            try:
                self._write_out()
                if time.monotonic() >= due:
                    self._move_anchor()
                    due = time.monotonic() + SYNC_SECONDS
            except (SetupError, OSError) as error:
                logger.error("the audit log: %s", error)

    def _today(self) -> int:
        """Days since the epoch, in UTC."""
        return int(self._clock() // _DAY)

    def _write(self, data: bytes) -> None:
        while (written := os.write(self._file, data)) < len(data):
            data = data[written:]

    def _turn_to(self, day: int) -> None:
        before = self._file
        self._file, self._size = self._opened(day)
        self._day = day
        os.fsync(before)
        os.close(before)

    def _opened(self, day: int) -> tuple[int, int]:
        name = f"{datetime.fromtimestamp(day * _DAY, UTC):%Y-%m-%d}.jsonl"
        file = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return file, os.fstat(file).st_size

    def _move_anchor(self) -> None:
        """Sync the lines, then say that they are there. Others may write meanwhile. Raises OSError."""
        with self._writing:
            if self._anchored == self._link:
                return
            link, file = self._link, os.dup(self._file)  # its day may end meanwhile
        try:
            if self._syncs:
                os.fsync(file)
            self._anchor.move(link)
            self._anchored = link
        finally:
            os.close(file)


def read_key(data_dir: Path) -> bytes:
    """The key of a log. Raises SetupError where it is lost or damaged."""
    path = data_dir / "audit.key"
    try:
        key = bytes.fromhex(path.read_text())
    except (OSError, ValueError) as error:
        raise SetupError(
            f"{path}, the key of the audit log, cannot be used ({error}): restore it from a backup"
        ) from error
    if len(key) != KEY_BYTES:
        raise SetupError(f"{path} holds no key of {KEY_BYTES} bytes: restore it from a backup")
    return key


def files(data_dir: Path) -> list[Path]:
    """The files of the log, the oldest first."""
    return sorted((data_dir / "audit").glob("????-??-??.jsonl"))


def _day(path: Path) -> int:
    """The day whose file it is, since the epoch."""
    return int(datetime.strptime(path.stem, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() // _DAY)


def _end(data_dir: Path, key: bytes) -> tuple[Link, str]:
    """Where the chain goes on, or the start of a new one and what is wrong with the end of the old."""
    try:
        end, last = anchor.read(data_dir, key), _last_line(data_dir)
        link = end._replace(sequence=0) if last is None else chain.follow(last, None, key)[1]
        if link.chain != end.chain or link.sequence < end.sequence:
            raise BrokenError(f"of {end.sequence} records it ends with record {link.sequence}")
    except BrokenError as error:
        return Link.start(), str(error)
    return link, ""


def _last_line(data_dir: Path) -> bytes | None:
    """The last whole line. What follows it was not written to its end, nor was its call answered: it is cut off."""
    for path in reversed(files(data_dir)):
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _TAIL, 0))
            tail = file.read()
            end = tail.rfind(b"\n") + 1
            if not end and size > _TAIL:
                raise BrokenError("its end is no line")
            if end < len(tail):
                file.truncate(size - len(tail) + end)
        if end:
            return tail[:end].splitlines()[-1]
    return None


def _new_key(data_dir: Path) -> bytes:
    path, new = data_dir / "audit.key", data_dir / "audit.key.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(os.urandom(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)  # whole from its first moment on
    return read_key(data_dir)


def _unwritable(error: OSError) -> SetupError:
    return SetupError(
        f"the audit log cannot be written ({error.strerror}), and nothing is done unseen: make room for it"
    )
