"""A job, as its reader sees it and as a row holds it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from pynamodb.attributes import NumberAttribute, TTLAttribute, UnicodeAttribute, UnicodeSetAttribute

from .tables import Item

Status = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the table has it."""

    id: str
    """64 hex digits."""
    analysis: str
    """What is done, such as FaceDetection."""
    request: dict[str, Any]
    """The Start operation's."""
    created: float
    """Seconds since the epoch."""
    status: Status = "IN_PROGRESS"
    message: str = ""
    """Why it failed."""
    owner: str = ""
    """The worker that claimed it last."""
    attempt: int = 0
    """How often it was claimed to be run."""
    lease: float = 0.0
    """Until when it is its owner's; seconds since the epoch."""
    progress: float = 0.0
    """0 to 1."""
    ended: float | None = None
    """Seconds since the epoch."""
    outcome: dict[str, Any] = {}
    """What the work left beside its results."""


class JobRow(Item):
    """A job; `token/...`, which job a client's token started; or the one item of all open jobs."""

    key = UnicodeAttribute(hash_key=True)
    content = UnicodeAttribute(null=True)
    """JSON: of a job what never changes, of a token the digest of its request and the JobId."""
    analysis = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    message = UnicodeAttribute(null=True)
    owner = UnicodeAttribute(null=True)
    attempt = NumberAttribute(null=True)
    lease = NumberAttribute(null=True)
    progress = NumberAttribute(null=True)
    ended = NumberAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    stage = UnicodeAttribute(null=True)
    """open or closed."""
    expires = TTLAttribute(null=True)
    jobs = UnicodeSetAttribute(null=True)
    succeeded = NumberAttribute(null=True)
    failed = NumberAttribute(null=True)


def new_row(rows: type[JobRow], job: Job) -> JobRow:
    """The row of a job that nobody has claimed yet, without its end."""
    fixed = {"id": job.id, "analysis": job.analysis, "request": job.request, "created": job.created}
    row = rows(job.id, content=msgspec.json.encode(fixed).decode(), analysis=job.analysis, status=job.status)
    row.attempt, row.lease, row.stage = 0, 0, "open"
    return row


def job_of(row: JobRow, now: float) -> Job | None:
    """The job that a row holds; None where it has expired by `now`, seconds since the epoch."""
    if row.expires is None or row.expires.timestamp() <= now:  # moto keeps what has expired
        return None
    changing = {
        "status": row.status,
        "message": row.message or "",
        "owner": row.owner or "",
        "attempt": int(row.attempt or 0),
        "lease": float(row.lease or 0),
        "progress": float(row.progress or 0),
        "ended": None if row.ended is None else float(row.ended),
        "outcome": msgspec.json.decode(row.outcome) if row.outcome else {},
    }
    return msgspec.convert(msgspec.json.decode(row.content) | changing, Job)
