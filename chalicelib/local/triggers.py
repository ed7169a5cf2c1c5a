"""The handlers of the Chalice application, run on S3's events as Lambda runs them: beside the requests, not in them.

Chalice's own registry says which handler wants which events. A handler that raises is called again, later each time,
and at last its event goes to a dead-letter queue, as Lambda's asynchronous invocations do ("How Lambda handles errors
and retries with asynchronous invocation"). Meanwhile the events of other objects go on. One that finds too many jobs in
progress waits as long as it takes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from uuid import uuid4

import msgspec

from ..jobs.deliveries import NO_ROOM
from ..telemetry import logger

if TYPE_CHECKING:
    from chalice.app import Chalice

DELAYS = (0.5, 2.0, 10.0)
"""Seconds before each further attempt. Lambda waits a minute, then two: too long for somebody who watches."""

WORKERS = 2
"""Handlers at once: one computes while another waits for the store."""

DEAD_LETTERS = "lookalike-dead-letters"
"""The queue of events whose handler raised to the last."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An object whose handler raised."""

    attempts: int
    """How often it was tried."""
    reason: str
    parked: bool
    """Given up: its event lies in the dead-letter queue. Until then it will be tried again."""


class Triggers:
    """Runs the application's handlers on S3's events.

    `sqs` is a botocore client.
    """

    def __init__(self, application: Chalice, sqs: Any, delays: Sequence[float] = DELAYS) -> None:
        self._sources = [source for source in application.event_sources if hasattr(source, "bucket")]
        self._handlers = application.handler_map
        self._sqs = sqs
        self._queue: str = sqs.create_queue(QueueName=DEAD_LETTERS)["QueueUrl"]
        self._delays = delays
        self._workers = ThreadPoolExecutor(WORKERS, "upload")
        self._changed = threading.Condition()
        self._open = 0
        self._timers: set[threading.Timer] = set()
        self._troubles: dict[str, Trouble] = {}

    def __call__(self, event: dict[str, Any]) -> None:
        """Have those handlers run that want the event; returns at once."""
        for source in self._sources:
            if _wants(source, event["Records"][0]):
                with self._changed:
                    self._open += 1
                self._workers.submit(self._attempt, source.name, event, 0)

    def troubles(self) -> Mapping[str, Trouble]:
        """The objects whose last event is still to be handled or was given up, by key."""
        return self._troubles.copy()

    def wait(self, seconds: float) -> bool:
        """Wait, at most so long, until every event was handled or given up; says whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, seconds)

    def stop(self) -> None:
        """Finish the handlers under way and start no more."""
        for timer in list(self._timers):
            timer.cancel()
        self._workers.shutdown(cancel_futures=True)

    def forget(self) -> None:
        """Handle no event that came before; returns when the handlers under way are done."""
        before, self._workers = self._workers, ThreadPoolExecutor(WORKERS, "upload")
        before.shutdown(cancel_futures=True)
        while self._timers:
            self._timers.pop().cancel()
        self._troubles.clear()
        with self._changed:
            self._open = 0
            self._changed.notify_all()

    def _attempt(self, handler: str, event: dict[str, Any], attempt: int) -> None:
        key = unquote_plus(event["Records"][0]["s3"]["object"]["key"])
        try:
            self._handlers[handler](event, None)
            self._troubles.pop(key, None)
        except NO_ROOM as error:
            self._troubles[key] = Trouble(attempt + 1, str(error), parked=False)
            self._later(self._delays[-1], partial(self._attempt, handler, event, attempt))
            return
        except Exception as error:  # whatever it is, the next event shall be handled
            logger.warning("%s on %s, attempt %d: %r", handler, key, attempt + 1, error)
            parked = attempt == len(self._delays)
            self._troubles[key] = Trouble(attempt + 1, str(error) or repr(error), parked)
            if not parked:
                self._later(self._delays[attempt], partial(self._attempt, handler, event, attempt + 1))
                return
            self._park(event, error)
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def _later(self, seconds: float, attempt: partial[None]) -> None:
        def submit() -> None:
            self._timers.discard(timer)
            self._workers.submit(attempt)

        timer = threading.Timer(seconds, submit)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def _park(self, event: dict[str, Any], error: Exception) -> None:
        """Put the event into the dead-letter queue with the attributes that Lambda gives it."""
        attributes = {"RequestID": str(uuid4()), "ErrorCode": "200", "ErrorMessage": repr(error)[:1024]}
        self._sqs.send_message(
            QueueUrl=self._queue,
            MessageBody=msgspec.json.encode(event).decode(),
            MessageAttributes={
                name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )


def _wants(source: Any, record: dict[str, Any]) -> bool:
    key = unquote_plus(record["s3"]["object"]["key"])
    return (
        record["s3"]["bucket"]["name"] == source.bucket
        and any(fnmatchcase(f"s3:{record['eventName']}", pattern) for pattern in source.events)
        and key.startswith(source.prefix or "")
        and key.endswith(source.suffix or "")
    )
