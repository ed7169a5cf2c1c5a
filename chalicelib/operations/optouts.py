"""People who want to be in no collection: on IndexFaces their faces are left out, and searching for them finds nobody.

A face is theirs when it is as similar to one on the list as LOOKALIKE_OPTOUT_SIMILARITY says, 99 unless set: one in
100,000 strangers is taken for them. Photos of one person that are less alike than that are not told, so several photos
protect better than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import InvalidParameterException
from ..store.optouts import OptOut
from ..store.tables import Head
from ..vision.embedding import FACE_MODEL_VERSION
from ..vision.picture import decode
from . import policy
from .searching import face_log, indexes, reach

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from ..backend import Backend


def add(photo: bytes, backend: Backend) -> tuple[OptOut, dict[str, int]]:
    """Keep the largest face of a photo out from now on, and erase it from every collection.

    Returns the new entry, and how many faces were erased from which collection. Raises InvalidParameterException for
    a photo without a face, and what `vision.picture.decode` raises.
    """
    vector = face_of(photo, backend)
    (added,) = backend.store.optouts.add([vector], FACE_MODEL_VERSION, backend.clock())
    erased = {}
    for head, face_ids in alike(vector, backend.settings.optout_similarity, backend):
        policy.erase(head, face_ids, backend)
        erased[head.id] = len(face_ids)
    return added, erased


def remove(ids: Sequence[str], backend: Backend) -> list[str]:
    """Take faces off the list; returns those that were on it."""
    removed = backend.store.optouts.remove(ids)
    if (head := backend.store.optouts.head(now=True)) is not None:
        backend.search.refresh(face_log(head, backend))
    return removed


def face_of(photo: bytes, backend: Backend) -> NDArray[float32]:
    """The vector of the largest face of a photo. Raises InvalidParameterException where there is none."""
    picture = decode(photo)
    faces = backend.faces.detect(picture, 1)
    if not faces:
        raise InvalidParameterException("There is no face in the photo")
    vector: NDArray[float32] = backend.faces.embed(picture, faces)[0]
    return vector


def alike(vector: NDArray[float32], similarity: float, backend: Backend) -> Iterator[tuple[Head, list[str]]]:
    """The faces in all readable collections that are as similar as that, by collection."""
    for head, index in indexes(backend):
        if index is not None and (found := index.nearest(vector, max(len(index), 1), reach(similarity))):
            yield head, [match.payload.id for match in found]
