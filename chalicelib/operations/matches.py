"""What searches of stored video told of faces that are erased."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..jobs.analyses import FACE_SEARCH
from ..jobs.results import Results
from ..jobs.viewing import folder

if TYPE_CHECKING:
    from ..backend import Backend


def forget(face_ids: Collection[str], backend: Backend) -> int:
    """Take faces out of the results of every StartFaceSearch; returns how many results named one."""
    results = Results(backend.store.objects, backend.settings.bucket)
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]] = partial(_without, frozenset(face_ids))
    return sum(
        results.rewrite(folder(job, job.outcome["attempt"], *view), change)
        for job in backend.jobs.jobs.of(FACE_SEARCH.name)
        if job.status == "SUCCEEDED"
        for view in FACE_SEARCH.views
    )


def _without(face_ids: Collection[str], result: Mapping[str, Any]) -> Mapping[str, Any]:
    if "FaceMatches" not in result:
        return result
    matches = [match for match in result["FaceMatches"] if match["Face"]["FaceId"] not in face_ids]
    return {**result, "FaceMatches": matches}
