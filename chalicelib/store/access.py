"""Access keys: who may call, kept in a table, sealed with what seals face vectors.

A key's secret, its user and its policy are sealed together under the key's id, so that whoever can write the table can
neither read a secret, nor widen a policy, nor make a key of their own; they could delete one.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection

from .tables import Item, create_table
from .vault import Vault

REMEMBERED_SECONDS = 5.0
"""How long what was read is believed: a key revoked by another process works no longer than that."""
_MOST_REMEMBERED = 4096
_ID_LETTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key, with what it is for."""

    id: str
    """20 letters and digits, as AWS's."""
    user: str
    """Whose it is: the end of the ARN in answers and in the audit."""
    created: int
    """Seconds since the epoch."""
    policy: str | None
    """An IAM policy document, JSON; None allows everything."""
    secret: str = field(repr=False)


class _Row(Item):
    id = UnicodeAttribute(hash_key=True)
    created = NumberAttribute()
    key = BinaryAttribute(legacy_encoding=False)
    """Its data key, wrapped."""
    sealed = BinaryAttribute(legacy_encoding=False)
    """JSON of a `_Sealed`."""


class _Sealed(msgspec.Struct, array_like=True, frozen=True):
    user: str
    secret: str
    policy: str | None


class Access:
    """The table of access keys."""

    def __init__(
        self, connection: Connection, prefix: str, vault: Vault, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.table = f"{prefix}-access-keys"
        self._rows = _Row.bound(connection, self.table)
        self._vault = vault
        self._clock = clock
        self._known: dict[str, tuple[float, AccessKey | None]] = {}
        self._changes = 0

    def create(self) -> None:
        """Make the table unless it is there."""
        create_table(self._rows)

    def make(self, user: str, policy: str | None = None) -> AccessKey:
        """A new key. Its secret is told here and nowhere else. Raises SealError."""
        identity = "AKIA" + "".join(secrets.choice(_ID_LETTERS) for _ in range(16))
        key = AccessKey(identity, user, int(time.time()), policy, secrets.token_urlsafe(30))
        row = self._rows(identity, created=key.created, key=self._vault.make(_name(identity)))
        content = msgspec.json.encode(_Sealed(key.user, key.secret, key.policy))
        row.sealed = self._vault.seal(row.key, _name(identity)).seal(content, _name(identity))
        row.save(self._rows.id.does_not_exist())
        self._forget(identity)
        return key

    def get(self, identity: str) -> AccessKey | None:
        """The key of that id, as it was up to `REMEMBERED_SECONDS` ago; None where there is none. Raises SealError."""
        now = self._clock()
        until, key = self._known.get(identity, (0.0, None))
        if until <= now:
            changes, key = self._changes, self._read(identity)
            if len(self._known) >= _MOST_REMEMBERED:  # of ids that strangers made up
                self._known.clear()
            if changes == self._changes:  # else it may have been revoked since it was read
                self._known[identity] = (now + REMEMBERED_SECONDS, key)
        return key

    def all(self) -> list[AccessKey]:
        """Every key, the oldest first. Raises SealError."""
        return sorted(map(self._opened, self._rows.scan(consistent_read=True)), key=lambda key: (key.created, key.id))

    def revoke(self, identity: str) -> bool:
        """Delete the key, which works no more from now on; says whether there was one."""
        there = self._read(identity) is not None
        self._rows(identity).delete()
        self._forget(identity)
        return there

    def rewrap(self) -> int:
        """Wrap every key's data key with what wraps now; returns how many there are. Raises SealError."""
        rows = list(self._rows.scan(consistent_read=True))
        for row in rows:
            row.update([self._rows.key.set(self._vault.rewrap(row.key, _name(row.id)))], self._rows.id.exists())
        return len(rows)

    def _forget(self, identity: str) -> None:
        self._changes += 1
        self._known.pop(identity, None)

    def _read(self, identity: str) -> AccessKey | None:
        if not identity:
            return None
        try:
            return self._opened(self._rows.get(identity, consistent_read=True))
        except self._rows.DoesNotExist:
            return None

    def _opened(self, row: _Row) -> AccessKey:
        content = self._vault.seal(row.key, _name(row.id)).open(row.sealed, _name(row.id))
        sealed = msgspec.json.decode(content, type=_Sealed)
        return AccessKey(row.id, sealed.user, int(row.created), sealed.policy, sealed.secret)


def _name(identity: str) -> str:
    return f"access-key/{identity}"
