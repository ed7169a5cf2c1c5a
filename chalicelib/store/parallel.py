"""Reads that wait for the network, several at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 8
"""Reads under way: S3 and DynamoDB answer each in some 10 ms, and a function has two cores to read them."""

T = TypeVar("T")
R = TypeVar("R")


def in_order(read: Callable[[T], R], items: Sequence[T], at_once: int = AT_ONCE) -> Iterator[R]:
    """`read` of each item, in their order; no more than `at_once` answers are held."""
    if len(items) < 2:
        yield from map(read, items)
        return
    with ThreadPoolExecutor(min(at_once, len(items)), "read") as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            if len(waiting) == at_once:
                yield waiting.popleft().result()
            waiting.append(pool.submit(read, item))
        while waiting:
            yield waiting.popleft().result()
