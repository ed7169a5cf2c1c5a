"""`lookalike watch JOB_ID`: a job of a running server, as a bar until it has ended."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import typer

from ..errors import SetupError
from .celebrities import HERE, Endpoint

_EVERY = 0.5
"""Seconds between two looks."""
_STEPS = 1000


def watch(
    job_id: Annotated[str, typer.Argument(help="What a Start operation answered.")], endpoint_url: Endpoint = HERE
) -> None:
    """Show how far a job is, until it has ended; exit status 1 where it failed."""
    from .progress import bars

    with bars() as report:
        while (job := _job(endpoint_url, job_id))["JobStatus"] == "IN_PROGRESS":
            report(job["Analysis"], int(job["Progress"] * _STEPS), _STEPS)
            time.sleep(_EVERY)
    if job["JobStatus"] == "FAILED":
        raise SetupError(f"{job['Analysis']} failed: {job['StatusMessage']}")
    print(f"{job['Analysis']}: {job['JobStatus']}")


def _job(endpoint_url: str, job_id: str) -> dict[str, Any]:
    url = f"{endpoint_url.rstrip('/')}/_lookalike/jobs/{job_id}"
    if not url.startswith(("http://", "https://")):
        raise SetupError(f"{endpoint_url} is no address of a server")
    try:
        with urlopen(url, timeout=10) as answer:  # noqa: S310  # checked above
            return dict(json.load(answer))
    except HTTPError as error:
        raise SetupError(f"the server at {endpoint_url} knows no job {job_id}") from error
    except URLError as error:
        raise SetupError(f"no server answers at {endpoint_url}: run `lookalike serve` ({error.reason})") from error
