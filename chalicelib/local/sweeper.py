"""What EventBridge does on AWS: the clock that erases faces whose time is over, and removes jobs after their week."""

from __future__ import annotations

import threading

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from ..backend import Backend
from ..errors import ServiceError, SetupError
from ..operations import work
from ..operations.policy import sweep
from ..telemetry import logger

SECONDS = 60.0
"""Between two sweeps. Nothing expired is ever told: whoever asks for a collection has it swept before."""


class Sweeper:
    """A thread that sweeps until it is stopped."""

    def __init__(self, backend: Backend, seconds: float = SECONDS) -> None:
        self._backend = backend
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin, with a sweep."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the sweep under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                swept = sweep(self._backend)
                work.sweep(self._backend)
            except (BotoCoreError, ClientError, PynamoDBException, ServiceError, SetupError) as error:
                logger.warning("what has expired could not be erased, and is tried again: %s", error)
            else:
                for collection, faces in swept.items():
                    logger.info("%d expired faces of %s were erased", faces, collection)
            if self._stopping.wait(self._seconds):
                return
