"""The clock that erases: it starts with a sweep, goes on after a failure, and stops when told."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from chalicelib.backend import Backend
from chalicelib.errors import ServiceError
from chalicelib.local.sweeper import Sweeper
from tests.accounts import unused_backend
from tests.store.material import NOW, add


def backend_at(time: datetime) -> Backend:
    return replace(unused_backend(), clock=lambda: time)


def awaited(condition: Any) -> bool:
    """Whether something becomes true within seconds."""
    done = threading.Event()
    for _ in range(500):
        if condition():
            return True
        done.wait(0.01)
    return False


def test_what_is_over_is_erased_without_being_asked_for() -> None:
    backend = backend_at(NOW + timedelta(days=2))
    head = backend.store.collections.create("people", "7.0", {"lookalike:retention-days": "1"}, NOW)
    add(backend.store, head, 1)
    sweeper = Sweeper(backend)
    sweeper.start()
    assert awaited(lambda: int(backend.store.collections.get("people").face_count) == 0)
    sweeper.stop()


def test_a_failure_is_tried_again() -> None:
    backend = backend_at(datetime.now(UTC))
    asked = threading.Event()

    class Failing:
        times = 0

        def sweep(self, seconds: float) -> bool:
            self.times += 1
            if self.times > 1:
                asked.set()
            raise ServiceError("not now")

    failing = Failing()

    class Store:
        collections = failing

    sweeper = Sweeper(replace(backend, store=cast("Any", Store())), seconds=0.01)
    sweeper.start()
    assert asked.wait(10)
    sweeper.stop()
