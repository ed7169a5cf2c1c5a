"""What is known of uploaded objects: analyses, faces brought into collections, and the labels they are found by."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import BinaryAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, UpdateError

from .conditions import only_conditional
from .tables import Item, create_table

REMEMBERED = timedelta(days=7)
"""How long a removed object's sequencer is kept, so that a late event of its past cannot bring it back."""

_PAGE = 100


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """An object as its latest event left it."""

    bucket: str
    key: str
    sequencer: str
    """Orders the events of one key: of two, the greater came later (S3's user guide, "Event message structure")."""
    time: str
    """When it was put or removed, as the event says, ISO 8601."""
    size: int = 0
    """Bytes."""
    etag: str = ""
    removed: bool = False
    collection: str | None = None
    """The collection its faces went into."""
    faces: tuple[str, ...] = ()
    """The FaceIds it brought."""
    results: dict[str, Any] = {}
    """Members of the answer, by operation."""
    labels: tuple[str, ...] = ()
    """What `labelled` finds it by."""
    obsolete: dict[str, tuple[str, ...]] = {}
    """FaceIds by collection that it brought once and that are still to be deleted."""


class _Row(Item):
    object = UnicodeAttribute(hash_key=True)
    sequencer = UnicodeAttribute()
    content = BinaryAttribute(legacy_encoding=False)
    """JSON of a Medium, deflated: a hundred faces with all attributes would not fit into an item as text."""
    expires = TTLAttribute(null=True)


class _Label(Item):
    label = UnicodeAttribute(hash_key=True)
    object = UnicodeAttribute(range_key=True)


class Media:
    """The table of objects and the table of their labels."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._rows = _Row.bound(connection, f"{prefix}-media")
        self._labels = _Label.bound(connection, f"{prefix}-media-labels")

    def create(self) -> None:
        """Make the tables unless they are there."""
        create_table(self._rows)
        create_table(self._labels)

    def get(self, bucket: str, key: str) -> Medium | None:
        """The object, also when it was removed; None for one never seen."""
        try:
            return _read(self._rows.get(f"{bucket}/{key}", consistent_read=True))
        except self._rows.DoesNotExist:
            return None

    def some(self, bucket: str, keys: Iterable[str]) -> dict[str, Medium]:
        """Those of the bucket's objects that were ever seen, by key; removed ones too."""
        rows = self._rows.batch_get([f"{bucket}/{key}" for key in keys])
        return {medium.key: medium for medium in map(_read, rows)}

    def all(self) -> Iterator[Medium]:
        """Every object, removed ones too: a scan, for a local start."""
        return map(_read, self._rows.scan())

    def put(self, medium: Medium) -> bool:
        """Keep `medium` unless something newer is kept already; says whether it was kept.

        Labels are written before the object and erased after: what `labelled` finds is checked against the object.
        """
        name = f"{medium.bucket}/{medium.key}"
        before = self.get(medium.bucket, medium.key)
        labels = {label.lower() for label in medium.labels}
        for label in labels:
            self._labels(label, name).save()
        row = self._rows(name, sequencer=medium.sequencer)
        row.expires = REMEMBERED if medium.removed else None
        row.content = zlib.compress(msgspec.json.encode(medium))
        try:
            row.save(self._rows.sequencer.does_not_exist() | (self._rows.sequencer <= medium.sequencer))
        except PutError as error:
            only_conditional(error)
            return False
        for label in {label.lower() for label in before.labels} - labels if before else ():
            self._labels(label, name).delete()
        return True

    def label(self, medium: Medium, labels: Collection[str]) -> None:
        """Have the object found by more labels, unless it has changed since."""
        name = f"{medium.bucket}/{medium.key}"
        while True:
            row = self._rows.get(name, consistent_read=True)
            kept = _read(row)
            if kept.sequencer != medium.sequencer or set(labels) <= set(kept.labels):
                return
            for label in labels:
                self._labels(label.lower(), name).save()
            labelled = replace(kept, labels=tuple(sorted({*kept.labels, *labels})))
            try:
                row.update(
                    [self._rows.content.set(zlib.compress(msgspec.json.encode(labelled)))],
                    self._rows.content == row.content,
                )
            except UpdateError as error:  # labelled by another job meanwhile
                only_conditional(error)

    def labelled(self, label: str, after: str | None = None, limit: int = _PAGE) -> tuple[list[Medium], str | None]:
        """A page of the objects with that label in any case, in order of their names, and where the next begins."""
        last = {"label": {"S": label.lower()}, "object": {"S": after}} if after else None
        found = self._labels.query(label.lower(), limit=min(limit, _PAGE), last_evaluated_key=last)
        names = [row.object for row in found]
        media = {f"{medium.bucket}/{medium.key}": medium for medium in map(_read, self._rows.batch_get(names))}
        kept = [media[name] for name in names if name in media and _carries(media[name], label)]
        return kept, names[-1] if found.last_evaluated_key else None


def _read(row: _Row) -> Medium:
    return msgspec.json.decode(zlib.decompress(row.content), type=Medium)


def _carries(medium: Medium, label: str) -> bool:
    return not medium.removed and label.lower() in map(str.lower, medium.labels)
