"""What EventBridge does on AWS: the clock that has `retention` erase what is over."""

from __future__ import annotations

import threading
from contextlib import suppress

from ..backend import Backend
from ..operations.retention import sweep

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
            with suppress(ExceptionGroup):  # it was logged, and is tried again
                sweep(self._backend)
            if self._stopping.wait(self._seconds):
                return
