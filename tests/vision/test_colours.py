"""Dominant colours: known mixtures come out as they went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL.ImageColor import colormap

from chalicelib.vision.colours import _SIMPLIFIED, dominant_colours, oklab, srgb


def mixture(*parts: tuple[tuple[int, int, int], int]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.concatenate([np.full((count, 3), colour, dtype=np.uint8) for colour, count in parts])


def test_a_flag_has_its_colours_and_shares() -> None:
    found = dominant_colours(mixture(((255, 0, 0), 500), ((255, 255, 255), 300), ((0, 0, 255), 200)), 10)
    assert [(colour.css, colour.hex) for colour in found] == [
        ("red", "#ff0000"),
        ("white", "#ffffff"),
        ("blue", "#0000ff"),
    ]
    assert [colour.percent for colour in found] == pytest.approx([50, 30, 20])
    assert [colour.simplified for colour in found] == ["red", "white", "blue"]


def test_shades_no_eye_tells_apart_are_one_colour() -> None:
    (only,) = dominant_colours(mixture(((100, 150, 200), 50), ((101, 150, 199), 50)), 10)
    assert only.percent == pytest.approx(100)


def test_no_more_colours_than_asked_for() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (5000, 3), dtype=np.uint8)
    for most in (1, 3, 10, 20):
        found = dominant_colours(noise, most)
        assert len(found) <= most
        assert sum(colour.percent for colour in found) == pytest.approx(100)


@pytest.mark.parametrize("count", [0, 1])
def test_few_pixels_are_no_error(count: int) -> None:
    assert len(dominant_colours(mixture(((1, 2, 3), count)), 10)) == count


def test_no_colours_are_asked_for() -> None:
    assert dominant_colours(mixture(((1, 2, 3), 9)), 0) == ()


@given(some.lists(some.tuples(*[some.integers(0, 255)] * 3), min_size=1, max_size=40))
def test_oklab_and_back(colours: list[tuple[int, int, int]]) -> None:
    given_ = np.array(colours, dtype=np.uint8)
    assert (srgb(oklab(given_)) == given_).all()


def test_oklab_by_its_author_s_own_values() -> None:
    """White is (1, 0, 0); red (.628, .225, .126), from Ottosson's page."""
    white, red = oklab(np.array([[255, 255, 255], [255, 0, 0]]))
    assert white == pytest.approx([1, 0, 0], abs=1e-3)
    assert red == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


def test_every_css_colour_has_one_simplified_name() -> None:
    """Twelve names; a colour that CSS spells with "gray" or "grey" stands under one spelling."""
    named = [name for group in _SIMPLIFIED.values() for name in group.split()]
    assert len(_SIMPLIFIED) == 12
    assert len(named) == len(set(named))
    assert {name.replace("gray", "grey") for name in colormap} == set(named)
