"""A collection's head and its two logs: read as they stand, changed in one transaction or not at all.

A change reads what it needs, says what it writes, and holds only if the head has not moved since it was read. That
makes every rule of a collection (no face twice, a face of one user at most, exact counts) a plain `if`, and writes to
one collection follow one another. In one process they wait for their turn; between processes the loser reads again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeVar

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from ..errors import ProvisionedThroughputExceededException, ResourceNotFoundException
from .records import Content, Image, Rewritten, decode, encode
from .tables import Head, Record, Tables
from .vault import Seal, Vault

Kind = Literal["faces", "users"]
T = TypeVar("T")

BATCH = 100
"""DynamoDB returns at most 100 items, or 16 MB, of those asked for by key."""
_PATIENCE = 20.0
"""Seconds a change may wait for others; then the client is told to slow down, and tries again."""
_PASSING = frozenset({"ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a log."""

    number: int
    content: Content
    vectors: tuple[bytes, ...]
    """Sealed."""


class NameChange(NamedTuple):
    """What a name must hold until the change and shall hold after it; None is nothing."""

    old: str | None
    new: str | None
    expires: int | None = None
    """Seconds since the epoch."""


@dataclass(slots=True)
class Draft:
    """What a change writes; nothing is written before it is complete."""

    head: Head
    appended: dict[Kind, list[tuple[Content, tuple[bytes, ...]]]] = field(
        default_factory=lambda: {"faces": [], "users": []}
    )
    rewritten: dict[Kind, list[tuple[int, Content | None, tuple[bytes, ...]]]] = field(
        default_factory=lambda: {"faces": [], "users": []}
    )
    names: dict[str, NameChange] = field(default_factory=dict)
    faces: int = 0
    """Faces more, or less when negative."""
    users: int = 0
    tags: str | None = None
    """The tags it shall have, as JSON; None for those it has."""
    swept: int = 0
    """The first record of the log of faces that may hold one; 0 where nothing is known of it."""
    key: bytes | None = None
    """The wrapped data key it shall have; None for the one it has."""

    def next_number(self, kind: Kind) -> int:
        """The number that the next appended record gets."""
        return length(self.head, kind) + len(self.appended[kind])

    def append(self, kind: Kind, content: Content, vectors: Iterable[bytes] = ()) -> None:
        """Add a record to a log."""
        self.appended[kind].append((content, tuple(vectors)))

    def rewrite(self, kind: Kind, number: int, content: Content | None, vectors: Iterable[bytes] = ()) -> None:
        """Replace a record, or remove it (None): what it held is gone from the table."""
        self.rewritten[kind].append((number, content, tuple(vectors)))

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        logs = any(self.appended.values()) or any(self.rewritten.values())
        return not (logs or self.names or self.swept) and self.tags is None and self.key is None


Step = Callable[[Head, Draft, bool], T]
"""From the head as it stands and an empty draft to the answer. The last argument: whether this is a new attempt."""


def length(head: Head, kind: Kind) -> int:
    """Records in a log."""
    return int(head.faces if kind == "faces" else head.users)


def chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`values`, `size` at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def passing(error: TransactWriteError) -> bool:
    """Whether a transaction failed only because somebody else was writing."""
    reasons = {reason.code for reason in error.cancellation_reasons if reason}
    return bool(reasons) and reasons <= _PASSING


class Ledger:
    """Every collection of an account."""

    def __init__(self, tables: Tables, vault: Vault) -> None:
        self.tables = tables
        self.vault = vault
        self._turns = [threading.Lock() for _ in range(64)]
        self._last: dict[str, int] = {}
        """The versions this process wrote last, to know a stale head without trying."""

    def head(self, collection_id: str) -> Head:
        """One consistent get; raises ResourceNotFoundException."""
        try:
            return self.tables.heads.get(collection_id, consistent_read=True)
        except self.tables.heads.DoesNotExist:
            raise ResourceNotFoundException(f"The collection id: {collection_id} does not exist") from None

    def seal(self, head: Head) -> Seal:
        """The collection's data key at work; raises SealError when the wrapping key is lost."""
        return self.vault.seal(bytes(head.key), head.uid)

    def named(self, name: str) -> str | None:
        """What a name holds."""
        return self.named_all([name])[name]

    def named_all(self, names: Iterable[str]) -> dict[str, str | None]:
        """What each name holds."""
        held: dict[str, str | None] = dict.fromkeys(names)
        held |= {item.name: item.content for item in self.tables.names.batch_get(list(held), consistent_read=True)}
        return held

    def read(self, head: Head, kind: Kind, numbers: Iterable[int]) -> Iterator[Entry]:
        """The records that exist among `numbers`, each number once, in ascending order."""
        for some in chunks(sorted({number for number in numbers if number < length(head, kind)}), BATCH):
            keys = {_key(head, kind, number): number for number in some}
            found = {keys[record.key]: record for record in self.tables.records.batch_get(keys, consistent_read=True)}
            for number in sorted(found):
                yield _entry(number, found[number])

    def change(self, head: Head, step: Step[T]) -> T:
        """Run `step` until what it drafted was written with the head unmoved; `head` may be stale."""
        deadline = time.monotonic() + _PATIENCE
        with self._turns[hash(head.uid) % len(self._turns)]:
            attempt = 0
            if self._last.get(head.uid, 0) > head.version:
                head = self.head(head.id)
            while True:
                draft = Draft(head)
                answer = step(head, draft, attempt > 0)
                if draft.empty or self._written(draft):
                    return answer
                if time.monotonic() > deadline:
                    raise ProvisionedThroughputExceededException
                time.sleep(random.uniform(0, 0.004 * 2 ** min(attempt, 6)) if attempt else 0)
                attempt += 1
                head = self.head(head.id)

    def discard(self, head: Head, kind: Kind, entries: Iterable[Entry]) -> None:
        """Remove records of a deleted collection, and what they name."""
        with self.tables.records.batch_write() as records, self.tables.names.batch_write() as names:
            for entry in entries:
                records.delete(self.tables.records(_key(head, kind, entry.number)))
                if not isinstance(entry.content, Rewritten):
                    names.delete(self.tables.names(entry.content.name))

    def _written(self, draft: Draft) -> bool:
        try:
            with TransactWrite(connection=self.tables.connection) as transaction:
                self._write_head(draft, transaction, self._write_logs(draft, transaction))
                self._write_names(draft, transaction)
        except TransactWriteError as error:
            if not passing(error):
                raise
            return False
        if len(self._last) > 4096:
            self._last.clear()
        self._last[draft.head.uid] = int(draft.head.version) + 1
        return True

    def _write_logs(self, draft: Draft, transaction: TransactWrite) -> tuple[int, int]:
        """The lengths after it."""
        head, lengths = draft.head, []
        for kind in draft.appended:
            appended = list(draft.appended[kind])
            if rewritten := draft.rewritten[kind]:
                appended.append((Rewritten([number for number, _, _ in rewritten]), ()))
            for number, content, vectors in rewritten:
                if content is None:
                    transaction.delete(self.tables.records(_key(head, kind, number)))
                else:
                    transaction.save(self._record(head, kind, number, content, vectors))
            for number, (content, vectors) in enumerate(appended, length(head, kind)):
                transaction.save(self._record(head, kind, number, content, vectors))
            lengths.append(length(head, kind) + len(appended))
        return lengths[0], lengths[1]

    def _write_names(self, draft: Draft, transaction: TransactWrite) -> None:
        names = self.tables.names
        for name, (old, new, expires) in draft.names.items():
            condition = names.name.does_not_exist() if old is None else names.content == old
            if new is None:
                transaction.delete(names(name), condition)
            else:
                transaction.save(names(name, content=new, expires=_time(expires)), condition)

    def _write_head(self, draft: Draft, transaction: TransactWrite, lengths: tuple[int, int]) -> None:
        """Whole, which DynamoDB and moto write faster than they update four numbers."""
        head = draft.head
        moved = self.tables.heads(
            head.id,
            uid=head.uid,
            created=head.created,
            model=head.model,
            key=head.key if draft.key is None else draft.key,
            tags=head.tags if draft.tags is None else draft.tags,
            version=head.version + 1,
            faces=lengths[0],
            users=lengths[1],
            swept=max(head.swept, draft.swept),
            face_count=head.face_count + draft.faces,
            user_count=head.user_count + draft.users,
        )
        transaction.save(moved, self.unmoved(head))

    def unmoved(self, head: Head) -> Condition:
        """That nobody changed the collection since `head` was read."""
        heads = self.tables.heads
        condition: Condition = (heads.uid == head.uid) & (heads.version == head.version)
        return condition

    def _record(self, head: Head, kind: Kind, number: int, content: Content, vectors: tuple[bytes, ...]) -> Record:
        return self.tables.records(
            _key(head, kind, number), content=encode(content).decode(), vectors=b"".join(vectors) or None
        )


def _key(head: Head, kind: Kind, number: int) -> str:
    return f"{head.uid}/{kind}/{number}"


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _entry(number: int, record: Record) -> Entry:
    content = decode(record.content)
    vectors = bytes(record.vectors or b"")
    count = len(content.faces) if isinstance(content, Image) else 1
    size = max(1, len(vectors) // count)
    return Entry(number, content, tuple(vectors[at : at + size] for at in range(0, len(vectors), size)))
