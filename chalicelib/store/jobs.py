"""Jobs: put once, taken up by one worker at a time, ended once, announced, and forgotten after a week.

    start ──> IN_PROGRESS, open ── claim ──> leased ── finish ──> SUCCEEDED or FAILED ── close ──> no longer open
                    ^                          │
                    └──── the lease runs out ──┘

Every arrow is one conditional write, so that of two workers that try, one succeeds. A worker that dies leaves a lease
that runs out; whoever claims the job then finds whether it is still to be run, or only to be announced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import size
from pynamodb.transactions import TransactWrite

from ..errors import IdempotentParameterMismatchException, LimitExceededException
from .conditions import only_conditional, refused
from .job import Job, JobRow, Status, job_of, new_row
from .tables import create_table

__all__ = ["KEPT", "MOST_OPEN", "Counts", "Job", "JobHeldError", "Jobs"]

KEPT = timedelta(days=7)
"""How long a job and its results are kept (AWS)."""
MOST_OPEN = 20
"""Jobs at once (AWS)."""
_OPEN = "open"


class JobHeldError(Exception):
    """Another worker runs the job; it may be tried again `seconds` later."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"another worker runs the job for {seconds:.0f} s more")


class Counts(msgspec.Struct, frozen=True):
    """How many jobs there are and were."""

    in_progress: int
    succeeded: int
    failed: int


class Jobs:
    """The table of jobs. `clock` gives seconds since the epoch."""

    def __init__(self, connection: Connection, prefix: str, clock: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._rows = JobRow.bound(connection, f"{prefix}-jobs")
        self._clock = clock

    def create(self) -> None:
        """Make the table unless it is there."""
        create_table(self._rows)

    def start(self, job: Job, token: str | None, digest: str) -> Job:
        """Keep a new job; where `token` stands for one already, that one is returned.

        Raises IdempotentParameterMismatchException when the token came with another request, and
        LimitExceededException while 20 jobs are open.
        """
        while True:
            if token is not None and (before := self._of_token(job.analysis, token, digest)) is not None:
                return before
            try:
                self._put(job, token, digest)
            except TransactWriteError as error:
                if refused(error)[-1] == "ConditionalCheckFailed":  # pynamodb sends updates last
                    raise LimitExceededException(f"More than {MOST_OPEN} jobs would be in progress") from None
                continue  # the token was taken meanwhile, or another job was started
            return job

    def get(self, job_id: str) -> Job | None:
        """The job; None for one that never was or has expired."""
        try:
            row = self._rows.get(job_id, consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        return job_of(row, self._clock())

    def claim(self, job_id: str, owner: str, seconds: float) -> Job | None:
        """Take the job up for so long; None where nothing is left to do. Raises JobHeldError while another has it.

        A job whose status is final is only to be announced and closed.
        """
        rows, now = self._rows, self._clock()
        try:
            row = rows(job_id)
            row.update(
                [rows.owner.set(owner), rows.lease.set(now + seconds), rows.attempt.add(1)],
                (rows.stage == "open") & (rows.lease < now),
            )
        except UpdateError as error:
            only_conditional(error)
            job = self.get(job_id)
            if job is None or job.lease < now:
                return None
            raise JobHeldError(job.lease - now) from None
        return job_of(row, self._clock())

    def renew(self, job: Job, progress: float, seconds: float) -> bool:
        """Keep the claim for so long from now; False where it was lost."""
        rows = self._rows
        actions = [rows.lease.set(self._clock() + seconds), rows.progress.set(progress)]
        return self._owned(job, actions, rows.status == "IN_PROGRESS")

    def release(self, job: Job) -> None:
        """Let another worker have it at once."""
        self._owned(job, [self._rows.lease.set(0)], self._rows.stage == "open")

    def finish(
        self, job: Job, status: Status, message: str = "", outcome: dict[str, Any] | None = None, seconds: float = 0.0
    ) -> bool:
        """End the job, for good, and keep the claim for so long, to tell of it; False where the claim was lost."""
        rows = self._rows
        actions = [
            rows.status.set(status),
            rows.message.set(message),
            rows.outcome.set(msgspec.json.encode(outcome or {}).decode()),
            rows.ended.set(self._clock()),
            rows.progress.set(1),
            rows.lease.set(self._clock() + seconds),
        ]
        return self._owned(job, actions, rows.status == "IN_PROGRESS")

    def close(self, job: Job) -> bool:
        """The ended job was announced; False where the claim was lost."""
        rows = self._rows
        counted = rows.succeeded if job.status == "SUCCEEDED" else rows.failed
        held = (rows.stage == "open") & (rows.owner == job.owner)
        while True:
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.update(rows(job.id), [rows.stage.set("closed"), rows.lease.set(0)], held)
                    transaction.update(rows(_OPEN), [rows.jobs.delete({job.id}), counted.add(1)])
            except TransactWriteError as error:
                if refused(error)[0] == "ConditionalCheckFailed":
                    return False
            else:
                return True

    def open(self) -> frozenset[str]:
        """The JobIds of those not closed."""
        return frozenset(self._all_open().jobs or ())

    def counts(self) -> Counts:
        """How many are open, and how many ended in which way since the table was made."""
        row = self._all_open()
        return Counts(len(row.jobs or ()), int(row.succeeded or 0), int(row.failed or 0))

    def expired(self) -> list[str]:
        """The JobIds, and the tokens, whose time is over and that are still in the table, or among the open jobs.

        DynamoDB's time to live removes a job's item, and not its place among the 20.
        """
        rows = self._rows
        found = [row.key for row in rows.scan(rows.expires <= _time(int(self._clock())), attributes_to_get=["key"])]
        return list(dict.fromkeys((*found, *(job_id for job_id in self.open() if self.get(job_id) is None))))

    def forget(self, key: str) -> None:
        """Remove a job, or a token, that has expired; an open one makes room. A token used again meanwhile stays."""
        while True:
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    transaction.delete(self._rows(key), self._over())
                    transaction.update(self._rows(_OPEN), [self._rows.jobs.delete({key})])
            except TransactWriteError as error:
                if refused(error)[0] == "ConditionalCheckFailed":
                    return
            else:
                return

    def of(self, analysis: str) -> list[Job]:
        """All jobs of one kind, the newest first. Reads the whole table: for kinds whose jobs are few and large."""
        return self._newest_first(self._rows.analysis == analysis)

    def all(self) -> list[Job]:
        """Every job that is kept, the newest first. Reads the whole table: for a person who looks."""
        return self._newest_first(self._rows.analysis.exists())

    def _put(self, job: Job, token: str | None, digest: str) -> None:
        rows = self._rows
        expires = int(job.created + KEPT.total_seconds())
        row = new_row(rows, job)
        row.expires = _time(expires)
        with TransactWrite(connection=self._connection) as transaction:
            transaction.save(row, rows.key.does_not_exist())
            room = rows.jobs.does_not_exist() | (size(rows.jobs) < MOST_OPEN)  # type: ignore[no-untyped-call]  # pynamodb's
            transaction.update(rows(_OPEN), [rows.jobs.add({job.id})], room)
            if token is not None:
                named = rows(_token(job.analysis, token), content=f"{digest} {job.id}", expires=_time(expires))
                transaction.save(named, self._over())

    def _over(self) -> Any:
        """The condition that a row is not there, or that its time is over."""
        return self._rows.key.does_not_exist() | (self._rows.expires <= _time(int(self._clock())))

    def _of_token(self, analysis: str, token: str, digest: str) -> Job | None:
        try:
            held, job_id = self._rows.get(_token(analysis, token), consistent_read=True).content.split()
        except self._rows.DoesNotExist:
            return None
        job = self.get(job_id)
        if job is not None and held != digest:
            raise IdempotentParameterMismatchException(
                f"The ClientRequestToken: {token} you have supplied is already in use."
            )
        return job

    def _owned(self, job: Job, actions: Iterable[Any], condition: Any) -> bool:
        try:
            self._rows(job.id).update([*actions], condition & (self._rows.owner == job.owner))
        except UpdateError as error:
            only_conditional(error)
            return False
        return True

    def _all_open(self) -> JobRow:
        try:
            return self._rows.get(_OPEN, consistent_read=True)
        except self._rows.DoesNotExist:
            return self._rows(_OPEN)

    def _newest_first(self, condition: Any) -> list[Job]:
        now = self._clock()
        found = (job_of(row, now) for row in self._rows.scan(condition, consistent_read=True))
        return sorted((job for job in found if job), key=lambda job: (-job.created, job.id))


def _token(analysis: str, token: str) -> str:
    return f"token/{analysis}/{token}"


def _time(seconds: int) -> Any:
    return datetime.fromtimestamp(seconds, UTC)
