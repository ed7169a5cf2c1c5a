"""Searching a collection: what is folded, how far a search reaches, and whom it never finds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import ResourceNotFoundException
from ..search import Match
from ..store.tables import Head
from ..store.vault import SealError
from ..telemetry import logger, note
from ..vision.faces import distance_at
from . import policy

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from ..backend import Backend
    from ..search.index import Index
    from ..store.logs import Log


def face_log(head: Head, backend: Backend) -> Log:
    """What a search for faces folds."""
    return backend.store.log(head, "faces", backend.search.dimensions)


def user_log(head: Head, backend: Backend) -> Log:
    """What a search for users folds."""
    return backend.store.log(head, "users", backend.search.dimensions)


def indexes(backend: Backend) -> Iterator[tuple[Head, Index | None]]:
    """Every collection with its faces; None for one whose key is lost, so that it spoils no other."""
    for head in list(backend.store.collections.all()):
        try:
            yield head, backend.search.index(face_log(head, backend))
        except ResourceNotFoundException:
            logger.debug("collection %s was deleted meanwhile", head.id)
        except SealError as error:
            logger.warning("the faces of %s cannot be read: %s", head.id, error)
            yield head, None


def reach(threshold: float) -> float:
    """The largest distance at which a match is `threshold` similar: any distance is 0 similar or more."""
    return distance_at(threshold) if threshold > 0 else math.inf


def nearest(vector: NDArray[float32], log: Log, limit: int, threshold: float, backend: Backend) -> list[Match]:
    """The `limit` nearest that are `threshold` similar, or as similar as the collection's policy wants, if that is
    more; nobody for the face of somebody who opted out."""
    radius = reach(policy.threshold(threshold, log.head))
    if any(kept_out([vector], backend)):
        return []
    return backend.search.nearest(log, vector, limit, radius)


def kept_out(vectors: Sequence[NDArray[float32]], backend: Backend, *, now: bool = False) -> list[bool]:
    """For each face whether it is one of those who opted out; noted for the audit.

    `now` asks for the list as it is, where otherwise a change by another process is known seconds later.
    """
    head = backend.store.optouts.head(now=now)
    if head is None or not head.face_count:
        return [False] * len(vectors)
    index, radius = backend.search.index(face_log(head, backend)), reach(backend.settings.optout_similarity)
    found = [bool(index.nearest(vector, 1, radius)) for vector in vectors]
    if any(found):
        note(optedOut=sum(found))
    return found
