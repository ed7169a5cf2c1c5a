"""The work of every kind of job, for a worker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..jobs import analyses, expiry
from ..jobs.worker import Task
from . import bulk, videos

if TYPE_CHECKING:
    from ..backend import Backend


def sweep(backend: Backend) -> int:
    """Remove all that is left of jobs whose week is over; returns how many there were."""
    return expiry.sweep(backend.jobs.jobs, videos.results(backend))


def tasks(backend: Backend) -> Mapping[str, Task]:
    """By the name of the analysis."""
    viewings = {analysis.name: videos.viewing(analysis, backend) for analysis in analyses.ALL}
    return {**viewings, bulk.ANALYSIS: partial(bulk.moderate, backend)}
