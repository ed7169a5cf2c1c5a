"""The work of every kind of job, for a worker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ..jobs import analyses
from ..jobs.worker import Task
from . import bulk, videos

if TYPE_CHECKING:
    from ..backend import Backend


def tasks(backend: Backend) -> Mapping[str, Task]:
    """By the name of the analysis."""
    viewings = {analysis.name: videos.viewing(analysis, backend) for analysis in analyses.ALL}
    return {**viewings, bulk.ANALYSIS: partial(bulk.moderate, backend)}
