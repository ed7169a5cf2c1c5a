"""The logger and the stop-watch."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("lookalike")


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Log at DEBUG how many milliseconds the block took, as `faces.detect 21.4 ms`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        logger.debug("%s %.1f ms", what, (time.perf_counter() - start) * 1e3)
