"""Connected components against a flood fill, rectangles against the shapes they were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from chalicelib.vision.components import Components, components, smallest_rectangle

masks = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def flooded(mask: NDArray[np.bool_]) -> set[frozenset[tuple[int, int]]]:
    """Sets of touching pixels, one pixel at a time."""
    left = {(int(row), int(column)) for row, column in zip(*np.nonzero(mask), strict=True)}
    found = set()
    while left:
        one, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            one.add((row, column))
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= near
            edge += near
        found.add(frozenset(one))
    return found


def pixels(found: Components, index: int) -> frozenset[tuple[int, int]]:
    behind = [*found.firsts.tolist(), len(found.rows)]
    runs = range(behind[index], behind[index + 1])
    return frozenset(
        (int(found.rows[run]), column) for run in runs for column in range(found.starts[run], found.ends[run])
    )


@given(masks)
def test_as_a_flood_fill(mask: NDArray[np.bool_]) -> None:
    found = components(mask)
    assert {pixels(found, index) for index in range(len(found))} == flooded(mask)
    assert found.pixels.tolist() == [len(pixels(found, index)) for index in range(len(found))]


@given(masks)
def test_means(mask: NDArray[np.bool_]) -> None:
    values = np.random.default_rng(0).random(mask.shape, dtype=np.float32)
    found = components(mask)
    means = [np.mean([values[place] for place in pixels(found, index)]) for index in range(len(found))]
    np.testing.assert_allclose(found.means(values), means, rtol=1e-5)


def test_a_snake_is_one() -> None:
    mask = np.zeros((400, 300), dtype=bool)
    mask[::2] = True
    mask[1::4, 0] = mask[3::4, -1] = True
    assert len(components(mask)) == 1


def test_an_outline_holds_the_corners() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[5:8, 3:11] = True
    outline = components(mask).outline(0)
    assert (outline.min(axis=0).tolist(), outline.max(axis=0).tolist()) == ([3, 5], [11, 8])


@pytest.mark.parametrize("degrees", range(0, 180, 13))
def test_the_smallest_rectangle_of_a_turned_one(degrees: float) -> None:
    turn = np.radians(degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    along, across = np.meshgrid(np.linspace(-50, 50, 101), np.linspace(-8, 8, 17))
    points = np.stack([along.ravel(), across.ravel()], axis=1) @ axes + (200, 100)
    corners = smallest_rectangle(points)
    lengths = sorted(np.hypot(*(corners[[1, 3]] - corners[0]).T).tolist())
    assert lengths == pytest.approx([16, 100], abs=0.2)
    np.testing.assert_allclose(corners.mean(axis=0), (200, 100), atol=0.1)


def test_corners_run_clockwise() -> None:
    corners = smallest_rectangle(np.array([(0.0, 0), (10, 0), (10, 4), (0, 4)]))
    (ax, ay), (bx, by), (cx, cy) = corners[:3].tolist()
    assert (bx - ax) * (cy - by) - (by - ay) * (cx - bx) > 0
