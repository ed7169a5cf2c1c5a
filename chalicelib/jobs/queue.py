"""Where jobs are put, and where their ends are told: SQS and SNS."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

import msgspec
from botocore.exceptions import ClientError
from botocore.session import Session

from ..errors import ResourceNotFoundException
from ..store.job import Job
from ..store.jobs import Counts, Jobs
from ..telemetry import logger

_UNREACHABLE = frozenset({"NotFound", "InvalidParameter", "AuthorizationError"})
"""SNS's codes for a topic that is not there or not ours: trying again would not help."""


class Messages:
    """The messages of one queue, by its name; `desk` has the client."""

    def __init__(self, desk: Desk, queue: str) -> None:
        self._desk = desk
        self._queue = queue

    def put(self, body: str, seconds: int) -> None:
        """Have a new message come so many seconds from now, 15 minutes at most."""
        self._desk.sqs.send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=seconds)

    def delay(self, receipt: str, seconds: int) -> None:
        """Have a message that was received come back so many seconds from now, 12 hours at most."""
        self._desk.sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds)

    @cached_property
    def _url(self) -> str:
        return str(self._desk.sqs.get_queue_url(QueueName=self._queue)["QueueUrl"])


class Desk:
    """Takes jobs in and answers for them.

    `session` makes the clients of SQS and SNS; `queue` is the name of the queue of JobIds.
    """

    telling: Callable[[], AbstractContextManager[None]] = staticmethod(nullcontext)
    """Entered while an end is published and that is noted: where both can be made one, whoever serves gives it."""

    def __init__(self, jobs: Jobs, session: Session, region: str, queue: str) -> None:
        self.jobs = jobs
        self.queue = queue
        self._session = session
        self._region = region
        self._making = threading.Lock()

    def start(self, analysis: str, request: Mapping[str, Any], now: float | None = None) -> str:
        """The JobId of a new job, or of the one that this request with its token started before.

        Raises IdempotentParameterMismatchException and LimitExceededException.
        """
        job = Job(
            id=secrets.token_hex(32),
            analysis=analysis,
            request=dict(request),
            created=time.time() if now is None else now,
        )
        digest = hashlib.sha256(msgspec.json.encode(job.request, order="sorted")).hexdigest()
        kept = self.jobs.start(job, request.get("ClientRequestToken"), digest)
        if kept.attempt == 0:  # also when it was kept before, and its message perhaps never sent
            self.send(kept.id)
        return kept.id

    def get(self, analysis: str, job_id: str) -> Job:
        """The job; raises ResourceNotFoundException, also for a job of another analysis (unconfirmed)."""
        job = self.jobs.get(job_id)
        if job is None or job.analysis != analysis:
            raise ResourceNotFoundException("Could not find JobId")
        return job

    def counts(self) -> Counts:
        """How many jobs there are and were."""
        return self.jobs.counts()

    def send(self, job_id: str) -> None:
        """Have a worker take the job up. Once too often does no harm: only one can claim it."""
        self.sqs.send_message(QueueUrl=self.url, MessageBody=msgspec.json.encode({"JobId": job_id}).decode())

    def announce(self, job: Job, api: str, now: float | None = None) -> None:
        """Publish a job's end to its NotificationChannel, in AWS's words. A topic that is
        gone keeps no job open; what may pass raises botocore's error."""
        channel = job.request.get("NotificationChannel")
        if channel is None:
            return
        video = job.request["Video"]["S3Object"]
        message = {
            "JobId": job.id,
            "Status": job.status,
            "API": api,
            **({"JobTag": job.request["JobTag"]} if "JobTag" in job.request else {}),
            "Timestamp": int((time.time() if now is None else now) * 1000),
            "Video": {"S3ObjectName": video["Name"], "S3Bucket": video["Bucket"]},
        }
        try:
            self.sns.publish(TopicArn=channel["SNSTopicArn"], Message=msgspec.json.encode(message).decode())
        except ClientError as error:
            if error.response["Error"]["Code"] not in _UNREACHABLE:
                raise
            logger.warning("the end of job %s could not be published: %s", job.id, error)

    def resume(self) -> None:
        """Queue all open jobs anew and void their claims: for a process that knows itself to be the only worker."""
        for job_id in self.jobs.open():
            if (job := self.jobs.get(job_id)) is not None:
                self.jobs.release(job)
                self.send(job_id)

    def create_queue(self) -> None:
        """Make the queue unless it is there. For a local start: on AWS, Terraform makes it."""
        self.sqs.create_queue(QueueName=self.queue)

    @cached_property
    def url(self) -> str:
        """The queue's address."""
        return str(self.sqs.get_queue_url(QueueName=self.queue)["QueueUrl"])

    @cached_property
    def sqs(self) -> Any:
        """The client of SQS, made when first needed."""
        return self._client("sqs")

    @cached_property
    def sns(self) -> Any:
        """The client of SNS, made when first needed."""
        return self._client("sns")

    def _client(self, service: str) -> Any:
        with self._making:  # botocore makes clients in one thread at a time only
            return self._session.create_client(service, region_name=self._region)
