"""Ten million uploads in an hour, second by second: what waits, what is throttled, what it costs, and what is lost.

Two ways from the bucket to the function. By a queue of SQS, as deployed: an event source mapping takes as many messages
as there are environments, and starts more of them at Lambda's rate. By Lambda's own queue, as S3 calls a function
itself: every event is tried at once, throttled, and tried again after 1, 2, 4 ... 300 s, until it is six hours old.

Service times are those measured (`measured.json`), with the waiting for AWS of `costs`. Limits are AWS's:
"Understanding Lambda function scaling" (1,000 environments of an account, 1,000 more of a function every 10 s),
"Configuring scaling behavior for SQS event source mappings" (300 invocations at once more each minute), "How Lambda
handles errors and retries with asynchronous invocation". A share of attempts fails, as networks do, and for five
minutes all of them, as when a service of AWS is out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from chalicelib.evaluation.plots import Line, lines

from . import costs
from .measuring import kept

EVENTS, HOUR = 10_000_000, 3600
ENVIRONMENTS = 700
"""Reserved for uploads in the stage prod; an account has 1,000."""
POLLERS_A_MINUTE, FIRST_POLLERS = 300, 5
STARTED_A_SECOND = 100
"""1,000 every 10 s."""
FAILING = 1e-3
"""Attempts that fail."""
OUTAGE = range(1800, 2100)
"""Seconds in which all do."""
OLDEST = 6 * HOUR
"""Seconds that Lambda's own queue keeps an event."""
LONGEST_WAIT = 300
RETRIES = 2
"""Of an event whose handler failed, by Lambda's own queue, a minute and two later."""
RECEIVES, AGAIN = 10, (1, 5, 30, 120, 600)
"""Of a message, as `jobs.deliveries` and the queue's redrive policy have it."""

_FILE = '<svg xmlns="http://www.w3.org/2000/svg" style="background: #fff; --c0: #1d5fd1; --c1: #c7361e" '
_STYLE = (
    "<style>text { font: 12px sans-serif; fill: #333 } .soft { fill: #777 } .rule { stroke: #e4e4e4 }"
    " .line { fill: none; stroke-width: 2 }</style>"
)
"""What a page of an evaluation says of its plots."""


@dataclass(slots=True)
class Run:
    """What happened, by the second."""

    name: str
    waiting: list[int] = field(default_factory=list)
    throttled: list[int] = field(default_factory=list)
    done: int = 0
    parked: int = 0
    """In the queue of dead letters, to be put back."""
    expired: int = 0
    """Grew too old. Lambda tells its destination of them where one is set; AWS says that it may also drop events."""
    cold_starts: int = 0
    attempts: int = 0

    @property
    def lost(self) -> int:
        """Neither done nor kept anywhere."""
        return EVENTS - self.done - self.parked - self.expired

    @property
    def dollars(self) -> float:
        """The bill of Lambda, DynamoDB, S3, SQS and CloudWatch; a cold start is billed as well."""
        cold = self.cold_starts * kept().cold * costs.MEMORY_GB * costs.PER_GB_SECOND["x86_64"]
        return costs.of_uploads(self.attempts).total + cold


def arrivals(random: np.random.Generator) -> Iterator[int]:
    """Events of each second: an hour of a steady stream, exactly so many, then none."""
    yield from random.multinomial(EVENTS, np.full(HOUR, 1 / HOUR)).tolist()
    while True:
        yield 0


def by_queue(seed: int = 0) -> Run:
    """Through SQS: nothing is tried that cannot run."""
    random, run = np.random.default_rng(seed), Run("through SQS")
    coming, there = arrivals(random), 0
    due: dict[int, list[tuple[int, int]]] = {}
    ready: list[tuple[int, int]] = []
    second = 0
    while second < HOUR or ready or due:
        ready += [(next(coming), 1), *due.pop(second, ())]
        pollers = FIRST_POLLERS + POLLERS_A_MINUTE * second // 60
        there, room = _grown(run, there, min(ENVIRONMENTS, pollers), sum(count for count, _ in ready), random)
        left: list[tuple[int, int]] = []
        for count, received in ready:
            taken = min(count, room)
            room -= taken
            failed = _attempted(run, taken, second, random)
            if failed and received == RECEIVES:
                run.parked += failed
            elif failed:
                wait = AGAIN[min(received, len(AGAIN)) - 1]
                due.setdefault(second + wait, []).append((failed, received + 1))
            if count > taken:
                left.append((count - taken, received))
        ready = _joined(left)
        delayed = (each for some in due.values() for each in some)
        run.waiting.append(sum(count for count, _ in (*ready, *delayed)))
        run.throttled.append(0)
        second += 1
    return run


def by_lambda(seed: int = 0) -> Run:
    """Through Lambda's own queue: what finds no environment is throttled, and waits longer each time."""
    random, run = np.random.default_rng(seed), Run("S3 calls the function")
    coming, there = arrivals(random), 0
    # By the second in which they are due: how many, how often throttled, how often failed, when they came.
    due: dict[int, list[tuple[int, int, int, int]]] = {}
    second, open_ = 0, 0
    while second < HOUR or due:
        new = next(coming)
        open_ += new
        ready = [*due.pop(second, ()), (new, 0, 0, second)]
        there, room = _grown(run, there, ENVIRONMENTS, sum(each[0] for each in ready), random)
        random.shuffle(ready)
        refused = 0
        for count, throttled, failures, came in ready:
            if second - came >= OLDEST:
                run.expired += count
                open_ -= count
                continue
            taken = min(count, room)
            room -= taken
            failed = _attempted(run, taken, second, random)
            open_ -= taken - failed
            if failed and failures == RETRIES:
                run.parked += failed
                open_ -= failed
            elif failed:
                due.setdefault(second + 60 * (failures + 1), []).append((failed, 0, failures + 1, came))
            if rest := count - taken:
                refused += rest
                wait = min(2**throttled, LONGEST_WAIT)
                due.setdefault(second + wait, []).append((rest, throttled + 1, failures, came))
        run.waiting.append(open_)
        run.throttled.append(refused)
        second += 1
    return run


def _grown(run: Run, there: int, allowed: int, wanted: int, random: np.random.Generator) -> tuple[int, int]:
    """Environments after a second's start of more, and how many events they take in it."""
    seconds = costs.seconds_of_upload()
    new = max(0, min(STARTED_A_SECOND, allowed - there, round(wanted * seconds) + 1 - there))
    run.cold_starts += new
    starting = new * max(0.0, 1 - kept().cold)  # what is left of this second for those that start in it
    return there + new, int(random.poisson((there + starting) / seconds))


def _attempted(run: Run, count: int, second: int, random: np.random.Generator) -> int:
    """How many of so many attempts failed."""
    failed = count if second in OUTAGE else int(random.binomial(count, FAILING))
    run.attempts += count
    run.done += count - failed
    return failed


def _joined(left: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that were received as often, together, so that a backlog of hours is few entries; the oldest first."""
    joined: dict[int, int] = {}
    for count, received in left:
        joined[received] = joined.get(received, 0) + count
    return [(count, received) for received, count in sorted(joined.items(), reverse=True)]


def main(folder: Path = Path(__file__).parent.parent / "docs") -> None:
    """Simulate both ways, print what came of them, and write the plots."""
    runs = [by_queue(), by_lambda()]
    print(table(runs))
    minutes = [range(0, len(run.waiting), 60) for run in runs]
    waiting = [
        Line(run.name, [at / 60 for at in each], [run.waiting[at] / 1e6 for at in each])
        for run, each in zip(runs, minutes, strict=True)
    ]
    throttled = [
        Line(run.name, [at / 60 for at in each], [sum(run.throttled[at : at + 60]) / 1e6 for at in each])
        for run, each in zip(runs, minutes, strict=True)
    ]
    for name, curves in (("waiting", waiting), ("throttled", throttled)):
        plot = lines(curves, unit=" M", across_unit=" min")
        (folder / f"flood_{name}.svg").write_text(plot.replace("<svg ", _FILE, 1).replace(">", f">{_STYLE}", 1) + "\n")


def table(runs: Sequence[Run]) -> str:
    """As Markdown."""
    rows = [
        "| | done | parked | lost | waiting at most | throttled | done after | costs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        counts = (run.done, run.parked, run.lost + run.expired, max(run.waiting), sum(run.throttled))
        hours = len(run.waiting) / HOUR
        rows.append(f"| {run.name} | {' | '.join(f'{n:,}' for n in counts)} | {hours:.1f} h | ${run.dollars:,.0f} |")
    return "\n".join(rows)
