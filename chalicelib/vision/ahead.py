"""An iterator that is kept ahead of whoever reads it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T], depth: int) -> Iterator[T]:
    """`items`, made in a thread up to `depth` before they are asked for. FFmpeg and onnxruntime both release the GIL.

    What making them raises is raised here; a caller that stops early stops the thread.
    """
    ready: Queue[tuple[T | None, BaseException | None] | None] = Queue(depth)
    stopped = threading.Event()

    def put(item: tuple[T | None, BaseException | None] | None) -> None:
        while not stopped.is_set():
            with suppress(Full):
                ready.put(item, timeout=0.1)
                return

    def make() -> None:
        try:
            for item in items:
                put((item, None))
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:
            put((None, error))

    thread = threading.Thread(target=make, name="decode", daemon=True)
    thread.start()
    try:
        while (found := ready.get()) is not None:
            item, error = found
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # None only beside an error
    finally:
        stopped.set()
        with suppress(Empty):
            while True:
                ready.get_nowait()
        thread.join()
