"""A backend of its own for each test: the real store and search, and a camera in place of the face models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from chalicelib.backend import Backend, Vision
from chalicelib.wire.gateway import call
from tests.accounts import unused_backend
from tests.operations.camera import Camera


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def camera() -> Camera:
    return Camera()


class Client:
    """Calls operations as a client would, past HTTP: requests and answers are validated against the model."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return call(operation, parameters, self.backend)

    def pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Page after page, as applications loop."""
        answer = self(operation, **parameters)
        yield answer
        while "NextToken" in answer:
            answer = self(operation, NextToken=answer["NextToken"], **parameters)
            yield answer


@pytest.fixture
def client(camera: Camera, clock: Clock) -> Client:
    backend = unused_backend()
    vision = Vision(backend.sessions)
    vision.faces = cast("Any", camera)
    return Client(replace(backend, clock=clock, vision=vision))
