"""Faces erased for good: also those of users, and those whose time is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from ..errors import ResourceNotFoundException
from .associations import Associations
from .faces import Faces
from .ledger import BATCH, Draft, Ledger, chunks, length
from .records import Image
from .tables import Head
from .tokens import Once


class _Oldest(NamedTuple):
    """The first record that holds a face."""

    record: int
    indexed: float
    """Seconds since the epoch: no face of the collection is older."""


class Erasure:
    """Erases faces of every collection of an account."""

    def __init__(self, ledger: Ledger, faces: Faces, associations: Associations) -> None:
        self._ledger = ledger
        self._faces = faces
        self._associations = associations
        self._oldest: dict[str, _Oldest] = {}
        """By uid. Records are in the order of time, so that no face need be read until the oldest is due."""

    def erase(self, head: Head, face_ids: Sequence[str]) -> set[str]:
        """Delete faces and their vectors, and make those of their users anew without them; the users stay.

        Returns the UserIds that were touched.
        """
        users: set[str] = set()
        left = list(dict.fromkeys(face_ids))
        while left:
            kept = self._faces.remove(head, left)
            left = [face_id for face_id, user in kept.items() if user is not None]
            for user in {kept[face_id] for face_id in left}:
                assert user is not None
                users.add(user)
                with suppress(ResourceNotFoundException):  # the user was deleted meanwhile, and its faces are free
                    of_user = [face_id for face_id in left if kept[face_id] == user]
                    self._associations.remove(head, user, of_user, Once("DisassociateFaces", {}))
        return users

    def expire(self, head: Head, before: datetime, forget: Callable[[Sequence[str]], object]) -> list[str]:
        """Erase the faces that were indexed before then; returns their FaceIds.

        `forget` erases what else names them. It comes first: who is stopped between finds them again.
        """
        limit = before.timestamp()
        if head.uid in self._oldest and self._oldest[head.uid].indexed >= limit:
            return []
        expired, oldest = self._expired(head, limit)
        if expired:
            forget(expired)
            self.erase(head, expired)
        if oldest.record >= head.swept + BATCH:  # else it costs less to read them again
            self._ledger.change(head, partial(_swept, head.uid, oldest.record))
        if len(self._oldest) > 4096:
            self._oldest.clear()
        self._oldest[head.uid] = oldest
        return expired

    def _expired(self, head: Head, limit: float) -> tuple[list[str], _Oldest]:
        """The faces indexed before `limit`, and what is the oldest without them."""
        expired: list[str] = []
        start = self._oldest[head.uid].record if head.uid in self._oldest else int(head.swept)
        for numbers in chunks(range(start, length(head, "faces")), BATCH):
            for entry in self._ledger.read(head, "faces", numbers):
                if isinstance(image := entry.content, Image):
                    indexed = max(image.indexed, float(head.created))
                    if indexed >= limit:
                        return expired, _Oldest(entry.number, indexed)
                    expired += [face.id for face in image.faces]
        return expired, _Oldest(length(head, "faces"), limit)


def _swept(uid: str, record: int, head: Head, draft: Draft, again: bool) -> None:
    """Draft that no process need read what is before the record; not for a collection of that name made meanwhile."""
    if head.uid == uid:
        draft.swept = record
