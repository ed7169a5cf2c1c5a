"""`python -m tests.fuzz`: fuzz for as long as is asked. Exit status 1 where something was found."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz import images, requests
from tests.fuzz.server import Findings, Target, keep, target

_MOST_WRONG = 100


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="how many requests")
    parser.add_argument("--images", type=int, default=1_000, help="how many damaged pictures")
    parser.add_argument("--seed", type=int, default=0, help="the same seed sends the same")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="where requests that went wrong go")
    asked = parser.parse_args()
    found = False
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        for name, count, run in (
            ("requests", asked.requests, _requests),
            ("images", asked.images, _images),
        ):
            if count == 0:
                continue
            bar = progress.add_task(name, total=count)
            with target(count) as server:
                run(server, count, asked.seed, partial(progress.advance, bar))
                findings = server.finish()
            progress.console.print(_told(name, findings))
            if findings.wrong:
                found = True
                keep(findings.wrong[:_MOST_WRONG], asked.keep / name)
                progress.console.print(f"{len(findings.wrong)} went wrong: see {asked.keep / name}")
            found |= not _held(findings)
    sys.exit(found)


def _requests(server: Target, count: int, seed: int, advance: Callable[[], Any]) -> None:
    def send(sent: requests.Sent) -> None:
        server.send(sent)
        advance()

    requests.each(count, seed, send)


def _images(server: Target, count: int, seed: int, advance: Callable[[], Any]) -> None:
    def send(data: bytes, chance: Any) -> None:
        server.send_picture(data, chance)
        advance()

    images.each(count, seed, send)


def _told(name: str, findings: Findings) -> str:
    lines = [f"{count:8} {answer}" for answer, count in findings.answers.most_common()]
    total = sum(findings.answers.values())
    head = f"{total} {name}; slowest {findings.slowest:.2f} s; grown by {findings.grown:.0f} MB"
    return "\n".join([head, *lines])


def _held(findings: Findings) -> bool:
    try:
        findings.require_none()
    except AssertionError:
        return False
    return True


if __name__ == "__main__":
    main()
