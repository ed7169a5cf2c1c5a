"""Who agreed to be in a collection: ExternalImageIds, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection

from .tables import Head, Item, create_table


class Consent(NamedTuple):
    """One recorded consent."""

    external_id: str
    since: datetime
    """UTC."""


class _Row(Item):
    collection = UnicodeAttribute(hash_key=True)
    """Its uid: a collection made anew begins without consents."""
    external_id = UnicodeAttribute(range_key=True)
    since = NumberAttribute()
    """Seconds since the epoch."""


class Consents:
    """The table of consents."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._rows = _Row.bound(connection, f"{prefix}-consents")

    def create(self) -> None:
        """Make the table unless it is there."""
        create_table(self._rows)

    def add(self, head: Head, external_id: str, now: datetime) -> None:
        """Record a consent; one that is recorded keeps its date."""
        if not self.given(head, external_id):
            self._rows(head.uid, external_id, since=now.timestamp()).save()

    def remove(self, head: Head, external_id: str) -> bool:
        """Withdraw a consent; says whether there was one."""
        given = self.given(head, external_id)
        self._rows(head.uid, external_id).delete()
        return given

    def given(self, head: Head, external_id: str) -> bool:
        """Whether a consent is recorded. One consistent get."""
        try:
            self._rows.get(head.uid, external_id, consistent_read=True)
        except self._rows.DoesNotExist:
            return False
        return True

    def all(self, head: Head) -> Iterator[Consent]:
        """Those of a collection, in the order of their ExternalImageIds."""
        for row in self._rows.query(head.uid, consistent_read=True):
            yield Consent(row.external_id, datetime.fromtimestamp(row.since, UTC))

    def forget(self, uid: str) -> None:
        """Remove those of a deleted collection."""
        with self._rows.batch_write() as batch:
            for row in self._rows.query(uid, consistent_read=True):
                batch.delete(row)
