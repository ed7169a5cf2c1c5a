"""What the functions take, measured here from their package: the numbers behind stages, costs and simulation.

On a busy machine seconds are too many, and so the processor's are kept: with one thread they are what a function with
one core (1,769 MB) takes, beside its waiting for AWS, which is told as the number of requests.
"""

from __future__ import annotations

import os
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.config import packs_folder

from . import building, events, proof
from .container import Reply
from .targets import PYTHONS, Target, interpreter

FILE = Path(__file__).parent / "measured.json"
_TIMES = 9


class Measured(msgspec.Struct, frozen=True):
    """One kind of invocation of a warm function with one thread; medians."""

    processor: float
    """Seconds."""
    requests: int
    """To AWS, one after the other."""
    memory: int
    """The most bytes taken."""


class Measures(msgspec.Struct, frozen=True):
    """All that was measured."""

    day: str
    machine: str
    cold: float
    """Processor seconds from the start of a process to its first DetectFaces, less those of a warm one."""
    detect: Measured
    """DetectFaces with a picture of 512x512 in the request."""
    index: Measured
    """An upload of that picture into a collection."""
    analyse: Measured
    """An upload of it to anywhere else: DetectFaces, DetectLabels, DetectText, DetectModerationLabels."""
    film: Measured
    """StartFaceDetection's job on a film of 2 s, of which 4 frames are looked at."""


def kept() -> Measures:
    """What was measured last."""
    return msgspec.json.decode(FILE.read_bytes(), type=Measures)


def keep() -> None:
    """Measure, and write `measured.json`."""
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(_measured())) + b"\n")


def _measured() -> Measures:
    target = Target(next(version for version in reversed(PYTHONS) if interpreter(version)), "x86_64")
    package = building.build(target, packs_folder(os.environ))
    with proof.port("core") as url:
        account = proof.Account.at(url)
        account = proof.Account(url, {**account.environ, "LOOKALIKE_THREADS": "1"})
        with account.start(package, "api_handler") as api:
            first, *detected = (api.invoke(_detect()) for _ in range(_TIMES + 1))
            cold = api.processor + first.processor
            with account.start(package, "on_upload") as uploads:
                indexed = [uploads.invoke(_upload(account, f"collections/crew/{at}.jpg")) for at in range(_TIMES + 1)]
                analysed = [uploads.invoke(_upload(account, f"album/{at}.jpg")) for at in range(_TIMES + 1)]
            with account.start(package, "on_job", timeout=900) as jobs:
                filmed = [jobs.invoke(_job(account, api)) for _ in range(_TIMES + 1)]
    detect = _median(detected)
    return Measures(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{os.cpu_count()} cores, {_processor()}",
        cold=round(cold - detect.processor, 4),
        detect=detect,
        index=_median(indexed[1:]),
        analyse=_median(analysed[1:]),
        film=_median(filmed[1:]),
    )


def _median(replies: list[Reply]) -> Measured:
    for reply in replies:
        if reply.error is not None:
            raise proof.ProofError(f"not measured: {reply.error}")
    return Measured(
        round(statistics.median(reply.processor for reply in replies), 4),
        round(statistics.median(reply.requests for reply in replies)),
        max(reply.memory for reply in replies),
    )


def _detect() -> dict[str, Any]:
    return events.rest("DetectFaces", {"Image": proof.portrait()})


def _upload(account: proof.Account, key: str) -> dict[str, Any]:
    body = proof.PHOTO.read_bytes()
    account.client("s3").put_object(Bucket=account.uploads, Key=key, Body=body)
    return events.uploaded(account.uploads, key, len(body))


def _job(account: proof.Account, api: Any) -> dict[str, Any]:
    account.client("s3").put_object(Bucket=account.uploads, Key="film.mp4", Body=proof.film())
    video = {"Video": {"S3Object": {"Bucket": account.uploads, "Name": "film.mp4"}}}
    account.ask(api, "StartFaceDetection", video)
    return next(account.messages())


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return os.uname().machine
