"""The application's handler of jobs, run on SQS's messages as Lambda runs it.

Lambda polls the queue and calls the handler; it deletes the messages that the handler does not report as failed
("Using Lambda with Amazon SQS").
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..jobs.queue import Desk
from ..telemetry import logger

if TYPE_CHECKING:
    from chalice.app import Chalice

WORKERS = 2
"""Jobs at once: one decodes while another's model runs."""
_VISIBILITY = 12 * 3600
"""Seconds, SQS's longest: the job's own lease says how long it is held."""
_WAIT = 1
"""Seconds that one poll waits."""


class Workers:
    """Threads that take jobs until they are stopped: `stopping` is then set, for the work under way to see."""

    def __init__(self, application: Chalice, desk: Desk, stopping: threading.Event, number: int = WORKERS) -> None:
        source = next(source for source in application.event_sources if hasattr(source, "queue"))
        self._handler = application.handler_map[source.name]
        self._desk = desk
        self._stopping = stopping
        self._threads = [threading.Thread(target=self._work, name=f"job-{at}", daemon=True) for at in range(number)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Put down the work under way, so that it is taken up again at the next start, and wait for that."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:  # else it was never started
                thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._poll(self._desk.url)
            except (ClientError, BotoCoreError) as error:  # such as a full disk: jobs go on when it heals
                logger.warning("the queue of jobs cannot be read: %s", error)
                self._stopping.wait(_WAIT)

    def _poll(self, queue: str) -> None:
        found = self._desk.sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=_WAIT,
            VisibilityTimeout=_VISIBILITY,
            AttributeNames=["ApproximateReceiveCount"],
        )
        for message in found.get("Messages", ()):
            self._handle(queue, message)

    def _handle(self, queue: str, message: dict[str, Any]) -> None:
        if not self._handler(_event(message), None)["batchItemFailures"]:
            self._desk.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def _event(message: dict[str, Any]) -> dict[str, Any]:
    """The message as Lambda gives it."""
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
        ]
    }
