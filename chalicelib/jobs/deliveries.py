"""Messages of a queue, each dealt with by itself: one that fails comes back, and takes no other with it.

A queue counts how often it gave a message, and at last parks it among the dead letters. Only failures shall count: a
message that merely waits, for a job to end or a collection to be free, is put anew, and so waits as long as it takes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from ..errors import LimitExceededException, ProvisionedThroughputExceededException
from ..store.jobs import JobHeldError
from ..telemetry import logger
from .worker import StoppedError

NO_ROOM = (LimitExceededException, ProvisionedThroughputExceededException)
"""What is no failure: 20 jobs are open, or the collection is busy, and there will be room."""
AGAIN = (1, 5, 30, 120, 600)
"""Seconds until a message whose handler raised comes back: the first time, the second, and so on. The queue's own
visibility timeout is as long as the longest job, which is too long to wait for what has failed already."""
PAUSE = (60, 180)
"""Seconds, from and to, until a message comes again that found no room: at random, so that a flood does not return at
once. As long as a short video takes; each time costs an invocation."""


class Queue(Protocol):
    """Where messages come from."""

    def put(self, body: str, seconds: int) -> None:
        """Have a new message come so many seconds from now."""

    def delay(self, receipt: str, seconds: int) -> None:
        """Have a message that was received come back so many seconds from now."""


def attempt(
    records: Iterable[Mapping[str, Any]], handle: Callable[[Any], None], queue: Queue
) -> dict[str, list[dict[str, str]]]:
    """Give the JSON of each record's body to `handle`; those for which it raised are to come back.

    Returns what Lambda expects where ReportBatchItemFailures is set ("Implementing partial batch responses").
    """
    failed = []
    for record in records:
        try:
            handle(msgspec.json.decode(record["body"]))
        except Exception as error:  # whatever it is, the next message shall be dealt with
            if not _put_anew(record, error, queue):
                _come_back(record, error, queue)
                failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _put_anew(record: Mapping[str, Any], error: Exception, queue: Queue) -> bool:
    """Whether nothing failed, and another message has taken this one's place."""
    if isinstance(error, JobHeldError):
        seconds = int(error.seconds) + 1
    elif isinstance(error, NO_ROOM):
        seconds = random.randint(*PAUSE)
    else:
        return False
    try:
        queue.put(record["body"], seconds)
    except (ClientError, BotoCoreError) as refused:
        logger.warning("message %s cannot be put anew, and counts as failed: %s", record["messageId"], refused)
        return False
    logger.info("message %s waits for %d s: %s", record["messageId"], seconds, error)
    return True


def _come_back(record: Mapping[str, Any], error: Exception, queue: Queue) -> None:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    if not isinstance(error, StoppedError):
        logger.warning("message %s is tried again: %r", record["messageId"], error, exc_info=error)
    try:
        queue.delay(record["receiptHandle"], AGAIN[min(received, len(AGAIN)) - 1])
    except (ClientError, BotoCoreError) as late:
        logger.warning("message %s comes back only when its visibility timeout ends: %s", record["messageId"], late)
