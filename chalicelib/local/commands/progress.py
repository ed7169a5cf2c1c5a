"""What a person watches: bars while something takes long, a table when it is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Report = Callable[[str, int, int], None]
"""Told a task, how much of it is done, and how much there is; from any thread."""


@contextmanager
def bars() -> Iterator[Report]:
    """A bar a task, on stderr; where nobody watches, a line when a task begins."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def report(task: str, done: int, total: int) -> None:
            if task not in tasks:
                tasks[task] = progress.add_task(task, total=total)
                if not console.is_terminal:
                    print(task, file=sys.stderr)
            progress.update(tasks[task], completed=done, total=total)

        yield report


def table(title: str, measured: Mapping[str, Any]) -> None:
    """Print figures, nested as they may be, a line each; a rate with its interval and its counts."""
    from rich.console import Console
    from rich.table import Table

    lines = Table("Figure", "Value", title=title, box=None, title_justify="left")
    for name, value in _flat(measured):
        lines.add_row(name, _shown(value))
    Console().print(lines)


def _flat(measured: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in measured.items():
        if isinstance(value, Mapping) and not _is_rate(value):
            yield from _flat(value, f"{prefix}{name} · ")
        else:
            yield f"{prefix}{name}", value


def _is_rate(value: Mapping[str, Any]) -> bool:
    from ...evaluation.measures import Rate  # it brings numpy, which no other command line needs to begin

    return value.keys() == Rate.__annotations__.keys()


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']:.4g}  ({value['low']:.4g} to {value['high']:.4g}; {value['hits']} of {value['of']})"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
