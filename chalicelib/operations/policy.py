"""What a collection's policy does to the operations on it (see `store.policy` for the tags)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InvalidParameterException, ResourceNotFoundException
from ..store.policy import policy_of
from ..store.tables import Head
from ..telemetry import note
from . import matches

if TYPE_CHECKING:
    from ..backend import Backend


def collection(collection_id: str, backend: Backend) -> Head:
    """The collection as its policy lets it be: whoever comes first after a face's time is over erases it.

    Raises ResourceNotFoundException.
    """
    head = backend.store.collections.get(collection_id)
    policy = policy_of(head)
    if policy.purpose:
        note(purpose=policy.purpose)
    return backend.store.collections.get(collection_id) if expire(head, backend) else head


def threshold(asked: float, head: Head) -> float:
    """The least similarity of a search, which no caller can lower below the policy's."""
    if (least := policy_of(head).min_similarity) > asked:
        note(threshold=least)
        return least
    return asked


def require_consent(head: Head, external_id: str | None, backend: Backend) -> None:
    """Raises InvalidParameterException where the policy asks for a consent that is not recorded."""
    if not policy_of(head).consent_required:
        return
    if external_id is None:
        raise InvalidParameterException(
            f"The collection {head.id} takes only people who consented: name one with ExternalImageId"
        )
    if not backend.store.consents.given(head, external_id):
        raise InvalidParameterException(
            f"The collection {head.id} takes only people who consented, and no consent of {external_id} is recorded: "
            f"run `lookalike consent add {head.id} {external_id}`"
        )


class Erased(NamedTuple):
    """What an erasure touched besides the faces."""

    users: set[str]
    """UserIds whose vectors were made anew."""
    video_results: int
    """Results of searches of stored video that named one of the faces."""


def erase(head: Head, face_ids: Sequence[str], backend: Backend) -> Erased:
    """Erase faces everywhere at once, also those of users, who stay, and what video searches told of them."""
    users = backend.store.erasure.erase(head, face_ids)
    refresh(head, backend)
    return Erased(users, matches.forget(face_ids, backend) if face_ids else 0)


def refresh(head: Head, backend: Backend) -> None:
    """Let what was erased from a collection be forgotten in memory, too."""
    try:
        moved = backend.store.collections.get(head.id)
    except ResourceNotFoundException:
        return
    for kind in ("faces", "users"):
        backend.search.refresh(backend.store.log(moved, kind, backend.search.dimensions))


def expire(head: Head, backend: Backend) -> int:
    """Erase the faces of a collection whose time is over; returns how many."""
    if (kept := policy_of(head).retention) is None:
        return 0
    expired = backend.store.erasure.expire(
        head, backend.clock() - kept, lambda face_ids: matches.forget(face_ids, backend)
    )
    if expired:
        refresh(head, backend)
    return len(expired)
