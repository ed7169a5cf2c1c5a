"""Jobs whose week is over: their results go, then they. On AWS a lifecycle rule and the table's time to live
help."""

from __future__ import annotations

from ..store.jobs import Jobs
from .results import Results


def sweep(jobs: Jobs, results: Results) -> int:
    """Remove all that is left of expired jobs; returns how many there were. Stopped in the middle, it is called again.

    What a bulk job wrote into the client's own bucket is the client's, and stays.
    """
    swept = 0
    for job_id in jobs.expired():
        results.remove(job_id)
        jobs.forget(job_id)
        swept += 1
    return swept
