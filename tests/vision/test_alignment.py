"""Transforms against their definitions, warps against the pixels they should land on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chalicelib.vision.alignment import apply, batch, inverse, similarity_between, square_region, warp


def turned(angle: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])


angles, scales, shifts = st.floats(-3, 3), st.floats(0.05, 20), st.tuples(st.floats(-500, 500), st.floats(-500, 500))


@given(angles, scales, shifts)
def test_a_similarity_is_found_again(angle: float, scale: float, shift: tuple[float, float]) -> None:
    points = np.random.default_rng(1).uniform(-100, 100, (7, 2))
    transform = turned(angle, scale, shift)
    assert similarity_between(points, apply(transform, points)) == pytest.approx(transform, abs=1e-6)


@given(angles, scales, shifts)
def test_the_inverse_goes_back(angle: float, scale: float, shift: tuple[float, float]) -> None:
    points = np.random.default_rng(2).uniform(-100, 100, (7, 2))
    transform = turned(angle, scale, shift)
    assert apply(inverse(transform), apply(transform, points)) == pytest.approx(points, abs=1e-6)


def test_no_transform_fits_noisy_points_better() -> None:
    random = np.random.default_rng(3)
    source = random.uniform(0, 100, (21, 2))
    target = apply(turned(0.3, 1.5, (4, 5)), source) + random.normal(0, 2, (21, 2))
    best = similarity_between(source, target)
    error = np.square(apply(best, source) - target).sum()
    for _ in range(50):
        other = best + np.array([[1, 0, 0], [0, 1, 0]]) * random.normal(0, 0.01)
        assert np.square(apply(other, source) - target).sum() >= error


def test_a_square_region_is_centred_and_turned() -> None:
    region = square_region(np.array([50.0, 60.0]), 40, np.pi / 2, 192)
    assert apply(region, np.array([50.0, 60.0])) == pytest.approx([96, 96])
    # A region turned by a quarter, clockwise on the screen: its top edge lies to the right of its centre.
    assert apply(region, np.array([70.0, 60.0])) == pytest.approx([96, 0])


def checkerboard(side: int, cell: int) -> Image.Image:
    rows, columns = np.indices((side, side)) // cell
    grey = ((rows + columns) % 2 * 255).astype(np.uint8)
    return Image.fromarray(np.stack([grey] * 3, -1))


@pytest.mark.parametrize("scale", [0.25, 0.5, 1.0])
def test_warps_keep_colours_in_place(scale: float) -> None:
    image = Image.new("RGB", (400, 400), "red")
    image.paste("blue", (200, 0, 400, 400))
    crop = np.asarray(warp(image, turned(0, scale, (0, 0)), int(400 * scale)))
    middle = int(200 * scale)
    assert (crop[:, : middle - 1] == (255, 0, 0)).all()
    assert (crop[:, middle + 1 :] == (0, 0, 255)).all()


def test_shrinking_averages_instead_of_skipping() -> None:
    crop = np.asarray(warp(checkerboard(512, 1), turned(0, 0.125, (0, 0)), 64))
    assert np.abs(crop.astype(int) - 127).max() <= 1


def test_outside_is_black() -> None:
    white = Image.new("RGB", (100, 100), "white")
    crop = np.asarray(warp(white, turned(0, 1, (50, 50)), 100))
    assert (crop[:49] == 0).all()
    assert (crop[51:, 51:] == 255).all()
    assert (np.asarray(warp(white, turned(0, 0.1, (500, 500)), 100)) == 0).all()


def test_a_batch_is_channels_first() -> None:
    pixels = batch([Image.new("RGB", (4, 3), (1, 2, 3)), Image.new("RGB", (4, 3), (4, 5, 6))])
    assert pixels.shape == (2, 3, 3, 4)
    assert pixels.dtype == np.uint8
    assert pixels[1, 2, 0, 0] == 6


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(0.5, 3000), st.floats(-4, 4))
def test_any_region_of_any_picture_can_be_cut(x: float, y: float, side: float, angle: float) -> None:
    crop = warp(Image.new("RGB", (120, 90), "white"), square_region(np.array([x, y]), side, angle, 32), 32)
    assert crop.size == (32, 32)
    assert (np.diff(np.asarray(crop).astype(int), axis=-1) == 0).all()
