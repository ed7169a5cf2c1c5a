"""A script: operations that answer, fail or dawdle as a test says, where it says so, and really everywhere else.

`Script` is what a `Door` serves in place of the operations themselves. So a scripted request is authenticated,
validated, permitted and observed like any other; and operations that this build does not serve can be scripted too.
The first rule that applies and is not used up decides; those with a Fault pass the call on when they have done theirs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import InternalServerError, NotImplementedException, ThrottlingException
from ..operations import OPERATIONS, Operation
from . import documents
from .recording import Recording
from .rules import ANY, Rule, job_status, read
from .sight import Sight

if TYPE_CHECKING:
    from ..backend import Backend

Members = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Active:
    """A rule in force."""

    rule: Rule
    answer: Members | None
    wanted: Members
    """The request's members that it matches, as Python has them."""
    used: int = 0
    polls: dict[str, int] = field(default_factory=dict)
    """How often it said IN_PROGRESS, by job."""

    @classmethod
    def of(cls, rule: Rule) -> Active:
        """The rule, already checked, with nothing used."""
        answer = None if rule.answer is None else documents.read_answer(rule.operation, rule.answer)
        wanted = documents.read_request(rule.operation, rule.match.members) if rule.match.members else {}
        return cls(rule, answer, wanted)

    def told(self) -> dict[str, Any]:
        """The rule in JSON, with its counts as they are."""
        left = None if self.rule.times is None else self.rule.times - self.used
        written: dict[str, Any] = msgspec.to_builtins(self.rule)
        return written | {"Left": left, "Used": self.used}


class Script(Mapping[str, Operation]):
    """Operations by name, the rules in force before them. Threads may call, change and read it at once."""

    def __init__(self, operations: Mapping[str, Operation] = OPERATIONS, sleep: Callable[[float], object] = time.sleep):
        self._real = operations
        self._sleep = sleep
        self._rules: tuple[Active, ...] = ()
        self._changing = threading.Lock()
        self.recording: Recording | None = None
        """Where real answers are noted, while somebody wants them."""

    def __getitem__(self, name: str) -> Operation:
        rules = [active for active in self._rules if active.rule.operation in (name, ANY)]
        if rules:
            return partial(self._scripted, name, rules)
        return self._really(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)

    def add(self, rules: Iterable[Rule]) -> None:
        """Put checked rules after those in force."""
        added = tuple(map(Active.of, rules))
        with self._changing:
            self._rules += added

    def replace(self, rules: Iterable[Rule]) -> None:
        """Put checked rules in place of those in force."""
        added = tuple(map(Active.of, rules))
        with self._changing:
            self._rules = added

    def reset(self) -> None:
        """Have everything real, and nothing recorded."""
        with self._changing:
            self._rules = ()
            self.recording = None

    def record(self) -> None:
        """Note real answers from now on."""
        self.recording = Recording()

    def load(self, document: Any, *, keep: bool = False) -> None:
        """Obey {"Rules": [...]}, after the rules in force where they are kept. Raises ScriptError."""
        (self.add if keep else self.replace)(read(document))

    def told(self) -> dict[str, Any]:
        """The script in force: {"Rules": [...], "Recording": bool}."""
        with self._changing:
            rules = [active.told() for active in self._rules]
        return {"Rules": rules, "Recording": self.recording is not None}

    def _really(self, name: str) -> Operation:
        operation = self._real[name]
        return operation if self.recording is None else self.recording.noting(name, operation)

    def _scripted(self, name: str, rules: list[Active], request: Members, backend: Backend) -> Members:
        """Go down the rules until one decides; where none does, run the real operation."""
        sight = Sight(name, request, backend)
        polled: list[Active] = []
        for active in rules:
            rule = active.rule
            if not sight.fits(rule.match, active.wanted) or (number := self._taken(active)) is None:
                continue
            if rule.error is not None:
                raise rule.error.raised()
            if active.answer is not None:
                result = active.answer
                break
            assert rule.fault is not None
            self._meet(active, number)
            if rule.fault.in_progress_polls:
                polled.append(active)
        else:
            result = self._served(name)(request, backend)
        told_running = [self._unfinished(active, request) for active in polled]  # each rule counts the poll
        return in_progress(name, result) if any(told_running) else result

    def _served(self, name: str) -> Operation:
        try:
            return self._really(name)
        except KeyError:
            raise NotImplementedException(f"{name} is not served by this build of Lookalike yet") from None

    def _taken(self, active: Active) -> int | None:
        """Which use of the rule this is, from 1; None where it is used up."""
        with self._changing:
            if active.rule.times is not None and active.used >= active.rule.times:
                return None
            active.used += 1
            return active.used

    def _meet(self, active: Active, number: int) -> None:
        fault = active.rule.fault
        assert fault is not None
        if fault.delay_milliseconds:
            self._sleep(fault.delay_milliseconds / 1000)
        if fault.throttle_every and number % fault.throttle_every == 0:
            raise ThrottlingException
        if fault.fail_every and number % fault.fail_every == 0:
            raise InternalServerError

    def _unfinished(self, active: Active, request: Members) -> bool:
        """Count a poll of the request's job; whether it is among those that are told IN_PROGRESS."""
        job = request.get("JobId", "")
        assert active.rule.fault is not None
        with self._changing:
            active.polls[job] = active.polls.get(job, 0) + 1
            return active.polls[job] <= active.rule.fault.in_progress_polls


def in_progress(operation: str, answer: Members) -> Members:
    """What Get answers of the same job while it runs; `answer` itself where the operation tells of no job."""
    status = job_status(operation)
    if status is None or status not in answer:
        return answer
    finished = {"CompletionTimestamp", "FailureDetails", "ManifestSummary", "NextToken", "Results", "StatusMessage"}
    running = {
        member: [] if isinstance(value, list) else value
        for member, value in answer.items()
        if member not in finished and not (member == "VideoMetadata" and isinstance(value, Mapping))
    }
    return running | {status: "IN_PROGRESS"}
