"""Similarity: falls with distance, goes back, and means what AWS's thresholds mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vision.similarity import distance_at, similarity


@given(st.floats(0, 3), st.floats(0, 3))
def test_a_greater_distance_is_never_more_similar(one: float, other: float) -> None:
    assert (similarity(one) >= similarity(other)) == (one <= other) or similarity(one) == similarity(other)


@given(st.floats(0, 1.6))
def test_the_inverse_goes_back(distance: float) -> None:
    assert distance_at(similarity(distance)) == pytest.approx(distance, abs=1e-9)


@given(st.floats(0, 100))
def test_the_inverse_goes_forth(value: float) -> None:
    assert similarity(distance_at(value)) == pytest.approx(value, abs=1e-9)


def test_the_ends() -> None:
    assert similarity(0) == 100
    assert similarity(2) == 0


def test_the_calibrated_points() -> None:
    assert similarity(0.530) == pytest.approx(80)
    assert similarity(0.405) == pytest.approx(99)
