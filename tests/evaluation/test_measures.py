"""Statistics against values worked out by hand or by definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evaluation import measures

SCORES = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
SAME = np.array([False, False, True, False, True, True])


def test_wilsons_interval_of_a_published_example() -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
    found = measures.rate(81, 263)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.2553, 0.3662)
    found = measures.rate(0, 20)
    assert (found["low"], round(found["high"], 4)) == (0.0, 0.1611)


def test_no_cases_say_nothing() -> None:
    found = measures.rate(0, 0)
    assert np.isnan(found["value"])
    assert (found["low"], found["high"]) == (0.0, 1.0)


@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_rate(case: tuple[int, int]) -> None:
    found = measures.rate(*case)
    assert 0 <= found["low"] <= found["value"] + 1e-12
    assert found["value"] - 1e-12 <= found["high"] <= 1


def test_the_best_threshold_makes_the_fewest_errors() -> None:
    best = measures.best_threshold(SCORES, SAME)
    assert best in (2.5, 4.5)
    assert np.count_nonzero(np.greater_equal(SCORES, best) != SAME) == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=30))
def test_no_threshold_is_better_than_the_best(cases: list[tuple[int, bool]]) -> None:
    scores, same = np.array([float(score) for score, _ in cases]), np.array([flag for _, flag in cases])
    best = measures.best_threshold(scores, same)
    errors = [np.count_nonzero((scores >= cut) != same) for cut in np.arange(-0.5, 10.5)]
    assert np.count_nonzero((scores >= best) != same) == min(errors)


def test_a_fold_is_judged_at_the_others_threshold() -> None:
    scores = np.array([0.1, 0.9, 0.6, 0.8])
    same = np.array([False, True, False, True])
    folds = np.array([0, 0, 1, 1])
    # Fold 0 alone would cut at .5, which lets fold 1's impostor at .6 through; fold 1 would cut at .7.
    assert measures.cross_validated(scores, same, folds)["hits"] == 3


def test_equal_errors() -> None:
    assert measures.equal_error_rate(SCORES, SAME) == pytest.approx(1 / 3)
    assert measures.equal_error_rate(np.array([1.0, 2, 8, 9]), np.array([False, False, True, True])) == 0


def test_matches_at_a_false_match_rate() -> None:
    assert measures.true_match_rate(SCORES, SAME, 0)["hits"] == 2
    assert measures.true_match_rate(SCORES, SAME, 0.34)["hits"] == 3


def test_the_area_under_the_curve_counts_pairs_in_order() -> None:
    assert measures.area_under_curve(SCORES, SAME) == pytest.approx(8 / 9)
    assert measures.area_under_curve(np.zeros(6), SAME) == pytest.approx(0.5)
