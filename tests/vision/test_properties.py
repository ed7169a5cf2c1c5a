"""Image properties move with what they are named for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from chalicelib.vision.geometry import Box
from chalicelib.vision.picture import Picture
from chalicelib.vision.properties import colours_within, properties
from chalicelib.vision.sessions import Sessions

PHOTOS = Path(__file__).parents[1] / "photos"


@pytest.fixture
def portrait() -> Image.Image:
    return Image.open(PHOTOS / "astronaut.jpg")


def of(image: Image.Image) -> Picture:
    return Picture.of(np.asarray(image))


def test_brighter_pictures_measure_brighter(sessions: Sessions, portrait: Image.Image) -> None:
    dim, plain, bright = (
        properties(of(ImageEnhance.Brightness(portrait).enhance(factor)), sessions, 1).whole.brightness
        for factor in (0.4, 1, 1.6)
    )
    assert dim < plain < bright


def test_blur_takes_sharpness(sessions: Sessions, portrait: Image.Image) -> None:
    values = [
        properties(of(portrait.filter(ImageFilter.GaussianBlur(radius))), sessions, 1).whole.sharpness
        for radius in (0, 1, 2, 4)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 80
    assert values[-1] < 30


def test_contrast_is_that_of_the_luma(sessions: Sessions, portrait: Image.Image) -> None:
    faint = properties(of(ImageEnhance.Contrast(portrait).enhance(0.3)), sessions, 1).whole.contrast
    plain = properties(of(portrait), sessions, 1).whole.contrast
    assert faint < plain / 2


def test_a_person_stands_before_a_background(sessions: Sessions, portrait: Image.Image) -> None:
    looks = properties(of(portrait), sessions, 5)
    assert looks.foreground != looks.background
    for look in (looks.whole, looks.foreground, looks.background):
        assert 1 <= len(look.colours) <= 5
        assert sum(colour.percent for colour in look.colours) == pytest.approx(100)


@pytest.mark.parametrize("shape", [(200, 300), (1, 500), (1, 1), (2, 2)])
def test_a_flat_picture_has_one_colour_and_nobody_in_it(sessions: Sessions, shape: tuple[int, int]) -> None:
    looks = properties(Picture.of(np.zeros((*shape, 3), dtype=np.uint8)), sessions, 10)
    assert looks.whole == looks.foreground == looks.background
    assert (looks.whole.brightness, looks.whole.sharpness, looks.whole.contrast) == (0, 0, 0)
    (black,) = looks.whole.colours
    assert (black.css, black.percent) == ("black", 100)


def test_colours_of_a_box_are_those_inside_it() -> None:
    pixels = np.zeros((100, 100, 3), dtype=np.uint8)
    pixels[:, 50:] = (255, 0, 0)
    right = colours_within(Picture.of(pixels), Box(0.5, -0.2, 0.7, 1.5), 5)
    assert [colour.css for colour in right] == ["red"]
    assert colours_within(Picture.of(pixels), Box(1.2, 0, 0.5, 0.5), 5) == ()
