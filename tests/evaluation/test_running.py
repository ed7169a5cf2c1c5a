"""Many calls side by side: in order, told of, and stopped by the first failure."""

from __future__ import annotations

import threading

import pytest

from chalicelib.evaluation.running import each


def test_results_keep_the_order_and_every_step_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    squares = each("squares", lambda n: n * n, range(20), lambda *step: told.append(step))
    assert squares == [n * n for n in range(20)]
    assert told == [("squares", done, 20) for done in range(21)]


def test_calls_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)
    each("pairs", lambda _: both.wait(), range(2), lambda *_: None)


def test_a_failure_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        each("inverses", lambda n: 1 / n, [1, 0], lambda *_: None)
