"""`lookalike watch JOB_ID`: a job of a running server, as a bar until it has ended."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import SetupError
from .asking import HERE, Endpoint

if TYPE_CHECKING:
    from .remote import Remote

_EVERY = 0.5
"""Seconds between two looks."""
_STEPS = 1000


def watch(
    job_id: Annotated[str, typer.Argument(help="What a Start operation answered.")], endpoint_url: Endpoint = HERE
) -> None:
    """Show how far a job is, until it has ended; exit status 1 where it failed."""
    from .progress import bars
    from .remote import of_url

    server = of_url(endpoint_url)
    with bars() as report:
        while (job := _job(server, job_id))["JobStatus"] == "IN_PROGRESS":
            report(job["Analysis"], int(job["Progress"] * _STEPS), _STEPS)
            time.sleep(_EVERY)
    if job["JobStatus"] == "FAILED":
        raise SetupError(f"{job['Analysis']} failed: {job['StatusMessage']}")
    print(f"{job['Analysis']}: {job['JobStatus']}")


def _job(server: Remote, job_id: str) -> dict[str, Any]:
    return dict(json.loads(server.send("GET", f"/_lookalike/jobs/{job_id}", seconds=10)))
