"""Which way round, in which order, where words end."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chalicelib.vision.text_layout import as_read, between, other_ways, reading_order, sides, word_bounds


def quad(width: float, height: float, degrees: float = 0, middle: tuple[float, float] = (0, 0)) -> NDArray[np.float64]:
    """A line `width` long, turned clockwise."""
    turn = np.radians(degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2)
    return np.asarray(corners @ axes + middle)


@pytest.mark.parametrize("degrees", [0, 30, 44, 60, 89, -30, -60, -89])
@pytest.mark.parametrize("start", range(4))
def test_a_long_rectangle_is_read_along_its_length_from_the_left(degrees: float, start: int) -> None:
    expected = quad(100, 20, degrees)
    np.testing.assert_allclose(as_read(np.roll(expected, start, axis=0)), expected)


@pytest.mark.parametrize("start", range(4))
def test_a_square_is_read_as_it_stands(start: int) -> None:
    expected = quad(22, 20, 20)
    np.testing.assert_allclose(as_read(np.roll(expected, start, axis=0)), expected)


def test_other_ways() -> None:
    flat, standing = quad(100, 20), as_read(quad(20, 40))
    assert list(other_ways(flat, doubtful=False)) == []
    (turned,) = other_ways(flat, doubtful=True)
    np.testing.assert_allclose(turned, quad(100, 20, 180))
    assert sides(standing) == (40, 20)
    (letter,) = other_ways(standing, doubtful=False)
    np.testing.assert_allclose(letter, quad(20, 40))


@pytest.mark.parametrize("degrees", [0, 10, 45, 90, -90, 180])
def test_rows_follow_the_page(degrees: float) -> None:
    turn = np.radians(degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    places = np.array([(-200.0, -60), (10, -56), (200, -63), (-150, 0), (150, 4), (0, 60)])
    lines = [quad(120, 24, degrees, tuple(place)) for place in places @ axes]
    shuffled = [3, 0, 5, 1, 4, 2]
    assert [shuffled[index] for index in reading_order([lines[index] for index in shuffled])] == [0, 1, 2, 3, 4, 5]


def test_no_lines() -> None:
    assert reading_order([]) == []


def test_words_end_half_a_character_beyond_their_outer_ones() -> None:
    places = [0.05, 0.15, 0.25, 0.5, 0.65, 0.75, 0.85, 0.95]  # three letters, a space, four letters
    first, second = word_bounds(places, [(0, 3), (4, 8)])
    assert first == pytest.approx((0, 0.3))
    assert second == pytest.approx((0.6, 1))


def test_words_meet_half_way_at_most() -> None:
    first, second = word_bounds([0.1, 0.5, 0.6, 0.9], [(0, 2), (2, 4)])
    assert first[1] == second[0] == pytest.approx(0.55)


def test_words_of_one_letter_share_the_gap() -> None:
    assert list(word_bounds([0.2, 0.5, 0.8], [(0, 1), (2, 3)])) == [(0, 0.5), (0.5, 1)]


def test_a_part_of_a_turned_line() -> None:
    np.testing.assert_allclose(between(quad(100, 20, 90), 0.5, 1), quad(50, 20, 90, (0, 25)), atol=1e-9)
