"""The logger, and what an operation has to say of its call beside the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger("lookalike")
"""One for all of Lookalike."""

Fact = str | float | bool
_facts: ContextVar[dict[str, Fact] | None] = ContextVar("facts of the call in this thread", default=None)


@contextmanager
def noting(facts: dict[str, Fact]) -> Iterator[None]:
    """While entered, what is noted in this thread goes into `facts`."""
    token = _facts.set(facts)
    try:
        yield
    finally:
        _facts.reset(token)


def note(**facts: Fact) -> None:
    """Say something of the call under way, for the audit: nothing that tells of a person. Outside a call it is lost."""
    if (noted := _facts.get()) is not None:
        noted.update(facts)
