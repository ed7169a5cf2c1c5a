"""Which faces belong to which user.

It is written twice, in the face's record and in the user's, always in the same transaction: lists of faces show their
user, a user knows its faces. A face has one user at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..errors import ServiceQuotaExceededException
from .faces import RECORDS_A_CHANGE, Faces, indexed, seal_vector, sealed_faces, vector_of
from .ledger import Draft, Entry, Ledger, NameChange, Step, chunks
from .records import Image, User
from .snapshots import Snapshots
from .tables import Head
from .tokens import Once, once, recalled
from .users import Users

MOST_FACES = 100
"""Of one user."""

Vector = NDArray[np.float32]
Represent = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From the vectors of a user's faces, [n, dimensions], to the user's, [dimensions]."""


class Refusal(msgspec.Struct, array_like=True, frozen=True):
    """Why a face was not associated or disassociated: it is unknown, unless more is said."""

    face_id: str
    user: str | None = None
    """The other user that has it."""
    distance: float | None = None
    """From the user, too far."""
    full: bool = False
    """The user has as many faces as it may have."""


class Association(msgspec.Struct, array_like=True, frozen=True):
    """What became of the faces, and whether the user has any now."""

    faces: list[str]
    refused: list[Refusal]
    active: bool


class _Claim(NamedTuple):
    """Some of the faces of a request, few enough for one change."""

    user_id: str
    faces: Sequence[str]
    known: Vector | None = None
    """The user's vector before the request."""
    radius: float = np.inf
    """How far from it a face may be."""


class Associations:
    """The associations of every collection of an account."""

    def __init__(self, ledger: Ledger, snapshots: Snapshots, faces: Faces, users: Users, represent: Represent) -> None:
        self._ledger = ledger
        self._snapshots = snapshots
        self._faces = faces
        self._users = users
        self._represent = represent

    def add(self, head: Head, user_id: str, face_ids: Sequence[str], radius: float, request: Once) -> Association:
        """Add faces to a user: those within `radius` of its vector, or all if it has none yet.

        Raises ResourceNotFoundException, and ServiceQuotaExceededException when the user has 100 faces already.
        """
        known = self._users.vector(head, user_id)
        claims = [_Claim(user_id, some, known, radius) for some in chunks(face_ids, RECORDS_A_CHANGE)]
        return self._in_turn(head, [partial(self._add, claim) for claim in claims], request)

    def remove(self, head: Head, user_id: str, face_ids: Sequence[str], request: Once) -> Association:
        """Take faces from a user; raises ResourceNotFoundException."""
        claims = [_Claim(user_id, some) for some in chunks(face_ids, RECORDS_A_CHANGE)]
        done = self._in_turn(head, [partial(self._remove, claim) for claim in claims], request)
        self._snapshots.erase(head.uid, "users")
        return done

    def delete_user(self, head: Head, user_id: str, request: Once) -> None:
        """Take all faces from a user and delete it with its vector; raises ResourceNotFoundException."""

        def last(head: Head, draft: Draft, again: bool) -> Association:
            entry = self._users.get(head, user_id)
            user = _user(entry)
            self._own(draft, self._faces.records(head, user.faces), dict.fromkeys(user.faces))
            draft.rewrite("users", entry.number, None)
            draft.names[user.name] = NameChange(str(entry.number), None)
            draft.users -= 1
            return Association(user.faces, [], False)

        if recalled(self._ledger, head, request) is not None:
            return
        some = list(chunks(self._users.faces(head, user_id), RECORDS_A_CHANGE))[1:]
        self._in_turn(head, [*(partial(self._remove, _Claim(user_id, faces)) for faces in some), last], request)
        self._snapshots.erase(head.uid, "users")

    def _in_turn(self, head: Head, steps: Sequence[Step[Association]], request: Once) -> Association:
        """Run the steps, each in a change of its own; what all of them did is kept for the token with the last."""
        if len(steps) > 1 and (held := recalled(self._ledger, head, request)) is not None:
            return _restored(held.answer)
        done = [self._ledger.change(head, step) for step in steps[:-1]]

        def last(head: Head, draft: Draft, again: bool) -> Association:
            return _merged([*done, steps[-1](head, draft, again)])

        answer: Association = self._ledger.change(
            head, once(self._ledger, request, last, msgspec.to_builtins, _restored)
        )
        return answer

    def _add(self, claim: _Claim, head: Head, draft: Draft, again: bool) -> Association:
        user = self._users.get(head, claim.user_id)
        records = list(self._faces.records(head, claim.faces))
        vectors = self._opened(head, records)
        added, refused = _judged(claim, _user(user).faces, _owners(records), vectors)
        self._own(draft, records, dict.fromkeys(added, claim.user_id))
        self._rewrite(head, draft, user, [*_user(user).faces, *added], vectors)
        return Association(added, refused, bool(_user(user).faces or added))

    def _remove(self, claim: _Claim, head: Head, draft: Draft, again: bool) -> Association:
        user = self._users.get(head, claim.user_id)
        records = list(self._faces.records(head, claim.faces))
        owners = _owners(records)
        taken = [face_id for face_id in claim.faces if owners.get(face_id) == claim.user_id]
        refused = [
            Refusal(face_id, user=owners.get(face_id))
            for face_id in claim.faces
            if face_id not in owners or owners[face_id] not in (None, claim.user_id)
        ]
        staying = [face_id for face_id in _user(user).faces if face_id not in taken]
        self._own(draft, records, dict.fromkeys(taken))
        self._rewrite(head, draft, user, staying, self._opened(head, records))
        return Association(taken, refused, bool(staying))

    def _own(self, draft: Draft, records: Iterable[Entry], owners: Mapping[str, str | None]) -> None:
        """Draft that faces belong to users, or to nobody (None)."""
        for entry in records:
            image = entry.content
            if isinstance(image, Image) and any(face.id in owners for face in image.faces):
                faces = [msgspec.structs.replace(face, user=owners.get(face.id, face.user)) for face in image.faces]
                draft.rewrite("faces", entry.number, msgspec.structs.replace(image, faces=faces), entry.vectors)

    def _rewrite(self, head: Head, draft: Draft, entry: Entry, faces: list[str], vectors: Mapping[str, Vector]) -> None:
        """Draft that a user has these faces; `vectors` are those at hand already."""
        user = _user(entry)
        if faces == user.faces:
            return
        vectors = {**vectors, **self._faces.vectors(head, set(faces) - vectors.keys())}
        sealed = []
        if faces:
            vector = self._represent(np.stack([vectors[face_id] for face_id in faces]))
            sealed = [seal_vector(self._ledger.seal(head), vector, user.name)]
        draft.rewrite("users", entry.number, msgspec.structs.replace(user, faces=faces), sealed)

    def _opened(self, head: Head, records: Iterable[Entry]) -> dict[str, Vector]:
        seal = self._ledger.seal(head)
        return {
            face_id: vector_of(seal, sealed, face_id) for entry in records for face_id, sealed in sealed_faces(entry)
        }


def _judged(
    claim: _Claim, faces: Sequence[str], owners: Mapping[str, str | None], vectors: Mapping[str, Vector]
) -> tuple[list[str], list[Refusal]]:
    """Which of the claimed faces join the user's `faces`, and why the others do not. Those it has are passed over."""
    added: list[str] = []
    refused: list[Refusal] = []
    for face_id in claim.faces:
        if face_id not in owners:
            refused.append(Refusal(face_id))
        elif owners[face_id] not in (None, claim.user_id):
            refused.append(Refusal(face_id, user=owners[face_id]))
        elif owners[face_id] is None:
            distance = 0.0 if claim.known is None else float(np.linalg.norm(vectors[face_id] - claim.known))
            if distance > claim.radius:
                refused.append(Refusal(face_id, distance=distance))
            elif len(faces) + len(added) == MOST_FACES:
                refused.append(Refusal(face_id, full=True))
            else:
                added.append(face_id)
    if len(faces) == MOST_FACES and any(refusal.full for refusal in refused):
        raise ServiceQuotaExceededException(f"The user has {MOST_FACES} faces already")
    return added, refused


def _owners(records: Iterable[Entry]) -> dict[str, str | None]:
    return {face.id: face.user for entry in records for face in indexed(entry)}


def _user(entry: Entry) -> User:
    assert isinstance(entry.content, User)
    return entry.content


def _merged(parts: Sequence[Association]) -> Association:
    return Association(
        [face_id for part in parts for face_id in part.faces],
        [refusal for part in parts for refusal in part.refused],
        parts[-1].active,
    )


def _restored(answer: Any) -> Association:
    return msgspec.convert(answer, Association)
