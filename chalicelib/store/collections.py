"""Collections: made, described, listed, tagged and deleted."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from ..errors import (
    InvalidPaginationTokenException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from .conditions import only_conditional
from .consents import Consents
from .ledger import BATCH, Draft, Kind, Ledger, length, passing
from .snapshots import Snapshots
from .tables import Head

RESERVED = "lookalike:"
"""How the names of our own collections begin: no CollectionId has a colon."""
_OWN = 1
"""Collections of our own there may be: the list of opt-outs."""
_LONGEST_MARK = 160
_GRAVES = "graves"
"""The name that holds what deleted collections left behind."""


class Collections:
    """The collections of one account and region."""

    def __init__(self, ledger: Ledger, snapshots: Snapshots, consents: Consents) -> None:
        self._ledger = ledger
        self._snapshots = snapshots
        self._consents = consents
        self._heads = ledger.tables.heads
        self._names = ledger.tables.names

    def get(self, collection_id: str) -> Head:
        """One consistent get; raises ResourceNotFoundException."""
        return self._ledger.head(collection_id)

    def create(self, collection_id: str, model: str, tags: Mapping[str, str], now: datetime) -> Head:
        """Raises ResourceAlreadyExistsException."""
        uid = uuid4().hex
        head = self._heads(
            collection_id,
            uid=uid,
            created=now.timestamp(),
            model=model,
            key=self._ledger.vault.make(uid),
            tags=json.dumps(dict(tags)),
        )
        try:
            head.save(condition=self._heads.id.does_not_exist())
        except PutError as error:
            only_conditional(error)
            raise ResourceAlreadyExistsException(f"The collection id: {collection_id} already exists") from None
        return head

    def page(self, after: str | None, limit: int) -> tuple[list[tuple[str, str]], str | None]:
        """Up to `limit` pairs of id and face model version, and what to go on after, if any are left.

        In DynamoDB's order, which is none that a reader would recognise; moto's is by id.
        Raises InvalidPaginationTokenException for an `after` that it did not return, or not lately.
        """
        scan = self._heads.scan(
            limit=limit + 1 + _OWN,  # one more, or the last page would promise another
            last_evaluated_key=None if after is None else {"id": {"S": self._marked(after)}},
            consistent_read=True,
            attributes_to_get=["id", "model"],
        )
        found = [(head.id, head.model) for head in scan if not head.id.startswith(RESERVED)]
        return found[:limit], self._mark(found[limit - 1][0]) if len(found) > limit else None

    def all(self) -> Iterator[Head]:
        """Every collection, without our own: reads the whole table of them."""
        return (head for head in self._heads.scan(consistent_read=True) if not head.id.startswith(RESERVED))

    def _mark(self, collection_id: str) -> str:
        """A name for `collection_id` that fits into a NextToken of 255 characters: itself, or a reference to it."""
        if len(collection_id) <= _LONGEST_MARK:
            return collection_id
        mark = "#" + hashlib.sha256(collection_id.encode()).hexdigest()
        self._names(mark, content=collection_id, expires=timedelta(hours=25)).save()
        return mark

    def _marked(self, mark: str) -> str:
        if not mark.startswith("#"):
            return mark
        if (collection_id := self._ledger.named(mark)) is None:
            raise InvalidPaginationTokenException
        return collection_id

    def tags(self, collection_id: str) -> dict[str, str]:
        """Names to values."""
        return tags_of(self.get(collection_id))

    def retag(self, collection_id: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Replace the tags by what `change` makes of them."""

        def step(head: Head, draft: Draft, again: bool) -> None:
            draft.tags = json.dumps(change(tags_of(head)))

        self._ledger.change(self.get(collection_id), step)

    def rewrap(self) -> int:
        """Wrap all data keys by the key that is used now; the number of collections. Sealed vectors stay as they are.

        Raises SealError for a collection whose key is lost; those before it are rewrapped, the others are as before.
        """

        def step(head: Head, draft: Draft, again: bool) -> None:
            draft.key = self._ledger.vault.rewrap(bytes(head.key), head.uid)

        heads = list(self._heads.scan(consistent_read=True))
        for head in heads:
            with suppress(ResourceNotFoundException):  # deleted meanwhile
                self._ledger.change(head, step)
        return len(heads)

    def delete(self, collection_id: str, seconds: float = 5.0) -> Head:
        """Delete the head, and with it the data key of all vectors; then what else there is, for `seconds` at most.

        Raises ResourceNotFoundException. What is left after that, `sweep` removes.
        """
        head = self.get(collection_id)
        while not self._buried(head):
            head = self.get(collection_id)  # somebody wrote to it meanwhile
        self._ledger.vault.forget()
        self.sweep(seconds)
        return head

    def _buried(self, head: Head) -> bool:
        """Whether the head was still the same, and is now gone."""
        names = self._names
        try:
            with TransactWrite(connection=self._ledger.tables.connection) as transaction:
                transaction.delete(head, self._ledger.unmoved(head))
                transaction.update(names(_GRAVES), [names.graves.add({f"{head.uid}/{head.faces}/{head.users}"})])
        except TransactWriteError as error:
            if not passing(error):
                raise
            return False
        return True

    def sweep(self, seconds: float = 60.0) -> bool:
        """Remove what deleted collections left behind; False if `seconds` were not enough."""
        deadline = time.monotonic() + seconds
        try:
            graves = self._names.get(_GRAVES, consistent_read=True).graves
        except self._names.DoesNotExist:
            return True
        for grave in sorted(graves or ()):
            uid, faces, users = grave.split("/")
            head = Head("", uid=uid, faces=int(faces), users=int(users))
            if not (self._clear(head, "faces", deadline) and self._clear(head, "users", deadline)):
                return False
            self._names(_GRAVES).update([self._names.graves.delete({grave})])
        return True

    def _clear(self, head: Head, kind: Kind, deadline: float) -> bool:
        """Remove the records of a log and the names they hold."""
        for start in range(0, length(head, kind), BATCH):
            if time.monotonic() > deadline:
                return False
            entries = list(self._ledger.read(head, kind, range(start, start + BATCH)))
            self._ledger.discard(head, kind, entries)
        self._snapshots.erase(head.uid, kind)
        self._consents.forget(head.uid)
        return True


def tags_of(head: Head) -> dict[str, str]:
    """A collection's tags: names to values."""
    tags: dict[str, str] = json.loads(head.tags)
    return tags


def created(head: Head) -> datetime:
    """When the collection was created, in UTC."""
    return datetime.fromtimestamp(head.created, UTC)
