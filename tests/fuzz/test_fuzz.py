"""Some seconds of fuzzing: nothing answers 500, nothing hangs, nothing grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import images, requests
from tests.fuzz.server import target

REQUESTS = 2400
IMAGES = 150


@pytest.mark.usefixtures("models")
def test_bent_requests_are_refused() -> None:
    with target(REQUESTS) as server:
        requests.each(REQUESTS, 1, server.send)
        findings = server.finish()
    findings.require_none()
    assert sum(findings.answers.values()) > REQUESTS / 2
    assert {"200", "400 ValidationException", "400 SerializationException"} <= findings.answers.keys()


@pytest.mark.usefixtures("models")
def test_damaged_pictures_are_refused_or_looked_at() -> None:
    with target(IMAGES) as server:
        images.each(IMAGES, 1, server.send_picture)
        findings = server.finish()
    findings.require_none()
    assert {"200", "400 InvalidImageFormatException"} <= findings.answers.keys()


def test_the_same_seed_sends_the_same(tmp_path: Path) -> None:
    def drawn() -> list[bytes]:
        sent: list[bytes] = []
        requests.each(200, 7, lambda each: sent.append(each.body))
        images.each(20, 7, lambda data, chance: sent.append(data))
        return sent

    assert drawn() == drawn()
