"""The application's handler of jobs, run on SQS's messages as Lambda runs it.

Lambda polls the queue and calls the handler; a message whose handler raises comes back when its visibility timeout ends
("Using Lambda with Amazon SQS"). Here that timeout is set as soon as it is known how long to wait.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ..jobs.queue import Desk
from ..jobs.worker import JobHeldError
from ..telemetry import logger

if TYPE_CHECKING:
    from chalice.app import Chalice

WORKERS = 2
"""Jobs at once: one decodes while another's model runs."""
_VISIBILITY = 12 * 3600
"""Seconds, SQS's longest: the job's own lease says how long it is held."""
_WAIT = 1
"""Seconds that one poll waits."""
_AGAIN = (1, 5, 30)
"""Seconds until a message whose handler raised comes back: the first time, the second, and later."""


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
        handle = message["ReceiptHandle"]
        try:
            self._handler(_event(message), None)
        except JobHeldError as held:
            self._later(queue, handle, int(held.seconds) + 1)
        except Exception as error:  # whatever it is, the next job shall be done
            if not self._stopping.is_set():
                logger.warning("a job broke off and is tried again: %r", error, exc_info=error)
            received = int(message["Attributes"]["ApproximateReceiveCount"])
            self._later(queue, handle, _AGAIN[min(received, len(_AGAIN)) - 1])
        else:
            self._desk.sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)

    def _later(self, queue: str, handle: str, seconds: int) -> None:
        self._desk.sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=seconds)


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
