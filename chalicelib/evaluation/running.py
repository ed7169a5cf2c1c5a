"""How an evaluation runs: many calls side by side, with word of how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""An operation's name and its request, to its answer; raises ServiceError as the endpoint would answer."""
Progress = Callable[[str, int, int], None]
"""Told what is being measured, how many cases are done, and of how many."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(label: str, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
    """`function` of every item, in order, on as many threads as there are cores and two at least."""
    results = []
    progress(label, 0, len(items))
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as threads:
        for result in threads.map(function, items):
            results.append(result)
            progress(label, len(results), len(items))
    return results
