"""The users of a collection: each a name for some of its faces, with one vector that stands for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ConflictException, ResourceNotFoundException
from .faces import vector_of
from .ledger import BATCH, Draft, Entry, Ledger, NameChange, chunks
from .records import IndexedUser, User
from .tables import Head
from .tokens import Once, once


class Users:
    """The users of every collection of an account."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def create(self, head: Head, user_id: str, request: Once) -> None:
        """Raises ConflictException when there is one of this id."""

        def step(head: Head, draft: Draft, again: bool) -> None:
            name = _name(head, user_id)
            if again and self._ledger.named(name) is not None:
                raise ConflictException(f"The user id: {user_id} already exists")
            number = draft.next_number("users")
            draft.append("users", User(user_id, name, []))
            draft.names[name] = NameChange(None, str(number))
            draft.users += 1

        self._ledger.change(head, once(self._ledger, request, step, lambda _: None, lambda _: None))

    def get(self, head: Head, user_id: str) -> Entry:
        """A user's record, its content a User; raises ResourceNotFoundException."""
        held = self._ledger.named(_name(head, user_id))
        for entry in self._ledger.read(head, "users", [] if held is None else [int(held)]):
            if isinstance(entry.content, User) and entry.content.id == user_id:
                return entry
        raise ResourceNotFoundException(f"The user id: {user_id} does not exist")

    def faces(self, head: Head, user_id: str) -> list[str]:
        """The FaceIds associated with a user, in the order of association; raises ResourceNotFoundException."""
        user = self.get(head, user_id).content
        assert isinstance(user, User)
        return user.faces

    def vector(self, head: Head, user_id: str) -> NDArray[np.float32] | None:
        """[dimensions]; None for a user without faces. Raises ResourceNotFoundException."""
        for sealed in self.get(head, user_id).vectors:
            return vector_of(self._ledger.seal(head), sealed, _name(head, user_id))
        return None

    def page(self, head: Head, start: int, limit: int) -> tuple[list[IndexedUser], int | None]:
        """Up to `limit` users in the order in which they were created, and where to go on, if any are left."""
        found: list[IndexedUser] = []
        for numbers in chunks(range(start, int(head.users)), min(BATCH, limit + 1)):
            for entry in self._ledger.read(head, "users", numbers):
                if isinstance(user := entry.content, User):
                    if len(found) == limit:
                        return found, entry.number
                    found.append(IndexedUser(user.id, bool(user.faces)))
        return found, None


def _name(head: Head, user_id: str) -> str:
    return f"{head.uid}/user/{user_id}"
