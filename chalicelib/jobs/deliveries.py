"""Messages of a queue, each dealt with by itself: one that fails comes back, and takes no other with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from ..store.jobs import JobHeldError
from ..telemetry import logger
from .worker import StoppedError

AGAIN = (1, 5, 30, 120, 600)
"""Seconds until a message whose handler raised comes back: the first time, the second, and so on. The queue's own
visibility timeout is as long as the longest job, which is too long to wait for what has failed already."""

Delay = Callable[[str, int], None]
"""Given a message's receipt handle, has it come back so many seconds from now."""


def attempt(
    records: Iterable[Mapping[str, Any]], handle: Callable[[Any], None], delay: Delay
) -> dict[str, list[dict[str, str]]]:
    """Give the JSON of each record's body to `handle`; those for which it raised are to come back.

    Returns what Lambda expects where ReportBatchItemFailures is set ("Implementing partial batch responses").
    """
    failed = []
    for record in records:
        try:
            handle(msgspec.json.decode(record["body"]))
        except Exception as error:  # whatever it is, the next message shall be dealt with
            _come_back(record, error, delay)
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _come_back(record: Mapping[str, Any], error: Exception, delay: Delay) -> None:
    received = int(record["attributes"]["ApproximateReceiveCount"])
    seconds = AGAIN[min(received, len(AGAIN)) - 1]
    if isinstance(error, JobHeldError):
        seconds = int(error.seconds) + 1
    elif not isinstance(error, StoppedError):
        logger.warning("message %s is tried again: %r", record["messageId"], error, exc_info=error)
    try:
        delay(record["receiptHandle"], seconds)
    except (ClientError, BotoCoreError) as late:
        logger.warning("message %s comes back only when its visibility timeout ends: %s", record["messageId"], late)
