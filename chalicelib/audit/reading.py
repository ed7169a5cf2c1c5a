"""A log read back, and proved whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import anchor, chain
from .chain import BrokenError, Link
from .log import files, read_key
from .trail import INTERRUPTED


class Place(NamedTuple):
    """Where a line stands."""

    path: Path
    number: int
    """From 1."""

    def __str__(self) -> str:
        return f"{self.path}:{self.number}"


class Whole(NamedTuple):
    """What was proved of a log."""

    records: int
    link: Link | None
    """Where it ends: kept elsewhere, it proves later that nothing up to there was put back. None: it is empty."""


def lines(paths: Iterable[Path]) -> Iterator[tuple[Place, bytes]]:
    """The lines of the files, without their ends. The last may be there in part, while somebody writes it."""
    for path in paths:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield Place(path, number), line


def records(paths: Iterable[Path]) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    """Each line with what it says; lines that say nothing are left out, for `verify` to tell of."""
    for _, line in lines(paths):
        if said := chain.said(line):
            yield line.rstrip(b"\n"), said


def verify(data_dir: Path, expected: Mapping[str, int] | None = None) -> Whole:
    """Prove the log of a data directory, also while a server writes it. `expected` are hashes noted earlier, with the
    sequences of their records.

    Raises BrokenError with the place of the first line that is wrong, and SetupError where the key is lost.
    """
    written = files(data_dir)
    if not written and not (data_dir / "audit.key").exists():
        raise BrokenError(f"{data_dir} holds no audit log")
    key = read_key(data_dir)
    end = anchor.read(data_dir, key)  # before the lines: those that come meanwhile are beyond it
    wanted = dict(expected or {})
    if end.sequence:
        wanted[end.hash] = end.sequence
    link, place = None, None
    for place, line in lines(written):
        if not line.endswith(b"\n") and (link.sequence if link else 0) >= end.sequence:
            break  # being written, or cut off by a kill: its call was not answered
        link = _followed(place, line, link, key)
        wanted.pop(link.hash, None)
    last = link.sequence if link else 0
    if wanted and (most := max(wanted.values())) > last:
        raise BrokenError(f"{place or data_dir / 'audit'}: the end is missing: {most} records were, {last} are")
    if wanted:
        raise BrokenError(f"{data_dir / 'audit'}: record {min(wanted.values())} is not the one that was noted")
    return Whole(last, link)


def verify_stream(path: Path) -> Whole:
    """Prove a container's log, taken from CloudWatch: its chain, since it has no MAC and no anchor."""
    link, count = None, 0
    for place, line in lines([path]):
        link, count = _followed(place, line, link, None), count + 1
    return Whole(count, link)


def _followed(place: Place, line: bytes, before: Link | None, key: bytes | None) -> Link:
    try:
        record, link = chain.follow(line, before, key)
        if before is None and key is not None and link.sequence != 1:
            raise BrokenError(f"the {link.sequence - 1} records before it are missing")
    except BrokenError as error:
        raise BrokenError(f"{place}: {error}{_interruption(line)}") from None
    if record.get("eventName") == INTERRUPTED:
        raise BrokenError(f"{place}: the log was cut or changed before this{_interruption(line)}")
    return link


def _interruption(line: bytes) -> str:
    """What the server found when it started, if the line tells of it."""
    said = chain.said(line) or {}
    if said.get("eventName") != INTERRUPTED:
        return ""
    return f" (found {said.get('eventTime')}: {said.get('serviceEventDetails', {}).get('reason')})"
