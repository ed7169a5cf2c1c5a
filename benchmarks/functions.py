"""The function that answers requests, unpacked as on Lambda: its cold start, and its warm answers."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

from chalicelib.config import packs_folder
from deploy import building, events, proof
from deploy.targets import PYTHONS, Target, interpreter

from .measuring import Line, in_turn

COLD_STARTS = 7
AIM = 2500.0
"""Milliseconds from nothing to the first DetectFaces, on two cores."""


def run() -> Iterator[Line]:
    """Cold starts with the files in the page cache, as Lambda's often are; then warm, beside the local server."""
    target = Target(next(version for version in reversed(PYTHONS) if interpreter(version)), "x86_64")
    package = building.build(target, packs_folder(os.environ))
    with proof.port("core") as url:  # the same models
        account = proof.Account.at(url)
        starts = [_cold(package, account) for _ in range(COLD_STARTS + 1)][1:]
        imported, first, whole = (statistics.median(times) for times in zip(*starts, strict=True))
        yield Line("Lambda, cold: the handler is imported", imported, "its aim", AIM)
        yield Line("Lambda, cold: the first DetectFaces, models opened", first, "its aim", AIM)
        yield Line("Lambda, cold: process to first DetectFaces", whole, "its aim", AIM, "under 1")
        with account.start(package, "api_handler") as api:
            event = events.rest("DetectFaces", {"Image": proof.portrait()})
            yield Line(
                "Lambda, warm: DetectFaces",
                *_named(in_turn(lambda: proof.answer(api.invoke(event)), lambda: _served(url, event["body"]), 15)),
                "under 1.2",
            )


def _named(times: tuple[float, float]) -> tuple[float, str, float]:
    return times[0], "local server", times[1]


def _cold(package: building.Package, account: proof.Account) -> tuple[float, float, float]:
    """Milliseconds of the import, of the first answer, and of all from the process's start on."""
    began = time.perf_counter()
    with account.start(package, "api_handler") as api:
        reply = api.invoke(events.rest("DetectFaces", {"Image": proof.portrait()}))
        whole = time.perf_counter() - began
        proof.answer(reply)
        return api.started * 1000, reply.seconds * 1000, whole * 1000


def _served(url: str, body: str) -> None:
    """The same request to the local server."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "", place.port or 80)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "RekognitionService.DetectFaces"}
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    assert json.loads(answer.read())["FaceDetails"], answer.status
    connection.close()
