"""Runs jobs: claims one, does its work while renewing the claim, ends it, announces it, closes it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from msgspec.structs import replace as changed

from ..errors import ServiceError, SetupError
from ..store.job import Job
from ..store.jobs import JobHeldError
from ..telemetry import logger
from ..vision.video import VideoError
from .queue import Desk

__all__ = ["JobHeldError", "LeaseLostError", "Progress", "StoppedError", "Task", "TooLongError", "Worker"]

LEASE_SECONDS = 60.0
"""How long a claim lasts, and so how long a dead worker's job waits: longer than any one frame takes."""
RENEWED_SECONDS = 5.0
LAST_SECONDS = 20.0
"""What a worker whose time ends needs to look at one more frame and to tell that the job failed."""
MOST_ATTEMPTS = 5
"""A job that outlived as many workers is what they die of."""

Progress = Callable[[float], None]
"""Told again and again how much is done, 0 to 1; raises LeaseLostError where another worker has taken over."""
Task = Callable[[Job, Progress], dict[str, Any]]
"""Does a job's work and returns what Get needs besides the results. Raises VideoError, ServiceError or SetupError
where the job fails for good; anything else is tried again."""


class LeaseLostError(Exception):
    """The job is another worker's by now."""


class StoppedError(Exception):
    """The worker was told to stop; the job is free."""


class TooLongError(Exception):
    """The job takes longer than its worker may run, and would again."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker. `clock` gives seconds of any origin."""

    desk: Desk
    tasks: Mapping[str, Task]
    """By the analysis's name."""
    clock: Callable[[], float] = time.monotonic
    lease: float = LEASE_SECONDS
    ended: tuple[Callable[[Job], None], ...] = ()
    """Told of an end before the client is. Again, where one raises or the worker dies."""
    give_way: Callable[[], None] = lambda: None
    """Called between two frames, to wait while something else is more urgent."""
    stopped: Callable[[], bool] = lambda: False
    """Asked between two frames whether to put the work down: then `run` raises StoppedError."""
    remaining: Callable[[], float] = lambda: math.inf
    """Seconds for which this worker may still run. A job that is not done when they end has failed."""

    def run(self, job_id: str) -> None:
        """Take the job up, if anything is left to do. Raises JobHeldError while another worker has it.

        Where it raises anything else, the job is free to be taken up again at once.
        """
        job = self.desk.jobs.claim(job_id, uuid4().hex, self.lease)
        if job is None:
            return
        try:
            if job.status == "IN_PROGRESS":
                job = self._ended(job)
            for told in self.ended:
                told(job)
            with self.desk.telling():
                self.desk.announce(job, f"Start{job.analysis}")
                self.desk.jobs.close(job)
        except LeaseLostError:
            logger.warning("job %s was taken over by another worker", job.id)
        except Exception:  # whatever it was: another attempt need not wait for the lease to run out
            self.desk.jobs.release(job)
            raise

    def _ended(self, job: Job) -> Job:
        """The job with its work done, or failed, and that kept."""
        ended = self._attempted(job)
        if not self.desk.jobs.finish(job, ended.status, ended.message, ended.outcome, self.lease):
            raise LeaseLostError
        return ended

    def _attempted(self, job: Job) -> Job:
        if job.attempt > MOST_ATTEMPTS:
            return changed(job, status="FAILED", message=f"The analysis broke off {MOST_ATTEMPTS} times")
        try:
            outcome = self.tasks[job.analysis](job, self._progress(job))
        except (VideoError, ServiceError, SetupError, TooLongError) as error:
            logger.info("job %s failed: %s", job.id, error)
            name = type(error).__name__
            return changed(job, status="FAILED", message=str(error) or name, outcome={"error": name})
        return changed(job, status="SUCCEEDED", outcome=outcome)

    def _progress(self, job: Job) -> Progress:
        due = self.clock() + RENEWED_SECONDS

        def progress(share: float) -> None:
            nonlocal due
            self.give_way()
            if self.stopped():
                raise StoppedError
            if self.remaining() < LAST_SECONDS:
                raise TooLongError(f"{share:.0%} of the video was analysed when the worker's time ended")
            if self.clock() < due:
                return
            if not self.desk.jobs.renew(job, share, self.lease):
                raise LeaseLostError
            due = self.clock() + RENEWED_SECONDS

        return progress
